"""Laws that every method obeys, a network in a file too; a new line in the catalogue is under all of them at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from retouch.arrays.types import Image, Mask
from retouch.errors import Cancelled, InputError
from retouch.methods.catalogue import find_method, load_method, method_names

Method = Callable[..., Image]

SHAPE = (41, 53)  # primes
ODD_SHAPES = [(1, 1), (1, 2), (1, 17), (13, 1), (2, 2), (3, 5), (7, 7), (16, 16), (31, 37)]


@pytest.fixture(params=[*method_names(), "net"])
def method(request: pytest.FixtureRequest, net_filler: str) -> Method:
    return load_method(find_method(net_filler if request.param == "net" else request.param))


def photo(shape: tuple[int, int] = SHAPE, n_channels: int = 3) -> Image:
    """Return waves and noise: neither flat nor smooth anywhere."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    waves = 0.5 + 0.3 * np.sin(rows / 3) * np.cos(columns / 4)
    noise = np.random.default_rng(1).random((*shape, n_channels))
    return np.asarray(0.8 * waves[:, :, None] + 0.2 * noise, np.float32)


def holes(shape: tuple[int, int] = SHAPE) -> Mask:
    """Return a broad hole, a line that touches the border, and single pixels; the first pixel is always known."""
    mask = np.random.default_rng(2).random(shape) < 0.02
    mask[shape[0] // 3 : shape[0] // 3 + 12, shape[1] // 3 : shape[1] // 3 + 14] = True
    mask[:, -2:-1] = True
    mask[0, 0] = False
    return mask


def run(method: Method, image: Image, mask: Mask, seed: int = 0, **more: Any) -> Image:
    return method(image, mask, rng=np.random.default_rng(seed), **more)


def test_known_pixels_are_bit_equal(method: Method) -> None:
    image, mask = photo(), holes()
    np.testing.assert_array_equal(run(method, image, mask)[~mask], image[~mask])


def test_missing_pixels_are_filled(method: Method) -> None:
    image, mask = photo(), holes()
    image[mask] = 7.0
    assert run(method, image, mask)[mask].max() <= 1


def test_inputs_are_left_as_they_are(method: Method) -> None:
    image, mask = photo(), holes()
    image_before, mask_before = image.copy(), mask.copy()
    result = run(method, image, mask)
    np.testing.assert_array_equal(image, image_before)
    np.testing.assert_array_equal(mask, mask_before)
    assert not np.shares_memory(result, image)


def test_inputs_that_cannot_be_written_are_enough(method: Method) -> None:
    image, mask = photo(), holes()
    image.flags.writeable = mask.flags.writeable = False
    run(method, image, mask)


@pytest.mark.parametrize("n_channels", [1, 2, 3, 4])
def test_shape_and_dtype_are_kept(method: Method, n_channels: int) -> None:
    result = run(method, photo(n_channels=n_channels), holes())
    assert result.shape == (*SHAPE, n_channels)
    assert result.dtype == np.float32


@pytest.mark.parametrize("garbage", [np.nan, np.inf, -1e30])
def test_what_lies_under_the_mask_changes_nothing(method: Method, garbage: float) -> None:
    image, mask = photo(), holes()
    spoilt = image.copy()
    spoilt[mask] = garbage
    np.testing.assert_array_equal(run(method, spoilt, mask), run(method, image, mask))


def test_results_are_finite_and_in_range(method: Method) -> None:
    result = run(method, photo(), holes())
    assert np.isfinite(result).all()
    assert result.min() >= 0
    assert result.max() <= 1


def test_an_empty_mask_gives_a_copy(method: Method) -> None:
    image = photo()
    result = run(method, image, np.zeros(SHAPE, bool))
    np.testing.assert_array_equal(result, image)
    assert not np.shares_memory(result, image)


def test_a_full_mask_is_refused(method: Method) -> None:
    with pytest.raises(InputError, match="covers the whole picture"):
        run(method, photo(), np.ones(SHAPE, bool))


def test_a_known_nan_is_refused(method: Method) -> None:
    image, mask = photo(), holes()
    image[0, 0, 0] = np.nan
    with pytest.raises(InputError, match="finite"):
        run(method, image, mask)


@pytest.mark.parametrize("level", [0.0, 0.25, 100 / 255, 1.0])
def test_a_constant_picture_comes_back_to_a_level_of_8_bits(method: Method, level: float) -> None:
    image = np.full((*SHAPE, 3), level, np.float32)
    np.testing.assert_allclose(run(method, image, holes()), image, atol=1 / 255)


def test_the_same_seed_gives_the_same_bytes(method: Method) -> None:
    image, mask = photo(), holes()
    np.testing.assert_array_equal(run(method, image, mask, seed=5), run(method, image, mask, seed=5))


def test_the_global_random_state_is_not_touched(method: Method) -> None:
    np.random.seed(11)  # noqa: NPY002 - it is this state that must stay as it is
    expected = np.random.random()  # noqa: NPY002
    np.random.seed(11)  # noqa: NPY002
    run(method, photo(), holes())
    assert np.random.random() == expected  # noqa: NPY002


@pytest.mark.parametrize("shape", ODD_SHAPES, ids=str)
def test_any_size_is_filled(method: Method, shape: tuple[int, int]) -> None:
    """All pixels but the first are missing in the smallest pictures."""
    image, mask = photo(shape), holes(shape)
    mask[0, 0] = False
    result = run(method, image, mask)
    assert np.isfinite(result).all()
    np.testing.assert_array_equal(result[~mask], image[~mask])


@pytest.mark.parametrize("shape", ODD_SHAPES[1:], ids=str)
def test_one_known_pixel_fills_the_picture(method: Method, shape: tuple[int, int]) -> None:
    image = photo(shape)
    mask = np.ones(shape, bool)
    mask[-1, -1] = False
    np.testing.assert_allclose(run(method, image, mask), np.broadcast_to(image[-1, -1], image.shape), atol=1 / 255)


def test_grey_is_one_of_three_equal_channels(method: Method) -> None:
    """A grey picture and the same picture three times over are filled alike (to a level of 8 bits, for rounding)."""
    grey, mask = photo(n_channels=1), holes()
    coloured = run(method, np.repeat(grey, 3, axis=2), mask)
    np.testing.assert_allclose(coloured, np.repeat(run(method, grey, mask), 3, axis=2), atol=1 / 255)


def test_progress_rises_to_its_total(method: Method) -> None:
    seen: list[tuple[int, int]] = []
    run(method, photo(), holes(), progress=lambda done, total: seen.append((done, total)))
    shares = [done / total for done, total in seen]
    assert shares == sorted(shares)
    assert min(shares) >= 0
    assert shares[-1] == 1


def test_cancelling_stops_the_work(method: Method) -> None:
    def cancel(done: int, total: int) -> None:
        raise Cancelled(f"stopped at {done} of {total}")

    with pytest.raises(Cancelled):
        run(method, photo(), holes(), progress=cancel)
