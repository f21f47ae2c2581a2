"""DeepFill v2: free-form inpainting with gated convolutions.

Source: J. Yu, Z. Lin, J. Yang, X. Shen, X. Lu, T. Huang, "Free-form image inpainting with gated convolution", ICCV
2019, Sec. 3.1 and 3.3.
Departures: none. 4,052,478 parameters at the published width, 1,631,151 of them in the first stage. Width 48 in the
authors' code counts filters, half of which are gates: here the 24 features are counted.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from retouch.nets.inpainting.two_stage.generator import TwoStageGenerator, TwoStageInpainter
from retouch.nets.inpainting.two_stage.keys import convert_two_stage
from retouch.nets.inpainting.two_stage.networks import coarse_network, refine_network
from retouch.nets.inpainting.two_stage.parts import LayerStyle
from retouch.nets.layers.attention.contextual_attention import OFFICIAL, AttentionSettings, ContextualAttention
from retouch.nets.layers.gated import GatedConv, Padding


class DeepFillV2(TwoStageGenerator):
    """Both stages in gated convolutions, as the authors feed them: pictures in [-1, 1], zeros in the holes, RGB.

    Built by `deepfill_v2`; `deepfill_v2_full` and `deepfill_v2_tiny` stand at the public boundary, [0, 1].
    """

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return weights of the official TensorFlow code (scope `inpaint_net`) or of the mmagic port (`generator.`)."""
        return convert_two_stage(state)


def deepfill_v2(
    channels: int = 24, *, padding: Padding = "same", attention: AttentionSettings = OFFICIAL
) -> DeepFillV2:
    """Return the generator of the official code.

    Parameters
    ----------
    channels : int
        Features at full size, even; the paper has 24.
    padding : {"same", "zeros", "reflect"}
    attention : AttentionSettings
    """
    style = LayerStyle(GatedConv, padding=padding)
    refine = refine_network(3, channels, style, attention=ContextualAttention(attention))
    return DeepFillV2(coarse_network(channels, style), refine, refine_sees_mask=False)


def deepfill_v2_full() -> TwoStageInpainter:
    """Return the published network: 4,052,478 parameters."""
    return TwoStageInpainter(deepfill_v2())


def deepfill_v2_tiny(channels: int = 8) -> TwoStageInpainter:
    """Return a network of a third of the published width, for pictures of 64 pixels: 454,574 parameters."""
    return TwoStageInpainter(deepfill_v2(channels))
