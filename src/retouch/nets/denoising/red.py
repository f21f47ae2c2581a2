"""RED-Net: convolutions, then as many transposed ones, with skips added between mirrored layers.

Source: X.-J. Mao, C. Shen, Y.-B. Yang, "Image restoration using very deep convolutional encoder-decoder networks with
symmetric skip connections", NIPS 2016, section 3. Departures: the last layer has no ReLU behind it, so that the net can
also darken its input. No size changes anywhere: stride 1, no pooling.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn


class REDNet(nn.Module):
    """The clean picture as the noisy one plus what an encoder and a decoder make of it.

    Parameters
    ----------
    channels : int
        1 for grey, 3 for RGB; values in [0, 1], results not clipped. Any height and width.
    width : int
        Channels of the features.
    depth : int
        Number of layers, an even number; 10, 20 and 30 in the paper.
    skip_every : int
        A skip leads from every so many-th convolution to the mirrored transposed one.
    """

    def __init__(self, channels: int = 1, width: int = 64, depth: int = 30, skip_every: int = 2) -> None:
        super().__init__()
        n_half = depth // 2
        self.skip_every = skip_every
        inner = [width] * (n_half - 1)
        self.encoder = nn.ModuleList(nn.Conv2d(n_in, width, 3, padding=1) for n_in in (channels, *inner))
        self.decoder = nn.ModuleList(nn.ConvTranspose2d(width, n_out, 3, padding=1) for n_out in (*inner, channels))

    def forward(self, noisy: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return the clean picture."""
        features, encoded = noisy, [noisy]
        for convolution in self.encoder:
            features = torch.relu(convolution(features))
            encoded.append(features)  # encoded[k] is the result of k convolutions
        for mirrored, transposed in zip(reversed(range(len(encoded) - 1)), self.decoder, strict=True):
            features = transposed(features)
            if mirrored % self.skip_every == 0:
                features = features + encoded[mirrored]
            if mirrored:
                features = torch.relu(features)
        return features


def red_full() -> REDNet:
    """Build RED30 for grey pictures."""
    return REDNet()


def red_tiny(channels: int = 3) -> REDNet:
    """Build RED10 of 32 channels, for experiments."""
    return REDNet(channels, width=32, depth=10)
