"""The pyramid of PatchMatch completion, its sources, and matching where every patch is tried."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from retouch.classical.exemplar.exhaustive import match_patches
from retouch.classical.exemplar.levels import Level, build_levels, wanted_patches, whole_patches
from retouch.classical.exemplar.sources import build_sources
from retouch.classical.exemplar.texture import texture_strength

HALF = 2


def level_of(picture: np.ndarray, mask: np.ndarray, labels: np.ndarray | None = None) -> Level:
    tags = np.zeros(mask.shape, np.int32) if labels is None else labels.astype(np.int32)
    return Level(np.where(mask[:, :, None], 0, picture).astype(np.float32), mask, ~mask, tags)


def square_hole(shape: tuple[int, int], side: int) -> np.ndarray:
    mask = np.zeros(shape, bool)
    top, left = (shape[0] - side) // 2, (shape[1] - side) // 2
    mask[top : top + side, left : left + side] = True
    return mask


@pytest.mark.parametrize("shape", [(96, 128), (97, 131)])
def test_levels_halve_until_the_hole_is_closed(shape: tuple[int, int]) -> None:
    levels = build_levels(level_of(np.full((*shape, 3), 0.5), square_hole(shape, 20)))
    for fine, coarse in itertools.pairwise(levels):
        assert coarse.mask.shape == tuple(-(-side // 2) for side in fine.mask.shape)
        assert coarse.mask.sum() < fine.mask.sum() / 4  # a hole shrinks by more than the picture
    assert not levels[-1].mask.any()
    assert all(level.mask.any() for level in levels[:-1])


def test_a_hole_does_not_darken_what_is_beside_it() -> None:
    levels = build_levels(level_of(np.full((96, 96, 2), 0.7), square_hole((96, 96), 30)))
    for level in levels:
        np.testing.assert_allclose(level.picture[~level.mask], 0.7, atol=1e-5)
        assert (level.picture[level.mask] == 0).all()


def test_what_may_not_be_borrowed_stays_so_at_every_scale() -> None:
    level = level_of(np.full((96, 96, 1), 0.5), square_hole((96, 96), 30))
    forbidden = np.zeros((96, 96), bool)
    forbidden[:, :48] = True
    levels = build_levels(level._replace(source=level.source & ~forbidden))
    for scale, coarse in enumerate(levels):
        half_width = 48 >> scale
        assert not coarse.source[:, : half_width - 1].any()
        assert coarse.source[:, half_width + 1 :][~coarse.mask[:, half_width + 1 :]].all()


def test_sought_patches_touch_the_hole_and_source_patches_do_not() -> None:
    mask = square_hole((31, 37), 5)
    level = level_of(np.random.default_rng(0).random((31, 37, 3)), mask)
    sought, sources = wanted_patches(level, HALF) >= 0, whole_patches(level.source, HALF)
    for y in range(31):
        for x in range(37):
            within = HALF <= y < 31 - HALF and HALF <= x < 37 - HALF
            patch = mask[max(y - HALF, 0) : y + HALF + 1, max(x - HALF, 0) : x + HALF + 1]
            assert sought[y, x] == (within and patch.any())
            assert sources[y, x] == (within and not patch.any())


def test_turned_copies_lie_below_the_picture_and_borrow_nothing_from_outside() -> None:
    rng = np.random.default_rng(1)
    level = level_of(rng.random((40, 40, 1)), square_hole((40, 40), 6))
    sources = build_sources(level, HALF, (90.0, 30.0), (1.25,))
    assert sources.picture.shape == (160, 40, 1)
    np.testing.assert_array_equal(sources.picture[:40], level.picture)
    np.testing.assert_allclose(sources.picture[40:80, :, 0], np.rot90(level.picture[:, :, 0]), atol=1e-5)
    turned = sources.allowed[80:120] >= 0
    assert turned.any()
    assert not turned[:8, :8].any()  # the corners of a picture turned by 30 degrees come from outside


def test_places_of_a_label_and_of_none() -> None:
    labels = np.zeros((30, 30), int)
    labels[:, 15:] = 2
    sources = build_sources(level_of(np.zeros((30, 30, 1)), square_hole((30, 30), 4), labels), HALF, (), ())
    assert (sources.places(2)[:, 1] >= 15).all()
    assert len(sources.places(7)) == len(sources.places(0)) == (sources.allowed >= 0).sum()


def match_twin(
    pictures: tuple[np.ndarray, np.ndarray],
    trust: np.ndarray,
    known: np.ndarray,
    at: tuple[int, int],
    place: np.ndarray,
) -> float:
    """Compare two patches value by value, as the module's page says."""
    total = weights = 0.0
    for dy in range(-HALF, HALF + 1):
        for dx in range(-HALF, HALF + 1):
            w = float(trust[at[0] + dy, at[1] + dx])
            there = (place[0] + dy, place[1] + dx)
            difference = pictures[0][at[0] + dy, at[1] + dx].astype(float) - pictures[1][there]
            total += w * float((difference**2).sum() if known[there] else 0.1 * len(difference))
            weights += w * len(difference)
    return total / weights


def test_every_patch_is_tried() -> None:
    rng = np.random.default_rng(3)
    picture, source = rng.random((2, 14, 15, 2), dtype=np.float32)
    trust, known = rng.random((14, 15), dtype=np.float32), rng.random((14, 15)) < 0.8
    places = np.argwhere(np.ones((10, 11))).astype(np.int32) + HALF
    targets = np.array([[2, 2], [7, 8], [11, 12], [5, 3]], np.int32)
    found, cost = match_patches(picture, trust, targets, source, known, places, HALF)
    for target, place, c in zip(targets, found, cost, strict=True):
        all_costs = [match_twin((picture, source), trust, known, tuple(target), p) for p in places]
        assert c == pytest.approx(min(all_costs), abs=1e-5)
        np.testing.assert_array_equal(place, places[int(np.argmin(all_costs))])


def test_texture_strength_is_the_mean_gradient_of_known_pixels() -> None:
    picture = np.zeros((20, 20, 3), np.float32)
    picture[:, 10:] = np.indices((20, 10)).sum(axis=0)[:, :, None] % 2 * 0.25  # a chessboard beside a plane
    strength = texture_strength(picture, np.zeros((20, 20), bool))
    np.testing.assert_allclose(strength[5:15, 14:17], 0.5, atol=1e-6)
    np.testing.assert_allclose(strength[:, :7], 0, atol=1e-6)


def test_what_lies_under_the_mask_is_no_texture() -> None:
    mask = square_hole((20, 20), 6)
    picture = np.full((20, 20, 1), 0.5, np.float32)
    garbage = np.where(mask[:, :, None], np.random.default_rng(0).random((20, 20, 1)), picture).astype(np.float32)
    assert (texture_strength(garbage, mask) == 0).all()
