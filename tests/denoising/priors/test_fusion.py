"""Fusing an internal and an external estimate: who is chosen where, and the mixture of least error."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.arrays.types import Image
from retouch.denoising.priors import fusion
from retouch.denoising.priors.fusion import denoise_fusion, fuse_by_patch_snr, weight_by_sure
from retouch.errors import InputError

SIGMA = 0.1


def halves() -> Image:
    """Return a flat left half and a right half of stripes of one pixel, 32x64."""
    picture = np.full((32, 64, 1), 0.5, np.float32)
    picture[:, 32::2] += 0.4
    return picture


def noisy() -> Image:
    return halves() + np.float32(SIGMA) * np.random.default_rng(0).standard_normal((32, 64, 1)).astype(np.float32)


def test_flat_patches_choose_the_internal_estimate_and_busy_ones_the_external() -> None:
    """The stripes' variance is 0.04 = 4 sigma^2; 8 pixels around the middle patches of both halves take part."""
    a, b = np.zeros_like(halves()), np.ones_like(halves())
    fused = fuse_by_patch_snr(noisy(), (a, b), SIGMA)
    assert (fused[:, :24] == 0).all()
    assert (fused[:, 40:] == 1).all()


def test_the_fused_picture_lies_between_the_estimates() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.random((32, 64, 1), np.float32), rng.random((32, 64, 1), np.float32)
    fused = fuse_by_patch_snr(noisy(), (a, b), SIGMA)
    assert (fused >= np.minimum(a, b) - 1e-6).all()
    assert (fused <= np.maximum(a, b) + 1e-6).all()


def test_the_mixture_without_the_truth_is_near_the_best_one() -> None:
    """Two linear shrinkages of the noisy picture, y / 2 and 1 / 2, have divergences N / 2 and 0."""
    y, truth = noisy(), halves()
    a, b = np.float32(0.5) * y, np.full_like(y, 0.5)
    found = weight_by_sure(y, (a, b), (y.size / 2, 0.0), SIGMA)
    errors = [float(((w * a + (1 - w) * b - truth) ** 2).mean()) for w in np.linspace(0, 1, 101)]
    at_found = float(((found * a + (1 - found) * b - truth) ** 2).mean())
    assert at_found == pytest.approx(min(errors), rel=0.02)


def test_equal_estimates_need_no_choice() -> None:
    y = noisy()
    assert weight_by_sure(y, (y, y), (1.0, 2.0), SIGMA) == 1


@pytest.mark.parametrize("rule", ["patch_snr", "sure"])
def test_fusion_takes_noise_away(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one that knows the truth in the place of EPLL: busy patches take it, and so does the mixture."""
    monkeypatch.setattr(fusion, "denoise_epll", lambda image, sigma, progress: halves())
    result = denoise_fusion(noisy(), SIGMA, rule=rule)  # type: ignore[arg-type]
    assert np.mean((result - halves()) ** 2) < 0.3 * SIGMA**2


def test_a_negative_snr_is_refused() -> None:
    with pytest.raises(InputError, match="snr must be 0 or more"):
        denoise_fusion(noisy(), SIGMA, snr=-1.0)
