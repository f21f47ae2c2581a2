"""The ratio-bin sampler: mask i of a test set, with its share of missing pixels inside a stated bin.

Source: the bins are those of Liu et al., Image Inpainting for Irregular Holes Using Partial Convolutions, ECCV 2018.
A bin (lo, hi] is half-open. A mask is drawn up to 200 times, but only 20 when all of these lie farther from the bin
than from each other; when no draw falls into the bin, the nearest one is shrunk or grown, layer by layer of the
Euclidean distance to its outline, to a ratio drawn uniformly from the bin.

A mask depends only on the seed, family, bin, index, size and options: neither on the masks drawn before it nor on the
process.
"""

from __future__ import annotations

import hashlib
import inspect
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from retouch.arrays.regions import hole_depth
from retouch.arrays.types import Mask
from retouch.errors import InputError, unknown_name
from retouch.masks.families import MaskFamily, find_family

NVIDIA_BINS: tuple[tuple[float, float], ...] = (
    (0.01, 0.1),
    (0.1, 0.2),
    (0.2, 0.3),
    (0.3, 0.4),
    (0.4, 0.5),
    (0.5, 0.6),
)
"""The six bins (lo, hi] of the NVIDIA irregular test masks."""

MAX_TRIES = 200
MIN_TRIES = 20
_DECIMAL = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_BIN = re.compile(rf"\s*({_DECIMAL})\s*-\s*({_DECIMAL})\s*")


def parse_bin(text: str) -> tuple[float, float]:
    """Read a ratio bin that is written as LOW-HIGH.

    Raises
    ------
    InputError
        If it is not two decimal numbers with 0 <= LOW < HIGH <= 1.

    Examples
    --------
    >>> parse_bin("0.2-0.3")
    (0.2, 0.3)
    """
    found = _BIN.fullmatch(text)
    if found is None:
        raise InputError(f"a ratio bin must be written LOW-HIGH, such as 0.2-0.3, got '{text}'")
    return _checked_bin((float(found[1]), float(found[2])))


def sample_mask(
    family: str,
    height: int,
    width: int,
    *,
    ratio_bin: tuple[float, float] | None = None,
    seed: int,
    index: int = 0,
    options: Mapping[str, Any] | None = None,
) -> Mask:
    """Return mask number `index` of a family, inside a bin if one is given.

    Parameters
    ----------
    family : str
        A name from `retouch.masks.families.FAMILIES`.
    height, width : int
        Size of the picture in pixels, 1 x 1 and up.
    ratio_bin : (float, float) or None
        Half-open bin (lo, hi] for the share of missing pixels; None takes the family's first drawing.
    seed, index : int
        Which mask: any whole number, and the number of the mask in its test set, 0 and up.
    options : mapping or None
        The family's own options; they win over what the sampler would choose to reach the bin.

    Returns
    -------
    (H, W) bool, True where a pixel is missing

    Raises
    ------
    InputError
        If the family or an option does not exist, the bin is not 0 <= lo < hi <= 1, or it holds no whole number of
        pixels at this size.

    Notes
    -----
    Costs one drawing when the family reaches the bin at once, else 20 to 200 drawings and a distance transform. A
    family can be taken far from its own look by growing: scratches that cover half a picture are broad bars.
    """
    chosen = find_family(family)
    given = dict(options or {})
    check_options(chosen, given)
    if index < 0:
        raise InputError(f"the index of a mask must be 0 or more, got {index}")
    if ratio_bin is None:
        return chosen.draw(height, width, _seeded("any", family, seed, index), **given)
    lo, hi = _checked_bin(ratio_bin)
    rng = _seeded(f"{lo!r}-{hi!r}", family, seed, index)
    least, most = _counts_in_bin(lo, hi, height * width)

    def draw() -> Mask:
        return chosen.draw(height, width, rng, **(chosen.aim(rng.uniform(lo, hi)) | given))

    mask = _draw_near(draw, least, most)
    target = int(rng.integers(least, most + 1))
    return _moved_into(mask, least, most, target, rng)


