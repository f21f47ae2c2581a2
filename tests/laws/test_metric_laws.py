"""Laws over every measure of two pictures: what equal pictures give, symmetry, range, and worse with more noise."""

from __future__ import annotations

import math
from functools import cache

import cv2
import numpy as np
import pytest
from skimage import data

from retouch.arrays.types import AnyArray
from retouch.metrics.catalogue import HIGHER, METRICS, PAIR, MetricInfo, load_metric

PAIRS = [info for info in METRICS if info.kind == PAIR and not info.weights]
"""LPIPS and its stand-in need weights and have tests of their own (tests/metrics)."""

PICTURES = (
    *("astronaut", "coffee", "chelsea", "camera", "brick", "grass", "gravel", "coins", "moon", "rocket", "cat"),
    *("retina", "hubble_deep_field", "immunohistochemistry", "page", "text"),
)
SIDE_PX = 176  # MS-SSIM needs more than 160
SIGMAS = (2, 5, 10, 20)

EQUAL = {"psnr": math.inf}
"""What equal pictures give where it is neither 0 (lower is better) nor 1 (higher is better)."""

ASYMMETRIC = {"vif", "edge_precision", "edge_recall"}
"""The reference comes first: VIF asks what of its information is left; precision and recall are each other's mirror."""

NOT_OF_NOISE = {"edge_recall", "edge_ratio_gap"}
"""Noise draws edges everywhere: more of the true ones are found, and their share may pass the true one in any way."""


TOLERANT = {"edge_precision", "edge_f1"}
"""Edges that move by up to 2 px count as found, so faint noise may cost nothing."""


@cache
def photograph(name: str) -> AnyArray:
    """Return one of scikit-image's pictures as (176, 176, 3) uint8."""
    pixels = np.atleast_3d(getattr(data, name)())[:, :, :3]
    small = cv2.resize(pixels, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(np.broadcast_to(np.atleast_3d(small), (SIDE_PX, SIDE_PX, 3)))


def with_noise(picture: AnyArray, sigma: float) -> AnyArray:
    """Return the picture with the same noise, in any strength."""
    noise = np.random.default_rng(0).standard_normal(picture.shape)
    noisy: AnyArray = np.clip(np.rint(picture + sigma * noise), 0, 255).astype(np.uint8)
    return noisy


@pytest.mark.parametrize("info", PAIRS, ids=lambda info: info.name)
def test_equal_pictures_get_the_best_value(info: MetricInfo) -> None:
    picture = photograph("chelsea")
    best = EQUAL.get(info.name, 1.0 if info.better == HIGHER else 0.0)
    assert load_metric(info)(picture, picture) == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize("info", [info for info in PAIRS if info.name not in ASYMMETRIC], ids=lambda info: info.name)
def test_the_order_of_the_pictures_does_not_matter(info: MetricInfo) -> None:
    measure, one, other = load_metric(info), photograph("coffee"), with_noise(photograph("coffee"), 12)
    assert measure(one, other) == pytest.approx(measure(other, one), rel=1e-9)


@pytest.mark.parametrize("info", PAIRS, ids=lambda info: info.name)
def test_bytes_and_the_unit_range_say_the_same(info: MetricInfo) -> None:
    measure, one, other = load_metric(info), photograph("rocket"), with_noise(photograph("rocket"), 12)
    in_bytes, in_unit = measure(one, other), measure(one / 255.0, other / 255.0)
    assert in_unit == pytest.approx(in_bytes, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("info", PAIRS, ids=lambda info: info.name)
def test_inputs_are_left_as_they_are(info: MetricInfo) -> None:
    one, other = photograph("cat").copy(), with_noise(photograph("cat"), 12)
    before = one.copy(), other.copy()
    load_metric(info)(one, other)
    assert np.array_equal(one, before[0])
    assert np.array_equal(other, before[1])


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("info", [i for i in PAIRS if i.name not in NOT_OF_NOISE], ids=lambda info: info.name)
def test_more_noise_is_strictly_worse(info: MetricInfo, name: str) -> None:
    picture = photograph(name)
    values = np.array([load_metric(info)(picture, with_noise(picture, sigma)) for sigma in SIGMAS])
    steps = np.diff(values) * (-1 if info.better == HIGHER else 1)
    assert ((steps >= 0) if info.name in TOLERANT else (steps > 0)).all(), values
    assert steps.sum() > 0, values
