"""L2 normalisation over channels with a learned scale.

Source: W. Liu, A. Rabinovich, A. C. Berg, "ParseNet: Looking Wider to See Better", ICLR workshop 2016, Eqs. 1-2.
Departures: the norm is kept above zero by adding 1e-10 to it, as SSD's authors do; a zero vector stays zero.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

_SMALLEST_NORM = 1e-10


class L2Norm(nn.Module):
    """Divide each pixel's feature vector by its length and multiply channel c by a learned weight.

    Parameters
    ----------
    n_channels : int
    scale : float
        First value of all weights; SSD takes 20.

    Examples
    --------
    >>> L2Norm(2, scale=10.0)(torch.tensor([3.0, 4.0]).reshape(1, 2, 1, 1)).flatten().tolist()
    [6.0, 8.0]
    """

    def __init__(self, n_channels: int, scale: float = 20.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((n_channels,), float(scale)))

    def forward(self, features: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return the scaled features."""
        norm = features.square().sum(dim=1, keepdim=True).sqrt() + _SMALLEST_NORM  # (N, 1, H, W)
        return features / norm * self.weight[:, None, None]
