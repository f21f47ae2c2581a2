"""Applies measures to a result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from retouch.arrays.colour import BT601, BT709, to_grey
from retouch.arrays.types import AnyArray, Mask
from retouch.errors import InputError, WeightsError
from retouch.evaluation.ruler.measures import GREY_601, GREY_709, HOLE, Measure
from retouch.metrics.catalogue import load_metric
from retouch.metrics.sets.image_sets import start_set_measure

_GREYS = {GREY_601: BT601, GREY_709: BT709}
_WHITE = 255.0


class Scores(NamedTuple):
    """What the measures say of one result.

    Attributes
    ----------
    values : mapping from column to float
        PSNR may be infinite.
    unscored : mapping from column to str
        Why a measure could not be taken.
    """

    values: dict[str, float]
    unscored: dict[str, str]


def score(
    measures: Iterable[Measure],
    truth: AnyArray,
    result: AnyArray,
    mask: Mask | None = None,
    weights: Mapping[str, Path] | None = None,
) -> Scores:
    """Measure how near a result comes to the truth.

    Parameters
    ----------
    measures : iterable of Measure
        Those of whole sets are passed over.
    truth : (H, W, C) uint8, or float in [0, 1] where the result is
    result : (H, W, C) uint8, or float in [0, 1]
        Floats are compared unrounded, with truth / 255 if that is uint8.
    mask : (H, W) bool or None
        The missing pixels, for measures of the hole.
    weights : mapping from metric to path, or None

    Returns
    -------
    Scores
        A picture too small for a window is a reason, not an error.
    """
    values: dict[str, float] = {}
    unscored: dict[str, str] = {}
    for measure in measures:
        if measure.of_set:
            continue
        try:
            values[measure.column] = _measure(measure, truth, result, mask, weights or {})
        except InputError as error:
            unscored[measure.column] = str(error)
    return Scores(values, unscored)


def check_weights(measures: Iterable[Measure], weights: Mapping[str, Path]) -> None:
    """Refuse measures whose weights are missing, before any work is done.

    Raises
    ------
    WeightsError, MissingExtraError
        If a weights file is not named, cannot be used, or an optional package is absent.
    """
    noise = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    for measure in measures:
        if not measure.info.weights:
            continue
        if measure.of_set:
            start_set_measure(measure.metric, weights.get(measure.metric))
        elif measure.metric == "lpips" and "lpips" not in weights:
            raise WeightsError(f"metric 'lpips' needs {measure.info.weights}; name it with --weights lpips=FILE")
        else:
            _measure(measure, noise, noise, None, weights)


def _measure(
    measure: Measure, truth: AnyArray, result: AnyArray, mask: Mask | None, weights: Mapping[str, Path]
) -> float:
    settings: dict[str, Any] = dict(measure.options)
    if measure.region == HOLE:
        if mask is None:
            raise InputError("there is no mask, so there is no hole to measure")
        settings["mask"] = mask
    if measure.metric in weights:
        settings["weights"] = weights[measure.metric]
    reference, judged, white = _in_one_kind(truth, result)
    if measure.colour in _GREYS:
        reference, judged = (to_grey(side.astype(np.float64), _GREYS[measure.colour]) for side in (reference, judged))
    value = load_metric(measure.info)(reference, judged, data_range=white, **settings)
    return float(value)


def _in_one_kind(truth: AnyArray, result: AnyArray) -> tuple[AnyArray, AnyArray, float]:
    """Return both as uint8, or both as float64 where the result is a float, and what white is."""
    if result.dtype.kind != "f":
        return truth, result, _WHITE
    reference = truth if truth.dtype.kind == "f" else truth / _WHITE
    return reference, np.clip(result.astype(np.float64), 0, 1), 1.0
