"""Criminisi's region filling: what the paper promises, and its kernels against plain numpy twins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from skimage import data

from retouch.arrays.types import Image, Mask
from retouch.classical.diffusion.harmonic import inpaint_harmonic
from retouch.classical.greedy.criminisi import Growth, inpaint_criminisi
from retouch.classical.greedy.front import LEAST_DATA, Front
from retouch.errors import InputError
from retouch.metrics.texture.texture_gap import texture_gap

HALF = 3


def square_hole(shape: tuple[int, ...], side: int) -> Mask:
    mask = np.zeros(shape[:2], bool)
    top, left = (shape[0] - side) // 2, (shape[1] - side) // 2
    mask[top : top + side, left : left + side] = True
    return mask


def disc(shape: tuple[int, int], radius: float) -> Mask:
    rows, columns = np.indices(shape)
    return np.asarray((rows - shape[0] / 2) ** 2 + (columns - shape[1] / 2) ** 2 < radius**2)


def photograph(step: int = 4) -> Image:
    return np.asarray(data.astronaut()[::step, ::step] / 255, np.float32)


def priorities_twin(front: Front, grey: np.ndarray, half: int) -> np.ndarray:
    """Compute all priorities from nothing but the masks, the confidences and the grey picture."""
    unknown = front.unknown
    around = np.pad(unknown, 1, constant_values=True)
    beside = ~np.stack([around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:]])
    whole = beside.all(axis=0) & ~unknown
    down, across = np.gradient(np.where(unknown, 0, grey).astype(np.float32))
    down, across = down * whole, across * whole
    indicator = np.pad(unknown.astype(float), 1, mode="edge")
    smooth = np.array([1.0, 2.0, 1.0])
    priority = np.full(unknown.shape, -1.0)
    for y, x in np.argwhere(unknown & beside.any(axis=0)):
        patch = slice(max(y - half, 0), y + half + 1), slice(max(x - half, 0), x + half + 1)
        steepest = np.unravel_index(np.argmax(down[patch] ** 2 + across[patch] ** 2), down[patch].shape)
        near = indicator[y : y + 3, x : x + 3]
        normal = np.array([smooth @ (near[2] - near[0]), smooth @ (near[:, 2] - near[:, 0])])
        normal /= max(float(np.linalg.norm(normal)), 1e-9)
        term = abs(down[patch][steepest] * normal[1] - across[patch][steepest] * normal[0])
        priority[y, x] = front.confidence[patch].mean() * max(term, LEAST_DATA)
    return priority


def test_priorities_kept_up_to_date_equal_those_computed_from_nothing() -> None:
    """After every tenth patch; the tolerance is the rounding of float32."""
    photo, mask = photograph(8), disc((64, 64), 17)
    mask[:9, :12] = True
    growth = Growth(photo, mask, HALF, 30)
    with ThreadPoolExecutor(1) as pool:
        for k, _ in enumerate(growth.steps(pool)):
            if k % 10 == 0:
                twin = priorities_twin(growth.front, growth.picture.mean(axis=2), HALF)
                np.testing.assert_allclose(growth.front.priority, twin, rtol=1e-4, atol=1e-7)


def test_the_patch_that_is_filled_next_has_the_highest_priority() -> None:
    """A vertical edge runs into the hole from above and below: the first patches lie on it."""
    picture = np.where(np.arange(60) < 30, 0.2, 0.8)[None, :, None] * np.ones((60, 1, 1))
    growth = Growth(picture.astype(np.float32), square_hole((60, 60), 24), 4, 30)
    row, column = growth.front.next_centre()
    assert row in {18, 41}
    assert abs(column - 29.5) <= 5
    assert growth.front.priority[row, column] == growth.front.priority.max()


def test_filled_pixels_get_the_confidence_of_their_patch() -> None:
    """A hole of one pixel in a 3x3 patch: 8 of 9 pixels are known."""
    mask = np.zeros((9, 9), bool)
    mask[4, 4] = True
    growth = Growth(np.full((9, 9, 1), 0.5, np.float32), mask, 1, 9)
    with ThreadPoolExecutor(1) as pool:
        list(growth.steps(pool))
    assert growth.front.confidence[4, 4] == pytest.approx(8 / 9)


def test_a_straight_boundary_is_continued_to_a_pixel() -> None:
    """Figure of the specification: the boundary of two tones behind a removed disc deviates by 1 px RMS at most."""
    tones = np.where(np.arange(96)[:, None, None] < 50, 0.25, 0.7)
    truth = np.asarray(tones + 0.01 * np.random.default_rng(0).standard_normal((96, 96, 1)), np.float32)
    mask = disc((96, 96), 20)
    filled = inpaint_criminisi(truth, mask)[:, :, 0]
    columns = np.flatnonzero(mask.any(axis=0))
    boundary = np.array([(filled[:, x] < 0.475).sum() for x in columns])
    assert np.sqrt(np.mean((boundary - 50.0) ** 2)) <= 1


def test_every_filled_colour_is_one_of_the_known() -> None:
    photo, mask = photograph(), square_hole((128, 128), 40)
    filled = inpaint_criminisi(photo, mask)
    known = {tuple(colour) for colour in photo[~mask].tolist()}
    assert {tuple(colour) for colour in filled[mask].tolist()} <= known


def test_a_periodic_texture_is_continued_exactly() -> None:
    """A checkerboard of 8 px fields: patches of 9 px see where they are in it."""
    rows, columns = np.indices((64, 64))
    board = np.where((rows // 4 + columns // 4) % 2, 0.2, 0.9).astype(np.float32)[:, :, None]
    np.testing.assert_array_equal(inpaint_criminisi(board, square_hole((64, 64), 20)), board)


@pytest.mark.parametrize("name", ["grass", "gravel", "brick"])
def test_textures_lose_less_than_half_of_what_a_membrane_loses(name: str) -> None:
    crop = np.asarray(getattr(data, name)()[100:228, 100:228] / 255, np.float32)[:, :, None]
    mask = square_hole(crop.shape, 40)
    ours, smooth = (texture_gap(crop, fill(crop, mask), mask=mask) for fill in (inpaint_criminisi, inpaint_harmonic))
    assert ours < 0.5 * smooth


def search_twin(picture: np.ndarray, mask: Mask, box: tuple[slice, slice], at: tuple[int, int]) -> tuple[int, int, int]:
    """Return squared difference and place of the best whole patch, of equal ones the nearest, by trying all."""
    known, half = ~mask[box], HALF
    best = (2**62, 0, 0, 0)
    for y in range(half, mask.shape[0] - half):
        for x in range(half, mask.shape[1] - half):
            there = slice(y - half, y + half + 1), slice(x - half, x + half + 1)
            if not mask[there].any():
                differences = (picture[there].astype(np.int64) - picture[box]) ** 2
                cost = int(differences[known].sum())
                best = min(best, (cost, (y - at[0]) ** 2 + (x - at[1]) ** 2, y, x))
    return best[0], best[2], best[3]


def test_the_patch_found_is_the_best_of_all() -> None:
    photo, mask = photograph(8), disc((64, 64), 12)
    growth = Growth(photo, mask, HALF, 0)
    with ThreadPoolExecutor(1) as pool:
        for at in [(32, 22), (24, 30), (40, 38)]:
            box = growth._patch_box(at)
            found = growth._find(box, at, pool)
            assert (found.cost, found.row, found.column) == search_twin(growth._values, mask, box.slices, at)


def test_an_occluded_wall_is_put_behind_the_object() -> None:
    """Bricks of 24 x 12 px: nine tenths of the pixels come back within a tenth of the range."""
    rows, columns = np.indices((120, 144))
    wall = np.where((rows % 12 < 2) | ((columns + rows // 12 % 2 * 12) % 24 < 2), 0.85, 0.35)
    truth = wall.astype(np.float32)[:, :, None]
    mask = disc((120, 144), 18)
    filled = inpaint_criminisi(truth, mask, patch_size=15)
    assert (np.abs(filled - truth) < 0.1)[mask].mean() > 0.9


@pytest.mark.parametrize("threads", ["1", "3"])
def test_the_number_of_threads_changes_nothing(threads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole picture is searched, so that there are several bands."""
    photo = photograph(2)[:240, :240].copy()
    mask = square_hole(photo.shape, 30)
    monkeypatch.setenv("RETOUCH_THREADS", "2")
    with_two = inpaint_criminisi(photo, mask, search_px=0)
    monkeypatch.setenv("RETOUCH_THREADS", threads)
    assert inpaint_criminisi(photo, mask, search_px=0).tobytes() == with_two.tobytes()


