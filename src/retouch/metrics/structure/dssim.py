"""Structural dissimilarity (DSSIM): SSIM turned into a distance.

Source: the definition of the ChaLearn challenge on inpainting and denoising, (1 - SSIM) / 2. Departures: none. The
book's fingerprint row "DSSIM 0.8033 / 0.7965" holds SSIM values and cannot be compared with this.
"""

from __future__ import annotations

from typing import Unpack

import numpy as np  # noqa: F401 - the examples need it

from retouch.arrays.types import AnyArray, Mask
from retouch.metrics.structure.ssim import SsimOptions, ssim


def dssim(
    reference: AnyArray,
    result: AnyArray,
    *,
    mask: Mask | None = None,
    data_range: float | None = None,
    **options: Unpack[SsimOptions],
) -> float:
    """Return (1 - SSIM) / 2.

    Parameters and errors are those of `retouch.metrics.structure.ssim.ssim`, its options among them.

    Returns
    -------
    float, range [0, 1]
        0 for equal pictures; lower is better.

    Examples
    --------
    >>> black, white = np.zeros((11, 11)), np.ones((11, 11))
    >>> round(dssim(black, white), 6)  # (1 - 0.0001 / 1.0001) / 2
    0.49995
    """
    return (1 - ssim(reference, result, mask=mask, data_range=data_range, **options)) / 2


def dssim_unhalved(
    reference: AnyArray,
    result: AnyArray,
    *,
    mask: Mask | None = None,
    data_range: float | None = None,
    **options: Unpack[SsimOptions],
) -> float:
    """Return 1 - SSIM, which some code calls DSSIM: twice `dssim`, range [0, 2].

    Parameters and errors are those of `retouch.metrics.structure.ssim.ssim`, its options among them.

    Examples
    --------
    >>> black, white = np.zeros((11, 11)), np.ones((11, 11))
    >>> round(dssim_unhalved(black, white), 6)  # 1 - 0.0001 / 1.0001
    0.9999
    """
    return 2 * dssim(reference, result, mask=mask, data_range=data_range, **options)
