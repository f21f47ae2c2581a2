"""Mean squared error, on the scale where white is 1 and on the one where it is 255.

Source: the textbook definition; the measure under PSNR and in the tables of the ChaLearn challenge (unit scale).
Departures: none.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from retouch.arrays.types import AnyArray, Mask
from retouch.metrics.pairs import Pair, check_pair

_WHITE_8BIT = 255.0


def mse(reference: AnyArray, result: AnyArray, *, mask: Mask | None = None, data_range: float | None = None) -> float:
    """Return the mean of the squared differences over pixels and channels, where white is 1.

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
    >>> grey = np.full((4, 4), 100, np.uint8)
    >>> round(mse(grey, grey + np.uint8(51)), 6)  # (51 / 255)^2
    0.04
    """
    pair = check_pair(reference, result, data_range=data_range, mask=mask)
    first, second = counted_pixels(pair)
    return float(np.mean((first - second) ** 2)) / pair.data_range**2


def mse_255(
    reference: AnyArray, result: AnyArray, *, mask: Mask | None = None, data_range: float | None = None
) -> float:
    """Return the mean squared error on the scale where white is 255: 65025 times `mse`.

    Parameters, errors and direction are those of `mse`; the range is 0 to 65025.

    Examples
    --------
    >>> grey = np.full((4, 4), 100, np.uint8)
    >>> round(mse_255(grey, grey + np.uint8(3)), 6)  # 3^2
    9.0
    """
    return mse(reference, result, mask=mask, data_range=data_range) * _WHITE_8BIT**2


def counted_pixels(pair: Pair) -> tuple[Float[np.ndarray, "n C"], Float[np.ndarray, "n C"]]:
    """Return the pixels of both pictures that count, in raster order and in their native range.

    >>> first, second = counted_pixels(check_pair(np.eye(2), np.ones((2, 2)), mask=np.eye(2, dtype=bool)))
    >>> first.ravel().tolist(), second.ravel().tolist()
    ([1.0, 1.0], [1.0, 1.0])
    """
    if pair.mask is None:
        n_channels = pair.reference.shape[2]
        return pair.reference.reshape(-1, n_channels), pair.result.reshape(-1, n_channels)
    return pair.reference[pair.mask], pair.result[pair.mask]
