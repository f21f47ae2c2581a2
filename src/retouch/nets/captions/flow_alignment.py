"""Alignment of neighbouring frames on feature maps: flow from a cost volume, warping, aggregation, occlusion.

Source: D. Kim, S. Woo, J.-Y. Lee, I. S. Kweon, "Deep Video Inpainting", CVPR 2019, Sec. 3 (alignment of
feature maps); the flow estimator after D. Sun, X. Yang, M.-Y. Liu, J. Kautz, "PWC-Net: CNNs for Optical Flow Using
Pyramid, Warping, and Cost Volume", CVPR 2018, Sec. 3. Sizes are those of the authors' published weights.

Departures
----------
- Biases start at zero; the authors draw them from [0, 1), which starts with flows of about a pixel.
- Flow is (x, y) here, to the right and down, as the weights have it; elsewhere in this house it is rows, columns.
- The neighbours are one batch, and the convolution over them takes them as channels: the same sums.

N   clips    K   neighbours of the reference, 5    C   channels    r   search range
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.layers.gated import GatedConv
from retouch.nets.layers.initial import initialise_convs

N_NEIGHBOURS = 5
"""Two frames before, two after, and the picture that was given for the frame before."""

_REFINING_DILATIONS = (1, 2, 4, 8, 16, 1, 1)


def cost_volume(
    reference: Float[Tensor, "N C H W"], other: Float[Tensor, "N C H W"], search_range: int
) -> Float[Tensor, "N D H W"]:
    """Return the mean over channels of products with the other map, moved by up to `search_range` px.

    The D = (2 r + 1)^2 displacements run row by row from (-r, -r); beyond the map there are zeros.

    >>> at = torch.zeros(1, 1, 3, 3)
    >>> at[..., 1, 1] = 1
    >>> cost_volume(at, at.roll(1, dims=3), 1)[0, :, 1, 1].tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    """
    height, width = reference.shape[2:]
    around = functional.pad(other, (search_range,) * 4)
    steps = range(2 * search_range + 1)
    moved = [around[..., row : row + height, column : column + width] for row in steps for column in steps]
    return torch.stack([(reference * seen).mean(dim=1) for seen in moved], dim=1)


def warp(
    features: Float[Tensor, "N C H W"],
    flow: Float[Tensor, "N 2 H W"],
    *,
    beyond: Literal["zeros", "border"] = "zeros",
    aligned: bool = True,
) -> Float[Tensor, "N C H W"]:
    """Return the map as seen along the flow: at (x, y) what stands at (x, y) + flow, bilinear.

    Parameters
    ----------
    features : (N, C, H, W)
        At least 2 x 2 places.
    flow : (N, 2, H, W)
        Pixels to the right, and down.
    beyond : {"zeros", "border"}
        What stands outside the map.
    aligned : bool
        True: exact pixels. False: as the published code behaves under present defaults of torch, where even no flow
        shrinks the map a little.

    Examples
    --------
    >>> rows = torch.tensor([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]])
    >>> one_to_the_right = torch.tensor([1.0, 0.0]).view(1, 2, 1, 1).expand(1, 2, 2, 3)
    >>> warp(rows, one_to_the_right, beyond="border").tolist()
    [[[[2.0, 3.0, 3.0], [5.0, 6.0, 6.0]]]]
    """
    height, width = flow.shape[2:]
    columns = torch.arange(width, dtype=flow.dtype, device=flow.device)
    rows = torch.arange(height, dtype=flow.dtype, device=flow.device)
    x = (columns + flow[:, 0]) * (2 / (width - 1)) - 1  # the range [-1, 1] of `grid_sample`
    y = (rows[:, None] + flow[:, 1]) * (2 / (height - 1)) - 1
    return functional.grid_sample(features, torch.stack([x, y], dim=3), padding_mode=beyond, align_corners=aligned)


def enlarge_flow(flow: Float[Tensor, "N 2 h w"]) -> Float[Tensor, "N 2 H W"]:
    """Return the flow of a map of twice the sides: its pixels are half as large."""
    return 2 * functional.interpolate(flow, scale_factor=2.0, mode="bilinear", align_corners=False)


class FlowNet(nn.Module):
    """Flow between two maps, coarse and then refined by dilated convolutions.

    Parameters
    ----------
    channels : int
        Of each map.
    width : int
        Unit of the widths inside, 32 as published.
    search_range : int
        Pixels, 4 as published.
    guided : bool
        Whether a first guess of the flow is another input.
    """

    def __init__(self, channels: int, width: int = 32, search_range: int = 4, *, guided: bool = True) -> None:
        super().__init__()
        self.search_range = search_range
        n_costs = (2 * search_range + 1) ** 2
        inside = [4 * width, 4 * width, 3 * width, 2 * width, width]
        sizes = pairwise([channels + n_costs + 2 * guided, *inside])
        self.estimate = nn.Sequential(*(_leaky_conv(a, b) for a, b in sizes))
        self.coarse = nn.Conv2d(width, 2, 3, padding=1)
        finer = pairwise([width + 2, 4 * width, *inside, 2])
        self.refine = nn.Sequential(
            *(_leaky_conv(a, b, rate) for (a, b), rate in zip(finer, _REFINING_DILATIONS, strict=True))
        )
        initialise_convs(self, nn.init.xavier_uniform_)

    def forward(
        self,
        reference: Float[Tensor, "N C H W"],
        other: Float[Tensor, "N C H W"],
        guess: Float[Tensor, "N 2 H W"] | None = None,
    ) -> Float[Tensor, "N 2 H W"]:
        """Return the flow from the reference to the other map, which is warped already where there is a guess."""
        seen = [reference, cost_volume(reference, other, self.search_range)]
        features = self.estimate(torch.cat(seen if guess is None else [*seen, guess], dim=1))
        coarse: Tensor = self.coarse(features)
        change: Tensor = self.refine(torch.cat([features, coarse], dim=1))
        return coarse + change


class OcclusionNet(nn.Module):
    """Where the aligned map is to be used: a share in [0, 1] for every place, from how far two maps differ.

    Parameters
    ----------
    channels : int
        Even.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        last = nn.Conv2d(half, 1, 3, padding=1)
        self.layers = nn.Sequential(_leaky_conv(channels, half), _leaky_conv(half, half), last, nn.Sigmoid())

    def forward(self, first: Float[Tensor, "N C H W"], second: Float[Tensor, "N C H W"]) -> Float[Tensor, "N 1 H W"]:
        """Return the share."""
        share: Tensor = self.layers((first - second).abs())
        return share


