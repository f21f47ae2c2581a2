"""Texture gap: its closed forms, and that it wants texture where PSNR wants blur."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import skimage.data
from scipy import ndimage
from skimage.metrics import peak_signal_noise_ratio

from retouch.errors import InputError
from retouch.metrics.texture.texture_gap import texture_gap


def ramp(step: int, height: int = 6, width: int = 20) -> np.ndarray:
    """Return a ramp that rises by `step` from one column to the next: gradient `step`, and half of it at both ends."""
    return np.tile((np.arange(width) * step).astype(np.uint8), (height, 1))


def noise_texture(seed: int, sigma: float = 20.0) -> np.ndarray:
    """Return a sample of one texture: white noise around grey."""
    values = np.random.default_rng(seed).normal(128, sigma, (96, 96))
    return values.round().clip(0, 255).astype(np.uint8)


def test_equal_pictures_have_no_gap() -> None:
    assert texture_gap(skimage.data.astronaut(), skimage.data.astronaut()) == 0


def test_histograms_without_a_common_bin_have_a_gap_of_one() -> None:
    assert texture_gap(ramp(10), np.full((6, 20), 77, np.uint8)) == 1


def test_the_gap_of_two_ramps_is_the_chi_square_of_their_shares() -> None:
    # Bin of a gradient g at 8 bits: floor(32 sqrt(g / (255 sqrt(1/2)))): g = 2.5, 5, 10 are in bins 3, 5, 7.
    # The ramp by 10 has 10 in 18 of 20 columns and 5 in 2; the ramp by 5 has 5 in 18 and 2.5 in 2:
    # p = (0, .1, .9), q = (.1, .9, 0): 1/2 (.1 + .8^2 / 1 + .9) = 0.82
    assert texture_gap(ramp(10), ramp(5)) == pytest.approx(0.82, abs=1e-12)


def test_only_pixels_in_the_mask_count_but_their_neighbours_are_read() -> None:
    # In columns 1 to 18 the gradient is 10 in both pictures, though outside them one of them falls.
    first, second = ramp(10), ramp(10)
    second[:, 19] = 180 + 10
    second[:, 0] = 0
    mask = np.zeros(first.shape, bool)
    mask[:, 2:17] = True
    tampered = second.copy()
    tampered[:, 17] = 0  # beside the mask: it changes the gradient of column 16, 1 of 15, to another bin
    assert texture_gap(first, second, mask=mask) == 0
    assert texture_gap(first, tampered, mask=mask) == pytest.approx(0.5 * ((1 / 15) ** 2 / (29 / 15) + 1 / 15))


def test_the_gap_is_symmetric() -> None:
    first, second = skimage.data.camera(), ndimage.gaussian_filter(skimage.data.camera(), 1.5)
    assert texture_gap(first, second) == pytest.approx(texture_gap(second, first), abs=1e-12)


def test_turned_and_mirrored_textures_have_no_gap() -> None:
    picture = skimage.data.gravel()
    assert texture_gap(picture, picture[::-1, ::-1]) == 0
    assert texture_gap(picture, np.ascontiguousarray(picture.T)) == 0


def test_every_range_gives_the_same_gap() -> None:
    first, second = noise_texture(0, 10), noise_texture(1, 15)
    gap = texture_gap(first, second)
    assert texture_gap(first.astype(np.uint16) * 257, second.astype(np.uint16) * 257) == pytest.approx(gap, abs=1e-12)
    assert texture_gap(first / 255, second / 255) == pytest.approx(gap, abs=1e-12)


@pytest.mark.parametrize("name", ["camera", "astronaut", "gravel", "brick"])
def test_more_blur_is_a_wider_gap(name: str) -> None:
    picture = getattr(skimage.data, name)()
    axes = (0, 1)
    gaps = [texture_gap(picture, ndimage.gaussian_filter(picture, sigma, axes=axes)) for sigma in (0, 0.5, 1, 2, 4)]
    assert all(first < second for first, second in pairwise(gaps))


def test_it_prefers_another_sample_of_the_texture_where_psnr_prefers_a_smooth_fill() -> None:
    # MSE of the mean is sigma^2, that of an independent sample 2 sigma^2: PSNR is 3 dB higher for no texture at all.
    truth, sample, smooth = noise_texture(0), noise_texture(1), np.full((96, 96), 128, np.uint8)
    hole = np.zeros((96, 96), bool)
    hole[24:72, 24:72] = True
    filled = [np.where(hole, fill, truth) for fill in (sample, smooth)]
    psnrs = [peak_signal_noise_ratio(truth[hole], picture[hole]) for picture in filled]
    assert psnrs[1] - psnrs[0] == pytest.approx(10 * np.log10(2), abs=0.3)
    gaps = [texture_gap(truth, picture, mask=hole) for picture in filled]
    assert gaps[0] < 0.01  # 10 / 48^2 = 0.004 is expected by chance
    assert gaps[1] > 0.8  # all but the rim, whose gradients are taken across it: 188 of 2304 pixels


def test_a_fill_with_half_the_contrast_is_worse_than_one_with_all_of_it() -> None:
    truth, sample = noise_texture(0), noise_texture(1)
    faint = noise_texture(2, sigma=10)
    assert texture_gap(truth, faint) > 20 * texture_gap(truth, sample)


def test_faint_textures_are_told_apart() -> None:
    # Noise of 1 and of 2 levels of 255: of bins of one width, 5.6 levels, the first would hold nearly all of both.
    assert texture_gap(noise_texture(0, sigma=1), noise_texture(1, sigma=2)) > 0.1


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(InputError, match="same shape and dtype"):
        texture_gap(ramp(1), ramp(1).astype(np.uint16))
    with pytest.raises(InputError, match="1 or 3 channels"):
        texture_gap(np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8))
