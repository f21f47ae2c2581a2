"""Padding by TensorFlow's rule "SAME": an output of ceil(size / stride), the odd pixel below and to the right.

Source: TensorFlow's documentation of `tf.nn.convolution`. PyTorch pads both sides alike, which samples other pixels as
soon as the stride is above 1 or the kernel even; weights trained under one rule do not fit the other.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def same_padding(size: int, kernel: int, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
    """Return how many pixels are added before and after one axis.

    >>> same_padding(64, 3, stride=2), same_padding(64, 5, stride=2), same_padding(64, 4)
    ((0, 1), (1, 2), (1, 2))
    """
    n_outputs = (size + stride - 1) // stride  # not -(-n // m): in an exported graph a division rounds towards zero
    total = max((n_outputs - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def pad_same(x: Float[Tensor, "N C H W"], kernel: int, stride: int = 1, dilation: int = 1) -> Float[Tensor, "N C h w"]:
    """Return a batch with the zeros around it that a square kernel needs under the rule."""
    top, bottom = same_padding(x.shape[2], kernel, stride, dilation)
    left, right = same_padding(x.shape[3], kernel, stride, dilation)
    return functional.pad(x, (left, right, top, bottom))
