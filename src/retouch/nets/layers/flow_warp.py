"""Warping by Gaussian sampling: each place gets a weighted mean of a window of pixels around where its flow points.

Source: Y. Ren, X. Yu, R. Zhang, T. H. Li, S. Liu, G. Li: "StructureFlow: Image Inpainting via Structure-aware
Appearance Flow", ICCV 2019, Sec. 3.2 (Gaussian instead of bilinear sampling, so that far pixels have a gradient).

Departures
----------
- Flow is in rows and columns as everywhere in this house; the authors' is x, y.
- A window that leaves the map repeats its border pixels.

C features of H x W pixels, flow in pixels of the same map; k the side of the window, s the standard deviation.
For a place p with flow f(p) and floor(p + f(p)) = b, the window is b - k/2 + 1, ..., b + k/2 on both axes, and pixel q
of it weighs exp(-|q - p - f(p)|^2 / (2 s^2)), over the sum of these weights.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from retouch.errors import InputError


class GaussianFlowWarp(nn.Module):
    """Warp of features by a flow; a layer without weights.

    Parameters
    ----------
    window : int
        Side of the window in pixels, even; 4 and 16 are published.
    sigma : float
        Standard deviation in pixels; 2 and 4 are published.

    Raises
    ------
    InputError
        If the window is odd or empty, or sigma is not above zero.

    Notes
    -----
    Time grows with the square of the window. In training the rows of the window are computed again on the way back, so
    that `window` times the memory of the features is taken, not its square.
    """

    def __init__(self, window: int = 4, sigma: float = 2.0) -> None:
        super().__init__()
        if window <= 0 or window % 2 or sigma <= 0:
            raise InputError(f"the window must be even and sigma above 0, got a window of {window} and sigma {sigma}")
        self.window, self.sigma = window, sigma

    def forward(self, features: Float[Tensor, "N C H W"], flow: Float[Tensor, "N 2 H W"]) -> Float[Tensor, "N C H W"]:
        """Return the warped features.

        Parameters
        ----------
        features : (N, C, H, W) float
        flow : (N, 2, H, W) float
            How many rows down and columns to the right of each place its features come from; finite.
        """
        height, width = features.shape[2:]
        rows, down = self._window(flow[:, 0], torch.arange(height, device=flow.device)[:, None], height)
        columns, across = self._window(flow[:, 1], torch.arange(width, device=flow.device), width)
        flat = features.flatten(2)
        warped = torch.zeros_like(features)
        for number in range(self.window):
            index = rows[:, number, None] * width + columns  # (N, k, H, W)
            weights = down[:, number, None] * across
            if self.training:
                part: Tensor = checkpoint(_weighted_sum, flat, index, weights, use_reentrant=False)
            else:
                part = _weighted_sum(flat, index, weights)
            warped = warped + part
        return warped

    def _window(self, flow: Tensor, places: Tensor, size: int) -> tuple[Tensor, Tensor]:
        """Return for one axis which pixels are taken, (N, k, H, W), and their weights, which sum to one over k."""
        target = flow + places
        whole = target.detach().floor()
        offsets = torch.arange(1 - self.window // 2, self.window // 2 + 1, device=flow.device)[:, None, None]
        distances = (target - whole)[:, None] - offsets
        weights = torch.exp(-distances.square() / (2 * self.sigma**2))  # one axis of the product
        pixels = (whole[:, None] + offsets).clamp(0, size - 1).long()
        return pixels, weights / weights.sum(dim=1, keepdim=True)


def _weighted_sum(
    flat: Float[Tensor, "N C P"], index: Int64[Tensor, "N k H W"], weights: Float[Tensor, "N k H W"]
) -> Float[Tensor, "N C H W"]:
    """Return the sum over k of the pixels of that index times their weights."""
    n, k, height, width = index.shape
    picked = flat.gather(2, index.reshape(n, 1, -1).expand(-1, flat.shape[1], -1))  # (N, C, k H W)
    weighted = picked.reshape(n, -1, k, height, width) * weights[:, None]
    return weighted.sum(dim=2)
