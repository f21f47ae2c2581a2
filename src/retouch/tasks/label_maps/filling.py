"""Fills a label map with static classes where moving things stood: the door to every method.

Source: L. Berlincioni et al., "Road Layout Understanding by Generative Adversarial Inpainting", in Inpainting and
Denoising Challenges, Springer 2019.

Departures: only some of the moving classes may be removed; those that stay give no label to the hole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from retouch.arrays.types import AnyArray, Mask
from retouch.errors import InputError, UsageError, unknown_name
from retouch.tasks.label_maps.classes import ClassList, class_list
from retouch.tasks.label_maps.files import Labels, checked_ids
from retouch.tasks.label_maps.learned import StreetPrior, fill_by_prior
from retouch.tasks.label_maps.networks import NET_PREFIX, fill_by_network
from retouch.tasks.label_maps.spreading import (
    Guess,
    LabelHole,
    spread_layout,
    spread_navier_stokes,
    spread_nearest,
    spread_patches,
    spread_votes,
)

SPREADING: Mapping[str, Callable[[LabelHole], Guess]] = {
    "nearest": spread_nearest,
    "layout": spread_layout,
    "vote": spread_votes,
    "navier_stokes": spread_navier_stokes,
    "patchmatch": spread_patches,
}
LEARNED = "learned"
METHODS = (*SPREADING, LEARNED)
_TRUSTED = 0.5


@dataclass(frozen=True)
class FillReport:
    """What was filled: how many pixels of which class each removed class became."""

    method: str
    removed: tuple[str, ...]
    filled_px: int
    share: float
    given: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        facts = {"method": self.method, "removed": list(self.removed), "filled_px": self.filled_px}
        return {**facts, "share": round(self.share, 6), "given": dict(self.given)}


@dataclass(frozen=True)
class FilledLabels:
    """A map without the removed classes.

    Attributes
    ----------
    labels : (H, W) uint8
        Ids; as given outside the mask.
    mask : (H, W) bool
        True where something was removed.
    confidence : (H, W) float32, range [0, 1]
        How sure each filled pixel is, in the method's own measure: a ranking, not a chance. 1 outside the mask.
    report : FillReport
    """

    labels: Labels
    mask: Mask
    confidence: Float32[np.ndarray, "H W"]
    report: FillReport


def fill_labels(
    labels: AnyArray,
    classes: str | ClassList,
    *,
    remove: Iterable[str] | None = None,
    method: str = "layout",
    confidence: AnyArray | None = None,
    prior: StreetPrior | None = None,
    seed: int = 0,
) -> FilledLabels:
    """Replace the pixels of removed classes by the static classes behind them.

    Parameters
    ----------
    labels : (H, W) integers
        Ids of `classes`.
    classes : str or ClassList
        "camvid", "cityscapes", "carla", "streets", a JSON file of classes, or a list.
    remove : iterable of str or None
        Names of classes; None removes all that move.
    method : str
        "layout", "nearest", "vote", "navier_stokes", "patchmatch"; "learned", which needs a prior; or "net:FILE", an
        exported network of label maps.
    confidence : (H, W) floats in [0, 1] or None
        How sure the segmenter was. Known pixels below 0.5 stay as they are and give no label to the hole.
    prior : StreetPrior or None
        From `learn_prior`.
    seed : int
        For "patchmatch".

    Returns
    -------
    FilledLabels
        Removed classes never appear in its map, and no class that moves is given; known pixels are as they were.

    Raises
    ------
    InputError
        If the map is not as above, the confidence has another size, or no static pixel is left to fill from.
    UsageError
        If a class or a method is unknown, or a prior is missing or of no use.
    WeightsError
        If the network cannot be opened or takes something else.

    Notes
    -----
    800 x 600 pixels take 0.2 s of one core with "nearest", "layout" and "vote". All methods take the hole as a whole:
    memory is some 50 bytes for each pixel, and for "layout", "vote", "learned" and networks several times 4 bytes for
    each pixel and class. "layout" lets classes at the sides of the map win, such as the borders that rectification
    leaves in Cityscapes; "nearest" serves better there.

    Examples
    --------
    >>> street = np.array([[0, 0, 0, 0], [3, 8, 8, 3]])  # sky above a road with a car
    >>> fill_labels(street, "camvid", remove=["car"]).labels[1].tolist()
    [3, 3, 3, 3]
    """
    listed = class_list(classes)
    ids = checked_ids(np.asarray(labels), listed)
    run = _chosen(method, prior)
    names = tuple(remove) if remove is not None else tuple(one.name for one in listed.classes if one.moves)
    removed = listed.ids_of(names)
    if not removed:
        raise UsageError("at least one class must be removed, got none; name some, such as car")
    missing = np.isin(ids, removed)
    guess = run(_hole_of(ids, listed, removed, confidence, seed)) if missing.any() else Guess(ids, _sure(ids))
    filled = np.where(missing, guess.labels, ids)
    sure = np.where(missing, guess.confidence, np.float32(1))
    return FilledLabels(filled, missing, sure, _report(method, names, filled[missing], listed, ids.size))


def _sure(ids: Labels) -> Float32[np.ndarray, "H W"]:
    return np.ones(ids.shape, np.float32)


def _chosen(method: str, prior: StreetPrior | None) -> Callable[[LabelHole], Guess]:
    if prior is not None and method != LEARNED:
        raise UsageError(f"a prior serves the method '{LEARNED}' only, got '{method}'; ask for {LEARNED}")
    if method in SPREADING:
        return SPREADING[method]
    if method.startswith(NET_PREFIX):
        return lambda hole: fill_by_network(method.removeprefix(NET_PREFIX), hole)
    if method != LEARNED:
        raise UsageError(unknown_name("method of label maps", method, (*METHODS, f"{NET_PREFIX}FILE")))
    if prior is None:
        raise UsageError(f"the method '{LEARNED}' needs maps to learn from; give a folder of them (--learn FOLDER)")
    return lambda hole: fill_by_prior(prior, hole)


def _hole_of(
    ids: Labels, classes: ClassList, removed: tuple[int, ...], confidence: AnyArray | None, seed: int
) -> LabelHole:
    """Gather what is unknown and which ids may be given: static ones that are there."""
    may = [one for one in classes.static_ids if one not in removed]
    unknown = ~np.isin(ids, may)
    if confidence is not None:
        unknown = unknown | ~_trusted(confidence, ids)
    allowed = tuple(int(one) for one in np.unique(ids[~unknown]))
    if not allowed:
        raise InputError("a pixel of a static class must be left to fill from, got none; remove fewer classes")
    return LabelHole(ids, unknown, classes, allowed, seed)


def _trusted(confidence: AnyArray, ids: Labels) -> Mask:
    sure = np.asarray(confidence)
    if sure.shape != ids.shape:
        raise InputError(f"confidence must have the map's shape {ids.shape}, got {sure.shape}; give one of its size")
    if sure.dtype.kind != "f" or not (np.isfinite(sure).all() and sure.min() >= 0 and sure.max() <= 1):
        raise InputError(f"confidence must be finite floats in [0, 1], got {sure.dtype}; divide whole numbers by 255")
    return sure >= _TRUSTED


def _report(method: str, names: tuple[str, ...], given: AnyArray, classes: ClassList, n_px: int) -> FillReport:
    counts = {one.name: int(np.count_nonzero(given == one.id)) for one in classes.classes}
    return FillReport(method, names, given.size, given.size / n_px, {name: n for name, n in counts.items() if n})
