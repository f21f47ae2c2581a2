"""Laws that every denoiser obeys, a network in a file too; a new line in the catalogue is under all of them at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.arrays.types import Image
from retouch.errors import Cancelled, InputError
from retouch.methods.denoisers import denoiser_names, find_denoiser, load_denoiser

Denoiser = Callable[..., Image]

SHAPE = (41, 53)  # primes
ODD_SHAPES = [(1, 1), (1, 2), (1, 17), (13, 1), (2, 2), (3, 5), (7, 7), (16, 16), (31, 37)]
SIGMA = 25 / 255


@pytest.fixture(params=[*denoiser_names(), "net"])
def denoise(request: pytest.FixtureRequest, net_denoiser: str) -> Denoiser:
    return load_denoiser(find_denoiser(net_denoiser if request.param == "net" else request.param))


def clean(shape: tuple[int, int] = SHAPE, n_channels: int = 3) -> Image:
    """Return broad waves with an edge across them, each channel at its own level."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    waves = 0.5 + 0.2 * np.sin(rows / 9) * np.cos(columns / 11) + 0.2 * (rows > columns)
    return np.asarray(waves[:, :, None] - 0.05 * np.arange(n_channels), np.float32)


def noisy(shape: tuple[int, int] = SHAPE, n_channels: int = 3, sigma: float = SIGMA) -> Image:
    noise = np.random.default_rng(1).standard_normal((*shape, n_channels))
    return np.asarray(clean(shape, n_channels) + sigma * noise, np.float32)


def test_noise_is_taken_away(denoise: Denoiser) -> None:
    """At least 3 dB: half of the squared error."""
    for n_channels in (1, 3):
        truth, image = clean(n_channels=n_channels), noisy(n_channels=n_channels)
        result = denoise(image, SIGMA)
        assert np.mean((result - truth) ** 2) < 0.5 * np.mean((image - truth) ** 2)


def test_no_noise_gives_a_copy(denoise: Denoiser) -> None:
    image = noisy()
    result = denoise(image, 0.0)
    np.testing.assert_array_equal(result, image)
    assert not np.shares_memory(result, image)


def test_inputs_are_left_as_they_are(denoise: Denoiser) -> None:
    image = noisy()
    before = image.copy()
    result = denoise(image, SIGMA)
    np.testing.assert_array_equal(image, before)
    assert not np.shares_memory(result, image)


def test_an_input_that_cannot_be_written_is_enough(denoise: Denoiser) -> None:
    image = noisy()
    image.flags.writeable = False
    denoise(image, SIGMA)


def test_a_view_gives_what_its_copy_gives(denoise: Denoiser) -> None:
    view = noisy((2 * SHAPE[0], SHAPE[1]))[::2, ::-1]
    np.testing.assert_array_equal(denoise(view, SIGMA), denoise(np.ascontiguousarray(view), SIGMA))


@pytest.mark.parametrize("n_channels", [1, 2, 3, 4])
def test_shape_and_dtype_are_kept(denoise: Denoiser, n_channels: int) -> None:
    result = denoise(noisy(n_channels=n_channels), SIGMA)
    assert result.shape == (*SHAPE, n_channels)
    assert result.dtype == np.float32


@pytest.mark.parametrize("shape", ODD_SHAPES, ids=str)
def test_any_size_is_denoised(denoise: Denoiser, shape: tuple[int, int]) -> None:
    result = denoise(noisy(shape), SIGMA)
    assert result.shape == (*shape, 3)
    assert np.isfinite(result).all()


@pytest.mark.parametrize("sigma", [1e-40, 1e-6, 1 / 255, 0.3, 1.0])
def test_results_are_finite_for_any_noise_level(denoise: Denoiser, sigma: float) -> None:
    assert np.isfinite(denoise(noisy(sigma=sigma), sigma)).all()


@pytest.mark.parametrize("level", [0.0, 0.25, 100 / 255, 1.0])
def test_a_constant_picture_comes_back(denoise: Denoiser, level: float) -> None:
    image = np.full((*SHAPE, 3), level, np.float32)
    np.testing.assert_allclose(denoise(image, SIGMA), image, atol=1e-6)


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_values_are_not_clipped(denoise: Denoiser, level: float) -> None:
    """Noise on black is as often below 0 as above: clipping it anywhere would lift the mean by up to 0.4 sigma."""
    noise = SIGMA * np.random.default_rng(2).standard_normal((*SHAPE, 3))
    image = (level + noise).astype(np.float32)
    assert denoise(image, SIGMA).mean() == pytest.approx(image.mean(), abs=0.02 * SIGMA)


def test_grey_is_one_of_three_equal_channels(denoise: Denoiser) -> None:
    grey = noisy(n_channels=1)
    alone = denoise(grey, SIGMA)
    np.testing.assert_allclose(denoise(np.repeat(grey, 3, axis=2), SIGMA), np.repeat(alone, 3, axis=2), atol=1e-5)


def test_the_same_picture_gives_the_same_bytes(denoise: Denoiser) -> None:
    np.testing.assert_array_equal(denoise(noisy(), SIGMA), denoise(noisy(), SIGMA))


def test_the_global_random_state_is_not_touched(denoise: Denoiser) -> None:
    np.random.seed(11)  # noqa: NPY002 - it is this state that must stay as it is
    expected = np.random.random()  # noqa: NPY002
    np.random.seed(11)  # noqa: NPY002
    denoise(noisy(), SIGMA)
    assert np.random.random() == expected  # noqa: NPY002


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_value_that_is_no_number_is_refused(denoise: Denoiser, bad: float) -> None:
    image = noisy()
    image[3, 4, 1] = bad
    for sigma in (0.0, SIGMA):
        with pytest.raises(InputError, match="finite"):
            denoise(image, sigma)


@pytest.mark.parametrize("sigma", [-0.01, 1.01, 25.0, np.nan, np.inf])
def test_a_noise_level_out_of_range_is_refused(denoise: Denoiser, sigma: float) -> None:
    with pytest.raises(InputError, match="sigma must be 0 to 1"):
        denoise(noisy(), sigma)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((0, 5, 3), np.float32),
        np.zeros((5, 5, 0), np.float32),
        np.zeros((5, 5), np.float32),
    ],
    ids=["no rows", "no channels", "two axes"],
)
def test_what_is_no_picture_is_refused(denoise: Denoiser, image: Image) -> None:
    with pytest.raises(InputError, match="image must"):
        denoise(image, SIGMA)


@pytest.mark.parametrize("sigma", [0.0, SIGMA])
def test_progress_rises_to_its_total(denoise: Denoiser, sigma: float) -> None:
    seen: list[tuple[int, int]] = []
    denoise(noisy(), sigma, progress=lambda done, total: seen.append((done, total)))
    totals = {total for _, total in seen}
    assert len(totals) == 1
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[0][0] >= 0
    assert seen[-1][0] == seen[-1][1]


def test_cancelling_stops_the_work(denoise: Denoiser) -> None:
    def cancel(done: int, total: int) -> None:
        raise Cancelled(f"stopped at {done} of {total}")

    with pytest.raises(Cancelled):
        denoise(noisy(), SIGMA, progress=cancel)
