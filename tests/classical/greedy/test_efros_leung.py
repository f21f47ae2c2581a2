"""Efros and Leung's texture growth: periodic textures, real ones, and the kernel against its numpy twin."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from retouch.arrays.types import Image, Mask
from retouch.classical.diffusion.harmonic import inpaint_harmonic
from retouch.classical.greedy.efros_leung import front_order, inpaint_efros_leung
from retouch.classical.greedy.growth import grow_pixels, window_distance
from retouch.errors import InputError
from retouch.metrics.texture.texture_gap import texture_gap


def square_hole(shape: tuple[int, ...], side: int) -> Mask:
    mask = np.zeros(shape[:2], bool)
    top, left = (shape[0] - side) // 2, (shape[1] - side) // 2
    mask[top : top + side, left : left + side] = True
    return mask


def checker() -> Image:
    rows, columns = np.indices((64, 64))
    return np.where((rows // 4 + columns // 4) % 2, 0.2, 0.9).astype(np.float32)[:, :, None]


def bricks() -> Image:
    """Draw rows of 6 px and bricks of 12 px, every second row shifted by half a brick: both periods are 12 px."""
    rows, columns = np.indices((64, 64))
    mortar = (rows % 6 < 1) | ((columns + rows // 6 % 2 * 6) % 12 < 1)
    return np.where(mortar, 0.85, 0.35).astype(np.float32)[:, :, None]


@pytest.mark.parametrize(("texture", "window"), [(checker(), 11), (bricks(), 13)], ids=["checker", "bricks"])
def test_a_periodic_texture_comes_back_exactly(texture: Image, window: int) -> None:
    """The window is wider than the period, so the only windows that are alike have the right pixel in the middle."""
    hole = square_hole(texture.shape, 20)
    np.testing.assert_array_equal(inpaint_efros_leung(texture, hole, patch_size=window), texture)


@pytest.mark.parametrize("name", ["grass", "gravel", "brick"])
def test_textures_lose_less_than_half_of_what_a_membrane_loses(name: str) -> None:
    crop = np.asarray(getattr(data, name)()[100:196, 100:196] / 255, np.float32)[:, :, None]
    mask = square_hole(crop.shape, 28)
    ours, smooth = (texture_gap(crop, fill(crop, mask), mask=mask) for fill in (inpaint_efros_leung, inpaint_harmonic))
    assert ours < 0.5 * smooth


def test_every_filled_colour_is_one_of_the_known() -> None:
    photo, mask = np.asarray(data.astronaut()[::8, ::8] / 255, np.float32), square_hole((64, 64), 20)
    filled = inpaint_efros_leung(photo, mask)
    known = {tuple(colour) for colour in photo[~mask].tolist()}
    assert {tuple(colour) for colour in filled[mask].tolist()} <= known


def test_the_front_is_ordered_by_known_neighbours() -> None:
    """In a 3x3 hole in the middle of 5x5, corners have 5 known neighbours and edges 3; the centre is no front yet."""
    order = front_order(square_hole((5, 5), 3), np.random.default_rng(0))
    corners = {(1, 1), (1, 3), (3, 1), (3, 3)}
    assert {tuple(place) for place in order[:4].tolist()} == corners
    assert {tuple(place) for place in order[4:].tolist()} == {(1, 2), (2, 1), (2, 3), (3, 2)}


def test_ties_of_the_front_are_shuffled() -> None:
    one, two = (front_order(square_hole((40, 40), 20), np.random.default_rng(seed)) for seed in (1, 2))
    assert not np.array_equal(one, two)


def alike_twin(
    picture: np.ndarray, mask: Mask, at: tuple[int, int], bell: np.ndarray, ratio: float
) -> set[tuple[int, int]]:
    """Return the centres of all windows whose distance is up to `ratio` times the least, by trying all."""
    half = len(bell) // 2
    padded = np.pad(picture, ((half, half), (half, half), (0, 0)))
    known = np.pad(~mask, half)
    window = slice(at[0], at[0] + len(bell)), slice(at[1], at[1] + len(bell))
    weights = (bell * known[window])[:, :, None]
    distances = {}
    for y in range(half, mask.shape[0] - half):
        for x in range(half, mask.shape[1] - half):
            there = slice(y - half, y + half + 1), slice(x - half, x + half + 1)
            if not mask[there].any():
                distances[y, x] = float((weights * (picture[there] - padded[window]) ** 2).sum())
    least = min(distances.values())
    return {place for place, distance in distances.items() if distance <= ratio * least}


def grow_one(picture: np.ndarray, mask: Mask, at: tuple[int, int], bell: np.ndarray, chance: float) -> tuple[int, int]:
    """Return where the kernel copies a pixel from."""
    side = len(bell)
    allowed = np.zeros(mask.shape, bool)
    windows = np.lib.stride_tricks.sliding_window_view(mask, (side, side)).any(axis=(2, 3))
    allowed[side // 2 : -(side // 2), side // 2 : -(side // 2)] = ~windows
    origins = np.full((*mask.shape, 2), -1, np.int32)
    state = (picture.reshape(len(mask), -1).copy(), mask.copy(), origins)
    source = (allowed, np.full(mask.shape, 99, np.int32), bell)
    order, chances = np.array([at], np.int32), np.array([chance], np.float32)
    assert grow_pixels(state, source, order, chances, 1.6, 1.0) == 1
    assert not state[1][at]
    row, column = origins[at]
    np.testing.assert_array_equal(state[0].reshape(picture.shape)[at], picture[row, column])
    return int(row), int(column)


def test_the_kernel_draws_from_all_windows_that_are_alike_and_no_others() -> None:
    rng = np.random.default_rng(0)
    picture, mask = rng.random((24, 26, 3), dtype=np.float32), square_hole((24, 26), 6)
    bell = np.exp(-(np.hypot(*(np.indices((5, 5)) - 2)) ** 2) / 2).astype(np.float32)
    wanted = alike_twin(picture, mask, (9, 12), bell, 1.6)
    assert len(wanted) > 2
    drawn = {grow_one(picture, mask, (9, 12), bell, chance) for chance in np.linspace(0, 0.999, 60)}
    assert drawn == wanted


def test_the_distance_of_windows_equals_the_sum_that_is_written_down() -> None:
    rng = np.random.default_rng(1)
    picture, wanted, weights = (rng.random(shape, dtype=np.float32) for shape in ((12, 30), (5, 15), (5, 15)))
    expected = (weights * (wanted - picture[3:8, 6:21]) ** 2).sum()
    assert window_distance(picture, wanted, weights, 3, 6, 1e9) == pytest.approx(float(expected), rel=1e-5)


def test_a_pixel_that_nothing_resembles_is_left_for_later() -> None:
    picture = np.random.default_rng(0).random((24, 26, 3), dtype=np.float32)
    mask = square_hole((24, 26), 6)
    state = (picture.reshape(24, -1).copy(), mask.copy(), np.full((24, 26, 2), -1, np.int32))
    allowed = np.zeros(mask.shape, bool)
    allowed[4, 4] = True
    source = (allowed, np.full(mask.shape, 99, np.int32), np.ones((5, 5), np.float32))
    order, chances = np.array([[9, 12]], np.int32), np.zeros(1, np.float32)
    assert grow_pixels(state, source, order, chances, 1.1, 1e-6) == 0
    assert state[1].sum() == mask.sum()


def test_another_seed_is_another_texture() -> None:
    crop = np.asarray(data.grass()[:64, :64] / 255, np.float32)[:, :, None]
    mask = square_hole(crop.shape, 20)
    one, two = (inpaint_efros_leung(crop, mask, rng=np.random.default_rng(seed)) for seed in (1, 2))
    assert not np.array_equal(one, two)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"patch_size": 4}, "odd"),
        ({"patch_size": 29}, r"some patch of 29x29 pixels"),
        ({"search_px": -1}, "search_px must be 0 or more"),
        ({"tolerance": 1.5}, "tolerance must be 0 to 1"),
    ],
)
def test_options_out_of_range_are_refused(option: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        inpaint_efros_leung(np.zeros((32, 32, 1), np.float32), square_hole((32, 32), 8), **option)  # type: ignore[arg-type]
