"""The simple denoisers against the floors that the sheet measured, section 0, on every fourth picture of BSD68."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from retouch.arrays.types import Image
from retouch.denoising.filters.bilateral import denoise_bilateral
from retouch.denoising.filters.non_local_means import denoise_non_local_means
from retouch.denoising.variational.perona_malik import denoise_perona_malik
from retouch.denoising.wavelets.bayes_shrink import denoise_bayes_shrink
from retouch.denoising.wavelets.undecimated import denoise_undecimated_wavelet
from retouch.io.pictures.reading import open_image

BSD68 = Path(__file__).parents[4] / "shared" / "data" / "denoise-bsd68"
SIGMA = 25 / 255


@pytest.mark.shared
@pytest.mark.skipif(not BSD68.exists(), reason=f"{BSD68} is not there")
@pytest.mark.parametrize(
    ("denoise", "sheet"),
    [
        (denoise_bilateral, 26.77),
        (denoise_perona_malik, 27.06),
        (denoise_bayes_shrink, 26.29),
        (denoise_undecimated_wavelet, 27.27),
        (denoise_non_local_means, 27.55),
    ],
)
def test_the_default_reaches_the_sheet(denoise: Callable[[Image, float], Image], sheet: float) -> None:
    """Its settings were the best of a grid on these very pictures: it allows 0.1 dB less."""
    psnr = []
    for index, path in enumerate(sorted(BSD68.glob("*.png"))[::4]):
        truth = open_image(path).to_float()
        noise = np.random.default_rng(index).standard_normal(truth.shape)
        result = denoise(np.asarray(truth + SIGMA * noise, np.float32), SIGMA).clip(0, 1)
        psnr.append(-10 * np.log10(np.mean((result - truth) ** 2)))
    assert np.mean(psnr) >= sheet - 0.1
