"""Hole pixels sorted into independent groups."""

from __future__ import annotations

import numpy as np

from retouch.classical.diffusion.groups import group_holes, share_of


def test_pixels_within_the_reach_share_a_group_and_pixels_beyond_do_not() -> None:
    mask = np.zeros((3, 12), bool)
    mask[1, [1, 3, 8]] = True  # 2 apart, then 5 apart
    assert group_holes(mask, reach_px=1).sizes.tolist() == [1, 1, 1]
    assert group_holes(mask, reach_px=2).sizes.tolist() == [2, 1]


def test_every_missing_pixel_is_in_exactly_one_group() -> None:
    mask = np.random.default_rng(0).random((30, 40)) < 0.4
    groups = group_holes(mask, reach_px=2)
    assert np.array_equal(np.sort(groups.pixels), np.flatnonzero(mask))
    for g in range(len(groups.sizes)):
        own = groups.pixels[groups.starts[g] : groups.starts[g + 1]]
        assert (groups.labels.ravel()[own] == g + 1).all()


def test_boxes_reach_as_far_as_the_stencil_but_not_outside_the_picture() -> None:
    mask = np.zeros((10, 10), bool)
    mask[0, 4] = True
    assert group_holes(mask, reach_px=1).boxes == [(0, 3, 2, 6)]


def test_batches_hold_whole_groups_up_to_the_capacity() -> None:
    mask = np.zeros((1, 20), bool)
    mask[0, [0, 1, 2, 5, 6, 9, 12, 13, 14, 15]] = True  # groups of 3, 2, 1 and 4 pixels
    groups = group_holes(mask, reach_px=1)
    sizes = [len(batch) for batch in groups.batches(np.arange(4), capacity=5)]
    assert sizes == [5, 5]
    assert [len(batch) for batch in groups.batches(np.arange(4), capacity=2)] == [3, 2, 1, 4]


def test_a_share_of_the_work_is_reported_as_part_of_the_whole() -> None:
    seen: list[tuple[int, int]] = []
    share_of(lambda done, total: seen.append((done, total)), 10, 40, 100)(1, 2)
    assert seen == [(30, 100)]
