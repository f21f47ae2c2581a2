"""U-Net with augmentation: the winner of the ChaLearn fingerprint track, a plain U-Net without batch norm.

Source: Y. Mansar, "Deep End-to-end Fingerprint Denoising and Inpainting", arXiv:1807.11888, 2018, section 2 and the
released network (user CVxTz).
Departures: pictures are mirrored to a multiple of 16 where the authors resize to 400x288; the per-picture stretch to
0-255 after the net, which harms flat prints, is left to the caller.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.layers.mirroring import pad_to_multiple

_DROPPED = 0.1
_N_LEVELS = 5
_MULTIPLE = 2 ** (_N_LEVELS - 1)


class FingerprintUNet(nn.Module):
    """Restore fingerprints.

    Parameters
    ----------
    width : int
        Channels at full size; 32 as published, doubled at each of four further levels.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        wide = [width * 2**level for level in range(_N_LEVELS)]
        self.down = nn.ModuleList(_pair(before, after) for before, after in zip([3, *wide[:-1]], wide, strict=True))
        self.enlarge = nn.ModuleList(nn.ConvTranspose2d(c, c // 2, 2, stride=2) for c in reversed(wide[1:]))
        self.up = nn.ModuleList(_pair(c, c // 2) for c in reversed(wide[1:]))
        self.leave = nn.Sequential(nn.Conv2d(width, 1, 1), nn.Sigmoid(), nn.Dropout(_DROPPED))

    def forward(self, picture: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 1 H W"]:
        """Return the clean print, grey in [0, 1], of RGB in [0, 1] of any size.

        In training a tenth of the answer's pixels are dropped and the rest enlarged, as released.
        """
        height, width = picture.shape[2:]
        features = self.down[0](pad_to_multiple(picture, _MULTIPLE))
        skips = []
        for block in self.down[1:]:
            skips.append(features)
            features = block(functional.max_pool2d(features, 2))
        for enlarge, block, skip in zip(self.enlarge, self.up, reversed(skips), strict=True):
            features = block(torch.cat([enlarge(features), skip], dim=1))
        clean: Tensor = self.leave(features)
        return clean[..., :height, :width]


def fingerprint_unet_full() -> FingerprintUNet:
    """Return the published width: 7,760,097 parameters."""
    return FingerprintUNet()


def fingerprint_unet_tiny() -> FingerprintUNet:
    """Return a quarter of the published width."""
    return FingerprintUNet(width=8)


def _pair(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1),
        nn.ReLU(),
        nn.Dropout(_DROPPED),
        nn.Conv2d(out_channels, out_channels, 3, padding=1),
        nn.ReLU(),
        nn.Dropout(_DROPPED),
    )
