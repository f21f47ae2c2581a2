"""Non-local means against its definition, patch by patch, and what it does that others cannot."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data
from skimage.restoration import denoise_nl_means

from retouch.arrays.types import AnyArray, Image
from retouch.denoising.filters.bilateral import denoise_bilateral
from retouch.denoising.filters.non_local_means import denoise_non_local_means
from retouch.errors import InputError

SIGMA = 25 / 255


def noisy(truth: Image, sigma: float = SIGMA, seed: int = 0) -> Image:
    noise = np.random.default_rng(seed).standard_normal(truth.shape)
    return np.asarray(truth + sigma * noise, np.float32)


def psnr(result: Image, truth: Image) -> float:
    return float(-10 * np.log10(np.mean((result.clip(0, 1) - truth) ** 2)))


def waves(shape: tuple[int, int], n_channels: int) -> Image:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    plane = 0.5 + 0.3 * np.sin(rows / 3) * np.cos(columns / 4) + 0.2 * (rows > columns)
    return np.asarray(plane[:, :, None] * (1 - 0.1 * np.arange(n_channels)), np.float32)


def average_plainly(image: Image, sigma: float, patch_px: int, window_px: int, h_per_sigma: float) -> AnyArray:
    """Write the definition out: the estimate of each patch, and for each pixel the mean of those that hold it."""
    f, reach = patch_px // 2, window_px // 2
    height, width = image.shape[:2]
    padded = np.pad(image.astype(np.float64), ((f, f), (f, f), (0, 0)), mode="symmetric")
    total, count = np.zeros(padded.shape), np.zeros((*padded.shape[:2], 1))

    def patch(row: int, column: int) -> AnyArray:
        return padded[row : row + patch_px, column : column + patch_px]

    for row, column in np.ndindex(height, width):
        weights, others = [], []
        for r in range(max(0, row - reach), min(height, row + reach + 1)):
            for c in range(max(0, column - reach), min(width, column + reach + 1)):
                if (r, c) != (row, column):
                    excess = max(((patch(r, c) - patch(row, column)) ** 2).mean() - 2 * sigma**2, 0)
                    weight = np.exp(-excess / (h_per_sigma * sigma) ** 2)
                    weights.append(weight if weight > np.exp(-16) else 0.0)
                    others.append(patch(r, c))
        weights.append(max(weights, default=0.0) or 1.0)
        others.append(patch(row, column))
        estimate = np.tensordot(np.array(weights) / np.sum(weights), np.array(others), axes=1)
        total[row : row + patch_px, column : column + patch_px] += estimate
        count[row : row + patch_px, column : column + patch_px] += 1
    return np.asarray((total / np.maximum(count, 1))[f : f + height, f : f + width])


@pytest.mark.parametrize(
    ("shape", "n_channels", "sizes"),
    [
        ((32, 32), 1, (3, 7, 0.4)),
        ((32, 32), 1, (5, 9, 0.4)),
        ((13, 70), 1, (1, 5, 0.5)),
        ((75, 9), 3, (3, 5, 0.55)),  # two bands
        ((6, 5), 2, (7, 21, 0.6)),  # the window and the patch are larger than the picture
        ((1, 9), 1, (3, 21, 0.4)),
    ],
    ids=str,
)
def test_moving_sums_give_the_definition(
    shape: tuple[int, int], n_channels: int, sizes: tuple[int, int, float]
) -> None:
    image = noisy(waves(shape, n_channels))
    patch_px, window_px, h_per_sigma = sizes
    result = denoise_non_local_means(image, SIGMA, patch_px=patch_px, window_px=window_px, h_per_sigma=h_per_sigma)
    expected = average_plainly(image, SIGMA, *sizes)
    np.testing.assert_allclose(result, expected, atol=1e-5)


def test_a_texture_that_repeats_gains_three_decibels_over_the_bilateral_filter() -> None:
    """Section 5 of the sheet: a tile, repeated eight times along each axis."""
    tile = np.random.default_rng(5).random((8, 8, 1), dtype=np.float32)
    truth = np.tile(tile, (8, 8, 1))
    image = noisy(truth)
    gain = psnr(denoise_non_local_means(image, SIGMA), truth) - psnr(denoise_bilateral(image, SIGMA), truth)
    assert gain > 3


def test_it_is_nearer_to_the_truth_than_scikit_image() -> None:
    """Its fast mode, with the sizes and the width of its own example, and with our patch and window."""
    truth = np.asarray(data.camera()[100:356, 100:356, None] / 255, np.float32)
    image = noisy(truth)
    ours = psnr(denoise_non_local_means(image, SIGMA), truth)
    for distance, width in ((6, 0.8), (10, 0.8), (10, 0.6)):
        theirs = denoise_nl_means(
            image[:, :, 0], patch_size=5, patch_distance=distance, h=width * SIGMA, sigma=SIGMA, fast_mode=True
        )
        assert ours > psnr(np.asarray(theirs, np.float32)[:, :, None], truth) + 0.05


@pytest.mark.parametrize(
    ("level", "n_channels", "sizes"),
    [
        (15, 1, (3, 21, 0.4)),
        (16, 1, (5, 21, 0.4)),
        (45, 1, (7, 35, 0.35)),
        (75, 1, (9, 35, 0.35)),
        (76, 1, (11, 35, 0.3)),
        (25, 3, (3, 21, 0.55)),
        (55, 3, (5, 35, 0.4)),
        (56, 3, (7, 35, 0.35)),
    ],
)
def test_sizes_follow_the_published_table(level: int, n_channels: int, sizes: tuple[int, int, float]) -> None:
    image = noisy(waves((20, 24), n_channels), level / 255)
    patch_px, window_px, h_per_sigma = sizes
    expected = denoise_non_local_means(
        image, level / 255, patch_px=patch_px, window_px=window_px, h_per_sigma=h_per_sigma
    )
    np.testing.assert_array_equal(denoise_non_local_means(image, level / 255), expected)


def test_a_patch_without_a_like_keeps_its_values() -> None:
    image = np.random.default_rng(0).random((20, 20, 1), dtype=np.float32)
    np.testing.assert_array_equal(denoise_non_local_means(image, 0.001, patch_px=7), image)


def test_any_number_of_threads_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    image = noisy(waves((200, 20), 1))  # four bands
    results = []
    for n in ("1", "3"):
        monkeypatch.setenv("RETOUCH_THREADS", n)
        results.append(denoise_non_local_means(image, SIGMA))
    np.testing.assert_array_equal(results[0], results[1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patch_px": 4}, "patch_px must be an odd number, 1 to 31, got 4"),
        ({"patch_px": 0}, "patch_px must be an odd number, 1 to 31, got 0"),
        ({"patch_px": 33}, "patch_px must be an odd number"),
        ({"window_px": 1}, "window_px must be an odd number, 3 to 127, got 1"),
        ({"window_px": 129}, "window_px must be an odd number"),
        ({"h_per_sigma": 0.0}, "h_per_sigma must be 0.01 to 10, got 0.0"),
        ({"h_per_sigma": float("nan")}, "h_per_sigma must be 0.01 to 10"),
    ],
)
def test_sizes_that_make_no_sense_are_refused(options: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        denoise_non_local_means(waves((9, 9), 1), SIGMA, **options)  # type: ignore[arg-type]
