"""Root mean squared error, and the mean squared error in percent ("mean L2 loss").

Source: the textbook definition; the percentage as in the tables of D. Pathak et al., "Context Encoders: Feature
Learning by Inpainting", CVPR 2016, and of L2-GAN. Departures: none; the tables do not state the range of their values,
and this one takes [0, 1].
"""

from __future__ import annotations

import math

import numpy as np  # noqa: F401 - the examples need it

from retouch.arrays.types import AnyArray, Mask
from retouch.metrics.pixels.mse import mse

_PERCENT = 100.0


def rmse(reference: AnyArray, result: AnyArray, *, mask: Mask | None = None, data_range: float | None = None) -> float:
    """Return the root of the mean squared difference, where white is 1.

    Parameters
    ----------
    reference, result : (H, W) or (H, W, C), uint8, uint16 or floats
        Of one shape and dtype. The measure is symmetric in the two.
    mask : (H, W) bool or None
        Where to measure (True); None measures everywhere.
    data_range : float or None
        What white is; None takes 255, 65535 or 1 by dtype.

    Returns
    -------
    float, 0 and up
        0 for equal pictures, 1 for black against white. Lower is better.

    Raises
    ------
    InputError
        If the pair fails `check_pair`.

    Examples
    --------
    >>> rmse(np.full((4, 4), 0.5), np.full((4, 4), 0.25))
    0.25
    """
    return math.sqrt(mse(reference, result, mask=mask, data_range=data_range))


def l2_percent(
    reference: AnyArray, result: AnyArray, *, mask: Mask | None = None, data_range: float | None = None
) -> float:
    """Return 100 times the mean squared difference of values in [0, 1].

    Papers that work on values in [-1, 1] get 4 times this number from the same pictures, as every difference doubles;
    their tables seldom say which it is.

    Parameters, errors and direction are those of `rmse`; the range is 0 to 100.

    Examples
    --------
    >>> l2_percent(np.full((4, 4), 0.5), np.full((4, 4), 0.25))  # 100 * 0.25^2; on [-1, 1] it would be 25
    6.25
    """
    return _PERCENT * mse(reference, result, mask=mask, data_range=data_range)
