"""The Middlebury colours of a flow: hue is the direction, saturation the length.

Source: S. Baker, D. Scharstein, J. Lewis, S. Roth, M. Black, R. Szeliski, "A database and evaluation methodology for
optical flow", IJCV 92, 2011 (colour wheel of 55 hues); as the DeepFill code shows its attention.
Departures: a batch is scaled as that code does, each flow by the longest vector of itself and of those before it.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from torch import Tensor

_SECTORS = ((15, 0, 1), (6, 1, 0), (4, 1, 2), (11, 2, 1), (13, 2, 0), (6, 0, 2))
"""(hues, channel at its full value, channel that moves): red to yellow, green, cyan, blue, magenta and back."""


def flow_colours(flow: Int64[Tensor, "N H W 2"] | Float[Tensor, "N H W 2"]) -> Float[Tensor, "N 3 H W"]:
    """Return the colours of a batch of flows.

    Parameters
    ----------
    flow : (N, H, W, 2) int64 or float
        The first component points along hue 0, the second a quarter turn further.

    Returns
    -------
    (N, 3, H, W) float32, range [-1, 1]
        In steps of 1/127.5; no movement is white.

    Examples
    --------
    >>> flow_colours(torch.tensor([[[[0, 0], [0, 5]]]]))[0, :, 0, 0].tolist()
    [1.0, 1.0, 1.0]
    """
    exact = flow.double()
    length = exact.norm(dim=-1)  # (N, H, W)
    longest = length.amax(dim=(1, 2)).cummax(dim=0).values
    scaled = exact / (longest[:, None, None, None] + torch.finfo(torch.float64).eps)
    hues = _wheel().to(flow.device)
    turn = (torch.atan2(-scaled[..., 1], -scaled[..., 0]) / torch.pi + 1) / 2 * (len(hues) - 1)
    below = turn.floor().long()
    share = (turn - below)[..., None]
    hue = (1 - share) * hues[below] + share * hues[(below + 1) % len(hues)]  # (N, H, W, 3)
    colours = 1 - scaled.norm(dim=-1)[..., None] * (1 - hue)
    steps: Tensor = (255 * colours).floor().permute(0, 3, 1, 2)
    return (steps / 127.5 - 1).float()


def _wheel() -> Float[Tensor, "55 3"]:
    rows = []
    for number, (n_hues, full, moving) in enumerate(_SECTORS):
        ramp = torch.floor(255 * torch.arange(n_hues, dtype=torch.float64) / n_hues)
        sector = torch.zeros(n_hues, 3, dtype=torch.float64)
        sector[:, full] = 255
        sector[:, moving] = ramp if number % 2 == 0 else 255 - ramp
        rows.append(sector)
    return torch.cat(rows) / 255
