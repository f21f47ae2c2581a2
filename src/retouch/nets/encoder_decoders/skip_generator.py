"""Dilated encoder-decoder with skip connections: runner-up of the ChaLearn 2018 track on pictures of people.

Source: V. Patel, A. Pandey, "Generative Image Inpainting for Person Pose Generation", in S. Escalera et al. (eds.),
"Inpainting and Denoising Challenges", Springer 2019, Sec. 1.1 (user anubhap93). Its parts also make the joint caption
network of the same authors, `retouch.nets.captions.joint_caption`.

Departures
----------
- Layer sizes stand only in figures that carry no text; ours are those of the completion net that the authors name as
  their model (`glcic`), with skip connections. The published net is wider (26,151,776 parameters).
- Pictures of any size, mirrored to a multiple of 4; the authors resize to 128 px.
- A sigmoid at the end, so that the answer is in [0, 1].

Every convolution but the last has batch normalisation and ReLU behind it. w = 64

entry    conv 5, w    conv 3 / 2, 2w    conv 3, 2w                                shared where two branches follow
branch   conv 3 / 2, 4w    conv 3, 4w twice    dilated by 2, 4, 8, 16    conv 3, 4w twice
         deconv 4 / 2, 2w, joined with the entry's third map    conv 3, 2w
         deconv 4 / 2, w, joined with the entry's first map    conv 3, w / 2    conv 3
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.nets.encoder_decoders.glcic import DILATIONS
from retouch.nets.layers.mirroring import pad_to_multiple

STRIDE = 4


class EntryLayers(nn.Module):
    """The first three convolutions.

    Parameters
    ----------
    in_channels, width : int
    """

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.first = _normed(nn.Conv2d(in_channels, width, 5, padding=2))
        self.deeper = nn.Sequential(
            _normed(nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)),
            _normed(nn.Conv2d(2 * width, 2 * width, 3, padding=1)),
        )

    def forward(self, x: Float[Tensor, "N C H W"]) -> tuple[Float[Tensor, "N D H W"], Float[Tensor, "N E h w"]]:
        """Return the maps of `width` channels at full size and of twice as many at half of it."""
        large = self.first(x)
        return large, self.deeper(large)


class DilatedBranch(nn.Module):
    """All that follows the entry, without the activation at its end.

    Parameters
    ----------
    entry_width, width : int
        Channels of the entry's first map; of the branch at full size.
    out_channels : int
    skips : bool
        Whether the decoder sees the entry's maps again.
    """

    def __init__(self, entry_width: int, width: int, out_channels: int, *, skips: bool = True) -> None:
        super().__init__()
        half, quarter = 2 * width, 4 * width
        self.skips = skips
        self.middle = nn.Sequential(
            _normed(nn.Conv2d(2 * entry_width, quarter, 3, stride=2, padding=1)),
            *(
                _normed(nn.Conv2d(quarter, quarter, 3, padding=rate, dilation=rate))
                for rate in (1, 1, *DILATIONS, 1, 1)
            ),
        )
        self.to_half = _normed(nn.ConvTranspose2d(quarter, half, 4, stride=2, padding=1))
        self.at_half = _normed(nn.Conv2d(half + 2 * entry_width * skips, half, 3, padding=1))
        self.to_full = _normed(nn.ConvTranspose2d(half, width, 4, stride=2, padding=1))
        self.at_full = _normed(nn.Conv2d(width + entry_width * skips, width // 2, 3, padding=1))
        self.head = nn.Conv2d(width // 2, out_channels, 3, padding=1)

    def forward(self, large: Float[Tensor, "N D H W"], small: Float[Tensor, "N E h w"]) -> Float[Tensor, "N K H W"]:
        """Return the map at full size; sides are multiples of 4."""
        x = self.to_half(self.middle(small))
        x = self.at_half(torch.cat([x, small], dim=1) if self.skips else x)
        x = self.to_full(x)
        result: Tensor = self.head(self.at_full(torch.cat([x, large], dim=1) if self.skips else x))
        return result


class SkipGenerator(nn.Module):
    """Fill holes.

    Parameters
    ----------
    width : int
        Channels at full size, 64.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.entry = EntryLayers(4, width)
        self.branch = DilatedBranch(width, width, 3)

    def forward(self, image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return the whole picture as the net paints it.

        Parameters
        ----------
        image : (N, 3, H, W) float32, range [0, 1]
            RGB of any size; values under the mask are not read.
        mask : (N, 1, H, W) float32
            1 where a pixel is missing, else 0.

        Returns
        -------
        (N, 3, H, W) float32, range [0, 1]
        """
        height, width = image.shape[2:]
        x = pad_to_multiple(torch.cat([image.where(mask == 0, 0), mask], dim=1), STRIDE)
        painted: Tensor = self.branch(*self.entry(x)).sigmoid()
        return painted[..., :height, :width]


def skip_generator_full() -> SkipGenerator:
    """Return the net with 64 channels: 6,238,019 parameters."""
    return SkipGenerator()


def skip_generator_tiny() -> SkipGenerator:
    """Return a quarter of the width, for 64 px."""
    return SkipGenerator(width=16)


def _normed(conv: nn.Conv2d | nn.ConvTranspose2d) -> nn.Sequential:
    return nn.Sequential(conv, nn.BatchNorm2d(conv.out_channels), nn.ReLU())
