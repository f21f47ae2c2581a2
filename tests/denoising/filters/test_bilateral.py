"""The bilateral filter against its definition, one pixel at a time, and the decay that its weights are made of."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.arrays.types import Image
from retouch.denoising.filters.bilateral import denoise_bilateral
from retouch.denoising.filters.decay import decay
from retouch.errors import InputError


def picture(shape: tuple[int, int, int] = (11, 14, 2)) -> Image:
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def filter_plainly(image: Image, space_px: float, value: float) -> Image:
    """Write the definition out: weights over the window of three deviations, mirrored at the border."""
    reach = max(1, int(np.ceil(3 * space_px)))
    padded = np.pad(image.astype(np.float64), ((reach, reach), (reach, reach), (0, 0)), mode="symmetric")
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    bell = np.exp(-(rows**2 + columns**2) / (2 * space_px**2))
    result = np.zeros(image.shape)
    for row, column in np.ndindex(*image.shape[:2]):
        window = padded[row : row + 2 * reach + 1, column : column + 2 * reach + 1]
        squares = ((window - image[row, column]) ** 2).mean(axis=2)
        weights = bell * np.exp(-squares / (2 * value**2))
        result[row, column] = (weights[:, :, None] * window).sum(axis=(0, 1)) / weights.sum()
    return result.astype(np.float32)


@pytest.mark.parametrize(("space_px", "value"), [(0.5, 0.3), (1.5, 0.1), (2.2, 5.0)])
@pytest.mark.parametrize("n_channels", [1, 3])
def test_the_filter_is_its_definition(space_px: float, value: float, n_channels: int) -> None:
    image = picture((11, 14, n_channels))
    expected = filter_plainly(image, space_px, value)
    np.testing.assert_allclose(denoise_bilateral(image, 0.1, space_px=space_px, value=value), expected, atol=2e-6)


def test_the_decay_is_the_exponential() -> None:
    """Where it is cut off, at 16, the exponential is 1.1e-7."""
    for t in np.linspace(0, 40, 401, dtype=np.float32):
        assert float(decay(t)) == pytest.approx(float(np.exp(-t)), abs=1e-6)


def test_an_edge_far_above_the_noise_stays_where_a_blur_would_smear_it() -> None:
    """The edge is 1 and `value` 6.3 x 0.05^1.25 = 0.149: across it weights are exp(-22)."""
    edge = np.zeros((12, 12, 1), np.float32)
    edge[:, 6:] = 1
    np.testing.assert_allclose(denoise_bilateral(edge, 0.05), edge, atol=1e-5)


def test_any_number_of_threads_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    image = picture((100, 20, 1))  # four bands
    results = []
    for n in ("1", "3"):
        monkeypatch.setenv("RETOUCH_THREADS", n)
        results.append(denoise_bilateral(image, 0.1))
    np.testing.assert_array_equal(results[0], results[1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"space_px": 0.0}, "space_px must be above 0 and at most 32"),
        ({"space_px": 33.0}, "space_px must be above 0 and at most 32"),
        ({"value": 0.0}, "value must be a number of at least"),
        ({"value": float("nan")}, "value must be a number of at least"),
        ({"value": float("inf")}, "value must be a number of at least"),
    ],
)
def test_widths_out_of_range_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        denoise_bilateral(picture(), 0.1, **options)  # type: ignore[arg-type]
