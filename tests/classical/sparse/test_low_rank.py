"""Matrix completion, and low rank on groups of like patches."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from retouch.classical.diffusion.biharmonic import inpaint_biharmonic
from retouch.classical.sparse.kriging import inpaint_kriging
from retouch.classical.sparse.low_rank import inpaint_low_rank
from retouch.classical.sparse.matrix_completion import complete_matrix
from retouch.errors import InputError


def psnr(filled: np.ndarray, image: np.ndarray, mask: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean((filled[mask] - image[mask]) ** 2)))


def lost(share: float, shape: tuple[int, int]) -> np.ndarray:
    return np.asarray(np.random.default_rng(0).random(shape) < share)


def test_a_matrix_of_rank_three_is_recovered_from_half_of_its_entries() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((128, 3)) @ rng.standard_normal((3, 128))
    known = rng.random((128, 128)) < 0.5
    found = complete_matrix(np.where(known, matrix, np.nan), known)
    assert np.linalg.norm(found - matrix) < 1e-3 * np.linalg.norm(matrix)


def test_known_entries_stay_as_they_were() -> None:
    matrix, known = np.random.default_rng(0).random((6, 9)), lost(0.6, (6, 9))
    np.testing.assert_array_equal(complete_matrix(matrix, known, steps=5)[known], matrix[known])


def test_one_step_shrinks_the_singular_values_by_half_of_the_largest() -> None:
    """Of diag(4, 3) with its zeros unknown, less 2: diag(2, 1), which leaves the zeros."""
    found = complete_matrix(np.diag([4.0, 3.0]), np.eye(2, dtype=bool), steps=1)
    np.testing.assert_allclose(found, np.diag([4.0, 3.0]), atol=1e-12)


@pytest.mark.parametrize(
    ("matrix", "known", "message"),
    [
        (np.zeros((2, 3)), np.ones((3, 2), bool), "one shape"),
        (np.zeros((2, 2)), np.zeros((2, 2), bool), "at least one"),
        (np.full((2, 2), np.nan), np.ones((2, 2), bool), "finite"),
    ],
)
def test_a_matrix_that_cannot_be_completed_is_refused(matrix: np.ndarray, known: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        complete_matrix(matrix, known)


@pytest.mark.parametrize(("share", "gain"), [(0.8, 0.5), (0.5, 0.7)])
def test_random_loss_in_a_photograph_is_repaired_better_than_by_a_thin_plate(share: float, gain: float) -> None:
    """The gains that the specification asks for."""
    image = np.ascontiguousarray(np.asarray(data.camera(), np.float32)[100:292:2, 150:342:2, None] / np.float32(255))
    mask = lost(share, image.shape[:2])
    ours = psnr(inpaint_low_rank(image, mask), image, mask)
    assert ours > psnr(inpaint_biharmonic(image, mask), image, mask) + gain


def test_a_picture_of_rank_one_is_recovered() -> None:
    """A product of a column and a row that repeat every 8 pixels: its groups have few singular values."""
    wave = 0.6 + 0.3 * np.sin(np.arange(48) * np.pi / 4)
    image, mask = np.outer(wave, wave).astype(np.float32)[:, :, None], lost(0.5, (48, 48))
    assert psnr(inpaint_low_rank(image, mask), image, mask) > 35


def test_the_middle_of_a_hole_wider_than_patches_is_that_of_kriging() -> None:
    image, mask = np.random.default_rng(2).random((48, 48, 1), dtype=np.float32), np.zeros((48, 48), bool)
    mask[12:36, 12:36] = True
    filled, start = inpaint_low_rank(image, mask, passes=2), inpaint_kriging(image, mask)
    np.testing.assert_array_equal(filled[17:31, 17:31], start[17:31, 17:31])


def test_the_number_of_threads_does_not_change_a_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    image, mask, results = np.random.default_rng(2).random((40, 40, 3), dtype=np.float32), lost(0.3, (40, 40)), []
    for n in ("1", "3"):
        monkeypatch.setenv("RETOUCH_THREADS", n)
        results.append(inpaint_low_rank(image, mask, passes=2).tobytes())
    assert results[0] == results[1]


@pytest.mark.parametrize("options", [{"passes": 0}, {"n_patches": 1}, {"last_noise": 0.0}, {"last_noise": 0.1}])
def test_senseless_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(options))):
        inpaint_low_rank(np.zeros((4, 4, 1), np.float32), np.eye(4, dtype=bool), **options)  # type: ignore[arg-type]
