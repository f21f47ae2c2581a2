"""VINet: a frame filled from four frames around it and from what was given for the frame before it.

Source: D. Kim, S. Woo, J.-Y. Lee, I. S. Kweon, "Deep Video Inpainting", CVPR 2019, Sec. 3; sizes and order of the
layers are those of the authors' published weights, the sampling of frames that of their demonstration.

Departures
----------
- Clips of any size: frames are mirrored to a multiple of 8. The form for 512 px (`double_size`), which samples twice
  and works at half of it, is left out.
- Answers are cut to [0, 1] before they are handed on to the next frame.

As in the demonstration, the memory is not carried from frame to frame unless the caller does it.

w = 32       full    half     quarter   eighth
encoders     w       2w       3w        4w          one for the reference, one for all others
alignment            last     second    first       from coarse to fine; see `flow_alignment`
decoder      w       2w + 2w  3w + 3w   4w          joined with the aligned maps
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import InputError
from retouch.nets.captions.flow_alignment import (
    N_NEIGHBOURS,
    AlignmentLevel,
    FlowNet,
    OcclusionNet,
    bare_gated,
    enlarge_flow,
    warp,
)
from retouch.nets.captions.vinet_keys import convert_vinet
from retouch.nets.layers.mirroring import pad_to_multiple
from retouch.nets.restoration.prenet import ConvLSTM

N_FRAMES = 5
"""Frames of a window; the third one is filled."""

STRIDE = 3
"""Frames from one of a window to the next."""

_MIDDLE = N_FRAMES // 2
_MULTIPLE = 8

State: TypeAlias = tuple[Float[Tensor, "N C h w"], Float[Tensor, "N C h w"]]
"""State and memory of the recurrent layer, at an eighth of the size."""


class Answer(NamedTuple):
    """What the body gives.

    Attributes
    ----------
    picture : (N, 3, 1, H, W)
        The middle frame, RGB about [-1, 1].
    flows : (N, 2, 5, H / 2, W / 2)
        From the middle frame to each neighbour, the picture before last.
    state : two of (N, C, H / 8, W / 8)
    shares : (N, 1, 6, H, W)
        Of the neighbours, and of the frame itself, at an eighth, a quarter and half of the size, enlarged.
    last_flow : (N, 2, H, W) or None
        To the picture before; None where there is none.
    """

    picture: Tensor
    flows: Tensor
    state: tuple[Tensor, Tensor]
    shares: Tensor
    last_flow: Tensor | None


class FrameEncoder(nn.Module):
    """Maps of a frame at four sizes.

    Parameters
    ----------
    width : int
        Channels at full size.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        full, half, quarter, eighth = (units * width for units in (1, 2, 3, 4))
        self.levels = nn.ModuleList(
            [
                nn.Sequential(bare_gated(5, full)),
                nn.Sequential(bare_gated(full, half, stride=2), bare_gated(half, half)),
                nn.Sequential(bare_gated(half, quarter, stride=2), bare_gated(quarter, quarter)),
                nn.Sequential(
                    bare_gated(quarter, eighth, stride=2), bare_gated(eighth, eighth), bare_gated(eighth, eighth)
                ),
            ]
        )

    def forward(self, x: Float[Tensor, "N 5 H W"]) -> list[Float[Tensor, "N _ _ _"]]:
        """Return the maps from full size to an eighth."""
        maps = []
        for level in self.levels:
            x = level(x)
            maps.append(x)
        return maps


