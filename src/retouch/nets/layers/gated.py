"""Convolutions of the two-stage inpainting networks: plain, gated, and gated with few weights.

Source: J. Yu, Z. Lin, J. Yang, X. Shen, X. Lu, T. Huang, "Free-form image inpainting with gated convolution", ICCV
2019, Sec. 3.1 (gate and feature from the same input); Z. Yi, Q. Tang, S. Azizi, D. Jang, Z. Xu, "Contextual residual
aggregation for ultra high-resolution image inpainting", CVPR 2020 (light gates: depth-separable, pixelwise,
single channel).
Departures: none. Features and gates are the two halves of one convolution, features first, as in both public codes.

Every layer takes (N, C, H, W) and gives ceil(size / stride). The padding rule is the authors': "same" is TensorFlow's
(zeros, the odd one after), "zeros" has as many on both sides, "reflect" mirrors and needs sizes above the padding.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.layers.same_padding import pad_same

Padding: TypeAlias = Literal["same", "zeros", "reflect"]
Activation: TypeAlias = Callable[[Tensor], Tensor]
LightGate: TypeAlias = Literal["separable", "pixelwise", "single"]


def keep(x: Tensor) -> Tensor:
    """Return the input: the activation of a layer that has none."""
    return x


LayerMaker: TypeAlias = Callable[..., nn.Module]
"""How a network builds its layers: `PaddedConv`, `GatedConv` or `LightGatedConv`, called alike."""


class PaddedConv(nn.Module):
    """Convolution with a bias, then an activation; the output has ceil(size / stride) pixels.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel : int
        Side of the kernel, odd.
    stride, dilation : int
    padding : {"same", "zeros", "reflect"}
    activation : callable
        ELU unless another is given.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int = 3,
        *,
        stride: int = 1,
        dilation: int = 1,
        padding: Padding = "same",
        activation: Activation = functional.elu,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, stride, dilation=dilation)
        self.padding = padding
        self.activation = activation

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D h w"]:
        """Return the activated features."""
        activated: Tensor = self.activation(_convolve(self.conv, x, self.padding))
        return activated


class GatedConv(nn.Module):
    """Gated convolution: features times a learned soft mask, one for each channel and place.

    Parameters
    ----------
    in_channels, out_channels : int
        `out_channels` counts features; the convolution inside has twice as many filters.
    kernel : int
        Side of the kernel, odd.
    stride, dilation : int
    padding : {"same", "zeros", "reflect"}
    activation : callable
        Of the features; the gate is always a sigmoid.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int = 3,
        *,
        stride: int = 1,
        dilation: int = 1,
        padding: Padding = "same",
        activation: Activation = functional.elu,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 2 * out_channels, kernel, stride, dilation=dilation)
        self.padding = padding
        self.activation = activation

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D h w"]:
        """Return the gated features."""
        features, gates = _convolve(self.conv, x, self.padding).chunk(2, dim=1)  # (N, D, h, w) each
        return self.activation(features) * gates.sigmoid()  # Sec. 3.1: O = phi(feature) * sigmoid(gating)


class LightGatedConv(nn.Module):
    """Gated convolution whose gate has few weights.

    With k the kernel and a, b the channels in and out, the gate of `GatedConv` has k k a b weights; "separable" (each
    channel by itself, then 1x1) has k k a + a b, "pixelwise" (1x1) a b, "single" (one gate for all channels) k k a.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel : int
        Side of the kernel, odd.
    stride, dilation : int
    padding : {"same", "zeros", "reflect"}
    activation : callable
        Of the features; the gate is always a sigmoid.
    gate : {"separable", "pixelwise", "single"}
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int = 3,
        *,
        stride: int = 1,
        dilation: int = 1,
        padding: Padding = "same",
        activation: Activation = functional.elu,
        gate: LightGate = "single",
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, stride, dilation=dilation)
        spatial, n_groups, n_spatial = {
            "separable": (kernel, in_channels, in_channels),
            "pixelwise": (1, 1, out_channels),
            "single": (kernel, 1, 1),
        }[gate]
        self.gate = nn.Conv2d(in_channels, n_spatial, spatial, stride, dilation=dilation, groups=n_groups)
        self.mix = nn.Conv2d(in_channels, out_channels, 1) if gate == "separable" else nn.Identity()
        self.padding = padding
        self.activation = activation

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D h w"]:
        """Return the gated features."""
        gates = self.mix(_convolve(self.gate, x, self.padding)).sigmoid()  # (N, D or 1, h, w)
        gated: Tensor = self.activation(_convolve(self.conv, x, self.padding)) * gates
        return gated


def _convolve(conv: nn.Conv2d, x: Tensor, padding: Padding) -> Tensor:
    kernel, stride, dilation = conv.kernel_size[0], conv.stride[0], conv.dilation[0]
    if padding == "same":
        x = pad_same(x, kernel, stride, dilation)
    else:
        sides = (dilation * (kernel - 1) // 2,) * 4
        x = functional.pad(x, sides, mode="reflect" if padding == "reflect" else "constant")
    convolved: Tensor = conv(x)
    return convolved
