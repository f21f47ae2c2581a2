"""Squeeze-and-excitation: channels weighted by what the whole picture holds.

Source: J. Hu, L. Shen, G. Sun, "Squeeze-and-excitation networks", CVPR 2018, Eqs. 2-4. Departures: none.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn


class SqueezeExcitation(nn.Module):
    """Scale every channel by a number in (0, 1) computed from the means of all channels.

    Parameters
    ----------
    channels : int
    reduction : int
        The hidden layer has `channels // reduction` units; there are no biases.
    """

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, channels // reduction, bias=False)
        self.excite = nn.Linear(channels // reduction, channels, bias=False)

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return x with scaled channels; any range."""
        z = x.mean(dim=(2, 3))  # Eq. 2; (N, C)
        s = torch.sigmoid(self.excite(torch.relu(self.squeeze(z))))  # Eq. 3; (N, C)
        return x * s[:, :, None, None]  # Eq. 4

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename the two linear layers of a sequential `fc`."""
        names = {"fc.0.weight": "squeeze.weight", "fc.2.weight": "excite.weight"}
        return {names.get(key, key): value for key, value in state.items()}
