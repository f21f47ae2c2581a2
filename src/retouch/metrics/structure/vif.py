"""Visual information fidelity in the pixel domain (VIFp).

Source: H. Sheikh, A. Bovik, "Image information and visual quality", IEEE Trans. Image Processing 15(2), 2006, in the
authors' later form without wavelets. Departures: a reference without any variance, for which the quotient is 0/0, gives
1 with an equal result and 0 with another.

x, y        luma of reference and result, 0-255, at one of four scales, (H, W, 1)
gain        g of the distortion model y = g x + noise, in the window around each pixel
noise       variance of that noise
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from retouch.arrays.colour import to_grey
from retouch.arrays.types import AnyArray
from retouch.metrics.pairs import check_pair
from retouch.metrics.structure.windows import Moments, Window, local_moments

_WINDOW_SIZES = (17, 9, 5, 3)  # 2^(5 - s) + 1 at scale s = 1 to 4
_SIZE_PER_SIGMA = 5
_EYE_NOISE = 2.0  # variance of the noise in the eye
_LEAST_VARIANCE = 1e-10
_LEAST_SIDE_PX = 41  # leaves one window at the coarsest scale
_WHITE = 255.0


def vif(reference: AnyArray, result: AnyArray, *, data_range: float | None = None) -> float:
    """Return how much of the information that an eye gets from the reference it still gets from the result.

    Parameters
    ----------
    reference, result : (H, W) or (H, W, C), uint8, uint16 or floats
        Of one shape and dtype, one or three channels, at least 41 pixels a side. Colour is turned to luma (BT.601).
        The measure is not symmetric: the reference comes first.
    data_range : float or None
        What white is; None takes 255, 65535 or 1 by dtype.

    Returns
    -------
    float, 0 and up
        1 for equal pictures (to 1e-9); higher is better. More than 1 where the result is the reference with more
        contrast.

    Raises
    ------
    InputError
        If the pair fails `check_pair`, or has another number of channels or a shorter side than above.

    Notes
    -----
    Blind to brightness: adding a constant changes nothing. Costs less than SSIM of a picture in colour.

    Examples
    --------
    >>> squares = np.kron(np.indices((8, 8)).sum(axis=0) % 2, np.ones((8, 8))) * 0.5
    >>> round(vif(squares, squares), 9), round(vif(squares, squares + 0.25), 9), vif(squares, 2 * squares) > 1
    (1.0, 1.0, True)
    """
    pair = check_pair(reference, result, data_range=data_range, least_side_px=_LEAST_SIDE_PX)
    x, y = (_centred_luma(planes, pair.data_range) for planes in (pair.reference, pair.result))
    kept, available = 0.0, 0.0
    for scale, size in enumerate(_WINDOW_SIZES):
        window = Window(size=size, sigma=size / _SIZE_PER_SIGMA)
        if scale > 0:
            x, y = (np.ascontiguousarray(window.smooth(plane)[::2, ::2]) for plane in (x, y))
        kept_here, available_here = _information(local_moments(x, y, window))
        kept += kept_here
        available += available_here
    if available == 0:
        return 1.0 if np.array_equal(pair.reference, pair.result) else 0.0
    return kept / available


def _centred_luma(planes: Float[np.ndarray, "H W C"], data_range: float) -> Float[np.ndarray, "H W 1"]:
    """Return the luma, 0-255, less its mean.

    The variances are the same, but with the mean their rounding errors reach half of `_LEAST_VARIANCE`.
    """
    luma = to_grey(planes) * (_WHITE / data_range)
    return np.asarray(luma - luma.mean())


def _information(local: Moments) -> tuple[float, float]:
    """Return the information in the result about the reference, and that in the reference itself, over all windows."""
    # A flat reference tells nothing, and a flat or inverted result tells nothing of it: all there is in y is noise.
    # These four lines are what is left of the source's six case distinctions where they change a sum.
    variance_x = np.where(local.variance_x < _LEAST_VARIANCE, 0, local.variance_x)
    gain = np.maximum(local.covariance, 0) / (variance_x + _LEAST_VARIANCE)
    gain = np.where(local.variance_y < _LEAST_VARIANCE, 0, gain)
    noise = np.maximum(local.variance_y - gain * local.covariance, _LEAST_VARIANCE)
    kept = np.log10(1 + gain**2 * variance_x / (noise + _EYE_NOISE)).sum()
    return float(kept), float(np.log10(1 + variance_x / _EYE_NOISE).sum())
