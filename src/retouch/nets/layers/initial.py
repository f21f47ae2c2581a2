"""Initial weights of convolutions by a law of choice, from a generator of choice.

Source: the laws are torch's (`torch.nn.init`); each net's file says which its paper names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn


def initialise_convs(net: nn.Module, draw: Callable[[Tensor], Any]) -> None:
    """Fill the weights of every convolution of a net by `draw`, in place, and its biases with zero.

    Norms are left alone. To be called before spectral normalisation is put on.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1))
    >>> initialise_convs(net, lambda weight: nn.init.constant_(weight, 2))
    >>> [parameter.item() for parameter in net.parameters()]
    [2.0, 0.0, 1.0, 0.0]
    """
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            draw(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
