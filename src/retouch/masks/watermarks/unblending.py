"""Taking off a translucent mark whose colour and opacity are known.

Source: T. Porter, T. Duff, "Compositing Digital Images", SIGGRAPH 1984, operator "over": J = alpha W + (1 - alpha) I,
so that I = (J - alpha W) / (1 - alpha).
Departures: none in the formula. Where the mark is nearly opaque, or the result has left the range of pictures because J
was clipped or rounded there, nothing can be computed; such pixels, with a rim, are handed back as a mask to be filled.

J      (H, W, C)  the picture with its mark
W      (H, W, C)  the mark's colour
alpha  (H, W)     its opacity
I      (H, W, C)  the picture without
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32

from retouch.arrays.regions import dilate_mask
from retouch.arrays.types import Image, Mask
from retouch.errors import InputError

_LEAST_OPACITY = 0.004  # below a level of 8 bit nothing can be seen
_RIM_PX = 1
_MOST_OUTSIDE = 0.03  # a result farther outside [0, 1] than rounding takes it was clipped


class Unblended(NamedTuple):
    """The picture without its mark, and what is still to be filled."""

    image: Image
    to_fill: Mask


def unblend(
    image: Image, colour: Image, opacity: Float32[np.ndarray, "H W"], *, most_opacity: float = 0.9
) -> Unblended:
    """Return the picture under a translucent mark.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        The picture with its mark.
    colour : (H, W, C) float32, range [0, 1]
        Colour of the mark; read only where it is not clear.
    opacity : (H, W) float32, range [0, 1]
        Opacity of the mark, 0 where there is none.
    most_opacity : float, above 0 and below 1
        From here on a pixel is to be filled: errors grow by 1 / (1 - opacity).

    Returns
    -------
    Unblended
        The picture, unchanged where the mark is clear, and the (H, W) bool mask of what is to be filled: pixels too
        opaque or clipped, and 1 px around them as far as the mark goes. There the picture is left as it came.

    Raises
    ------
    InputError
        If shapes differ or a value leaves its range.

    Examples
    --------
    >>> seen = np.full((1, 1, 1), 0.75, np.float32)
    >>> white, half = np.ones((1, 1, 1), np.float32), np.full((1, 1), 0.5, np.float32)
    >>> float(unblend(seen, white, half).image[0, 0, 0])
    0.5
    """
    if not (image.shape == colour.shape and image.shape[:2] == opacity.shape):
        raise InputError(
            f"picture and colour of the mark must have one shape, and its opacity their height and width, got "
            f"{image.shape}, {colour.shape} and {opacity.shape}"
        )
    if not (np.isfinite(opacity).all() and opacity.min() >= 0 and opacity.max() <= 1):
        raise InputError("the opacity of a mark must be 0 (clear) to 1 (opaque) everywhere; divide by 255 if 8 bit")
    if not 0 < most_opacity < 1:
        raise InputError(f"most_opacity must be above 0 and below 1, got {most_opacity}")
    marked = opacity > _LEAST_OPACITY
    opaque = opacity >= most_opacity
    open_part = marked & ~opaque
    alpha = np.where(open_part, opacity, 0).astype(np.float32)[:, :, None]
    mark = np.where(open_part[:, :, None], colour, 0).astype(np.float32)
    clean = (image - alpha * mark) / (1 - alpha)
    clipped = ((clean < -_MOST_OUTSIDE) | (clean > 1 + _MOST_OUTSIDE)).any(axis=2) & open_part
    to_fill = dilate_mask(opaque | clipped, _RIM_PX) & marked
    result = np.where((open_part & ~to_fill)[:, :, None], clean.clip(0, 1), image).astype(np.float32)
    return Unblended(result, to_fill)
