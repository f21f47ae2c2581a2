"""BM3D: the acceptance tests of the specification sheet that a moment suffices for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from skimage.data import astronaut, camera, coins, moon

from retouch.arrays.types import AnyArray, Image
from retouch.denoising.block_matching.bm3d import denoise_bm3d
from retouch.denoising.block_matching.profiles import choose_profile
from retouch.errors import InputError
from retouch.io.pictures.reading import open_image

BSD68 = Path(__file__).parents[4] / "shared" / "data" / "denoise-bsd68"
SIGMA = 25 / 255


def crop(picture: AnyArray, top: int = 100, left: int = 100, side: int = 128) -> Image:
    part = picture[top : top + side, left : left + side].astype(np.float32) / 255
    return np.asarray(part.reshape(side, side, -1), np.float32)


def with_noise(image: Image, sigma: float = SIGMA) -> Image:
    return (image + sigma * np.random.RandomState(0).randn(*image.shape)).astype(np.float32)


def psnr(image: Image, truth: Image) -> float:
    levels = np.rint(255 * image.clip(0, 1)) - np.rint(255 * truth)
    return float(10 * np.log10(255**2 / np.mean(levels**2)))


@pytest.mark.parametrize(
    "truth",
    [crop(camera()), crop(moon()), crop(coins()), crop(astronaut())],
    ids=["camera", "moon", "coins", "astronaut"],
)
def test_seven_decibels_are_gained_and_the_second_step_is_no_worse(truth: Image) -> None:
    """Sheet, section 10, B."""
    noisy = with_noise(truth)
    first, second = (psnr(denoise_bm3d(noisy, SIGMA, steps=n), truth) for n in (1, 2))
    assert second >= psnr(noisy, truth) + 7
    assert second >= first - 0.02


def test_noise_alone_is_nearly_gone() -> None:
    """Sheet, section 10, A: less than 2 levels are left of 25."""
    flat = with_noise(np.full((96, 96, 1), 0.5, np.float32))
    assert 255 * denoise_bm3d(flat, SIGMA).std() < 2


def test_colours_help_one_another() -> None:
    """Sheet, section 10, D: half a decibel beyond channel by channel."""
    truth = crop(astronaut(), 0, 150)
    noisy = with_noise(truth)
    apart = np.concatenate([denoise_bm3d(noisy[:, :, c : c + 1], SIGMA) for c in range(3)], axis=2)
    assert psnr(denoise_bm3d(noisy, SIGMA), truth) >= psnr(apart, truth) + 0.5


@pytest.mark.parametrize("sigma", [SIGMA, 60 / 255])
def test_a_finer_grid_is_no_worse(sigma: float) -> None:
    truth = crop(camera(), 120, 180)
    noisy = with_noise(truth, sigma)
    fast, normal, high = (psnr(denoise_bm3d(noisy, sigma, profile=name), truth) for name in ("fast", "normal", "high"))
    assert fast < normal < high + 0.02


@pytest.mark.shared
@pytest.mark.skipif(not BSD68.is_dir(), reason="../shared/data/denoise-bsd68 is absent")
def test_a_photograph_comes_out_as_from_the_package_people_install() -> None:
    """Sheet, section 7: 25.458 dB with the same noise; one picture may differ by a twentieth of a decibel."""
    truth = open_image(BSD68 / "test001.png").to_float()
    assert psnr(denoise_bm3d(with_noise(truth), SIGMA), truth) > 25.458 - 0.05


def test_a_profile_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InputError, match="'normal'"):
        choose_profile("norml", 0.1)


@pytest.mark.parametrize("steps", [0, 3])
def test_a_number_of_steps_other_than_1_or_2_is_refused(steps: int) -> None:
    with pytest.raises(InputError, match="steps must be 1 or 2"):
        denoise_bm3d(np.zeros((9, 9, 1), np.float32), 0.1, steps=steps)
