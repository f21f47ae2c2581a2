"""Feature similarity (FSIM), and the same with colour (FSIMc).

Source: L. Zhang, L. Zhang, X. Mou, D. Zhang, "FSIM: A Feature Similarity Index for Image Quality Assessment", IEEE
Trans. Image Processing 20(8), 2011. Departures: phase congruency is weighted for the spread of frequencies unless told
otherwise, as our definition of the measure fixes a cut-off and a gain for that, which the paper's has not; where
neither picture has any phase congruency, all pixels weigh alike instead of 0/0; a product of colour likenesses below 0
counts with the real part of its power, as the paper does not say; a picture is made smaller by means of whole blocks.

congruency   (H, W) phase congruency, 0 to 1
slope        (H, W) gradient magnitude by Scharr's filters, zeros around the picture
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float

from retouch.arrays.colour import to_grey
from retouch.arrays.types import AnyArray
from retouch.metrics.pairs import Pair, check_pair
from retouch.metrics.structure.phase_congruency import LEAST_WAVELENGTH_PX, phase_congruency
from retouch.metrics.structure.windows import mean_pool

_T1, _T2, _T_COLOUR = 0.85, 160.0, 200.0
_COLOUR_EXPONENT = 0.03
_SIDE_PX = 256
_WHITE = 255.0
_SCHARR = np.array([[3, 0, -3], [10, 0, -10], [3, 0, -3]]) / 16
_TO_IQ = np.array([[0.596, 0.211], [-0.274, -0.523], [-0.322, 0.312]])  # of YIQ, from R, G, B
_N_COLOURS = 3


class Features(NamedTuple):
    """What FSIM compares of a picture."""

    congruency: Float[np.ndarray, "H W"]
    slope: Float[np.ndarray, "H W"]


def fsim(
    reference: AnyArray, result: AnyArray, *, spread_weight: bool = True, data_range: float | None = None
) -> float:
    """Return the likeness of edges and slopes of the luma, weighted by how much of a feature each pixel is.

    Parameters
    ----------
    reference, result : (H, W) or (H, W, C), uint8, uint16 or floats
        Of one shape and dtype, one or three channels, at least 6 pixels a side (the shortest wave that is looked for).
        Colour is turned to luma (BT.601). The measure is symmetric in the two.
    spread_weight : bool
        Weight phase congruency for the spread of frequencies (Kovesi 1999). False gives the values of the FSIM paper
        and of the packages that follow its authors' program, which do without.
    data_range : float or None
        What white is; None takes 255, 65535 or 1 by dtype.

    Returns
    -------
    float, range (0, 1]
        1 for equal pictures; higher is better.

    Raises
    ------
    InputError
        If the pair fails `check_pair`, or has another number of channels or a shorter side than above.

    Notes
    -----
    Pictures of 384 pixels and more a side are first made smaller, to about 256. Costs 34 Fourier transforms of that
    size. Nearly blind to brightness and to what happens in flat places.

    Examples
    --------
    >>> steps = np.kron(np.arange(16.0).reshape(4, 4), np.ones((8, 8))) / 15
    >>> fsim(steps, steps), 0 < fsim(steps, steps[::-1]) < 1
    (1.0, True)
    """
    x, y = _small_pictures(check_pair(reference, result, data_range=data_range, least_side_px=LEAST_WAVELENGTH_PX))
    return _weighted_mean(_features(x, spread_weight), _features(y, spread_weight), np.ones(x.shape[:2]))


def fsimc(
    reference: AnyArray, result: AnyArray, *, spread_weight: bool = True, data_range: float | None = None
) -> float:
    """Return FSIM times the likeness of colour (I and Q of YIQ) to the power 0.03; of grey pictures just FSIM.

    Parameters, range, errors and cost are those of `fsim`.

    Examples
    --------
    >>> steps = np.kron(np.arange(16.0).reshape(4, 4), np.ones((8, 8)))[:, :, None].repeat(3, axis=2) / 15
    >>> red = steps * [1.0, 0.0, 0.0]
    >>> fsimc(red, red), fsimc(steps, steps * [1.0, 0.8, 0.8]) < fsim(steps, steps * [1.0, 0.8, 0.8])
    (1.0, True)
    """
    x, y = _small_pictures(check_pair(reference, result, data_range=data_range, least_side_px=LEAST_WAVELENGTH_PX))
    return _weighted_mean(_features(x, spread_weight), _features(y, spread_weight), _colour_likeness(x, y))


def _small_pictures(pair: Pair) -> tuple[Float[np.ndarray, "h w C"], Float[np.ndarray, "h w C"]]:
    """Return both pictures with values 0-255 and the shorter side at about 256 pixels, or as it is below 384."""
    factor = max(1, math.floor(min(pair.reference.shape[:2]) / _SIDE_PX + 0.5))
    scale = _WHITE / pair.data_range
    return mean_pool(pair.reference, factor) * scale, mean_pool(pair.result, factor) * scale


def _features(planes: Float[np.ndarray, "H W C"], spread_weight: bool) -> Features:
    luma = np.ascontiguousarray(to_grey(planes)[:, :, 0])
    across, down = (
        cv2.filter2D(luma, cv2.CV_64F, kernel, borderType=cv2.BORDER_CONSTANT) for kernel in (_SCHARR, _SCHARR.T)
    )
    return Features(phase_congruency(luma, spread_weight=spread_weight), np.hypot(across, down))


def _likeness(x: Float[np.ndarray, "*S"], y: Float[np.ndarray, "*S"], constant: float) -> Float[np.ndarray, "*S"]:
    """Return 1 where two values are equal, less the more they differ; the constant calms small values."""
    return np.asarray((2 * x * y + constant) / (x * x + y * y + constant))


def _colour_likeness(x: Float[np.ndarray, "H W C"], y: Float[np.ndarray, "H W C"]) -> Float[np.ndarray, "H W"]:
    """Return (S_I S_Q)^0.03, of a product below 0 the real part; 1 for grey pictures."""
    if x.shape[2] != _N_COLOURS:
        return np.ones(x.shape[:2])
    product = _likeness(x @ _TO_IQ, y @ _TO_IQ, _T_COLOUR).prod(axis=2)
    turn = np.where(product < 0, math.cos(math.pi * _COLOUR_EXPONENT), 1)
    return np.asarray(np.abs(product) ** _COLOUR_EXPONENT * turn)


def _weighted_mean(x: Features, y: Features, colour: Float[np.ndarray, "H W"]) -> float:
    """Return the mean of all likenesses, weighted by the greater phase congruency of the two."""
    likeness = _likeness(x.congruency, y.congruency, _T1) * _likeness(x.slope, y.slope, _T2) * colour
    weight = np.maximum(x.congruency, y.congruency)
    total = float(weight.sum())
    return float((likeness * weight).sum()) / total if total > 0 else float(likeness.mean())