class FrameDecoder(nn.Module):
    """A frame from the deepest map and the aligned maps at a quarter and half of the size.

    Parameters
    ----------
    width : int
        Channels at full size, even.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        full, half, quarter, eighth = (units * width for units in (1, 2, 3, 4))
        self.at_eighth = nn.Sequential(bare_gated(eighth, eighth), bare_gated(eighth, eighth))
        self.to_quarter = bare_gated(eighth, quarter, leak=0.2)
        self.at_quarter = nn.Sequential(
            bare_gated(2 * quarter, quarter), *(bare_gated(quarter, quarter, dilation=rate) for rate in (2, 4, 8))
        )
        self.to_half = bare_gated(quarter, half, leak=0.2)
        self.at_half = nn.Sequential(bare_gated(2 * half, half), bare_gated(half, half))
        self.to_full = bare_gated(half, full, leak=0.2)
        leave = nn.Conv2d(full // 2, 3, 3, padding=1, bias=False)
        self.at_full = nn.Sequential(bare_gated(full, full // 2), leave)

    def forward(
        self,
        deepest: Float[Tensor, "N C _ _"],
        quarter: Float[Tensor, "N D _ _"],
        half: Float[Tensor, "N E _ _"],
    ) -> Float[Tensor, "N 3 H W"]:
        """Return RGB without bounds."""
        x = self.to_quarter(_doubled(self.at_eighth(deepest)))
        x = self.to_half(_doubled(self.at_quarter(torch.cat([x, quarter], dim=1))))
        x = self.to_full(_doubled(self.at_half(torch.cat([x, half], dim=1))))
        picture: Tensor = self.at_full(x)
        return picture


class WindowNet(nn.Module):
    """The body; the authors' weights belong here.

    Parameters
    ----------
    width : int
        Channels at full size, 32 as published; even.
    search_range : int
        Of the cost volumes, 4 as published.
    aligned : bool
        See `flow_alignment.warp`; the published weights were trained with True.
    """

    def __init__(self, width: int = 32, *, search_range: int = 4, aligned: bool = True) -> None:
        super().__init__()
        flow_net = partial(FlowNet, width=width, search_range=search_range)
        self.reference_encoder = FrameEncoder(width)
        self.other_encoder = FrameEncoder(width)
        self.levels = nn.ModuleList(
            AlignmentLevel(units * width, flow_net(units * width, guided=depth > 0), aligned=aligned)
            for depth, units in enumerate((4, 3, 2))
        )
        deep = 4 * width
        self.bottleneck = nn.Sequential(
            bare_gated(2 * deep, deep), *(bare_gated(deep, deep, dilation=rate) for rate in (2, 4, 8))
        )
        self.memory = ConvLSTM(deep)
        self.decoder = FrameDecoder(width)
        self.last_flow = flow_net(width)
        self.last_share = OcclusionNet(width)

    def forward(
        self,
        frames: Float[Tensor, "N 3 T H W"],
        masks: Float[Tensor, "N 1 T H W"],
        before: Float[Tensor, "N 5 H W"],
        state: State | None = None,
        *,
        first: bool = False,
    ) -> Answer:
        """Return the middle frame and what the losses look at.

        Parameters
        ----------
        frames : (N, 3, 5, H, W)
            RGB in [-1, 1], 0 in the hole; sides are multiples of 8.
        masks : (N, 1, 5, H, W)
            1 = missing.
        before : (N, 5, H, W)
            RGB of the picture before, ones, and where that has a hole.
        state : two of (N, C, H / 8, W / 8), optional
            Of the frame before; zeros unless given.
        first : bool
            Whether there is no picture before: then `before` is the middle frame itself, and is not blended in.

        Raises
        ------
        InputError
            If there are not five frames.
        """
        if frames.shape[2] != N_FRAMES:
            raise InputError(f"a window must have {N_FRAMES} frames, got {frames.shape[2]}")
        seen = torch.cat([frames, torch.ones_like(masks), masks], dim=1)  # (N, 5, T, H, W)
        reference = self.reference_encoder(seen[:, :, _MIDDLE])
        neighbours = torch.cat([seen[:, :, :_MIDDLE], seen[:, :, _MIDDLE + 1 :], before[:, :, None]], dim=2)
        others = self.other_encoder(neighbours.transpose(1, 2).flatten(0, 1))  # (N * 5, ...)

        mixed, flows, shares = self._align(reference, others)
        state = self._remember(self.bottleneck(torch.cat([reference[-1], mixed[0]], dim=1)), state)
        picture = self.decoder(state[0], mixed[1], mixed[2])
        by_clip = flows.reshape(-1, N_NEIGHBOURS, *flows.shape[1:])  # (N, 5, 2, H / 2, W / 2)
        last_flow = None
        if not first:
            latest = others[0][N_NEIGHBOURS - 1 :: N_NEIGHBOURS]
            picture, last_flow = self._blend(picture, before[:, :3], (reference[0], latest), by_clip[:, -1])
        return Answer(picture[:, :, None], by_clip.transpose(1, 2), state, shares, last_flow)

    def _align(self, reference: list[Tensor], others: list[Tensor]) -> tuple[list[Tensor], Tensor, Tensor]:
        """Return the mixed maps from the smallest on, the flows at half of the size, and the shares at full size."""
        features, flows, share = self.levels[0](reference[-1], others[-1])
        mixed, shares = [features], [_enlarged(share, 2 ** len(self.levels))]
        for depth, level in enumerate(self.levels[1:], start=1):
            features, flows, share = level(reference[-1 - depth], others[-1 - depth], flows)
            mixed.append(features)
            shares.append(_enlarged(share, 2 ** (len(self.levels) - depth)))
        return mixed, flows, torch.stack([value for share in shares for value in (share, 1 - share)], dim=2)

    def _remember(self, features: Tensor, state: tuple[Tensor, Tensor] | None) -> tuple[Tensor, Tensor]:
        nothing = torch.zeros_like(features)
        hidden, memory = self.memory(features, *(state or (nothing, nothing)))
        return hidden, memory

    def _blend(
        self, picture: Tensor, before: Tensor, maps: tuple[Tensor, Tensor], coarser: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Mix the picture with the one before; maps of the reference and of the one before at full size."""
        reference, latest = maps
        guess = enlarge_flow(coarser)
        warped = warp(latest, guess, beyond="border")
        flow = self.last_flow(reference, warped, guess) + guess
        share = self.last_share(reference, warped)
        return (1 - share) * picture + share * warp(before, flow, beyond="border"), flow

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the authors' weights under our names and in our shapes."""
        return convert_vinet(state)


