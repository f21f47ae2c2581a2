"""DeepFill v1: coarse and refined inpainting with contextual attention.

Source: J. Yu, Z. Lin, J. Yang, X. Shen, X. Lu, T. Huang, "Generative image inpainting with contextual attention", CVPR
2018, Fig. 2 and appendix A.
Departures: none. 3,601,542 parameters at the published width.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from retouch.nets.inpainting.two_stage.generator import TwoStageGenerator, TwoStageInpainter
from retouch.nets.inpainting.two_stage.keys import convert_two_stage
from retouch.nets.inpainting.two_stage.networks import coarse_network, refine_network
from retouch.nets.inpainting.two_stage.parts import LayerStyle
from retouch.nets.layers.attention.contextual_attention import OFFICIAL, AttentionSettings, ContextualAttention
from retouch.nets.layers.gated import PaddedConv, Padding


class DeepFillV1(TwoStageGenerator):
    """Both stages in plain convolutions, as the authors feed them: pictures in [-1, 1], zeros in the holes, RGB.

    Built by `deepfill_v1`; `deepfill_v1_full` and `deepfill_v1_tiny` stand at the public boundary, [0, 1].
    """

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return weights of the official TensorFlow code (scope `inpaint_net`) or of the mmagic port (`generator.`)."""
        return convert_two_stage(state)


def deepfill_v1(
    channels: int = 32, *, padding: Padding = "same", attention: AttentionSettings = OFFICIAL
) -> DeepFillV1:
    """Return the generator.

    Parameters
    ----------
    channels : int
        At full size, even; the paper has 32.
    padding : {"same", "zeros", "reflect"}
        "same" is the official code, "reflect" the mmagic port, which needs 72 pixels a side or more.
    attention : AttentionSettings
    """
    style = LayerStyle(PaddedConv, padding=padding, output=clip)
    refine = refine_network(5, channels, style, attention=ContextualAttention(attention))
    return DeepFillV1(coarse_network(channels, style), refine, refine_sees_mask=True)


def clip(x: Tensor) -> Tensor:
    """Return the values cut off at -1 and 1."""
    return x.clamp(-1, 1)


def deepfill_v1_full() -> TwoStageInpainter:
    """Return the published network: 3,601,542 parameters."""
    return TwoStageInpainter(deepfill_v1())


def deepfill_v1_tiny() -> TwoStageInpainter:
    """Return a network of a quarter of the published width, for pictures of 64 pixels: 228,198 parameters."""
    return TwoStageInpainter(deepfill_v1(8))
