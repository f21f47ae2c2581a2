"""Patch critics under spectral normalisation: those of EdgeConnect (70 x 70 pixels) and PEN-Net.

Source: P. Isola, J.-Y. Zhu, T. Zhou, A. Efros: "Image-to-Image Translation with Conditional Adversarial Networks",
CVPR 2017, Sec. 3.2.2; T. Miyato, T. Kataoka, M. Koyama, Y. Yoshida: "Spectral Normalization for Generative Adversarial
Networks", ICLR 2018; in these forms in K. Nazeri et al.: "EdgeConnect", ICCV Workshops 2019, Sec. 3, and Y. Zeng,
J. Fu, H. Chao, B. Guo: "Learning Pyramid-Context Encoder Network for High-Quality Image Inpainting", CVPR 2019, Sec. 3.

Departures: the sigmoid at the end belongs to the loss here (`retouch.losses.adversarial`); critics return scores.

           kernels  strides    widths                 last convolution
EdgeConnect   4     2 2 2 1   w 2w 4w 8w, w = 64    normalised, no bias
PEN-Net       5     2 2 2 1   w 2w 4w 8w, w = 64    plain, with bias
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from retouch.nets.layers.initial import initialise_convs
from retouch.nets.layers.spectral import rename_spectral_keys

STRIDES = (2, 2, 2, 1)


class SpectralPatchGAN(nn.Module):
    """Four convolutions with leaky ReLU 0.2 and a fifth to one score for each patch; padding 1 throughout.

    Parameters
    ----------
    in_channels : int
    width : int
        Channels of the first layer, doubled by each of the next three.
    kernel_size : int
    spectral : bool
        Spectral normalisation of the first four; without it they have biases.
    plain_head : bool
        Whether the last convolution has a bias and never a normalisation, or is like the others.
    generator : torch.Generator, optional
        For the initial weights, N(0, 0.02).
    """

    def __init__(
        self,
        in_channels: int,
        *,
        width: int = 64,
        kernel_size: int,
        spectral: bool = True,
        plain_head: bool,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        widths = (in_channels, width, 2 * width, 4 * width, 8 * width)
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, kernel_size, stride=stride, padding=1, bias=not spectral)
            for (a, b), stride in zip(pairwise(widths), STRIDES, strict=True)
        )
        self.activation = nn.LeakyReLU(0.2)
        self.head = nn.Conv2d(widths[-1], 1, kernel_size, padding=1, bias=plain_head or not spectral)
        initialise_convs(self, partial(nn.init.normal_, std=0.02, generator=generator))
        for conv in [*self.convs] + [self.head] * (not plain_head):
            if spectral:
                spectral_norm(conv)

    def forward(self, x: Float[Tensor, "N C H W"]) -> tuple[Float[Tensor, "N 1 H2 W2"], list[Float[Tensor, "N _ _ _"]]]:
        """Return the scores, and what each of the five layers gave, for feature matching.

        `x` is in [0, 1] for EdgeConnect (grey picture and edges, or RGB) and in [-1, 1] for PEN-Net (RGB).
        """
        features = []
        for conv in self.convs:
            x = self.activation(conv(x))
            features.append(x)
        scores: Tensor = self.head(x)
        return scores, [*features, scores]

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the weights of either author under our names; EdgeConnect's copy of its first layer is dropped."""
        kept = {_our_name(key): value for key, value in state.items() if not key.startswith("features.")}
        return rename_spectral_keys(kept)


def edgeconnect_patchgan(
    in_channels: int = 3, *, width: int = 64, spectral: bool = True, generator: torch.Generator | None = None
) -> SpectralPatchGAN:
    """Return EdgeConnect's critic: 2 channels in for edges, 3 for pictures (2,763,776 parameters)."""
    return SpectralPatchGAN(
        in_channels, width=width, kernel_size=4, spectral=spectral, plain_head=False, generator=generator
    )


def pennet_patchgan(
    in_channels: int = 3, *, width: int = 64, spectral: bool = True, generator: torch.Generator | None = None
) -> SpectralPatchGAN:
    """Return PEN-Net's critic: 4,318,401 parameters at the published width."""
    return SpectralPatchGAN(
        in_channels, width=width, kernel_size=5, spectral=spectral, plain_head=True, generator=generator
    )


def edgeconnect_critic_full(in_channels: int = 3) -> SpectralPatchGAN:
    """Build EdgeConnect's critic of pictures as published; of edges with 2 channels: a grey picture and its edges."""
    return edgeconnect_patchgan(in_channels)


def edgeconnect_critic_tiny(in_channels: int = 3) -> SpectralPatchGAN:
    """Build a critic like EdgeConnect's for experiments: 8 channels first."""
    return edgeconnect_patchgan(in_channels, width=8)


def pennet_critic_full() -> SpectralPatchGAN:
    """Build PEN-Net's critic as published."""
    return pennet_patchgan()


def pennet_critic_tiny() -> SpectralPatchGAN:
    """Build a critic like PEN-Net's for experiments: 8 channels first."""
    return pennet_patchgan(width=8)


def _our_name(key: str) -> str:
    place, _, leaf = key.rpartition(".")
    if place in {"conv5.0", "classifier"}:
        return f"head.{leaf}"
    edgeconnect = re.fullmatch(r"conv([1-4])\.0", place)
    pennet = re.fullmatch(r"encoder\.([0246])", place)
    if edgeconnect:
        return f"convs.{int(edgeconnect[1]) - 1}.{leaf}"
    return f"convs.{int(pennet[1]) // 2}.{leaf}" if pennet else key
