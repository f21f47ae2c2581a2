"""Spatial modulation: features are normalised, then scaled and shifted place by place as a condition map says.

Source: T. Park, M.-Y. Liu, T.-C. Wang, J.-Y. Zhu: "Semantic Image Synthesis with Spatially-Adaptive Normalization",
CVPR 2019, Sec. 3, Eq. 1 (SPADE), with gamma around one as in the authors' code.

Departures
----------
- The normalisation is instance normalisation, which needs no batch; the paper has synchronised batch normalisation.
- Convolutions on the condition repeat its border, so that a constant condition gives the same scale everywhere; zeros
  around the map would be a class of their own.
- `strength` between 0 and 1 weakens the modulation where the condition is not to be trusted.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class SpatialModulation(nn.Module):
    """Normalisation whose scale and offset come from a condition map.

    Parameters
    ----------
    n_channels : int
        Of the features.
    n_condition : int
        Of the condition map.
    n_hidden : int
        Of the small network between them; 128 in the paper.
    kernel : int
        Side of its convolutions, odd.
    """

    def __init__(self, n_channels: int, n_condition: int, n_hidden: int = 128, kernel: int = 3) -> None:
        super().__init__()
        self.norm = nn.InstanceNorm2d(n_channels, affine=False)
        self.hidden = nn.Sequential(_conv(n_condition, n_hidden, kernel), nn.ReLU())
        self.gamma = _conv(n_hidden, n_channels, kernel)
        self.beta = _conv(n_hidden, n_channels, kernel)

    def forward(
        self,
        features: Float[Tensor, "N C H W"],
        condition: Float[Tensor, "N D h w"],
        strength: Float[Tensor, "N 1 h w"] | None = None,
    ) -> Float[Tensor, "N C H W"]:
        """Return the modulated features.

        Parameters
        ----------
        features : (N, C, H, W) float
            More than one pixel, or they cannot be normalised.
        condition : (N, D, h, w) float
            Labels as one channel for each class, or anything else; resized to the features by the nearest pixel.
        strength : (N, 1, h, w) float, range [0, 1], optional
            0 leaves a place merely normalised; 1, as without it, modulates it fully.
        """
        size = features.shape[2:]
        hidden = self.hidden(functional.interpolate(condition, size=size, mode="nearest"))
        gamma, beta = self.gamma(hidden), self.beta(hidden)  # (N, C, H, W) each
        if strength is not None:
            trusted = functional.interpolate(strength, size=size, mode="nearest")
            gamma, beta = trusted * gamma, trusted * beta
        modulated: Tensor = self.norm(features) * (1 + gamma) + beta  # Eq. 1
        return modulated


def _conv(in_channels: int, out_channels: int, kernel: int) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2, padding_mode="replicate")
