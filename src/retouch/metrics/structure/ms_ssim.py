"""Multi-scale structural similarity (MS-SSIM).

Source: Z. Wang, E. Simoncelli, A. Bovik, "Multi-scale structural similarity for image quality assessment", Asilomar
Conference on Signals, Systems and Computers 2003, Eq. 7 with its five weights. Departures, both as in the
pytorch-msssim package, whose values ours shall equal: a mean that is negative is set to 0 before it is raised to its
weight, as a fractional power of it is not a real number; and a picture is halved by means of 2x2 pixels, where a side
of odd length gets one row or column of zeros in front.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from retouch.arrays.types import AnyArray
from retouch.errors import InputError
from retouch.metrics.pairs import check_pair
from retouch.metrics.structure.ssim import similarity_terms
from retouch.metrics.structure.windows import Window, mean_pool

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_WINDOW = Window()


def ms_ssim(
    reference: AnyArray,
    result: AnyArray,
    *,
    weights: Sequence[float] = WEIGHTS,
    n_scales: int | None = None,
    data_range: float | None = None,
) -> float:
    """Return the product over scales of weighted similarities, averaged over channels.

    Contrast and structure count at every scale, luminance at the coarsest only. The window is SSIM's standard one:
    Gaussian, 11 pixels, sigma 1.5, inside the picture.

    Parameters
    ----------
    reference, result : (H, W) or (H, W, C), uint8, uint16 or floats
        Of one shape and dtype, larger than 10 * 2^(n_scales - 1) pixels a side: at least 161 for five scales, 41 for
        three. The measure is symmetric in the two.
    weights : sequence of floats, 0 and up
        The exponent of each scale, finest first.
    n_scales : int or None
        How many of the weights to use. If not all of them, the first ones are divided by their sum. None uses all, as
        they are.
    data_range : float or None
        What white is; None takes 255, 65535 or 1 by dtype.

    Returns
    -------
    float, range [0, 1]
        1 for equal pictures; higher is better. 0 as soon as every channel is uncorrelated or inverted at some scale.

    Raises
    ------
    InputError
        If the pair fails `check_pair`, a side is too short, or the weights or their number are not as above.

    Notes
    -----
    Costs a third more than `ssim`.

    Examples
    --------
    >>> black, white = np.zeros((161, 161)), np.ones((161, 161))
    >>> round(ms_ssim(black, white, weights=[1.0]), 9)  # one scale is SSIM: c1 / (1 + c1)
    9.999e-05
    """
    exponents = _exponents(weights, len(weights) if n_scales is None else n_scales)
    least_side = (_WINDOW.size - 1) * 2 ** (len(exponents) - 1) + 1
    pair = check_pair(reference, result, data_range=data_range, least_side_px=least_side)
    x, y = pair.reference, pair.result
    product = np.ones(x.shape[2])
    for scale, exponent in enumerate(exponents):
        if scale > 0:
            x, y = _halved(x), _halved(y)
        luminance, structure = similarity_terms(x, y, _WINDOW, pair.data_range)
        is_coarsest = scale == len(exponents) - 1
        likeness = (luminance * structure if is_coarsest else structure).mean(axis=(0, 1))
        product *= np.maximum(likeness, 0) ** exponent  # Eq. 7
    return float(product.mean())


def _exponents(weights: Sequence[float], n_scales: int) -> tuple[float, ...]:
    """Return the first weights; divided by their sum where some are left out."""
    if not 1 <= n_scales <= len(weights):
        raise InputError(f"n_scales must be 1 to {len(weights)}, one for each weight, got {n_scales}")
    chosen = tuple(weights[:n_scales])
    if min(chosen) < 0 or not sum(chosen) > 0:
        raise InputError(f"the weights of the scales must be at least 0 and not all 0, got {chosen}")
    return chosen if n_scales == len(weights) else tuple(weight / sum(chosen) for weight in chosen)


def _halved(planes: Float[np.ndarray, "H W C"]) -> Float[np.ndarray, "h w C"]:
    """Return means of 2x2 pixels, with a row or column of zeros in front of a side of odd length."""
    height, width, _ = planes.shape
    return mean_pool(np.pad(planes, ((height % 2, 0), (width % 2, 0), (0, 0))), 2)
