"""Noise of a camera: each step by itself, the way without noise, and what comes out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from retouch.arrays.types import AnyArray, Image
from retouch.degrade.noise.camera import (
    Camera,
    compress_jpeg,
    develop,
    draw_camera,
    expose,
    photograph,
    without_noise,
)
from retouch.degrade.noise.demosaicing import PATTERNS, colours_of, demosaic, mosaic
from retouch.degrade.noise.protocols import noise_rng
from retouch.errors import InputError

skimage_data = pytest.importorskip("skimage.data", reason="scikit-image's pictures are not there")
CAMERAS = [draw_camera(rng=noise_rng(seed, 0)) for seed in range(6)]


def photo() -> Image:
    return np.asarray(skimage_data.astronaut(), np.float32)[:256, :256] / np.float32(255)


def psnr(image: AnyArray, truth: AnyArray) -> float:
    return float(-10 * np.log10(np.mean((image.astype(float) - truth) ** 2)))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_the_sensor_saw_stays_and_linear_ramps_come_back(pattern: str) -> None:
    rows, columns = np.indices((20, 24))
    ramp = np.repeat((0.01 * rows + 0.02 * columns)[:, :, None], 3, axis=2).astype(np.float32)
    result = demosaic(mosaic(ramp, pattern), pattern)
    np.testing.assert_allclose(result[2:-2, 2:-2], ramp[2:-2, 2:-2], atol=1e-6)
    random = np.random.default_rng(0).random((20, 24, 3), dtype=np.float32)
    np.testing.assert_array_equal(mosaic(demosaic(mosaic(random, pattern), pattern), pattern), mosaic(random, pattern))


def test_a_colour_is_bilinear_plus_the_second_difference_of_the_colour_seen() -> None:
    """The paper's gains: green at red takes 1/2, red at blue 3/4 of the Laplacian of what is there; written out."""
    seen = np.random.default_rng(1).random((9, 9)).astype(np.float32)
    result = demosaic(seen, "RGGB")
    r, c = 4, 4  # a red pixel
    cross = [seen[r - 1, c], seen[r + 1, c], seen[r, c - 1], seen[r, c + 1]]
    far = [seen[r - 2, c], seen[r + 2, c], seen[r, c - 2], seen[r, c + 2]]
    diagonal = [seen[r + i, c + j] for i in (-1, 1) for j in (-1, 1)]
    excess = seen[r, c] - np.mean(far)
    assert result[r, c, 1] == pytest.approx(np.mean(cross) + excess / 2, abs=1e-6)
    assert result[r, c, 2] == pytest.approx(np.mean(diagonal) + 3 / 4 * excess, abs=1e-6)


def test_each_pattern_sees_twice_as_much_green_and_names_its_corner() -> None:
    for pattern in PATTERNS:
        colours = colours_of((4, 6), pattern)
        assert np.bincount(colours.ravel()).tolist() == [6, 12, 6]
        assert "".join("RGB"[colour] for colour in colours[:2, :2].ravel()) == pattern


@pytest.mark.parametrize("camera", CAMERAS, ids=str)
def test_responses_rise_from_0_to_1_and_are_undone(camera: Camera) -> None:
    light = np.linspace(0, 1, 1001)
    values = develop(light, camera)
    assert (np.diff(values) > 0).all()
    np.testing.assert_allclose(values[[0, -1]], [0, 1], atol=1e-9)
    np.testing.assert_allclose(expose(values, camera), light, atol=1e-6)


@pytest.mark.parametrize("camera", CAMERAS, ids=str)
def test_without_noise_a_photograph_stays_what_it_is(camera: Camera) -> None:
    """At least 30 dB: the mosaic takes two thirds of the values."""
    noisy, truth = photograph(photo(), without_noise(camera), rng=noise_rng(0, 0))
    np.testing.assert_array_equal(noisy, truth)
    assert psnr(truth, photo()) > 30


def test_noise_grows_with_shot_and_read_and_the_truth_stays() -> None:
    calm = replace(without_noise(CAMERAS[0]), shot=0.02, read=0.01)
    loud = replace(calm, shot=0.08, read=0.03)
    pairs = [photograph(photo(), camera, rng=noise_rng(0, 0)) for camera in (calm, loud)]
    assert psnr(*pairs[0]) > psnr(*pairs[1]) + 6
    np.testing.assert_array_equal(pairs[0].truth, pairs[1].truth)


def test_neighbours_share_the_noise_after_demosaicing() -> None:
    """On grey: red is seen at a quarter of the pixels, so three quarters are means of neighbours."""
    grey = np.full((256, 256, 3), 0.5, np.float32)
    noisy, truth = photograph(grey, Camera(read=0.01), rng=noise_rng(0, 0))
    noise = (noisy - truth)[:, :, 0]
    assert np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1] > 0.2


def test_cameras_are_drawn_within_the_ranges_of_the_paper() -> None:
    for camera in CAMERAS:
        assert 0 <= camera.shot <= 0.16
        assert 0 <= camera.read <= 0.06
        assert 0.75 <= min(camera.red_gain, camera.blue_gain) <= 1
        assert camera.quality is not None
        assert 60 <= camera.quality <= 100
        np.testing.assert_allclose(np.sum(camera.mixing, axis=1), 1)
    assert draw_camera(rng=noise_rng(3, 0)) == CAMERAS[3]


def test_jpeg_of_lower_quality_is_farther_off() -> None:
    image = photo()
    psnrs = [psnr(compress_jpeg(image, quality), image) for quality in (10, 50, 95)]
    assert psnrs == sorted(psnrs)
    assert psnrs[-1] > 35
    smooth = ndimage.gaussian_filter(image, (3, 3, 0))
    assert psnr(compress_jpeg(smooth, 95)[:, :, 0], smooth[:, :, 0]) > 35  # channels are not swapped


@pytest.mark.parametrize("quality", [0, 101])
def test_a_jpeg_quality_out_of_range_is_refused(quality: int) -> None:
    with pytest.raises(InputError, match="JPEG quality must be 1 to 100"):
        compress_jpeg(photo(), quality)


@pytest.mark.parametrize("shape", [(9, 9, 1), (3, 9, 3)])
def test_a_scene_that_is_grey_or_too_small_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="a scene must be"):
        photograph(np.zeros(shape, np.float32), Camera(), rng=noise_rng(0, 0))


def test_a_pattern_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InputError, match="unknown Bayer pattern 'RGBG'"):
        photograph(photo(), Camera(pattern="RGBG"), rng=noise_rng(0, 0))
