"""Convolutions with given weights that do not learn, with the normalisation behind them folded in.

Source: S. Ioffe, C. Szegedy: "Batch Normalization", ICML 2015, at use: with fixed statistics it is one linear map with
the convolution before it. Departures: none; it is folded in float64.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from retouch.arrays.types import AnyArray
from retouch.errors import WeightsError

_KERNEL_AXES = 4


class Arrays:
    """The arrays of a weights file, each with the facts of a message if it is missing.

    Parameters
    ----------
    state : mapping of str to array
    net : str
        Name of the network in messages.
    """

    def __init__(self, state: Mapping[str, AnyArray], net: str) -> None:
        self._state = state
        self._net = net

    def take(self, key: str) -> AnyArray:
        """Return an array.

        Raises
        ------
        WeightsError
            If there is none of that name.
        """
        if key not in self._state:
            raise WeightsError(f"these are not weights of {self._net}: {key} is not among them")
        return self._state[key]

    def kernel(self, key: str) -> AnyArray:
        """Return the weights of a convolution, (out, in, height, width)."""
        found = self.take(f"{key}.weight")
        if found.ndim != _KERNEL_AXES:
            raise WeightsError(f"these are not weights of {self._net}: {key}.weight has shape {found.shape}")
        return found

    def convolution(self, key: str, *, stride: int = 1, padding: int = 0, dilation: int = 1) -> nn.Conv2d:
        """Return a convolution with its bias."""
        weight, bias = self.kernel(key), self.take(f"{key}.bias")
        return frozen_convolution(weight, bias, stride=stride, padding=padding, dilation=dilation)

    def normalised_convolution(
        self, key: str, norm: str, epsilon: float, *, stride: int = 1, padding: int = 0, dilation: int = 1
    ) -> nn.Conv2d:
        """Return a convolution without a bias of its own, the normalisation `norm` folded in."""
        weight = self.kernel(key)
        scale, shift, mean, variance = (
            self.take(f"{norm}.{part}").astype(np.float64) for part in ("weight", "bias", "running_mean", "running_var")
        )
        if scale.shape != weight.shape[:1]:
            raise WeightsError(f"these are not weights of {self._net}: {norm} does not fit {key}")
        gain = scale / np.sqrt(variance + epsilon)
        folded = weight * gain[:, None, None, None]
        return frozen_convolution(folded, shift - mean * gain, stride=stride, padding=padding, dilation=dilation)


def frozen_convolution(
    weight: AnyArray, bias: AnyArray, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> nn.Conv2d:
    """Return a float32 convolution that does not learn; one input channel a kernel of several means depthwise.

    >>> layer = frozen_convolution(np.ones((4, 1, 3, 3)), np.zeros(4))
    >>> layer.groups, layer.weight.requires_grad
    (4, False)
    """
    n_out, n_in, *kernel = weight.shape
    groups = n_out if n_in == 1 and n_out > 1 else 1
    layer = nn.Conv2d(
        n_in * groups, n_out, tuple(kernel), stride=stride, padding=padding, dilation=dilation, groups=groups
    )
    layer.weight, layer.bias = (nn.Parameter(torch.from_numpy(np.array(x, np.float32))) for x in (weight, bias))
    return layer.requires_grad_(requires_grad=False)
