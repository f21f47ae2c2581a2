"""Caption mask U-Net: where a frame carries burnt-in text.

Source: O. Ronneberger, P. Fischer, T. Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI
2015, in the form that the public video decaptioning project "Linya-lab/Video_Decaptioning" released weights for: padded
convolutions with batch normalisation, bilinear enlargement with aligned corners, a sigmoid.
Departures: sides need not be multiples of 16; frames are mirrored to one and the answer is cut back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.layers.mirroring import pad_to_multiple

_MULTIPLE = 16
_N_LEVELS = 4


class MaskUNet(nn.Module):
    """Probability of caption for every pixel of every frame; frames do not see one another.

    Parameters
    ----------
    in_channels : int
        3 for RGB.
    n_classes : int
        Masks given, 1.
    width : int
        Channels at full size; 64 as published.
    """

    def __init__(self, in_channels: int = 3, n_classes: int = 1, *, width: int = 64) -> None:
        super().__init__()
        down = [width, 2 * width, 4 * width, 8 * width, 8 * width]  # the last level is not widened
        up = [4 * width, 2 * width, width, width]
        self.enter = _double_conv(in_channels, width, width)
        self.down = nn.ModuleList(
            _double_conv(down[level], down[level + 1], down[level + 1]) for level in range(_N_LEVELS)
        )
        joined = [16 * width, 8 * width, 4 * width, 2 * width]
        self.up = nn.ModuleList(_double_conv(wide, wide // 2, out) for wide, out in zip(joined, up, strict=True))
        self.leave = nn.Conv2d(width, n_classes, 1)

    def forward(self, frames: Float[Tensor, "N T C H W"]) -> Float[Tensor, "N T K H W"]:
        """Return the caption probability in [0, 1] of RGB frames in [0, 1]."""
        n_clips, n_frames, _, height, width = frames.shape
        features = self.enter(pad_to_multiple(frames.flatten(0, 1), _MULTIPLE))  # (N*T, width, H', W')
        skips = []
        for block in self.down:
            skips.append(features)
            features = block(functional.max_pool2d(features, 2))
        for block, skip in zip(self.up, reversed(skips), strict=True):
            larger = functional.interpolate(features, skip.shape[-2:], mode="bilinear", align_corners=True)
            features = block(torch.cat([skip, larger], dim=1))
        probability: Tensor = self.leave(features)[..., :height, :width].sigmoid()
        return probability.reshape(n_clips, n_frames, -1, height, width)

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename the weights of Linya's mask U-Net (`MaskUNet`, or `UNet` of the mask extraction)."""
        return {_our_name(key): value for key, value in state.items()}


def mask_unet_full() -> MaskUNet:
    """Return the published width: 64 channels at full size."""
    return MaskUNet()


def mask_unet_tiny() -> MaskUNet:
    """Return an eighth of the published width."""
    return MaskUNet(width=8)


def _double_conv(in_channels: int, between: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, between, 3, padding=1),
        nn.BatchNorm2d(between),
        nn.ReLU(),
        nn.Conv2d(between, out_channels, 3, padding=1),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


def _our_name(key: str) -> str:
    """Turn, for instance, down2.maxpool_conv.1.double_conv.0.bias into down.1.0.bias."""
    key = re.sub(r"^(inc|(?:up|down)\d)\.(?:maxpool_conv\.1\.|conv\.)?double_conv\.", r"\1.", key)
    key = re.sub(r"^(up|down)(\d)", lambda found: f"{found[1]}.{int(found[2]) - 1}", key)
    return re.sub(r"^inc\.", "enter.", re.sub(r"^outc\.conv\.0\.", "leave.", key))
