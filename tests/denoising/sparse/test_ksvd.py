"""K-SVD denoising: what learning gains, and what single settings do."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.data import camera

from retouch.arrays.types import Image
from retouch.denoising.sparse import omp
from retouch.denoising.sparse.ksvd import denoise_ksvd
from retouch.denoising.variational.total_variation import denoise_total_variation
from retouch.errors import InputError

SIGMA = 25 / 255


def photo() -> Image:
    """Return the head and the camera of the cameraman, 128x128."""
    return np.asarray(camera()[40:296:2, 160:416:2, None] / np.float32(255), np.float32)


def noisy(clean: Image) -> Image:
    return np.asarray(clean + SIGMA * np.random.default_rng(0).standard_normal(clean.shape), np.float32)


def error(result: Image) -> float:
    return float(np.mean((result - photo()) ** 2))


def test_learning_gains_on_the_cosines_and_both_on_total_variation() -> None:
    image = noisy(photo())
    learned, cosines = denoise_ksvd(image, SIGMA), denoise_ksvd(image, SIGMA, iterations=0)
    assert error(learned) < 0.98 * error(cosines)
    assert error(cosines) < error(denoise_total_variation(image, SIGMA))


def test_a_texture_of_one_motif_is_learned() -> None:
    """An atom of its own composes what takes the cosines many: 3 dB less error."""
    rng = np.random.default_rng(1)
    texture = np.tile(rng.random((8, 8)), (10, 12))[:, :, None].astype(np.float32)
    image = noisy(texture)
    errors = [np.mean((denoise_ksvd(image, SIGMA, iterations=n) - texture) ** 2) for n in (0, 10)]
    assert errors[1] < errors[0] / 2


def test_too_few_examples_are_drawn_evenly_and_alike() -> None:
    image = noisy(photo())
    result = denoise_ksvd(image, SIGMA, n_examples=2000)
    np.testing.assert_array_equal(denoise_ksvd(image, SIGMA, n_examples=2000), result)
    assert error(result) < 1.1 * error(denoise_ksvd(image, SIGMA))


def test_the_result_is_the_same_for_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    image = noisy(photo())
    results = []
    for n in (1, 3):
        monkeypatch.setattr(omp, "n_threads", lambda n=n: n)
        results.append(denoise_ksvd(image, SIGMA, iterations=2))
    np.testing.assert_array_equal(results[0], results[1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"iterations": -1}, "iterations must be 0 or more"),
        ({"n_examples": 0}, "n_examples 1 or more"),
        ({"n_atoms": 200}, "square number of at least 8"),
    ],
)
def test_senseless_options_are_refused(options: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        denoise_ksvd(noisy(photo()), SIGMA, **options)  # type: ignore[arg-type]