def check_options(family: MaskFamily, options: Mapping[str, Any]) -> None:
    """Refuse an option that the family does not have, or one of another type than its default."""
    parameters = inspect.signature(family.draw).parameters.values()
    known = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
    for name, value in options.items():
        if name not in known:
            raise InputError(unknown_name(f"option of the mask family {family.name}", name, known))
        wanted = type(known[name])
        fits = isinstance(value, (int, float) if wanted is float else wanted) and not isinstance(value, bool)
        if not fits:
            raise InputError(f"option {name} of the mask family {family.name} must be {wanted.__name__}, got {value!r}")


def _checked_bin(ratio_bin: tuple[float, float]) -> tuple[float, float]:
    lo, hi = float(ratio_bin[0]), float(ratio_bin[1])
    if not 0 <= lo < hi <= 1:
        raise InputError(f"a ratio bin must be two numbers with 0 <= low < high <= 1, got {lo} and {hi}")
    return lo, hi


def _seeded(bin_name: str, family: str, seed: int, index: int) -> np.random.Generator:
    """Seed a generator from the words themselves: Python's own hash differs from one process to the next."""
    words = f"{int(seed)} {family} {bin_name} {int(index)}"
    return np.random.default_rng(int.from_bytes(hashlib.sha256(words.encode()).digest(), "little"))


def _counts_in_bin(lo: float, hi: float, n_pixels: int) -> tuple[int, int]:
    """Return the least and the greatest n with lo < n / n_pixels <= hi, compared as `mask_ratio` would be."""
    if n_pixels < 1:
        raise InputError(f"a mask must have at least one pixel, got {n_pixels}")
    least = math.floor(lo * n_pixels)
    while least / n_pixels <= lo:
        least += 1
    most = math.ceil(hi * n_pixels)
    while most / n_pixels > hi:
        most -= 1
    if least > most:
        raise InputError(
            f"no whole number out of {n_pixels} pixels lies in the ratio bin ({lo}, {hi}]; widen it or the picture"
        )
    return least, min(most, max(least, n_pixels - 1))  # leave a known pixel where the bin allows it


def _draw_near(draw: Callable[[], Mask], least: int, most: int) -> Mask:
    """Draw until the number of missing pixels lies in [least, most]; else return the nearest of the drawings."""
    mask = draw()
    counts = [int(np.count_nonzero(mask))]
    distance = _distance(counts[0], least, most)
    while distance > 0 and len(counts) < MAX_TRIES:
        if len(counts) >= MIN_TRIES and distance > max(counts) - min(counts):
            break
        other = draw()
        counts.append(int(np.count_nonzero(other)))
        other_distance = _distance(counts[-1], least, most)
        if other_distance < distance:
            mask, distance = other, other_distance
    return mask


def _distance(n_missing: int, least: int, most: int) -> int:
    return max(least - n_missing, n_missing - most, 0)


def _moved_into(mask: Mask, least: int, most: int, target: int, rng: np.random.Generator) -> Mask:
    """Shrink or grow a mask until [least, most] pixels are missing, `target` of them if whole layers allow."""
    n_missing = np.count_nonzero(mask)
    if n_missing > most:
        return _shrunk(mask, least, most, target, rng)
    if n_missing < least:
        n = mask.size
        return ~_shrunk(~mask, n - most, n - least, n - target, rng)
    return mask


def _shrunk(mask: Mask, least: int, most: int, target: int, rng: np.random.Generator) -> Mask:
    """Keep the deepest pixels of a mask: whole layers where some number of them fits, else `target` pixels.

    Pixels of one layer that must be split are dropped in random order.
    """
    depth = hole_depth(mask)
    falling = -np.sort(-depth[mask])
    counts = np.arange(least, most + 1)
    whole = counts[(counts == 0) | (falling[counts - 1] > falling[counts])]
    kept = int(whole[np.argmin(np.abs(whole - target))]) if whole.size else target
    last = falling[kept - 1] if kept else np.inf
    shrunk = depth > last
    layer = np.flatnonzero(depth == last)
    shrunk.flat[rng.choice(layer, kept - np.count_nonzero(shrunk), replace=False, shuffle=False)] = True
    return shrunk
