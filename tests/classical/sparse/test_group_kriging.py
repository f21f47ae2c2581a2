"""Kriging inside groups of like patches."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from retouch.classical.diffusion.biharmonic import inpaint_biharmonic
from retouch.classical.sparse.group_kriging import inpaint_group_kriging, predict_groups
from retouch.classical.sparse.kriging import inpaint_kriging
from retouch.errors import InputError


def psnr(filled: np.ndarray, image: np.ndarray, mask: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean((filled[mask] - image[mask]) ** 2)))


def lost(share: float, shape: tuple[int, int]) -> np.ndarray:
    return np.asarray(np.random.default_rng(0).random(shape) < share)


def wallpaper() -> np.ndarray:
    """Return a texture of two slanted waves, which repeats and is nowhere smooth."""
    rows, columns = np.mgrid[:64, :64]
    waves = np.sin(0.9 * rows + 0.5 * columns) + np.sin(1.3 * columns - 0.4 * rows)
    return np.asarray(0.5 + 0.2 * waves, np.float32)[:, :, None]


def estimates_twin(values: np.ndarray, known: np.ndarray, floor: float, share: float, n: int) -> np.ndarray:
    """Compute the conditional mean of a Gaussian in float64 with numpy's own solver."""
    n_patches, n_pixels, n_channels = values.shape
    mean = values.mean(axis=0, dtype=np.float64)
    centred = values - mean
    covariance = np.einsum("qic,qjc->ij", centred, centred) / (n_patches * n_channels)
    noise = floor + share * np.trace(covariance) / n_pixels
    result = np.empty((n, n_pixels, n_channels))
    for q in range(n):
        k = known[q]
        inner = covariance[np.ix_(k, k)] + noise * np.eye(k.sum())
        result[q] = mean + covariance[:, k] @ np.linalg.solve(inner, centred[q][k])
    return result


def test_the_kernel_gives_the_conditional_mean_of_the_groups_gaussian() -> None:
    """Condition numbers of at most trace / noise, about 1e3, leave 1e-3 in float32."""
    rng = np.random.default_rng(1)
    values = rng.random((2, 20, 16, 3), dtype=np.float32)
    known = rng.random((2, 20, 16)) < 0.4
    estimates = np.empty((2, 5, 16, 3), np.float32)
    predict_groups(values, known, np.float32(1e-4), np.float32(0.02), estimates)
    for b in range(2):
        np.testing.assert_allclose(estimates[b], estimates_twin(values[b], known[b], 1e-4, 0.02, 5), atol=1e-3)


def test_equal_patches_come_back_exactly() -> None:
    values = np.full((1, 8, 16, 1), 0.3, np.float32)
    estimates = np.empty((1, 3, 16, 1), np.float32)
    predict_groups(values, np.ones((1, 8, 16), bool), np.float32(1e-4), np.float32(0.02), estimates)
    np.testing.assert_array_equal(estimates, values[:, :3])


@pytest.mark.parametrize(("share", "gain"), [(0.8, 1.0), (0.5, 1.0)])
def test_random_loss_in_a_photograph_is_repaired_better_than_by_a_thin_plate(share: float, gain: float) -> None:
    """A part of what was measured on this picture."""
    image = np.ascontiguousarray(np.asarray(data.camera(), np.float32)[100:356:2, 150:406:2, None] / np.float32(255))
    mask = lost(share, image.shape[:2])
    ours = psnr(inpaint_group_kriging(image, mask), image, mask)
    assert ours > psnr(inpaint_biharmonic(image, mask), image, mask) + gain


def test_a_texture_of_which_a_fifth_is_known_is_found_where_kriging_loses_it() -> None:
    image, mask = wallpaper(), lost(0.8, (64, 64))
    kriging = psnr(inpaint_kriging(image, mask), image, mask)
    assert psnr(inpaint_group_kriging(image, mask), image, mask) > kriging + 2


def test_the_middle_of_a_hole_wider_than_patches_is_that_of_kriging() -> None:
    """Patches of 6 pixels that hold a known one reach 5 pixels into the hole."""
    image, mask = wallpaper(), np.zeros((64, 64), bool)
    mask[20:44, 20:44] = True
    filled, start = inpaint_group_kriging(image, mask), inpaint_kriging(image, mask)
    np.testing.assert_array_equal(filled[25:39, 25:39], start[25:39, 25:39])
    assert not np.array_equal(filled[20:25, 20:44], start[20:25, 20:44])


def test_grey_comes_out_alike_with_one_channel_and_with_three() -> None:
    image, mask = wallpaper(), lost(0.5, (64, 64))
    one = inpaint_group_kriging(image, mask)
    three = inpaint_group_kriging(np.repeat(image, 3, axis=2), mask)
    np.testing.assert_allclose(three, np.repeat(one, 3, axis=2), atol=2e-3)


def test_the_number_of_threads_does_not_change_a_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    image, mask, results = wallpaper(), lost(0.5, (64, 64)), []
    for n in ("1", "3"):
        monkeypatch.setenv("RETOUCH_THREADS", n)
        results.append(inpaint_group_kriging(image, mask).tobytes())
    assert results[0] == results[1]


@pytest.mark.parametrize("options", [{"passes": 0}, {"n_patches": 1}, {"floor": 0.0}, {"share": -0.1}])
def test_senseless_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(options))):
        inpaint_group_kriging(np.zeros((4, 4, 1), np.float32), np.eye(4, dtype=bool), **options)  # type: ignore[arg-type]
