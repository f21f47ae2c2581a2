"""Pyramid generator: the structure at a quarter of the side first, details at half and at full size next.

Source: doctoral thesis on multi-scale image inpainting (seed 003), Ch. 3, Eqs. 3.1-3.2, fusion of layers Sec. 3.2.2,
adaptive dilation Sec. 3.2.3; its layers are those of J. Yu, Z. Lin, J. Yang, X. Shen, X. Lu, T. Huang, "Free-form image
inpainting with gated convolution", ICCV 2019.
Departures: what the thesis leaves open is DeepFill v2's: channels, the frame of ones in the first stage of G2, and the
coarse picture pasted into the known one before the second stage, which is given the mask as well. Skip connections of
G0 and G1 stand at half of their side. In the two feature fusions only G2 takes features, those of G1's encoder.

G0  structure  (N, 7, H/4, W/4) picture, its smoothed version, mask -> (N, 3, H/4, W/4)
G1  middle     (N, 7, H/2, W/2) picture, mask, G0's picture doubled -> (N, 3, H/2, W/2)
G2  texture    coarse stage (N, 5, H, W) picture, ones, mask; refining stage (N, 7, H, W) coarse picture pasted,
               mask, G1's picture doubled -> (N, 3, H, W)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import InputError
from retouch.nets.inpainting.two_stage.generator import Stages, framed
from retouch.nets.inpainting.two_stage.networks import (
    CoarseNetwork,
    RefineNetwork,
    attention_path,
    coarse_encoder,
    refine_encoder,
)
from retouch.nets.inpainting.two_stage.parts import (
    RATES,
    ConcatenatedSkip,
    Decoder,
    LayerStyle,
    dilate,
    double,
)
from retouch.nets.layers.attention.contextual_attention import ContextualAttention
from retouch.nets.layers.gated import GatedConv
from retouch.nets.layers.mirroring import pad_to_multiple

Fusion: TypeAlias = Literal["image_both", "image_attention", "image_other", "feature_coarse", "feature_refine"]
Rates: TypeAlias = tuple[Sequence[int], Sequence[int], Sequence[int]]

STRIDE = 32
"""Sides are a multiple of this, so that the smallest layer's are multiples of 8."""
ADAPTIVE: Rates = ((2, 4, 8), (2, 4, 8, 16), (2, 4, 8, 12, 16))
"""Dilation rates of G0, G1 and G2."""
STANDARD: Rates = (RATES, RATES, RATES)
"""The thesis's baseline: the same rates in all."""
_STYLE = LayerStyle(GatedConv)


class PyramidPictures(NamedTuple):
    """What the pyramid gives; the smaller ones at the padded size, as they enter the losses."""

    structure: Float[Tensor, "N 3 h0 w0"]
    middle: Float[Tensor, "N 3 h1 w1"]
    coarse: Float[Tensor, "N 3 H W"]
    refined: Float[Tensor, "N 3 H W"]


class Level(NamedTuple):
    """One size of the pyramid: a picture with zeros in the holes, range [-1, 1], and its mask."""

    masked: Float[Tensor, "N 3 H W"]
    mask: Float[Tensor, "N 1 H W"]


class FeatureFusion(nn.Module):
    """Features of a smaller layer's encoder, doubled and concatenated with those of this one, and a gated layer.

    Parameters
    ----------
    channels : int
        Of both.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layer = GatedConv(2 * channels, channels)

    def forward(self, x: Float[Tensor, "N C H W"], smaller: Float[Tensor, "N C h w"]) -> Float[Tensor, "N C H W"]:
        """Return features of this layer's size."""
        fused: Tensor = self.layer(torch.cat([x, double(smaller)], dim=1))
        return fused


