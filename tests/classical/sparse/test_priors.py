"""Sparse coding, and BM3D as a prior."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from skimage import data

from retouch.classical.diffusion.biharmonic import inpaint_biharmonic
from retouch.classical.sparse.group_kriging import inpaint_group_kriging
from retouch.classical.sparse.plug_and_play import inpaint_plug_and_play
from retouch.classical.sparse.sparse_coding import inpaint_sparse_coding
from retouch.denoising.block_matching.bm3d import denoise_bm3d
from retouch.errors import InputError

Fill = Callable[..., np.ndarray]


def psnr(filled: np.ndarray, image: np.ndarray, mask: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean((filled[mask] - image[mask]) ** 2)))


def lost(share: float, shape: tuple[int, int] = (96, 96)) -> np.ndarray:
    return np.asarray(np.random.default_rng(0).random(shape) < share)


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return np.ascontiguousarray(np.asarray(data.camera(), np.float32)[100:292:2, 150:342:2, None] / np.float32(255))


@pytest.mark.parametrize(
    ("fill", "share", "gain"),
    [
        (inpaint_sparse_coding, 0.8, 0.3),
        (inpaint_plug_and_play, 0.8, 1.0),
        (inpaint_plug_and_play, 0.5, 1.5),
    ],
)
def test_random_loss_is_repaired_better_than_by_a_thin_plate(
    fill: Fill, share: float, gain: float, photo: np.ndarray
) -> None:
    """A part of what was measured on this picture."""
    mask = lost(share)
    assert psnr(fill(photo, mask), photo, mask) > psnr(inpaint_biharmonic(photo, mask), photo, mask) + gain


def test_a_learned_dictionary_finds_a_texture_that_cosines_find_less_well() -> None:
    """Slanted waves are single atoms of a learned dictionary, and many products of cosines."""
    rows, columns = np.mgrid[:96, :96]
    image = (0.5 + 0.3 * np.sin(0.9 * rows + 0.55 * columns)).astype(np.float32)[:, :, None]
    mask = lost(0.7)
    learned, cosines = (psnr(inpaint_sparse_coding(image, mask, iterations=n), image, mask) for n in (2, 0))
    assert learned > cosines + 0.5


def test_one_step_of_plug_and_play_is_one_denoising_under_the_mask(photo: np.ndarray) -> None:
    mask = lost(0.5)
    guess = inpaint_group_kriging(photo, mask)
    denoised = denoise_bm3d(guess, 0.02, profile="fast").clip(0, 1)
    filled = inpaint_plug_and_play(photo, mask, steps=1, first_noise=0.02, last_noise=0.02)
    np.testing.assert_array_equal(filled[mask], denoised[mask])


@pytest.mark.parametrize("fill", [inpaint_sparse_coding, inpaint_plug_and_play])
def test_the_number_of_threads_does_not_change_a_byte(
    fill: Fill, photo: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = []
    for n in ("1", "3"):
        monkeypatch.setenv("RETOUCH_THREADS", n)
        results.append(fill(photo[:48, :48], lost(0.3, (48, 48))).tobytes())
    assert results[0] == results[1]


@pytest.mark.parametrize(
    ("fill", "options"),
    [
        (inpaint_sparse_coding, {"passes": 0}),
        (inpaint_sparse_coding, {"iterations": -1}),
        (inpaint_sparse_coding, {"last_noise": 0.1}),
        (inpaint_plug_and_play, {"steps": 0}),
        (inpaint_plug_and_play, {"last_noise": 0.0}),
        (inpaint_plug_and_play, {"first_noise": 0.001}),
    ],
)
def test_senseless_options_are_refused(fill: Fill, options: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(options))):
        fill(np.zeros((4, 4, 1), np.float32), np.eye(4, dtype=bool), **options)
