"""Block matching against a plain search, and the order and limits of its groups."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.arrays.types import AnyArray, Image
from retouch.denoising.patches.grouping import Groups, Matching, find_groups, reference_grid
from retouch.errors import InputError


def picture(shape: tuple[int, int, int]) -> Image:
    """Return numbers of few levels, so that many distances are equal and all of them exact in float32."""
    return np.asarray(np.random.default_rng(3).integers(0, 4, shape), np.float32)


def corners(shape: tuple[int, int, int], patch_px: int, step_px: int) -> tuple[AnyArray, AnyArray]:
    grids = (reference_grid(length, patch_px, step_px) for length in shape[:2])
    tops, lefts = np.meshgrid(*grids, indexing="ij")
    return tops.ravel(), lefts.ravel()


def search_plainly(image: Image, top: int, left: int, matching: Matching) -> list[tuple[float, int, int]]:
    """Measure every candidate and sort: the definition, one reference at a time."""
    side, step = matching.patch_px, matching.step_px
    reference = image[top : top + side, left : left + side]
    found = []
    for y in range(image.shape[0] - side + 1):
        for x in range(image.shape[1] - side + 1):
            is_near = max(abs(y - top), abs(x - left)) <= matching.reach_px
            if is_near and (y - top) % step == 0 and (x - left) % step == 0 and (y, x) != (top, left):
                distance = float(np.mean((image[y : y + side, x : x + side] - reference) ** 2))
                found += [(distance, y, x)] if distance <= matching.most_distance else []
    group = [(0.0, top, left), *sorted(found)][: matching.n_most]
    return group[: 2 ** (len(group).bit_length() - 1)] if matching.powers_of_two else group


def assert_same(groups: Groups, expected: list[list[tuple[float, int, int]]]) -> None:
    np.testing.assert_array_equal(groups.counts, [len(group) for group in expected])
    for r, group in enumerate(expected):
        n = len(group)
        np.testing.assert_allclose(groups.distances[r, :n], [distance for distance, _, _ in group], rtol=1e-6)
        np.testing.assert_array_equal(groups.tops[r, :n], [top for _, top, _ in group])
        np.testing.assert_array_equal(groups.lefts[r, :n], [left for _, _, left in group])


@pytest.mark.parametrize(
    ("shape", "matching"),
    [
        ((23, 31, 1), Matching(8, 5, 16)),
        ((23, 31, 1), Matching(8, 5, 16, most_distance=2.4, powers_of_two=True)),
        ((17, 19, 3), Matching(5, 7, 9)),
        ((17, 19, 3), Matching(6, 40, 500, most_distance=2.5)),
        ((21, 20, 2), Matching(3, 6, 12, step_px=2)),
        ((9, 8, 1), Matching(1, 2, 4, most_distance=0.0)),
        ((8, 8, 1), Matching(8, 3, 4)),
        ((12, 12, 1), Matching(4, 0, 4)),
        ((12, 12, 1), Matching(4, 4, 1)),
    ],
    ids=str,
)
def test_groups_are_those_of_a_plain_search(shape: tuple[int, int, int], matching: Matching) -> None:
    image = picture(shape)
    tops, lefts = corners(shape, matching.patch_px, 3)
    groups = find_groups(image, tops, lefts, matching, 1)
    pairs = zip(tops.tolist(), lefts.tolist(), strict=True)
    assert_same(groups, [search_plainly(image, top, left, matching) for top, left in pairs])


def test_places_beyond_the_count_repeat_the_reference_at_infinity() -> None:
    """Of a ramp no two patches are equal, so the limit 0 leaves the reference alone."""
    ramp = np.arange(100, dtype=np.float32).reshape(10, 10, 1)
    groups = find_groups(ramp, np.array([2]), np.array([3]), Matching(4, 3, 3, most_distance=0.0), 1)
    assert groups.counts.tolist() == [1]
    assert groups.tops.tolist() == [[2, 2, 2]]
    assert groups.lefts.tolist() == [[3, 3, 3]]
    assert groups.distances.tolist() == [[0.0, np.inf, np.inf]]


def test_the_reference_comes_before_patches_that_are_equal_to_it() -> None:
    flat = np.ones((12, 12, 1), np.float32)
    groups = find_groups(flat, np.array([5]), np.array([5]), Matching(4, 1, 4), 1)
    assert list(zip(groups.tops[0], groups.lefts[0], strict=True)) == [(5, 5), (4, 4), (4, 5), (4, 6)]


def test_any_number_of_threads_finds_the_same() -> None:
    shape = (60, 70, 1)
    image = np.random.default_rng(0).random(shape, np.float32)
    tops, lefts = corners(shape, 8, 2)
    assert len(tops) > 512  # two bands and more
    one, three = (find_groups(image, tops, lefts, Matching(8, 9, 16), n) for n in (1, 3))
    for alone, together in zip(one, three, strict=True):
        np.testing.assert_array_equal(alone, together)


def test_the_grid_holds_the_last_place_once() -> None:
    assert reference_grid(17, 8, 3).tolist() == [0, 3, 6, 9]
    assert reference_grid(8, 8, 3).tolist() == [0]


@pytest.mark.parametrize(
    ("tops", "lefts"), [([-1], [0]), ([0], [-1]), ([5], [0]), ([0], [5])], ids=["above", "left", "below", "right"]
)
def test_a_reference_outside_the_picture_is_refused(tops: list[int], lefts: list[int]) -> None:
    with pytest.raises(InputError, match="must be 0 to 4"):
        find_groups(picture((12, 12, 1)), np.array(tops), np.array(lefts), Matching(8, 3, 4), 1)


@pytest.mark.parametrize(
    "matching",
    [
        Matching(0, 3, 4),
        Matching(8, -1, 4),
        Matching(8, 3, 0),
        Matching(8, 3, 4, step_px=0),
        Matching(8, 3, 4, most_distance=-1.0),
        Matching(8, 3, 4, most_distance=float("nan")),
    ],
    ids=str,
)
def test_numbers_that_make_no_sense_are_refused(matching: Matching) -> None:
    with pytest.raises(InputError, match="must be at least 1"):
        find_groups(picture((12, 12, 1)), np.array([0]), np.array([0]), matching, 1)


def test_a_patch_larger_than_the_picture_has_no_grid() -> None:
    with pytest.raises(InputError, match="1 to 7 pixels"):
        reference_grid(7, 8, 1)
