"""Total variation inpainting."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from retouch.classical.diffusion import membrane
from retouch.classical.diffusion.harmonic import inpaint_harmonic
from retouch.classical.diffusion.total_variation import inpaint_total_variation
from retouch.errors import InputError


def bar_with_gap(gap: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a white bar 10 pixels wide and cut it by a taller hole of the given width."""
    image = np.zeros((60, 60, 1), np.float32)
    image[25:35] = 1
    mask = np.zeros((60, 60), bool)
    mask[10:50, 30 - gap // 2 : 30 + gap // 2] = True
    return image, mask


def total_variation(u: np.ndarray) -> float:
    squared = np.zeros(u.shape[:2])
    squared[:, :-1] += ((u[:, 1:] - u[:, :-1]) ** 2).sum(axis=2)
    squared[:-1] += ((u[1:] - u[:-1]) ** 2).sum(axis=2)
    return float(np.sqrt(squared + 1e-6).sum())


def psnr(filled: np.ndarray, image: np.ndarray, mask: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean((filled[mask] - image[mask]) ** 2)))


def test_a_gap_narrower_than_the_bar_is_joined() -> None:
    image, mask = bar_with_gap(6)
    assert inpaint_total_variation(image, mask)[30, 30, 0] > 0.95


def test_a_gap_wider_than_the_bar_is_not_joined() -> None:
    """Joining would need 2 x 20 pixels of contour, closing the two ends only 2 x 10."""
    image, mask = bar_with_gap(20)
    assert inpaint_total_variation(image, mask)[30, 30, 0] < 0.05


def test_the_energy_falls_in_every_iteration() -> None:
    rng = np.random.default_rng(0)
    image: np.ndarray = rng.random((8, 8, 3), dtype=np.float32).repeat(8, axis=0).repeat(8, axis=1)
    mask = np.zeros((64, 64), bool)
    mask[10:50, 20:40] = True
    fills = [inpaint_total_variation(image, mask, iterations=n, tolerance=0.0) for n in (1, 2, 4, 8, 16)]
    energies = [total_variation(inpaint_harmonic(image, mask)), *map(total_variation, fills)]
    assert all(after < before for before, after in pairwise(energies))


def test_text_on_flat_areas_is_repaired_better_than_by_harmonic_by_more_than_1_5_db() -> None:
    """Spec sheet, section 3: large flat areas under written characters."""
    image = np.full((128, 128, 3), 0.2, np.float32)
    cv2.circle(image, (50, 60), 40, (0.9, 0.5, 0.1), -1)
    cv2.rectangle(image, (70, 70), (120, 115), (0.1, 0.4, 0.8), -1)
    text = np.zeros((128, 128), np.uint8)
    for row in range(15, 128, 20):
        cv2.putText(text, "thin damage", (4, row), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 2)
    mask = text > 0
    ours = psnr(inpaint_total_variation(image, mask), image, mask)
    assert ours > psnr(inpaint_harmonic(image, mask), image, mask) + 1.5


def test_channels_share_their_edges() -> None:
    """Equal channels have one common gradient: the filling of each equals the others'."""
    image, mask = bar_with_gap(6)
    filled = inpaint_total_variation(image.repeat(3, axis=2), mask)
    np.testing.assert_allclose(filled[:, :, 0], filled[:, :, 2], atol=1e-6)


def test_large_holes_by_multigrid_agree_with_the_factorisation(monkeypatch: pytest.MonkeyPatch) -> None:
    image, mask = bar_with_gap(6)
    direct = inpaint_total_variation(image, mask, iterations=5)
    monkeypatch.setattr(membrane, "_DIRECT_PIXELS", 0)
    np.testing.assert_allclose(inpaint_total_variation(image, mask, iterations=5), direct, atol=1e-3)


@pytest.mark.parametrize("options", [{"iterations": 0}, {"epsilon": 0.0}])
def test_senseless_options_are_refused(options: dict[str, float]) -> None:
    image, mask = bar_with_gap(6)
    with pytest.raises(InputError, match="at least 1"):
        inpaint_total_variation(image, mask, **options)  # type: ignore[arg-type]
