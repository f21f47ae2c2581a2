"""Total variation denoising: what theory says of its minimum, and the sheet's table."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from skimage.restoration import denoise_tv_chambolle

from retouch.arrays.types import Image
from retouch.degrade.noise.protocols import add_noise, noise_rng
from retouch.denoising.variational.total_variation import denoise_total_variation
from retouch.errors import InputError
from retouch.io.pictures.reading import open_image

BSD68 = Path(__file__).parents[3] / "shared" / "data" / "denoise-bsd68"


def picture(n_channels: int = 1) -> Image:
    """Return blocks and noise."""
    rng = np.random.default_rng(0)
    blocks = rng.random((5, 6, n_channels)).repeat(8, axis=0).repeat(8, axis=1)
    return np.asarray(blocks + 0.1 * rng.standard_normal(blocks.shape), np.float32)


def disc(radius_px: float) -> Image:
    """Draw a white disc on black, with grey pixels along its border (share of 8x8 points inside)."""
    side = 8 * int(4 * radius_px)
    rows, columns = ((np.mgrid[:side, :side] + 0.5) - side / 2) / 8
    inside = (rows**2 + columns**2 < radius_px**2).astype(np.float32)
    return np.asarray(inside.reshape(side // 8, 8, side // 8, 8).mean(axis=(1, 3))[:, :, None])


def energy(u: Image, f: Image, theta: float) -> float:
    """Compute the energy of the module's head in float64, apart from its code."""
    wide = u.astype(np.float64)
    south = np.diff(wide, axis=0, append=wide[-1:])
    east = np.diff(wide, axis=1, append=wide[:, -1:])
    lengths = np.sqrt((south**2 + east**2).mean(axis=2))
    return float(lengths.sum() + ((wide - f) ** 2).mean(axis=2).sum() / (2 * theta))


@pytest.mark.parametrize(("radius_px", "theta"), [(8.0, 0.4), (12.0, 0.6), (12.0, 1.2)])
def test_a_disc_loses_twice_theta_over_its_radius(radius_px: float, theta: float) -> None:
    """Perimeter over area is 2 / R. Section 2 of the sheet allows 10 %; the middle is flat."""
    flat = denoise_total_variation(disc(radius_px), 0.1, strength=theta, tolerance=1e-6, iterations=3000)
    middle = flat.shape[0] // 2
    core = flat[middle - 2 : middle + 2, middle - 2 : middle + 2]
    np.testing.assert_allclose(1 - core, 2 * theta / radius_px, rtol=0.1)


def test_more_rounds_come_nearer_to_the_least_energy() -> None:
    image = picture()
    rounds = (1, 3, 10, 30, 100)
    results = [denoise_total_variation(image, 0.1, strength=0.2, tolerance=1e-12, iterations=n) for n in rounds]
    energies = [energy(result, image, 0.2) for result in results]
    assert all(after < before for before, after in pairwise(energies))


@pytest.mark.parametrize("n_channels", [1, 3])
def test_the_energy_is_within_the_tolerance_of_the_least(n_channels: int) -> None:
    image = picture(n_channels)
    near = denoise_total_variation(image, 0.1, strength=0.2, tolerance=1e-3)
    least = denoise_total_variation(image, 0.1, strength=0.2, tolerance=1e-7, iterations=5000)
    excess = (energy(near, image, 0.2) - energy(least, image, 0.2)) / image[:, :, 0].size
    assert 0 < excess < 1e-3


@pytest.mark.parametrize("n_channels", [1, 3])
def test_no_small_change_lowers_the_energy(n_channels: int) -> None:
    """The energy is convex, so that a minimum on every line through it is the minimum."""
    image = picture(n_channels)
    least = denoise_total_variation(image, 0.1, strength=0.2, tolerance=1e-7, iterations=5000)
    floor = energy(least, image, 0.2)
    rng = np.random.default_rng(1)
    for size in (0.05, 0.01):
        for direction in (image - least, rng.standard_normal(image.shape), rng.standard_normal((1, *image.shape[1:]))):
            for sign in (-1, 1):
                moved = (least + sign * size * direction).astype(np.float32)
                assert energy(moved, image, 0.2) > floor


