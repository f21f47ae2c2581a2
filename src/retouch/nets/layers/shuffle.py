"""Sub-images: one picture split into factor x factor smaller ones and put together again, without loss.

Source: W. Shi et al., "Real-time single image and video super-resolution using an efficient sub-pixel convolutional
neural network", CVPR 2016, Eq. 4 (the way back); K. Zhang, W. Zuo, L. Zhang, "FFDNet", IEEE Trans. Image Processing
27(9), 2018, section III-B (the way there).

Two orders of the sub-images are met in published weights: offsets row by row, (0,0), (0,1), (1,0), (1,1), as in
PyTorch, and column by column, (0,0), (1,0), (0,1), (1,1), as in MatConvNet files. Colour is slowest in both.
"""

from __future__ import annotations

from jaxtyping import Float, Int64
from torch import Tensor, arange
from torch.nn import functional


def split_pixels(
    picture: Float[Tensor, "N C H W"], factor: int, *, by_columns: bool = False
) -> Float[Tensor, "N CFF H_F W_F"]:
    """Split pictures into factor x factor sub-images.

    Parameters
    ----------
    picture : (N, C, H, W)
        H and W multiples of `factor` (see `pad_to_multiple`).
    factor : int
        At least 1.
    by_columns : bool
        Whether the row offset runs fastest, as in MatConvNet files.

    Returns
    -------
    (N, C * factor**2, H / factor, W / factor)

    >>> split_pixels(arange(4.0).reshape(1, 1, 2, 2), 2).flatten().tolist()
    [0.0, 1.0, 2.0, 3.0]
    >>> split_pixels(arange(4.0).reshape(1, 1, 2, 2), 2, by_columns=True).flatten().tolist()
    [0.0, 2.0, 1.0, 3.0]
    """
    if by_columns:
        return functional.pixel_unshuffle(picture.mT, factor).mT
    return functional.pixel_unshuffle(picture, factor)


def join_pixels(
    parts: Float[Tensor, "N CFF H W"], factor: int, *, by_columns: bool = False
) -> Float[Tensor, "N C HF WF"]:
    """Put sub-images together again: the inverse of `split_pixels`.

    >>> join_pixels(arange(4.0).reshape(1, 4, 1, 1), 2, by_columns=True).flatten().tolist()
    [0.0, 2.0, 1.0, 3.0]
    """
    if by_columns:
        return functional.pixel_shuffle(parts.mT, factor).mT
    return functional.pixel_shuffle(parts, factor)


def column_order(n_channels: int, factor: int) -> Int64[Tensor, " CFF"]:
    """Return where each sub-image of the row by row order stands in the column by column order.

    A convolution trained on the latter accepts the former once its input (or output) channels are taken in this order.

    >>> column_order(1, 2).tolist()
    [0, 2, 1, 3]
    """
    return arange(n_channels * factor**2).reshape(n_channels, factor, factor).mT.flatten()


def pad_to_multiple(picture: Float[Tensor, "N C H W"], multiple: int) -> Float[Tensor, "N C H2 W2"]:
    """Repeat the last row and column until both sides are multiples of `multiple`; cut the result to (H, W) again.

    >>> from torch import ones
    >>> pad_to_multiple(ones(1, 1, 5, 8), 4).shape
    torch.Size([1, 1, 8, 8])
    """
    height, width = picture.shape[-2:]
    bottom, right = ((side + multiple - 1) // multiple * multiple - side for side in (height, width))
    return functional.pad(picture, (0, right, 0, bottom), mode="replicate") if bottom or right else picture
