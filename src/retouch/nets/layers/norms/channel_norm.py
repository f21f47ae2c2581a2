"""Layer normalisation of maps over their channels.

Source: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer Normalization", arXiv:1607.06450, 2016, Eqs. 3-4, applied to each
pixel's channels as in Z. Liu et al., "A ConvNet for the 2020s", CVPR 2022.
Departures: none.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn


class ChannelNorm(nn.Module):
    """Bring each pixel's channels to mean 0 and variance 1, then scale and shift each channel.

    Parameters
    ----------
    n_channels : int
    eps : float
        Added to the variance.

    Examples
    --------
    >>> ChannelNorm(2)(torch.tensor([1.0, 3.0]).reshape(1, 2, 1, 1)).flatten().round(decimals=4).tolist()
    [-1.0, 1.0]
    """

    def __init__(self, n_channels: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n_channels))
        self.bias = nn.Parameter(torch.zeros(n_channels))
        self.eps = eps

    def forward(self, features: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return the normalised features."""
        centred = features - features.mean(dim=1, keepdim=True)
        scale = (centred.square().mean(dim=1, keepdim=True) + self.eps).sqrt()
        return self.weight[:, None, None] * centred / scale + self.bias[:, None, None]