class VINet(nn.Module):
    """The body behind the house's ranges.

    Parameters
    ----------
    body : WindowNet
    """

    def __init__(self, body: WindowNet) -> None:
        super().__init__()
        self.body = body

    def forward(
        self,
        frames: Float[Tensor, "N T 3 H W"],
        masks: Float[Tensor, "N T 1 H W"],
        before: Float[Tensor, "N 3 H W"] | None = None,
    ) -> Float[Tensor, "N 3 H W"]:
        """Return the middle frame as the net paints it, known pixels too.

        Parameters
        ----------
        frames : (N, 5, 3, H, W) float32, range [0, 1]
            RGB of any size, `STRIDE` frames apart; values under the masks are not read.
        masks : (N, 5, 1, H, W) float32
            1 where a pixel is missing, else 0.
        before : (N, 3, H, W), optional
            What was given for the frame just before the middle one; None for the first of a clip.

        Returns
        -------
        (N, 3, H, W) float32, range [0, 1]
        """
        height, width = frames.shape[3:]
        masked = (2 * frames - 1).where(masks == 0, 0)  # the net's range; the hole is grey
        window = _padded(torch.cat([masked, masks], dim=2)).transpose(1, 2)  # (N, 4, T, H', W')
        if before is None:
            latest = torch.cat([masked[:, _MIDDLE], torch.ones_like(masks[:, 0]), masks[:, _MIDDLE]], dim=1)
        else:
            whole = torch.zeros_like(masks[:, 0])
            latest = torch.cat([2 * before - 1, whole + 1, whole], dim=1)
        answer = self.body(window[:, :3], window[:, 3:], _padded(latest[:, None])[:, 0], first=before is None)
        painted: Tensor = (answer.picture[:, :, 0, :height, :width] + 1) / 2
        return painted.clamp(0, 1)


def fill_clip(
    net: VINet, frames: Float[Tensor, "T 3 H W"], masks: Float[Tensor, "T 1 H W"]
) -> Float[Tensor, "T 3 H W"]:
    """Return a clip with its holes filled, frame by frame; pixels outside the masks come back as they were.

    Beyond its ends the clip is mirrored. RGB in [0, 1] of any size, 1 = missing.
    """
    n_frames, filled, before = len(frames), [], None
    for t in range(n_frames):
        window = [_mirrored(t + STRIDE * step, n_frames) for step in range(-_MIDDLE, _MIDDLE + 1)]
        before = net(frames[window][None], masks[window][None], before)
        filled.append(torch.where(masks[t] > 0, before[0], frames[t]))
    return torch.stack(filled)


def vinet_full() -> VINet:
    """Return the published widths: 14,115,364 parameters."""
    return VINet(WindowNet())


def vinet_tiny() -> VINet:
    """Return an eighth of the published widths and half of the search range."""
    return VINet(WindowNet(4, search_range=2))


def _padded(x: Tensor) -> Tensor:
    """Mirror (N, T, C, H, W) to multiples of 8, so that the smallest map has 2 x 2 places at least."""
    padded = pad_to_multiple(x.flatten(0, 1), _MULTIPLE, least=2 * _MULTIPLE)
    return padded.reshape(*x.shape[:2], *padded.shape[1:])


def _mirrored(t: int, n_frames: int) -> int:
    """Return the frame that stands at `t` when the clip is played to and fro."""
    if n_frames == 1:
        return 0
    t %= 2 * (n_frames - 1)
    return min(t, 2 * (n_frames - 1) - t)


def _enlarged(x: Tensor, factor: int) -> Tensor:
    return functional.interpolate(x, scale_factor=float(factor), mode="bilinear", align_corners=False)


def _doubled(x: Tensor) -> Tensor:
    return _enlarged(x, 2)
