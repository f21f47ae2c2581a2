"""DRUNet: a U-Net of residual blocks without biases, one set of weights for every noise level.

Source: K. Zhang, Y. Li, W. Zuo, L. Zhang, L. Van Gool, R. Timofte, "Plug-and-play image restoration with deep denoiser
prior", IEEE Trans. Pattern Analysis and Machine Intelligence 44(10), 2022, section 3 and Fig. 2. Layers and keys as in
the authors' PyTorch code. Departures: none; sizes that are no multiple of 8 are padded by repetition inside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.nets.layers.shuffle import pad_to_multiple

_HALVINGS = 3


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with a ReLU between them, added to their input."""

    def __init__(self, width: int, *, bias: bool = False) -> None:
        super().__init__()
        self.res = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=bias),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=1, bias=bias),
        )

    def forward(self, features: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return the features plus what the two convolutions make of them."""
        change: Tensor = self.res(features)
        return features + change


def residual_blocks(n_blocks: int, width: int, *, bias: bool) -> list[nn.Module]:
    """Build several residual blocks."""
    return [ResidualBlock(width, bias=bias) for _ in range(n_blocks)]


def halving(n_blocks: int, width: int, wider: int, *, bias: bool) -> nn.Sequential:
    """Build residual blocks and a 2x2 convolution of stride 2 behind them."""
    return nn.Sequential(*residual_blocks(n_blocks, width, bias=bias), nn.Conv2d(width, wider, 2, 2, bias=bias))


def doubling(n_blocks: int, wider: int, width: int, *, bias: bool) -> nn.Sequential:
    """Build a transposed 2x2 convolution of stride 2 and residual blocks behind it."""
    up = nn.ConvTranspose2d(wider, width, 2, 2, bias=bias)
    return nn.Sequential(up, *residual_blocks(n_blocks, width, bias=bias))


class DRUNet(nn.Module):
    """The clean picture from a noisy one and the level of its noise.

    Parameters
    ----------
    channels : int
        1 for grey, 3 for RGB; values in [0, 1], results not clipped. Any height and width.
    widths : sequence of 4 int
        Channels at full, half, quarter and eighth size.
    n_blocks : int
        Residual blocks per size on the way down, and on the way up.
    bias : bool
        False in the paper: then scaling picture and noise level scales the result.
    """

    def __init__(
        self,
        channels: int = 3,
        widths: Sequence[int] = (64, 128, 256, 512),
        n_blocks: int = 4,
        *,
        bias: bool = False,
    ) -> None:
        super().__init__()
        full, half, quarter, eighth = widths
        self.m_head = nn.Conv2d(channels + 1, full, 3, padding=1, bias=bias)
        self.m_down1 = halving(n_blocks, full, half, bias=bias)
        self.m_down2 = halving(n_blocks, half, quarter, bias=bias)
        self.m_down3 = halving(n_blocks, quarter, eighth, bias=bias)
        self.m_body = nn.Sequential(*residual_blocks(n_blocks, eighth, bias=bias))
        self.m_up3 = doubling(n_blocks, eighth, quarter, bias=bias)
        self.m_up2 = doubling(n_blocks, quarter, half, bias=bias)
        self.m_up1 = doubling(n_blocks, half, full, bias=bias)
        self.m_tail = nn.Conv2d(full, channels, 3, padding=1, bias=bias)

    def forward(self, noisy: Float[Tensor, "N C H W"], sigma: Float[Tensor, "#N 1 #H #W"]) -> Float[Tensor, "N C H W"]:
        """Return the clean picture; `sigma` in [0, 1] is one value per picture, (N, 1, 1, 1), or a map."""
        height, width = noisy.shape[-2:]
        level = sigma.expand(len(noisy), 1, height, width)
        full = self.m_head(pad_to_multiple(torch.cat([noisy, level], dim=1), 2**_HALVINGS))  # (N, 64, H, W)
        half = self.m_down1(full)  # (N, 128, H/2, W/2)
        quarter = self.m_down2(half)  # (N, 256, H/4, W/4)
        eighth = self.m_down3(quarter)  # (N, 512, H/8, W/8)
        rising = self.m_up3(self.m_body(eighth) + eighth)  # (N, 256, H/4, W/4)
        rising = self.m_up2(rising + quarter)  # (N, 128, H/2, W/2)
        rising = self.m_up1(rising + half)  # (N, 64, H, W)
        clean: Tensor = self.m_tail(rising + full)
        return clean[..., :height, :width]

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the authors' weights under our names, which are theirs."""
        return dict(state)


def drunet_full(channels: int = 3) -> DRUNet:
    """Build DRUNet as published."""
    return DRUNet(channels)


def drunet_tiny(channels: int = 3) -> DRUNet:
    """Build a DRUNet for experiments: an eighth of the channels, half of the blocks."""
    return DRUNet(channels, widths=(8, 16, 32, 64), n_blocks=2)