class AlignmentLevel(nn.Module):
    """One size of the pyramid: neighbours warped to the reference, aggregated and mixed with it.

    Parameters
    ----------
    channels : int
    flow : FlowNet
    aligned : bool
        See `warp`.
    """

    def __init__(self, channels: int, flow: FlowNet, *, aligned: bool = True) -> None:
        super().__init__()
        self.flow = flow
        self.aggregate = bare_gated(N_NEIGHBOURS * channels, channels)
        self.occlusion = OcclusionNet(channels)
        self.warp = partial(warp, aligned=aligned)

    def forward(
        self,
        reference: Float[Tensor, "N C H W"],
        others: Float[Tensor, "M C H W"],
        coarser: Float[Tensor, "M 2 h w"] | None = None,
    ) -> tuple[Float[Tensor, "N C H W"], Float[Tensor, "M 2 H W"], Float[Tensor, "N 1 H W"]]:
        """Return the mixed map, the flows, and the share of the neighbours in the mix.

        Parameters
        ----------
        reference : (N, C, H, W)
        others : (N * 5, C, H, W)
            The neighbours of the first clip, of the second, and so on.
        coarser : (N * 5, 2, H / 2, W / 2), optional
            Flows of the level below.
        """
        repeated = reference.repeat_interleave(N_NEIGHBOURS, dim=0)
        if coarser is None:
            flows = self.flow(repeated, others)
        else:
            guess = enlarge_flow(coarser)
            flows = self.flow(repeated, self.warp(others, guess), guess) + guess
        warped = self.warp(others, flows)
        by_clip = warped.reshape(-1, N_NEIGHBOURS, *warped.shape[1:])  # (N, 5, C, H, W)
        aggregated = self.aggregate(by_clip.transpose(1, 2).flatten(1, 2))  # neighbours vary fastest, as in 3-D kernels
        share = self.occlusion(reference, aggregated)
        return (1 - share) * reference + share * aggregated, flows, share


def bare_gated(
    in_channels: int, out_channels: int, *, stride: int = 1, dilation: int = 1, leak: float = 0.0
) -> GatedConv:
    """Return a gated convolution of 3x3 without bias, zeros around; ReLU features, or leaky ones."""
    activation = partial(functional.leaky_relu, negative_slope=leak) if leak else functional.relu
    layer = GatedConv(
        in_channels, out_channels, stride=stride, dilation=dilation, padding="zeros", activation=activation
    )
    layer.conv.register_parameter("bias", None)
    initialise_convs(layer, partial(nn.init.kaiming_normal_, mode="fan_out"))
    return layer


def _leaky_conv(in_channels: int, out_channels: int, dilation: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(in_channels, out_channels, 3, padding=dilation, dilation=dilation)
    return nn.Sequential(conv, nn.LeakyReLU(0.1))
