"""MTLU: an activation that is a straight line of its own in each of many bins, learned per channel.

Source: S. Gu, W. Li, L. Van Gool, R. Timofte, "Fast image restoration with multi-bin trainable linear units", ICCV
2019, Eqs. 2-3. Departures: none. Lines of neighbouring bins need not meet; beyond the outermost bins their lines go on.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn


class MTLU(nn.Module):
    """Learned lines y = slope x + offset, one for each channel and bin; at first a ReLU.

    Parameters
    ----------
    channels : int
    n_bins : int
        An even number, half of them below zero.
    bin_width : float
        In units of the input.
    """

    def __init__(self, channels: int, n_bins: int = 40, bin_width: float = 0.05) -> None:
        super().__init__()
        self.n_bins, self.bin_width = n_bins, bin_width
        self.slope = nn.Parameter((torch.arange(n_bins) >= n_bins // 2).float().repeat(channels, 1))
        self.offset = nn.Parameter(torch.zeros(channels, n_bins))

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return the activations.

        >>> MTLU(1)(torch.tensor([[[[-3.0, -0.01, 0.01, 3.0]]]])).flatten().tolist()
        [0.0, 0.0, 0.009999999776482582, 3.0]
        """
        half = self.n_bins // 2
        bins = (x.detach() / self.bin_width).floor().nan_to_num().clamp(-half, half - 1).long() + half  # (N, C, H, W)
        rows = torch.arange(x.shape[1], device=x.device)[:, None, None] * self.n_bins
        places = bins + rows
        return self.slope.flatten()[places] * x + self.offset.flatten()[places]  # Eq. 2