class TextureGenerator(nn.Module):
    """G2: the two stages of DeepFill v2, guided by the smaller layer.

    Parameters
    ----------
    coarse : CoarseNetwork
    refine : RefineNetwork
        One of them has a guide where the fusion is one of features.
    fusion : {"image_both", "image_attention", "image_other", "feature_coarse", "feature_refine"}
        Where the smaller layer's picture enters the refining stage (both paths, the attention path, the other path),
        or its features (before the dilated layers of the coarse or of the refining stage).
    """

    def __init__(self, coarse: CoarseNetwork, refine: RefineNetwork, *, fusion: Fusion) -> None:
        super().__init__()
        self.coarse, self.refine, self.fusion = coarse, refine, fusion

    def forward(
        self,
        level: Level,
        smaller: Float[Tensor, "N 3 h w"],
        features: Float[Tensor, "N C a b"],
        labels: Float[Tensor, "N 1 H W"] | None = None,
    ) -> Stages:
        """Return both stages, range [-1, 1].

        `smaller` is G1's picture, `features` are its encoder's last ones, `labels` guide the attention.
        """
        masked, mask = level
        coarse: Tensor = self.coarse(torch.cat([masked, framed(mask)], dim=1), features)
        plain = torch.cat([coarse * mask + masked * (1 - mask), mask], dim=1)  # (N, 4, H, W)
        guided = torch.cat([plain, enlarge(smaller)], dim=1)  # (N, 7, H, W)
        dilated_input = guided if self.fusion in {"image_both", "image_other"} else plain
        attended = guided if self.fusion in {"image_both", "image_attention"} else plain
        return Stages(coarse, self.refine(dilated_input, mask, attended, features, labels))


class PyramidGenerator(nn.Module):
    """The pyramid at its public boundary: any size, [0, 1]; all layers are trained together.

    Parameters
    ----------
    structure, middle : CoarseNetwork
        G0 and G1.
    texture : TextureGenerator
        G2.
    """

    def __init__(self, structure: CoarseNetwork, middle: CoarseNetwork, texture: TextureGenerator) -> None:
        super().__init__()
        self.structure, self.middle, self.texture = structure, middle, texture

    def forward(
        self,
        image: Float[Tensor, "N 3 H W"],
        mask: Float[Tensor, "N 1 H W"],
        smooth: Float[Tensor, "N 3 h w"] | None = None,
        labels: Float[Tensor, "N 1 H W"] | None = None,
    ) -> PyramidPictures:
        """Return the pictures of all layers, not yet pasted into the known pixels.

        Parameters
        ----------
        image : (N, 3, H, W) float, range [0, 1]
            RGB; values under the mask are not read.
        mask : (N, 1, H, W) float
            1 = missing, 0 = known.
        smooth : (N, 3, h, w) float, range [0, 1], optional
            Edge-preserving smooth version of the smallest level of `pyramid_levels`, computed from the masked picture;
            values under that level's mask are not read. The level itself where it is not given.
        labels : (N, 1, H, W) float, optional
            Guidance of the attention in G2, as in `TwoStageInpainter`.

        Returns
        -------
        PyramidPictures
            Range [0, 1].

        Raises
        ------
        InputError
            If `smooth` has another size than the smallest level.
        """
        small, half, full = pyramid_levels(image, mask)
        structure: Tensor = self.structure(torch.cat([small.masked, _signed(smooth, small), small.mask], dim=1))
        x1 = torch.cat([half.masked, half.mask, enlarge(structure)], dim=1)
        encoded, widened = self.middle.follow(x1)
        middle: Tensor = self.middle.decoder(widened, encoded)  # Eq. 3.2, n = 1
        guide = None if labels is None else pad_to_multiple(labels, STRIDE)
        coarse, refined = self.texture(full, middle, encoded[-1], guide)  # Eq. 3.2, n = 2
        height, width = image.shape[2:]
        cut = (stage[:, :, :height, :width] for stage in (coarse, refined))
        return PyramidPictures(*((picture + 1) / 2 for picture in (structure, middle, *cut)))


