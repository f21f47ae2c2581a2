"""U-Finger: fingerprints restored by a small U-Net of dilated convolutions that predicts what to add.

Source: R. Prabhu, X. Yu, Z. Wang, D. Liu, A. Jiang, "U-Finger: Multi-Scale Dilated Convolutional Network for
Fingerprint Image Denoising and Inpainting", in Inpainting and Denoising Challenges, Springer 2019, section 3; sizes and
paddings of the released network for 400x275 px.
Departures: any size from 33 px; enlarged maps are cut to their skip connection, as the released net does in one place.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.errors import InputError

_MEAN = 104.0
_SMALLEST = 33  # px, below which a dilated kernel is larger than its map


class UFinger(nn.Module):
    """Restore grey fingerprints.

    Parameters
    ----------
    width : int
        Channels of the first layer; 64 as published, a multiple of 2.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        middle, deep = 2 * width, 4 * width
        self.enter = nn.Conv2d(1, width, 3, dilation=2)
        self.down1 = nn.Sequential(*_shrinking(width, middle), DilatedResidual(middle, width // 2))
        self.down2 = nn.Sequential(*_shrinking(middle, middle), DilatedResidual(middle, width // 2))
        self.up1 = nn.ConvTranspose2d(middle, width // 2, 4, stride=2, padding=2, dilation=3)
        joined = middle + width // 2
        self.join = nn.Sequential(
            nn.Conv2d(joined, deep, 3, padding=1, dilation=3),
            nn.BatchNorm2d(deep),
            nn.ReLU(),
            DilatedResidual(deep, width),
        )
        self.up2 = nn.ConvTranspose2d(deep, width, 4, stride=2, padding=1, dilation=5)
        self.leave = nn.ConvTranspose2d(2 * width, 1, 5)

    def forward(self, picture: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 1 H W"]:
        """Return the restored print.

        Parameters
        ----------
        picture : (N, 1, H, W)
            Grey in [0, 1]; at least 33 px.

        Returns
        -------
        (N, 1, H, W)
            Grey, about [0, 1]: not clipped, so that errors beyond the range still teach.

        Raises
        ------
        InputError
            If a side is below 33 px.
        """
        if min(picture.shape[2:]) < _SMALLEST:
            raise InputError(f"sides must be {_SMALLEST} px or more, got {picture.shape[2]}x{picture.shape[3]}")
        first = self.enter(255.0 * picture - _MEAN)  # the net's range: 0-255 less the mean; (N, width, H - 4, W - 4)
        second = self.down1(first)
        features = _cut(self.up1(self.down2(second)), second)
        features = self.join(torch.cat([second, features], dim=1))
        features = _cut(self.up2(features), first)
        added: Tensor = self.leave(torch.cat([first, features], dim=1))  # (N, 1, H, W)
        return picture + added / 255.0


class DilatedResidual(nn.Module):
    """1x1, dilated 3x3 and 1x1 convolution with batch norm, added to the input.

    The 3x3 layer loses 2 px on each side, which the last one's padding gives back.

    Parameters
    ----------
    channels, narrow : int
        Outside and between.
    """

    def __init__(self, channels: int, narrow: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.Conv2d(channels, narrow, 1),
            nn.BatchNorm2d(narrow),
            nn.ReLU(),
            nn.Conv2d(narrow, narrow, 3, padding=1, dilation=3),
            nn.BatchNorm2d(narrow),
            nn.ReLU(),
            nn.Conv2d(narrow, channels, 1, padding=2),
            nn.BatchNorm2d(channels),
        )

    def forward(self, features: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return the changed features."""
        changed: Tensor = (features + self.change(features)).relu()
        return changed


def u_finger_full() -> UFinger:
    """Return the published width."""
    return UFinger()


def u_finger_tiny() -> UFinger:
    """Return an eighth of the published width."""
    return UFinger(width=8)


def _shrinking(in_channels: int, out_channels: int) -> list[nn.Module]:
    convolution = nn.Conv2d(in_channels, out_channels, 3, stride=2, padding=1, dilation=3)
    return [convolution, nn.BatchNorm2d(out_channels), nn.ReLU()]


def _cut(features: Tensor, like: Tensor) -> Tensor:
    return features[..., : like.shape[2], : like.shape[3]]
