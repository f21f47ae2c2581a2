"""AOT block: parallel dilated convolutions, fused, and added through a gate for every place and channel.

Source: Y. Zeng, J. Fu, H. Chao, B. Guo, "Aggregated contextual transformations for high-resolution image inpainting",
IEEE TVCG 2022, section 3.1, Eq. 1. Departures: the normalisation of the gate is that of the authors' code, not a
sigmoid alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

_EPSILON = 1e-9
_GATE_SLOPE = 5


class AOTBlock(nn.Module):
    """Split, transform, merge and gate.

    Parameters
    ----------
    channels : int
        A multiple of the number of rates.
    rates : sequence of int
        Dilations of the branches, each with an equal part of the channels. Reflection at the border takes maps whose
        sides are above the largest of them.
    """

    def __init__(self, channels: int, rates: Sequence[int] = (1, 2, 4, 8)) -> None:
        super().__init__()
        self.branches = nn.ModuleList(_reflected(channels, channels // len(rates), rate) for rate in rates)
        self.fuse = _reflected(channels, channels, 1)
        self.gate = _reflected(channels, channels, 1)

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return maps of the same shape; any range."""
        y = self.fuse(torch.cat([torch.relu(branch(x)) for branch in self.branches], dim=1))
        g = torch.sigmoid(normalise_gate(self.gate(x)))
        out: Tensor = x * (1 - g) + y * g  # Eq. 1
        return out

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename `block<nn>.1` to `branches.<n>`; paddings, there layers of their own, are part of the convolutions."""
        renamed = {}
        for key, value in state.items():
            plain = re.sub(r"\b(block\d+|fuse|gate)\.1\.", r"\1.", key)
            renamed[re.sub(r"\bblock(\d+)\.", lambda found: f"branches.{int(found[1])}.", plain)] = value
        return renamed


def normalise_gate(x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
    """Bring every map to mean -5 and standard deviation 10, before a sigmoid.

    >>> normalise_gate(torch.tensor([[[[6.0, 7.0, 8.0]]]])).flatten().tolist()
    [-15.0, -5.0, 5.0]
    """
    std, mean = torch.std_mean(x, dim=(2, 3), keepdim=True)  # (N, C, 1, 1), with the divisor n - 1
    scaled: Tensor = _GATE_SLOPE * (2 * (x - mean) / (std + _EPSILON) - 1)
    return scaled


def _reflected(in_channels: int, out_channels: int, rate: int) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, padding=rate, dilation=rate, padding_mode="reflect")