def pyramid_levels(image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]) -> tuple[Level, Level, Level]:
    """Return the levels at a quarter, half and full size, mirrored to a multiple of 32.

    A pixel of a smaller level is missing if any of its four is; so none of them holds a missing value.

    Parameters
    ----------
    image : (N, 3, H, W) float, range [0, 1]
    mask : (N, 1, H, W) float
        1 = missing.

    Examples
    --------
    >>> mask = torch.zeros(1, 1, 32, 32)
    >>> mask[..., 5, 5] = 1
    >>> small, half, full = pyramid_levels(torch.ones(1, 3, 32, 32), mask)
    >>> small.mask.nonzero()[0].tolist(), small.masked.min().item(), small.masked.max().item()
    ([0, 0, 1, 1], 0.0, 1.0)
    """
    holes = pad_to_multiple(mask, STRIDE)
    full = Level((2 * pad_to_multiple(image, STRIDE) - 1).where(holes == 0, 0), holes)
    half = _halve(full)
    return _halve(half), half, full


def enlarge(x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C 2*H 2*W"]:
    """Return a batch of twice the sides, bilinear."""
    return functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def pyramid_generator(
    channels: int = 24, *, fusion: Fusion = "image_both", rates: Rates = ADAPTIVE
) -> PyramidGenerator:
    """Return the network.

    Parameters
    ----------
    channels : int
        Features at full size, even; 24 is DeepFill v2.
    fusion : {"image_both", "image_attention", "image_other", "feature_coarse", "feature_refine"}
        As in `TextureGenerator`; the thesis's choice is the first, and its last does not converge.
    rates : three sequences of int
        Dilation rates of G0, G1 and G2.
    """
    c = channels
    coarse = CoarseNetwork(
        coarse_encoder(5, c, _STYLE),
        dilate(4 * c, _STYLE, rates[2]),
        Decoder(4 * c, c, _STYLE),
        guide=FeatureFusion(4 * c) if fusion == "feature_coarse" else None,
    )
    refine = RefineNetwork(
        refine_encoder(7 if fusion in {"image_both", "image_other"} else 4, c, _STYLE),
        dilate(4 * c, _STYLE, rates[2]),
        attention_path(7 if fusion in {"image_both", "image_attention"} else 4, c, _STYLE, ContextualAttention()),
        Decoder(8 * c, c, _STYLE),
        guide=FeatureFusion(4 * c) if fusion == "feature_refine" else None,
    )
    texture = TextureGenerator(coarse, refine, fusion=fusion)
    return PyramidGenerator(_sub_generator(c, rates[0]), _sub_generator(c, rates[1]), texture)


def pyramid_generator_full() -> PyramidGenerator:
    """Return the network at the width of DeepFill v2: 7,578,204 parameters."""
    return pyramid_generator()


def pyramid_generator_tiny(fusion: Fusion = "image_both", rates: Rates = ADAPTIVE) -> PyramidGenerator:
    """Return a network of a third of that width, for pictures of 64 pixels; arguments as of `pyramid_generator`."""
    return pyramid_generator(8, fusion=fusion, rates=rates)


def _sub_generator(channels: int, rates: Sequence[int]) -> CoarseNetwork:
    decoder = Decoder(4 * channels, channels, _STYLE, skips={"at_half": ConcatenatedSkip()})
    return CoarseNetwork(coarse_encoder(7, channels, _STYLE), dilate(4 * channels, _STYLE, rates), decoder)


def _halve(level: Level) -> Level:
    mask = functional.max_pool2d(level.mask, 2)
    return Level(functional.avg_pool2d(level.masked, 2).where(mask == 0, 0), mask)


def _signed(smooth: Tensor | None, level: Level) -> Tensor:
    if smooth is None:
        return level.masked
    if smooth.shape != level.masked.shape:
        raise InputError(
            f"the smooth picture must have the shape of the smallest level, {tuple(level.masked.shape)}, "
            f"got {tuple(smooth.shape)}; compute it from pyramid_levels(image, mask)[0]"
        )
    return (2 * smooth - 1).where(level.mask == 0, 0)
