"""Inpainting with attention feature fusion: DeepFill v2 with fused skip connections and a fused dilated residual.

Source: doctoral thesis on multi-scale image inpainting (seed 003), Ch. 4, Eqs. 4.1-4.4; the network below it is J. Yu,
Z. Lin, J. Yang, X. Shen, X. Lu, T. Huang, "Free-form image inpainting with gated convolution", ICCV 2019.
Departures: the thesis's mask is 1 where known; here 1 is missing, as in the network below it. What the thesis leaves
open: both stages have both modules; in the second they stand on the dilated path; skip connections join maps of equal
size and channels, one at half and one at full size.

SCAF    skip connection attention fusion: concat(AFF(E, D), D) for encoder features E and decoder features D
DCR     dilated convolution residual: AFF(X, Y) for the input X and the output Y of the dilated layers
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.nets.inpainting.two_stage.generator import TwoStageGenerator, TwoStageInpainter
from retouch.nets.inpainting.two_stage.keys import convert_two_stage
from retouch.nets.inpainting.two_stage.networks import (
    CoarseNetwork,
    RefineNetwork,
    attention_path,
    coarse_encoder,
    refine_encoder,
)
from retouch.nets.inpainting.two_stage.parts import ConcatenatedSkip, Decoder, LayerStyle, dilate
from retouch.nets.layers.attention.contextual_attention import ContextualAttention
from retouch.nets.layers.attention.fusion import AttentionFusion, NormMaker
from retouch.nets.layers.gated import GatedConv

Skip: TypeAlias = Literal["none", "concatenated", "fused"]


class AttentionFusionGenerator(TwoStageGenerator):
    """Both stages as DeepFill v2's are fed: pictures in [-1, 1], zeros in the holes, mask 1 = missing, RGB.

    Built by `attention_fusion`; `attention_fusion_full` and `attention_fusion_tiny` stand at the public boundary.
    """

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return weights of DeepFill v2 under our names: those of the network without the fusions.

        With skip connections two layers of each decoder take twice the channels and must be trained anew.
        """
        return convert_two_stage(state)


class FusedSkip(nn.Module):
    """SCAF, the skip connection with attention.

    Parameters
    ----------
    fusion : AttentionFusion
    """

    def __init__(self, fusion: nn.Module) -> None:
        super().__init__()
        self.fusion = fusion

    def forward(self, encoded: Float[Tensor, "N C H W"], decoded: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D H W"]:
        """Return 2C channels: both maps fused, and the decoder's."""
        return torch.cat([self.fusion(encoded, decoded), decoded], dim=1)


def attention_fusion(
    channels: int = 24, *, skip: Skip = "fused", dilated_residual: bool = True, norm: NormMaker = nn.BatchNorm2d
) -> AttentionFusionGenerator:
    """Return the generator.

    Parameters
    ----------
    channels : int
        Features at full size, a multiple of 4; 24 is DeepFill v2.
    skip : {"none", "concatenated", "fused"}
        Skip connections from the encoders to the decoders; "fused" is SCAF.
    dilated_residual : bool
        Whether the dilated layers are a residual, DCR. Without it and without skip connections this is DeepFill v2.
    norm : callable
        `norm(channels) -> nn.Module` in the fusions; batch norm does not train on batches of one.
    """
    c, style = channels, LayerStyle(GatedConv)

    def skips() -> dict[str, nn.Module]:
        if skip == "none":
            return {}
        if skip == "concatenated":
            return {"at_half": ConcatenatedSkip(), "at_full": ConcatenatedSkip()}
        return {
            level: FusedSkip(AttentionFusion(width, norm=norm)) for level, width in (("at_half", 2 * c), ("at_full", c))
        }

    def residual() -> nn.Module | None:
        return AttentionFusion(4 * c, norm=norm) if dilated_residual else None

    coarse = CoarseNetwork(
        coarse_encoder(5, c, style),
        dilate(4 * c, style),
        Decoder(4 * c, c, style, skips=skips()),
        residual=residual(),
    )
    refine = RefineNetwork(
        refine_encoder(3, c, style),
        dilate(4 * c, style),
        attention_path(3, c, style, ContextualAttention()),
        Decoder(8 * c, c, style, skips=skips()),
        residual=residual(),
    )
    return AttentionFusionGenerator(coarse, refine, refine_sees_mask=False)


def attention_fusion_full() -> TwoStageInpainter:
    """Return the network at the width of DeepFill v2: 4,172,502 parameters."""
    return TwoStageInpainter(attention_fusion())


def attention_fusion_tiny(skip: Skip = "fused", *, dilated_residual: bool = True) -> TwoStageInpainter:
    """Return a network of a third of that width, for pictures of 64 pixels; arguments as of `attention_fusion`."""
    return TwoStageInpainter(attention_fusion(8, skip=skip, dilated_residual=dilated_residual))
