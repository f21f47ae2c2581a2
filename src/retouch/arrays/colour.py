"""Colour to grey, in the few weightings that published figures rest on.

Source: ITU-R BT.601 (luma of photographs) and BT.709; scikit-image's and EdgeConnect's grey is that of BT.709.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from retouch.errors import InputError

BT601 = (0.299, 0.587, 0.114)
BT709 = (0.2125, 0.7154, 0.0721)
_GREY, _RGB = 1, 3


def to_grey(
    picture: Float[np.ndarray, "H W C"], weights: tuple[float, float, float] = BT601
) -> Float[np.ndarray, "H W 1"]:
    """Return the luma of a picture; a grey one comes back as it is.

    Raises
    ------
    InputError
        If there are neither one nor three channels.

    Examples
    --------
    >>> to_grey(np.array([[[0.0, 1.0, 0.0]]]))
    array([[[0.587]]])
    """
    n_channels = picture.shape[2]
    if n_channels == _GREY:
        return picture
    if n_channels != _RGB:
        raise InputError(f"a picture must have 1 or 3 channels to be turned grey, got {n_channels}")
    grey: Float[np.ndarray, "H W 1"] = (picture @ np.array(weights, picture.dtype))[:, :, None]
    return grey
