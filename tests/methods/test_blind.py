"""Denoising without a sigma: what is found, on which scale, and what a clean picture loses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

import retouch
from retouch.arrays.types import AnyArray
from retouch.degrade.noise.protocols import noise_rng
from retouch.errors import InputError
from retouch.io.pictures.picture import Picture
from retouch.methods.denoise import DenoiseReport, DenoiseRequest, denoise_picture
from retouch.methods.planning.blind import noise_of

DATA = Path(__file__).parents[3] / "shared" / "data"
NAM = DATA / "denoise-real-nam"
PHOTOS = DATA / "train-photos" / "bsds500-train-test"
SHAPE = (96, 128)


def clean() -> AnyArray:
    """Return broad waves with an edge across them, 0.2 to 0.8."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    waves = 0.5 + 0.15 * np.sin(rows / 19) * np.cos(columns / 23) + 0.15 * np.where(rows > columns, 1, -1)
    return np.asarray(np.repeat(waves[:, :, None], 3, axis=2))


def noisy(sigma: float) -> AnyArray:
    noise = sigma / 255 * noise_rng(0, 0).standard_normal((*SHAPE, 3))
    return np.asarray(clean() + noise)


def in_8_bits(image: AnyArray) -> AnyArray:
    return np.asarray(np.rint(255 * image.clip(0, 1)), np.uint8)


def report_of(image: AnyArray) -> DenoiseReport:
    return denoise_picture(Picture.from_array(image), DenoiseRequest("gaussian")).report


def psnr(image: AnyArray, truth: AnyArray) -> float:
    return float(10 * np.log10(255**2 / np.mean((image.astype(float) - truth) ** 2)))


@pytest.mark.parametrize("sigma", [5, 15, 25, 50])
def test_blind_is_what_the_level_that_it_found_gives(sigma: int) -> None:
    image = in_8_bits(noisy(sigma))
    report = report_of(image)
    assert report.found is not None
    assert 255 * report.sigma == pytest.approx(sigma, rel=0.1)
    expected = retouch.denoise(image, report.sigma, method="gaussian")
    np.testing.assert_array_equal(retouch.denoise(image, method="gaussian"), expected)


def test_what_was_found_is_said_in_total_and_by_channel() -> None:
    """Noise of 10, 20 and 30: its mean variance is 467, whose root is 21.6."""
    noise = noise_rng(1, 0).standard_normal((*SHAPE, 3)) * np.array([10, 20, 30]) / 255
    report = report_of((clean() + noise).astype(np.float32))
    found = report.to_dict()["found"]
    assert found["sigma_255"] == pytest.approx(21.6, rel=0.07)
    assert found["by_channel_255"] == pytest.approx([10, 20, 30], rel=0.1)
    assert report.sentences()[0].startswith("found white noise of sigma 2")


def test_a_picture_without_noise_comes_back_as_it_is() -> None:
    for image in (in_8_bits(clean()), clean(), np.full((*SHAPE, 3), 77, np.uint8)):
        picture = Picture.from_array(image)
        result = denoise_picture(picture, DenoiseRequest())
        assert result.picture is picture
        assert result.report.sentences()[0].startswith("no noise was found: the picture was returned as it is")


@pytest.mark.parametrize("scale", [255.0, 1000.0])
def test_the_noise_of_floats_of_another_range_is_a_share_of_it(scale: float) -> None:
    image = noisy(10).clip(0, 1)
    image[0, 0], image[0, 1] = 0, 1
    assert noise_of(Picture.from_array(image * scale)).sigma == pytest.approx(10 / 255, rel=0.1)


def test_the_noise_of_floats_that_it_led_out_of_range_counts_as_it_is() -> None:
    image = 1.6 * (clean() - 0.5) + 0.5 + 0.2 * noise_rng(0, 0).standard_normal((*SHAPE, 3))
    assert image.min() < -0.3
    assert noise_of(Picture.from_array(image)).sigma == pytest.approx(0.2, rel=0.1)


def test_16_bits_and_8_bits_of_one_picture_are_found_alike() -> None:
    deep = np.rint(65535 * noisy(10).clip(0, 1)).astype(np.uint16)
    found = [noise_of(Picture.from_array(image)).sigma for image in (deep, in_8_bits(noisy(10)))]
    assert found[0] == pytest.approx(found[1], rel=0.02)


def test_a_palette_picture_stays_one() -> None:
    image = PillowImage.fromarray(in_8_bits(noisy(10))).convert("P")
    result = retouch.denoise(image)
    assert result.mode == "P"
    assert result.getpalette() == image.getpalette()


def test_a_picture_too_small_to_tell_its_noise_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"at least 32x32 pixels .* got 40x31; say how strong the noise is \(--sigma\)"
    ):
        retouch.denoise(np.zeros((31, 40, 3), np.uint8))


def test_a_picture_too_small_to_tell_its_noise_takes_a_sigma() -> None:
    assert retouch.denoise(np.zeros((1, 3), np.uint8), 0.1).shape == (1, 3)


@pytest.mark.shared
@pytest.mark.skipif(not NAM.exists(), reason=f"{NAM} is not there")
@pytest.mark.parametrize("number", range(1, 11))
def test_real_noise_of_cameras_becomes_less_on_every_picture(number: int) -> None:
    """At least by 0.3 dB, by the quickest denoiser that keeps edges; squares of 256 px."""
    image, truth = (
        np.asarray(PillowImage.open(NAM / name))[:256, :256]
        for name in (f"noisy/{number:02d}_noise.png", f"clean/{number:02d}_gt.png")
    )
    result = retouch.denoise(image, method="total_variation")
    assert psnr(result, truth) > psnr(image, truth) + 0.3


@pytest.mark.shared
@pytest.mark.skipif(not PHOTOS.exists(), reason=f"{PHOTOS} is not there")
def test_clean_photographs_are_hardly_touched() -> None:
    """In the mean 45 dB to the picture itself: 1.4 levels of 255."""
    psnrs = []
    for path in sorted(PHOTOS.glob("*.webp"))[::60]:
        image = np.asarray(PillowImage.open(path).convert("RGB"))[:200, :200]
        result = retouch.denoise(image, method="total_variation")
        psnrs.append(99.0 if (result == image).all() else psnr(result, image))
    assert np.mean(psnrs) > 45
