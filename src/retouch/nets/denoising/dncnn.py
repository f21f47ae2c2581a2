"""DnCNN and its relatives FDnCNN and IRCNN: plain chains of 3x3 convolutions that estimate noise, or the picture.

Source: K. Zhang, W. Zuo, Y. Chen, D. Meng, L. Zhang, "Beyond a Gaussian denoiser: residual learning of deep CNN for
image denoising", IEEE Trans. Image Processing 26(7), 2017, sections III-A and III-B (DnCNN); the same authors' network
with a noise map at the input (FDnCNN, published with FFDNet, 2018); K. Zhang, W. Zuo, S. Gu, L. Zhang, "Learning deep
CNN denoiser prior for image restoration", CVPR 2017, section 4.1 (IRCNN, dilated). Layers and keys as in the public
PyTorch port. Departures: the running averages of batch norm keep 0.95 of the old value per step, which is what the
authors' 0.95 means in their first framework; convolutions in front of a batch norm have a bias, as the port's have.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

IRCNN_DILATIONS = (1, 2, 3, 4, 3, 2, 1)


def conv_chain(
    channels: tuple[int, int],
    width: int,
    dilations: Sequence[int],
    *,
    batch_norm: bool = False,
    generator: torch.Generator | None = None,
) -> nn.Sequential:
    """Build 3x3 convolutions with ReLU between them, none after the last; padding keeps the size.

    Parameters
    ----------
    channels : (int, int)
        Of the input and of the output.
    width : int
        Channels in between.
    dilations : sequence of int
        One per convolution, at least two.
    batch_norm : bool
        Whether all but the first and the last convolution are followed by batch norm.
    generator : torch.Generator, optional
        Source of the initial weights, N(0, sqrt(2 / (9 width))), biases 0.
    """
    layers: list[nn.Module] = []
    for index, dilation in enumerate(dilations):
        first, last = index == 0, index == len(dilations) - 1
        n_in, n_out = channels[0] if first else width, channels[1] if last else width
        convolution = nn.Conv2d(n_in, n_out, 3, padding=dilation, dilation=dilation)
        nn.init.normal_(convolution.weight, std=(2 / (9 * width)) ** 0.5, generator=generator)
        nn.init.zeros_(convolution.get_parameter("bias"))
        layers.append(convolution)
        if batch_norm and not (first or last):
            layers.append(nn.BatchNorm2d(width, eps=1e-4, momentum=0.05))
        if not last:
            layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


class DnCNN(nn.Module):
    """The noise of a picture, taken from it: clean = noisy - R(noisy).

    Parameters
    ----------
    channels : int
        1 for grey, 3 for RGB; values in [0, 1], results not clipped. Any height and width.
    width, depth : int
        Channels, and number of convolutions: a result depends on 2 depth + 1 pixels a side.
    batch_norm : bool
        True while training; published weights have it merged into the convolutions (`merge_batch_norm`).
    """

    def __init__(
        self,
        channels: int = 1,
        width: int = 64,
        depth: int = 17,
        *,
        batch_norm: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.channels, self.width, self.depth = channels, width, depth
        self.model = conv_chain((channels, channels), width, [1] * depth, batch_norm=batch_norm, generator=generator)

    def forward(self, noisy: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return the picture without its noise."""
        noise: Tensor = self.model(noisy)
        return noisy - noise

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the authors' weights under our names, which are theirs."""
        return dict(state)


class FDnCNN(nn.Module):
    """One chain for every noise level: the picture and a map of its noise in, the clean picture out.

    Parameters
    ----------
    channels, width, depth : int
        As for `DnCNN`.
    """

    def __init__(
        self, channels: int = 1, width: int = 64, depth: int = 20, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.model = conv_chain((channels + 1, channels), width, [1] * depth, generator=generator)

    def forward(self, noisy: Float[Tensor, "N C H W"], sigma: Float[Tensor, "#N 1 #H #W"]) -> Float[Tensor, "N C H W"]:
        """Return the clean picture; `sigma` in [0, 1] is one value per picture, (N, 1, 1, 1), or a map."""
        level = sigma.expand(len(noisy), 1, *noisy.shape[-2:])
        clean: Tensor = self.model(torch.cat([noisy, level], dim=1))  # (N, C+1, H, W) -> (N, C, H, W)
        return clean

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the authors' weights under our names, which are theirs."""
        return dict(state)


class IRCNN(nn.Module):
    """Seven dilated convolutions that estimate the noise of one narrow range of noise levels.

    Parameters
    ----------
    channels, width : int
        As for `DnCNN`. The published set has 25 nets; the one for sigma (0-255) has number ceil(sigma / 2) - 1.
    """

    def __init__(self, channels: int = 1, width: int = 64, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.model = conv_chain((channels, channels), width, IRCNN_DILATIONS, generator=generator)

    def forward(self, noisy: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return the picture without its noise."""
        noise: Tensor = self.model(noisy)
        return noisy - noise

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the authors' weights under our names, which are theirs."""
        return dict(state)


def merge_batch_norm(net: DnCNN) -> DnCNN:
    """Return the same function without batch norm: its running statistics are folded into the convolutions.

    Parameters
    ----------
    net : DnCNN
        Trained; evaluation mode is meant, whatever mode it is in. It is not changed.
    """
    merged = DnCNN(net.channels, net.width, net.depth, batch_norm=False)
    layers = list(copy.deepcopy(net.model).eval())
    folded = []
    for layer, following in zip(layers, [*layers[1:], None], strict=True):
        if isinstance(layer, nn.Conv2d):
            folded.append(fuse_conv_bn_eval(layer, following) if isinstance(following, nn.BatchNorm2d) else layer)
    targets = [layer for layer in merged.model if isinstance(layer, nn.Conv2d)]
    for target, source in zip(targets, folded, strict=True):
        target.load_state_dict(source.state_dict())
    return merged


def dncnn_full() -> DnCNN:
    """Build DnCNN-S for grey pictures and one noise level: 17 convolutions of 64 channels."""
    return DnCNN()


def dncnn_blind_full(channels: int = 1) -> DnCNN:
    """Build DnCNN-B, for unknown noise up to 55 (of 255), grey or colour: 20 convolutions."""
    return DnCNN(channels, depth=20)


def dncnn_tiny(channels: int = 3) -> DnCNN:
    """Build a DnCNN for experiments: 7 convolutions of 32 channels."""
    return DnCNN(channels, width=32, depth=7)


def fdncnn_full(channels: int = 1) -> FDnCNN:
    """Build FDnCNN as published: 20 convolutions of 64 channels."""
    return FDnCNN(channels)


def fdncnn_tiny(channels: int = 3) -> FDnCNN:
    """Build an FDnCNN for experiments: 7 convolutions of 32 channels."""
    return FDnCNN(channels, width=32, depth=7)


def ircnn_full(channels: int = 1) -> IRCNN:
    """Build one of the IRCNN denoisers as published: 7 convolutions of 64 channels."""
    return IRCNN(channels)


def ircnn_tiny(channels: int = 3) -> IRCNN:
    """Build an IRCNN denoiser for experiments: 32 channels."""
    return IRCNN(channels, width=32)
