"""FDnet: eleven convolutions on sixteen sub-images with learned piecewise linear activations, for speed.

Source: S. Gu, W. Li, L. Van Gool, R. Timofte, "Fast image restoration with multi-bin trainable linear units", ICCV
2019, section 4.1; layers as in the authors' public code. Departures: sizes that are no multiple of 4 are padded by
repetition, not reflection, so that pictures of 1 pixel work too.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from retouch.nets.layers.mtlu import MTLU
from retouch.nets.layers.shuffle import join_pixels, pad_to_multiple, split_pixels

_FACTOR = 4


class FDnet(nn.Module):
    """The clean picture from a noisy one of a known noise level.

    Parameters
    ----------
    channels : int
        1 for grey, 3 for RGB; values in [0, 1], results not clipped. Any height and width.
    width : int
        Channels of the convolutions.
    n_blocks : int
        Convolutions with batch norm and activation between the first and the last two.
    """

    def __init__(self, channels: int = 1, width: int = 64, n_blocks: int = 8) -> None:
        super().__init__()
        n_parts = channels * _FACTOR**2
        layers: list[nn.Module] = [nn.Conv2d(n_parts, width, 3, padding=1), MTLU(width)]
        for _ in range(n_blocks):
            layers += [nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width), MTLU(width)]
        layers += [nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width)]
        self.model = nn.Sequential(*layers, nn.Conv2d(width, n_parts, 3, padding=1))

    def forward(self, noisy: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return the clean picture."""
        height, width = noisy.shape[-2:]
        parts = split_pixels(pad_to_multiple(noisy, _FACTOR), _FACTOR)  # (N, 16 C, ceil(H/4), ceil(W/4))
        correction = join_pixels(self.model(parts), _FACTOR)
        return noisy + correction[..., :height, :width]


def fdnet_full() -> FDnet:
    """Build FDnet for grey pictures as published."""
    return FDnet()


def fdnet_tiny(channels: int = 3) -> FDnet:
    """Build an FDnet for experiments: 32 channels, four blocks."""
    return FDnet(channels, width=32, n_blocks=4)
