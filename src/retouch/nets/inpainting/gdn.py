"""GDN: a generator whose pixel errors are weighted by a detector of artefacts.

Source: R. Zhang, W. Quan, B. Wu, Z. Li, D.-M. Yan: "Pixel-wise Dense Detector for Image Inpainting", Computer Graphics
Forum (Pacific Graphics) 2020, Sec. 3 and Eqs. 4-8; the losses stand in `retouch.losses.gdn`.

Departures
----------
- The paper dilates both convolutions of a residual block, the authors' released code the first only. The code's way is
  the default; `dilations=(2, 2)` is the paper's.
- The detector sees 22 px to each side. `dilations` adds layers that see farther, since what was filled in differs from
  its surroundings more than from pictures at large; the preset "context" has them, and the paper none.

Symbols: I_out the generator's picture, V the detector's probability that a pixel was filled in, both at full size.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.layers.initial import initialise_convs
from retouch.nets.layers.mirroring import pad_to_multiple
from retouch.nets.layers.residual import ConvStyle, ResidualGenerator
from retouch.nets.layers.same_padding import pad_same

STYLE = ConvStyle(bias=False, block_bias=False, affine=True)
DETECTOR_STRIDE = 4
KERNEL = 4
STRIDES = (1, 1, 2, 2, 1)


class GDNGenerator(ResidualGenerator):
    """Picture from picture and mask; the official weights belong here.

    Parameters
    ----------
    width : int
        Channels of the first layer; 64 in the paper.
    n_blocks, n_samples : int
        Residual blocks (8) and samplings down (2).
    dilations : pair of int
        Of the two convolutions of a block.
    generator : torch.Generator, optional
        For the initial weights (Xavier, uniform).
    """

    def __init__(
        self,
        *,
        width: int = 64,
        n_blocks: int = 8,
        n_samples: int = 2,
        dilations: tuple[int, int] = (2, 1),
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(4, 3, width=width, n_blocks=n_blocks, n_samples=n_samples, dilations=dilations, style=STYLE)
        initialise_convs(self, partial(nn.init.xavier_uniform_, generator=generator))

    def forward(self, x: Float[Tensor, "N 4 H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return I_out in [0, 1].

        `x` is RGB in [0, 1] that is 1 in the hole, and the mask (1 = missing); H and W multiples of the stride.
        """
        return (torch.tanh(super().forward(x)) + 1) / 2

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the TensorFlow variables of the authors (`inpaint_generator/...`) under our names and layout."""
        return {_generator_name(key): _torch_layout(value) for key, value in state.items()}


class GDNDetector(nn.Module):
    """Which pixels of a picture look filled in; the official weights belong here.

    Parameters
    ----------
    width : int
        Channels of the first layer; 32 in the paper.
    dilations : tuple of int
        Of further 3x3 convolutions at a quarter of the size, each added to what it is given; none in the paper.
    generator : torch.Generator, optional
        For the initial weights (Xavier, uniform).
    """

    def __init__(
        self, *, width: int = 32, dilations: tuple[int, ...] = (), generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        widths = (3, width, 2 * width, 4 * width, 8 * width, 8 * width)
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, KERNEL, stride=stride) for (a, b), stride in zip(pairwise(widths), STRIDES, strict=True)
        )
        self.context = nn.ModuleList(nn.Conv2d(8 * width, 8 * width, 3, padding=d, dilation=d) for d in dilations)
        self.up = nn.Sequential(
            nn.ConvTranspose2d(8 * width, 4 * width, KERNEL, stride=2, padding=1),
            nn.ConvTranspose2d(4 * width, 2, KERNEL, stride=2, padding=1),
        )
        initialise_convs(self, partial(nn.init.xavier_uniform_, generator=generator))

    def forward(self, image: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 2 H W"]:
        """Return two logits a pixel, channel 1 for "filled in"; RGB in [0, 1], H and W multiples of four."""
        x = image
        for conv, stride in zip(self.convs, STRIDES, strict=True):
            x = functional.leaky_relu(conv(pad_same(x, KERNEL, stride)), 0.2)
        for conv in self.context:
            x = x + functional.leaky_relu(conv(x), 0.2)
        logits: Tensor = self.up(x)  # (N, 2, H, W)
        return logits

    def artifact_map(self, image: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 1 H W"]:
        """Return V, the probability of each pixel to be filled in, for RGB in [0, 1] of any size."""
        height, width = image.shape[-2:]
        logits: Tensor = self(pad_to_multiple(image, DETECTOR_STRIDE))
        return logits.softmax(dim=1)[:, 1:, :height, :width]

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the TensorFlow variables of the authors (`inpaint_discriminator/...`) under our names and layout."""
        return {_detector_name(key): _torch_layout(value) for key, value in state.items()}


