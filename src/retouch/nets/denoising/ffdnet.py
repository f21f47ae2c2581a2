"""FFDNet: a chain of convolutions on four sub-images and a noise map, fast and steered by the noise level.

Source: K. Zhang, W. Zuo, L. Zhang, "FFDNet: toward a fast and flexible solution for CNN-based image denoising", IEEE
Trans. Image Processing 27(9), 2018, section III. Layers and keys as in the authors' PyTorch port. Departures: batch
norm is left out, as it is merged into the published weights; a noise map that varies is averaged over 2x2 pixels to the
size of the sub-images (the paper's demonstrations use constant maps per region, for which this is the same).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.denoising.dncnn import conv_chain
from retouch.nets.layers.shuffle import column_order, join_pixels, pad_to_multiple, split_pixels


class FFDNet(nn.Module):
    """The clean picture from a noisy one and the level of its noise.

    Parameters
    ----------
    channels : int
        1 for grey, 3 for RGB; values in [0, 1], results not clipped. Odd sizes are padded inside.
    width, depth : int
        Channels, and number of convolutions.
    generator : torch.Generator, optional
        Source of the initial weights, orthogonal as in the paper.
    """

    def __init__(
        self, channels: int = 1, width: int = 64, depth: int = 15, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.model = conv_chain((4 * channels + 1, 4 * channels), width, [1] * depth)
        for layer in self.model:
            if isinstance(layer, nn.Conv2d):
                nn.init.orthogonal_(layer.weight, generator=generator)

    def forward(self, noisy: Float[Tensor, "N C H W"], sigma: Float[Tensor, "#N 1 #H #W"]) -> Float[Tensor, "N C H W"]:
        """Return the clean picture; `sigma` in [0, 1] is one value per picture, (N, 1, 1, 1), or a map."""
        height, width = noisy.shape[-2:]
        parts = split_pixels(pad_to_multiple(noisy, 2), 2)  # (N, 4C, ceil(H/2), ceil(W/2))
        if sigma.shape[-2:] != (1, 1):
            sigma = functional.avg_pool2d(pad_to_multiple(sigma.expand(-1, -1, height, width), 2), 2)
        level = sigma.expand(len(noisy), 1, *parts.shape[-2:])
        clean = join_pixels(self.model(torch.cat([parts, level], dim=1)), 2)
        return clean[..., :height, :width]

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the authors' PyTorch weights under our names, which are theirs."""
        return dict(state)

    @staticmethod
    def convert_column_order(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return weights that were trained on sub-images in MatConvNet's order, made to fit ours.

        The first convolution's input channels (the noise map stays last) and the last one's outputs change places.
        """
        converted = dict(state)
        places = sorted({int(name.split(".")[1]) for name in state})
        first, last = f"model.{places[0]}", f"model.{places[-1]}"
        outputs = column_order(len(state[f"{last}.bias"]) // 4, 2)
        inputs = torch.cat([outputs, torch.tensor([len(outputs)])])
        converted[f"{first}.weight"] = state[f"{first}.weight"][:, inputs]
        converted[f"{last}.weight"] = state[f"{last}.weight"][outputs]
        converted[f"{last}.bias"] = state[f"{last}.bias"][outputs]
        return converted


def ffdnet_full() -> FFDNet:
    """Build FFDNet for grey pictures as published: 15 convolutions of 64 channels."""
    return FFDNet()


def ffdnet_color_full() -> FFDNet:
    """Build FFDNet for RGB as published: 12 convolutions of 96 channels."""
    return FFDNet(3, width=96, depth=12)


def ffdnet_tiny(channels: int = 3) -> FFDNet:
    """Build an FFDNet for experiments: 7 convolutions of 32 channels."""
    return FFDNet(channels, width=32, depth=7)