def test_a_hole_on_all_four_borders_is_filled() -> None:
    photo = photograph(8)
    mask = np.ones((64, 64), bool)
    mask[20:44, 20:44] = False
    filled = inpaint_criminisi(photo, mask)
    known = {tuple(colour) for colour in photo[~mask].tolist()}
    assert {tuple(colour) for colour in filled[mask].tolist()} <= known


def no_room() -> Mask:
    """Return a mask that leaves patches of 5x5 pixels and no larger ones."""
    mask = np.ones((40, 40), bool)
    mask[5:10, 5:10] = False
    return mask


def test_a_patch_size_that_nowhere_fits_is_named() -> None:
    with pytest.raises(InputError, match=r"some patch of 9x9 pixels must be wholly known"):
        inpaint_criminisi(photograph(8)[:40, :40].copy(), no_room(), patch_size=9)


def test_without_a_patch_size_the_largest_known_one_is_taken() -> None:
    photo = photograph(8)[:40, :40].copy()
    np.testing.assert_array_equal(
        inpaint_criminisi(photo, no_room()), inpaint_criminisi(photo, no_room(), patch_size=5)
    )


@pytest.mark.parametrize(
    ("option", "message"),
    [({"patch_size": 8}, "odd"), ({"patch_size": 33}, "3 to 31"), ({"search_px": -1}, "search_px must be 0 or more")],
)
def test_options_out_of_range_are_refused(option: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        inpaint_criminisi(np.zeros((32, 32, 1), np.float32), square_hole((32, 32), 8), **option)  # type: ignore[arg-type]