def test_grey_agrees_with_scikit_image() -> None:
    """Its weight is theta, and its differences are the same; it stops at a relative change."""
    image = picture()
    ours = denoise_total_variation(image, 0.1, strength=0.15, tolerance=1e-7, iterations=5000)
    theirs = denoise_tv_chambolle(image[:, :, 0].astype(np.float64), weight=0.15, eps=1e-9, max_num_iter=5000)
    np.testing.assert_allclose(ours[:, :, 0], theirs, atol=2e-3)


def test_means_are_kept_and_no_value_leaves_the_range() -> None:
    image = picture(3)
    result = denoise_total_variation(image, 0.1)
    np.testing.assert_allclose(result.mean(axis=(0, 1)), image.mean(axis=(0, 1)), atol=1e-5)
    assert image.min() <= result.min()
    assert result.max() <= image.max()


def test_a_strength_beyond_the_picture_leaves_its_mean() -> None:
    image = picture()
    result = denoise_total_variation(image, 0.1, strength=20.0, tolerance=1e-6, iterations=5000)
    np.testing.assert_allclose(result, image.mean(), atol=0.01)


def test_strength_follows_sigma() -> None:
    """1.32 x 0.0625^1.25 = 1.32 / 32 = 0.04125."""
    image = picture()
    expected = denoise_total_variation(image, 0.5, strength=0.04125)
    np.testing.assert_allclose(denoise_total_variation(image, 0.0625), expected, atol=1e-6)


def test_channels_share_their_edges() -> None:
    """A weak step is smoothed away alone; beside a strong one at the same place it stands as steep as before."""
    rng = np.random.default_rng(0)
    weak, strong = np.zeros((24, 24, 1), np.float32), np.zeros((24, 24, 1), np.float32)
    weak[:, 12:], strong[:, 12:] = 0.1, 1.0
    noisy = weak + 0.05 * rng.standard_normal(weak.shape).astype(np.float32)
    alone = denoise_total_variation(noisy, 0.05, strength=0.5)
    beside = denoise_total_variation(np.concatenate([noisy, strong], axis=2), 0.05, strength=0.5)

    def jump(u: Image) -> float:
        return float(np.median(u[:, 12, 0] - u[:, 11, 0]))

    assert jump(alone) < 0.02
    assert jump(beside) > 0.05


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strength": 0.0}, "strength must be 1e-09 to 1000, got 0.0"),
        ({"strength": float("inf")}, "strength must be 1e-09 to 1000"),
        ({"strength": float("nan")}, "strength must be 1e-09 to 1000"),
        ({"tolerance": 0.0}, "tolerance above 0"),
        ({"iterations": 0}, "iterations must be at least 1"),
    ],
)
def test_senseless_options_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        denoise_total_variation(picture(), 0.1, **options)  # type: ignore[arg-type]


@pytest.mark.shared
@pytest.mark.skipif(not BSD68.exists(), reason=f"{BSD68} is not there")
@pytest.mark.parametrize(("level", "sheet"), [(15, 29.93), (25, 27.56), (50, 25.02)])
def test_the_default_reaches_the_sheet_on_every_fourth_picture_of_bsd68(level: int, sheet: float) -> None:
    """Section 0, measured floor table, whose theta was the best of a small grid on these very pictures."""
    psnr = []
    for index, path in enumerate(sorted(BSD68.glob("*.png"))[::4]):
        truth = open_image(path).to_float()
        noisy = add_noise(truth, "awgn", level / 255, rng=noise_rng(0, index))
        result = denoise_total_variation(noisy, level / 255).clip(0, 1)
        psnr.append(-10 * np.log10(np.mean((result - truth) ** 2)))
    assert np.mean(psnr) >= sheet - 0.02
