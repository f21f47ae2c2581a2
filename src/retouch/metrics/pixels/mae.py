"""Mean absolute error (L1), and the ratio that several inpainting codes print under the same name.

Source: the textbook definition. The ratio: K. Nazeri et al., "EdgeConnect: Generative Image Inpainting with Adversarial
Edge Learning", ICCV Workshops 2019, whose scoring was taken over for PEN-Net and AOT-GAN. Departures: none.
"""

from __future__ import annotations

import numpy as np

from retouch.arrays.types import AnyArray, Mask
from retouch.errors import InputError
from retouch.metrics.pairs import check_pair
from retouch.metrics.pixels.mse import counted_pixels

_PERCENT = 100.0


def mae(reference: AnyArray, result: AnyArray, *, mask: Mask | None = None, data_range: float | None = None) -> float:
    """Return the mean of the absolute differences over pixels and channels, where white is 1: the L1 of most papers.

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
        0 for equal pictures, 1 for black against white. Lower is better. The book's MAE is 255 times this.

    Raises
    ------
    InputError
        If the pair fails `check_pair`.

    Examples
    --------
    >>> mae(np.full((4, 4), 0.5), np.full((4, 4), 0.25))
    0.25
    """
    pair = check_pair(reference, result, data_range=data_range, mask=mask)
    first, second = counted_pixels(pair)
    return float(np.mean(np.abs(first - second))) / pair.data_range


def l1_percent(
    reference: AnyArray, result: AnyArray, *, mask: Mask | None = None, data_range: float | None = None
) -> float:
    """Return 100 times `mae`: the "l1 (%)" of the tables of GDN and others.

    Parameters, errors and direction are those of `mae`; the range is 0 to 100.

    Examples
    --------
    >>> l1_percent(np.full((4, 4), 0.5), np.full((4, 4), 0.25))
    25.0
    """
    return _PERCENT * mae(reference, result, mask=mask, data_range=data_range)


def mae_ratio(
    reference: AnyArray, result: AnyArray, *, mask: Mask | None = None, data_range: float | None = None
) -> float:
    """Return the sum of the absolute differences divided by the sum of all values of both pictures.

    EdgeConnect, PEN-Net and AOT-GAN print this as "MAE". It is no mean error: the same difference weighs more in a
    dark picture. Compare it with their tables only.

    Parameters and errors are those of `mae`; `data_range` is accepted and cancels out.

    Returns
    -------
    float, 0 to 1
        0 for equal pictures, black ones among them. Lower is better.

    Raises
    ------
    InputError
        If the pair fails `check_pair`, or a value is below 0.

    Examples
    --------
    >>> round(mae_ratio(np.full((4, 4), 0.5), np.full((4, 4), 0.25)), 6)  # 0.25 / 0.75
    0.333333
    """
    first, second = counted_pixels(check_pair(reference, result, data_range=data_range, mask=mask))
    if min(first.min(), second.min()) < 0:
        raise InputError(
            f"mae_ratio needs values of at least 0, got {min(first.min(), second.min())}; clip the pictures first"
        )
    difference = float(np.sum(np.abs(first - second)))
    return difference / float(np.sum(first + second)) if difference > 0 else 0.0
