"""Noise protocols: how much, from which random numbers, and how they are written."""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from retouch.arrays.types import Image
from retouch.degrade.noise.protocols import PROTOCOLS, add_noise, find_protocol, noise_rng, parse_noise
from retouch.errors import InputError
from retouch.io.pictures.reading import open_image

BSD68 = Path(__file__).parents[4] / "shared" / "data" / "denoise-bsd68"
NAMES = [protocol.name for protocol in PROTOCOLS]
SIGMA = 25 / 255

every_protocol = pytest.mark.parametrize("name", NAMES)


def flat(level: float, n_channels: int = 1) -> Image:
    return np.full((512, 512, n_channels), level, np.float32)


def noisy(image: Image, name: str, sigma: float = SIGMA, seed: int = 0, index: int = 0) -> Image:
    return add_noise(image, name, sigma, rng=noise_rng(seed, index))


@pytest.mark.parametrize("level", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_gaussian_noise_has_the_variance_asked_for_at_every_level(level: float) -> None:
    """512^2 draws: the variance is known to sqrt(2 / 512^2) = 0.3 %, the mean to sigma / 512 = 0.0002."""
    noise = noisy(flat(level), "awgn") - level
    assert noise.var() == pytest.approx(SIGMA**2, rel=0.02)
    assert abs(noise.mean()) < 0.001


def test_gaussian_noise_is_not_clipped() -> None:
    """Half of the noise on black lies below 0."""
    assert (noisy(flat(0.0), "awgn") < 0).mean() == pytest.approx(0.5, abs=0.01)


def test_channels_and_neighbours_have_their_own_noise() -> None:
    noise = noisy(flat(0.5, 3), "awgn") - 0.5
    pairs = [(noise[:, :, 0], noise[:, :, 1]), (noise[1:, :, 0], noise[:-1, :, 0]), (noise[:, 1:, 0], noise[:, :-1, 0])]
    for first, second in pairs:
        assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.01  # 5 / sqrt(512^2)


def test_clipped_noise_holds_whole_levels_of_8_bits() -> None:
    levels = noisy(flat(0.5), "awgn_clipped").astype(np.float64) * 255
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-4)


def test_clipped_noise_on_black_has_the_mean_of_half_a_bell() -> None:
    """The mean of max(0, n) is sigma / sqrt(2 pi): 9.97 levels for sigma 25. Black is lifted."""
    assert noisy(flat(0.0), "awgn_clipped").mean() * 255 == pytest.approx(25 / math.sqrt(2 * math.pi), abs=0.15)


def test_clipped_noise_is_the_other_noise_clipped_and_rounded() -> None:
    image = np.random.default_rng(3).random((40, 30, 3), dtype=np.float32)
    expected = np.rint(noisy(image, "awgn").clip(0, 1) * 255) / 255
    np.testing.assert_array_equal(noisy(image, "awgn_clipped"), expected.astype(np.float32))


def test_no_noise_is_the_identity_and_leaves_what_a_file_can_hold() -> None:
    image = (np.arange(256, dtype=np.float32) / np.float32(255)).reshape(16, 16, 1)
    for name in NAMES:
        np.testing.assert_array_equal(noisy(image, name, 0.0), image)


@every_protocol
def test_inputs_stay_and_shape_and_dtype_are_kept(name: str) -> None:
    image = flat(0.3, 3)
    image.flags.writeable = False
    result = noisy(image, name)
    assert (result.shape, result.dtype) == (image.shape, image.dtype)
    assert not np.shares_memory(result, image)


@every_protocol
def test_the_same_seed_and_index_give_the_same_bytes(name: str) -> None:
    np.testing.assert_array_equal(noisy(flat(0.5), name, seed=4, index=7), noisy(flat(0.5), name, seed=4, index=7))


def test_other_seeds_and_indices_give_other_noise() -> None:
    pairs = [(seed, index) for seed in range(6) for index in range(6)]
    assert len({noise_rng(seed, index).bytes(16) for seed, index in pairs}) == len(pairs)


def test_a_stronger_noise_of_one_picture_is_the_same_noise_scaled() -> None:
    weak, strong = (noisy(flat(0.0), "awgn", sigma) for sigma in (0.1, 0.2))
    np.testing.assert_allclose(strong, 2 * weak, rtol=1e-6)


@pytest.mark.parametrize("hash_seed", ["1", "4242"])
def test_noise_is_the_same_in_every_process(hash_seed: str) -> None:
    program = (
        "import hashlib; from retouch.degrade.noise.protocols import noise_rng\n"
        "print(hashlib.sha256(noise_rng(11, 2).standard_normal(500).tobytes()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    there = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert there.stdout.strip() == hashlib.sha256(noise_rng(11, 2).standard_normal(500).tobytes()).hexdigest()


@pytest.mark.parametrize(("seed", "index"), [(-1, 0), (0, -1)])
def test_a_seed_or_index_below_zero_is_refused(seed: int, index: int) -> None:
    with pytest.raises(InputError, match="must be 0 or more"):
        noise_rng(seed, index)


@pytest.mark.parametrize("sigma", [-0.1, 1.5, 25.0, math.nan, math.inf])
def test_a_sigma_out_of_range_is_refused(sigma: float) -> None:
    with pytest.raises(InputError, match="sigma must be 0 to 1"):
        noisy(flat(0.5), "awgn", sigma)


def test_a_nan_is_refused() -> None:
    with pytest.raises(InputError, match="finite"):
        noisy(flat(math.nan), "awgn")


@pytest.mark.parametrize(
    ("text", "name", "level"),
    [("awgn:25", "awgn", 25.0), (" awgn_clipped : 7.5 ", "awgn_clipped", 7.5), ("awgn:0", "awgn", 0.0)],
)
def test_a_noise_is_read_from_text(text: str, name: str, level: float) -> None:
    assert parse_noise(text) == (name, level / 255)


@pytest.mark.parametrize(
    "text", ["", "awgn", "awgn:", "awgn:many", "25", "awgn:-1", "awgn:256", "awgn:nan", "awgn:2:5"]
)
def test_text_that_is_not_a_noise_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="must be written NAME:SIGMA"):
        parse_noise(text)


def test_an_unknown_protocol_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(InputError, match="unknown noise 'awng'; did you mean 'awgn'"):
        parse_noise("awng:25")
    with pytest.raises(InputError, match="unknown noise 'awng'; did you mean 'awgn'"):
        noisy(flat(0.5), "awng")


def test_names_are_unique_and_found() -> None:
    assert [find_protocol(name).name for name in dict.fromkeys(NAMES)] == NAMES


@pytest.mark.shared
@pytest.mark.skipif(not BSD68.exists(), reason=f"{BSD68} is not there")
def test_noisy_bsd68_is_as_far_from_the_truth_as_the_sheet_says() -> None:
    """Section 0, every fourth picture, sigma 25: 20.53 dB where noise is clipped, 20.17 = 20 log10(255 / 25) else.

    The sheet's own unclipped figure, 20.19, is that of one draw of noise for all pictures.
    """
    psnr: dict[str, list[float]] = {name: [] for name in NAMES}
    for index, path in enumerate(sorted(BSD68.glob("*.png"))[::4]):
        truth = open_image(path).to_float()
        for name, values in psnr.items():
            error = noisy(truth, name, index=index).astype(np.float64) - truth
            values.append(float(-10 * np.log10(np.mean(error**2))))
    assert np.mean(psnr["awgn"]) == pytest.approx(20 * math.log10(255 / 25), abs=0.01)
    assert np.mean(psnr["awgn_clipped"]) == pytest.approx(20.53, abs=0.03)
