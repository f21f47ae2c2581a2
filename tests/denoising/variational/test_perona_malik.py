"""Perona-Malik diffusion: what theory says of it, and one step against the equation pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.arrays.types import AnyArray, Image
from retouch.denoising.variational.perona_malik import denoise_perona_malik
from retouch.errors import InputError


def picture(n_channels: int = 1) -> Image:
    rng = np.random.default_rng(0)
    blocks = rng.random((5, 6, n_channels)).repeat(5, axis=0).repeat(5, axis=1)
    return np.asarray(blocks + 0.1 * rng.standard_normal(blocks.shape), np.float32)


def step_plainly(image: Image, contrast: float, step: float, conductivity: str) -> AnyArray:
    """Write the equation out: each pixel takes g(s) times the difference from each neighbour that it has."""
    wide = image.astype(np.float64)
    result = wide.copy()
    for row, column in np.ndindex(*image.shape[:2]):
        for r, c in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            if 0 <= r < image.shape[0] and 0 <= c < image.shape[1]:
                difference = wide[r, c] - wide[row, column]
                ratio = (difference**2).mean() / contrast**2
                g = np.exp(-ratio) if conductivity == "exponential" else 1 / (1 + ratio)
                result[row, column] += step * g * difference
    return result


@pytest.mark.parametrize("conductivity", ["exponential", "rational"])
@pytest.mark.parametrize("n_channels", [1, 3])
def test_a_step_is_the_equation(conductivity: str, n_channels: int) -> None:
    image = picture(n_channels)
    ours = denoise_perona_malik(
        image,
        0.1,
        conductivity=conductivity,  # type: ignore[arg-type]
        contrast_per_sigma=1.5,
        iterations=1,
        step=0.25,
    )
    np.testing.assert_allclose(ours, step_plainly(image, 0.15, 0.25, conductivity), atol=1e-6)


@pytest.mark.parametrize("conductivity", ["exponential", "rational", "coherence"])
def test_the_mean_is_kept(conductivity: str) -> None:
    image = picture(2)
    result = denoise_perona_malik(image, 0.1, conductivity=conductivity, iterations=50)  # type: ignore[arg-type]
    before, after = (u.mean(axis=(0, 1), dtype=np.float64) for u in (image, result))
    np.testing.assert_allclose(after, before, rtol=1e-6)


@pytest.mark.parametrize("conductivity", ["exponential", "rational"])
@pytest.mark.parametrize("smoothing_px", [0.0, 1.0])
def test_no_value_leaves_the_range_of_its_neighbours(conductivity: str, smoothing_px: float) -> None:
    """With g at most 1 and a step of at most 1/4, each new value is a mean of the pixel and its four neighbours."""
    image = picture()
    padded = np.pad(image[:, :, 0], 1, mode="edge")
    crosses = np.stack([padded[1:-1, 1:-1], padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]])
    result = denoise_perona_malik(
        image,
        1.0,
        conductivity=conductivity,  # type: ignore[arg-type]
        contrast_per_sigma=10.0,
        iterations=1,
        step=0.25,
        smoothing_px=smoothing_px,
    )[:, :, 0]
    assert (result >= crosses.min(axis=0) - 1e-6).all()
    assert (result <= crosses.max(axis=0) + 1e-6).all()


def test_an_edge_stays_while_the_noise_goes() -> None:
    """Section 3 of the sheet, on a step from 0.2 to 0.8: its height after 50 steps, and the noise beside it."""
    rng = np.random.default_rng(0)
    step = np.full((64, 64, 1), 0.2)
    step[:, 32:] = 0.8
    image = (step + 0.03 * rng.standard_normal(step.shape)).astype(np.float32)
    result = denoise_perona_malik(
        image, 0.03, conductivity="exponential", contrast_per_sigma=4.0, iterations=50, smoothing_px=0.5
    )
    left, right = result[:, 24:31], result[:, 33:40]
    assert right.mean() - left.mean() == pytest.approx(0.6, rel=0.02)
    assert (result[:, 32] - result[:, 31]).mean() == pytest.approx(0.6, rel=0.02)
    assert (result - step)[:, :24].std() < 0.03 / 5


def test_blurring_the_picture_that_edges_are_sought_in_removes_specks() -> None:
    """A lone speck is an edge to all four neighbours; under a blur of one pixel it is none."""
    speck = np.zeros((15, 15, 1), np.float32)
    speck[7, 7] = 1
    kept = denoise_perona_malik(speck, 0.1, iterations=30)
    removed = denoise_perona_malik(speck, 0.1, iterations=30, smoothing_px=1.5)
    assert kept[7, 7] > 0.7
    assert removed[7, 7] < 0.4


def test_coherence_smooths_along_lines_and_not_across_them() -> None:
    """Of noise on slanted stripes the stripes are left: the error falls more than by any blur."""
    rows, columns = np.mgrid[:64, :64]
    stripes = (0.5 + 0.4 * np.sin((rows + 2 * columns) / 4))[:, :, None]
    image = (stripes + 0.1 * np.random.default_rng(0).standard_normal(stripes.shape)).astype(np.float32)

    def error(u: Image) -> float:
        return float(np.sqrt(np.mean((u - stripes)[8:-8, 8:-8] ** 2)))

    result = denoise_perona_malik(image, 0.1, conductivity="coherence", iterations=40, smoothing_px=1.0)
    assert error(result) < 0.045
    assert error(result) < 0.8 * error(denoise_perona_malik(image, 0.1, iterations=40))


def test_the_number_of_steps_follows_sigma() -> None:
    """10 + 70 x 0.1 = 17."""
    image = picture()
    np.testing.assert_array_equal(denoise_perona_malik(image, 0.1), denoise_perona_malik(image, 0.1, iterations=17))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"contrast_per_sigma": 0.0}, "contrast_per_sigma must be above 0"),
        ({"iterations": 0}, "iterations at least 1"),
        ({"step": 0.26}, "step must be above 0 and at most 0.25"),
        ({"step": 0.0}, "step must be above 0 and at most 0.25"),
        ({"smoothing_px": -1.0}, "smoothing_px 0 to 64"),
        ({"smoothing_px": float("nan")}, "smoothing_px 0 to 64"),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        denoise_perona_malik(picture(), 0.1, **options)  # type: ignore[arg-type]
