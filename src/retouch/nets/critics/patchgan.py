"""PatchGAN critics: a verdict for every patch of the picture.

Source: P. Isola et al., "Image-to-image translation with conditional adversarial networks", CVPR 2017, section 3.2.2;
the two forms here are those of T.-C. Wang et al. (pix2pixHD), CVPR 2018, as in LaMa, and of Y. Zeng et al., "Aggregated
contextual transformations for high-resolution image inpainting", IEEE TVCG 2022 (AOT-GAN), with spectral normalisation.
Departures: none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from retouch.nets.layers.spectral import rename_spectral_keys

_KERNEL = 4
_MAX_WIDTH = 512


class PatchDiscriminator(nn.Module):
    """Stages one after another, then one number for every patch.

    Parameters
    ----------
    stages : sequence of nn.Module
        Each a convolution, perhaps a norm, and an activation.
    head : nn.Module
        To one channel, without activation.
    """

    def __init__(self, stages: Sequence[nn.Module], head: nn.Module) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.head = head

    def forward(self, x: Float[Tensor, "N C H W"]) -> tuple[Float[Tensor, "N 1 h w"], list[Tensor]]:
        """Return the logits of the patches, and what each stage gave, for feature matching.

        x is in the range that the generator is trained in: [0, 1] for LaMa, [-1, 1] for AOT-GAN.
        """
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return self.head(x), features

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename the layers of either form; the one with the largest number is the head.

        Those of LaMa are `model<n>.<part>`, those of AOT-GAN `conv.<2n>`.
        """
        places = {}
        for key in state:
            found = re.fullmatch(r"(?:model(\d+)\.(\d+)|conv\.(\d+))\.(\w+)", key)
            if found is None:
                places[key] = (-1, key)  # kept as it is, so that loading names it
            else:
                stage, part, place, leaf = found.groups()
                places[key] = (int(stage), f"{part}.{leaf}") if place is None else (int(place) // 2, f"0.{leaf}")
        last = max((stage for stage, _ in places.values()), default=-1)
        renamed = {}
        for key, (stage, rest) in places.items():
            inner = f"head.{rest.partition('.')[2]}" if stage == last else f"stages.{stage}.{rest}"
            renamed[rest if stage < 0 else inner] = state[key]
        return rename_spectral_keys(renamed)


def lama_discriminator(in_channels: int = 3, width: int = 64, n_layers: int = 4) -> PatchDiscriminator:
    """Return the critic of LaMa: batch normalisation, `n_layers` halvings, padding 2.

    Parameters
    ----------
    in_channels : int
    width : int
        Of the first stage; doubled by each further one up to 512.
    n_layers : int
        Number of stages that halve the picture; one more does not.
    """
    widths = [min(_MAX_WIDTH, width * 2**level) for level in range(n_layers + 1)]
    stages = [nn.Sequential(nn.Conv2d(in_channels, width, _KERNEL, stride=2, padding=2), _leaky())]
    for level in range(1, n_layers + 1):
        stride = 2 if level < n_layers else 1
        conv = nn.Conv2d(widths[level - 1], widths[level], _KERNEL, stride=stride, padding=2)
        stages.append(nn.Sequential(conv, nn.BatchNorm2d(widths[level]), _leaky()))
    return PatchDiscriminator(stages, nn.Conv2d(widths[-1], 1, _KERNEL, padding=2))


def aot_discriminator(in_channels: int = 3, width: int = 64) -> PatchDiscriminator:
    """Return the critic of AOT-GAN: spectral normalisation, three halvings, padding 1, a bias in the head only."""
    widths = [in_channels, width, 2 * width, 4 * width, 8 * width]
    stages = []
    for level, stride in enumerate((2, 2, 2, 1)):
        conv = nn.Conv2d(widths[level], widths[level + 1], _KERNEL, stride=stride, padding=1, bias=False)
        stages.append(nn.Sequential(spectral_norm(conv), _leaky()))
    return PatchDiscriminator(stages, nn.Conv2d(widths[-1], 1, _KERNEL, padding=1))


def lama_critic_full() -> PatchDiscriminator:
    """Build LaMa's critic as published."""
    return lama_discriminator()


def lama_critic_tiny() -> PatchDiscriminator:
    """Build a critic like LaMa's for experiments: 8 channels first, three halvings."""
    return lama_discriminator(width=8, n_layers=3)


def aotgan_critic_full() -> PatchDiscriminator:
    """Build AOT-GAN's critic as published (2,763,777 parameters)."""
    return aot_discriminator()


def aotgan_critic_tiny() -> PatchDiscriminator:
    """Build a critic like AOT-GAN's for experiments: 8 channels first."""
    return aot_discriminator(width=8)


def _leaky() -> nn.LeakyReLU:
    return nn.LeakyReLU(0.2)