class GDN(nn.Module):
    """Generator and detector together.

    Parameters
    ----------
    generator : GDNGenerator
    detector : GDNDetector
    """

    def __init__(self, generator: GDNGenerator, detector: GDNDetector) -> None:
        super().__init__()
        self.generator = generator
        self.detector = detector

    def forward(self, image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return I_out, the whole picture as the generator paints it.

        Parameters
        ----------
        image : (N, 3, H, W) float32, range [0, 1]
            RGB of any size; values under the mask are not read.
        mask : (N, 1, H, W) float32
            1 where a pixel is missing, else 0.

        Returns
        -------
        (N, 3, H, W) float32, range [0, 1]
            Known pixels too are painted; composing is left to the caller, since the detector judges this picture.
        """
        height, width = image.shape[-2:]
        x = torch.cat([image.where(mask == 0, 1), mask], dim=1)  # (N, 4, H, W)
        painted: Tensor = self.generator(pad_to_multiple(x, self.generator.stride, least=self.generator.smallest))
        return painted[:, :, :height, :width]

    def artifact_map(self, image: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 1 H W"]:
        """Return V of any RGB picture in [0, 1]: high where it looks filled in; needs no reference."""
        return self.detector.artifact_map(image)


def gdn_full(generator: torch.Generator | None = None) -> GDN:
    """Return the published widths: 10,779,328 parameters in the generator and 2,267,490 in the detector."""
    return GDN(GDNGenerator(generator=generator), GDNDetector(generator=generator))


def gdn_small(generator: torch.Generator | None = None) -> GDN:
    """Return half the width and six blocks."""
    return GDN(GDNGenerator(width=32, n_blocks=6, generator=generator), GDNDetector(width=16, generator=generator))


def gdn_tiny(generator: torch.Generator | None = None) -> GDN:
    """Return a quarter of the width and three blocks, for 64 px: 309,680 parameters in the generator."""
    return GDN(GDNGenerator(width=16, n_blocks=3, generator=generator), GDNDetector(width=8, generator=generator))


def gdn_detector_full(generator: torch.Generator | None = None) -> GDNDetector:
    """Return the published detector: 2,267,490 parameters."""
    return GDNDetector(generator=generator)


def gdn_detector_tiny(generator: torch.Generator | None = None) -> GDNDetector:
    """Return a detector of a quarter of the width, for 64 px."""
    return GDNDetector(width=8, generator=generator)


def gdn_detector_context(generator: torch.Generator | None = None) -> GDNDetector:
    """Return the tiny one with three dilated layers, by which it sees 78 px to each side: the detector that ships."""
    return GDNDetector(width=8, dilations=(2, 4, 8), generator=generator)


def _torch_layout(value: Tensor) -> Tensor:
    """Turn a kernel (H, W, in, out), or (H, W, out, in) of a transposed convolution, into torch's order."""
    is_kernel = value.ndim > 1
    return value.permute(3, 2, 0, 1).contiguous() if is_kernel else value


_LEAVES = {"kernel": "weight", "gamma": "weight", "beta": "bias", "bias": "bias"}
_GENERATOR_KEY = re.compile(
    r"inpaint_generator/(?P<stage>[a-z_]+?)_?(?P<number>\d+)/(?:res(?P<part>\d)/)?"
    r"(?P<layer>conv|deconv|ins_norm)(?:_1)?/(?:conv2d\w*/)?(?P<leaf>kernel|gamma|beta)"
)
_DETECTOR_KEY = re.compile(r"inpaint_discriminator/(conv|deconv_)(\d)/(?:conv2d_transpose/)?(kernel|bias)")


def _generator_name(key: str) -> str:
    """Return our name; a key that is not the generator's is kept, so that loading names it."""
    found = _GENERATOR_KEY.fullmatch(key)
    if not found:
        return key
    number, is_norm = int(found["number"]), found["layer"] == "ins_norm"
    places = {
        "encoder": f"entry.{int(is_norm)}",
        "encoder_downsample": f"down.{number - 2}.{int(is_norm)}",
        "resblock": f"blocks.{number - 1}.{'norm' if is_norm else 'conv'}{found['part']}",
        "decoder_upsample": f"up.{number - 1}.{int(is_norm)}",
        "decoder": "head",
    }
    return f"{places.get(found['stage'], key)}.{_LEAVES[found['leaf']]}"


def _detector_name(key: str) -> str:
    found = _DETECTOR_KEY.fullmatch(key)
    if not found:
        return key
    return f"{'convs' if found[1] == 'conv' else 'up'}.{int(found[2]) - 1}.{_LEAVES[found[3]]}"
