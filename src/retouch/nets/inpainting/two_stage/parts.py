"""Encoder, dilated layers and decoder of the two-stage networks.

Source: J. Yu, Z. Lin, J. Yang, X. Shen, X. Lu, T. Huang, "Generative image inpainting with contextual attention", CVPR
2018, appendix A; the same authors' "Free-form image inpainting with gated convolution", ICCV 2019, Sec. 3.3.
Departures: none. Upsampling repeats pixels, which the authors' nearest resizing with aligned corners does too at x2.

c        channels at full size; 2c at half, 4c at a quarter of the side
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.layers.gated import Activation, LayerMaker, PaddedConv, Padding, keep

RATES = (2, 4, 8, 16)
"""Dilation rates of the published networks."""
LEVELS = {3: "at_half", 5: "at_full"}
"""Layers of the decoder that may be given the encoder's features of their size, and how that size is called."""
SKIPPED = {"at_half": 2, "at_full": 0}
"""Layers of the encoder that give these features: 2c channels and c, as the decoder has there."""


@dataclass(frozen=True)
class LayerStyle:
    """What the layers of a network have in common.

    Attributes
    ----------
    layer : LayerMaker
    last_layer : LayerMaker
        Of the layer that gives the picture; it has no activation of its own.
    padding : {"same", "zeros", "reflect"}
    output : callable
        Brings the picture into [-1, 1].
    before_attention : callable
        Activation of the features that attention compares: ReLU by the authors, ELU in the mmagic port.
    """

    layer: LayerMaker
    last_layer: LayerMaker = PaddedConv
    padding: Padding = "same"
    output: Activation = torch.tanh
    before_attention: Activation = functional.relu


class Encoder(nn.Sequential):
    """Six layers from full to a quarter of the side: 5x5, then 3x3; the second and the fourth halve it.

    Parameters
    ----------
    in_channels : int
    widths : sequence of int
        Channels of the layers.
    style : LayerStyle
    last_activation : callable
    """

    def __init__(
        self,
        in_channels: int,
        widths: Sequence[int],
        style: LayerStyle,
        *,
        last_activation: Activation = functional.elu,
    ) -> None:
        last = len(widths) - 1
        super().__init__(
            *(
                style.layer(
                    before,
                    after,
                    3 if i else 5,
                    stride=2 if i in {1, 3} else 1,
                    padding=style.padding,
                    activation=last_activation if i == last else functional.elu,
                )
                for i, (before, after) in enumerate(pairwise([in_channels, *widths]))
            )
        )

    def every(self, x: Float[Tensor, "N C H W"]) -> list[Tensor]:
        """Return the features of all layers."""
        features = []
        for layer in self:
            x = layer(x)
            features.append(x)
        return features


class Decoder(nn.Module):
    """Seven layers from a quarter of the side to the whole, the last one to RGB.

    Parameters
    ----------
    in_channels : int
    channels : int
        At full size, c; the layers have 4c, 4c, 2c, 2c, c, c/2 and 3.
    style : LayerStyle
    skips : mapping, optional
        Under "at_half" and "at_full", a module that is called with the encoder's features of that size and the
        decoder's, both of the same shape, and returns twice as many channels for the next layer.
    """

    def __init__(
        self, in_channels: int, channels: int, style: LayerStyle, *, skips: Mapping[str, nn.Module] | None = None
    ) -> None:
        super().__init__()
        self.skips = nn.ModuleDict(skips or {})
        widths = [4 * channels, 4 * channels, 2 * channels, 2 * channels, channels, channels // 2]
        body = [
            style.layer(2 * before if LEVELS.get(i, "") in self.skips else before, after, padding=style.padding)
            for i, (before, after) in enumerate(pairwise([in_channels, *widths]))
        ]
        last = style.last_layer(widths[-1], 3, padding=style.padding, activation=keep)
        self.layers = nn.ModuleList([*body, last])
        self.output = style.output

    def forward(self, x: Float[Tensor, "N C h w"], encoded: Sequence[Tensor] = ()) -> Float[Tensor, "N 3 H W"]:
        """Return a picture of four times the side, range [-1, 1]; `encoded` holds the encoder's features."""
        for number, layer in enumerate(self.layers):
            level = LEVELS.get(number, "")
            if number in {2, 4}:
                x = double(x)
            if level in self.skips:
                x = self.skips[level](encoded[SKIPPED[level]], x)
            x = layer(x)
        picture: Tensor = self.output(x)
        return picture


class ConcatenatedSkip(nn.Module):
    """The U-Net's skip connection: both maps, one after the other."""

    def forward(self, encoded: Float[Tensor, "N C H W"], decoded: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D H W"]:
        """Return 2C channels."""
        return torch.cat([encoded, decoded], dim=1)


def dilate(channels: int, style: LayerStyle, rates: Sequence[int] = RATES) -> nn.Sequential:
    """Return one layer for each dilation rate; rate 1 is an ordinary layer."""
    return nn.Sequential(*(style.layer(channels, channels, dilation=rate, padding=style.padding) for rate in rates))


def double(x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C 2*H 2*W"]:
    """Return a batch with each pixel repeated two by two."""
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")
