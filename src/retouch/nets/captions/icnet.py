"""ICNet: burnt-in captions removed from the middle of nine frames by a gated 3-D to 2-D U-Net, without a mask.

Source: D. Kim, S. Woo, J.-Y. Lee, I. S. Kweon, "Deep Blind Video Decaptioning by Temporal Aggregation and Recurrence",
CVPR 2019, section 3, and the winner's released networks of the ChaLearn 2018 decaptioning track (`ICNetDeepGate`, and
`ICNetDeepGate2step` with a second stage).
Departures: none from the released form, whose answer sigmoid(middle + change) can never be the identity; `exact` gives
clip(middle + change) instead, which can. As released, the second stage cuts its gates off at zero (ReLU) where the
paper has a sigmoid, except on the way up, and answers with sigmoid(change).

Frames are RGB in [0, 1]; any sides from 8 px: enlarged maps take the size of what they are joined with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import InputError

N_FRAMES = 9
"""Frames of a clip; the fifth one is answered for."""

_MIDDLE = N_FRAMES // 2
_DILATIONS = (1, 2, 4)

Gate: TypeAlias = Callable[[Tensor], Tensor]
Steps: TypeAlias = tuple[int, int, int]


class GatedBlock(nn.Module):
    """Normalised convolution times a gate, in two or three dimensions.

    Parameters
    ----------
    feature, gate : nn.Module
        Convolutions of the same shape, without bias.
    norm : nn.Module
        Of the features.
    activation : callable
        Of the features.
    squash : callable
        Of the gate: a sigmoid, or ReLU in most of the second stage.
    """

    def __init__(self, feature: nn.Module, gate: nn.Module, norm: nn.Module, activation: Gate, squash: Gate) -> None:
        super().__init__()
        self.feature = feature
        self.gate = gate
        self.norm = norm
        self.activation = activation
        self.squash = squash

    def forward(self, x: Float[Tensor, "N C *size"]) -> Float[Tensor, "N D *smaller"]:
        """Return the gated features."""
        return self.activation(self.norm(self.feature(x))) * self.squash(self.gate(x))


class GatedUNet(nn.Module):
    """The body of both stages: what is to be added to the middle frame.

    Parameters
    ----------
    width : int
        Channels of the largest map; 64 as published.
    temporal : bool
        True: three dimensions, nine frames of three channels. False: two, one picture of six channels.
    """

    def __init__(self, width: int = 64, *, temporal: bool = True) -> None:
        super().__init__()
        shrink, plain, enlarge = (_temporal if temporal else _flat)(width)
        self.down = nn.ModuleList(shrink)
        self.skips = nn.ModuleList(plain[:2])
        self.bottom = nn.ModuleList(plain[2:])
        self.up = nn.ModuleList(enlarge)
        self.leave: nn.Conv2d | nn.Conv3d
        if temporal:
            self.leave = nn.Conv3d(width, 3, (1, 3, 3), padding=(0, 1, 1))
        else:
            self.leave = nn.Conv2d(width, 3, 3, padding=1)
        self.mode = "trilinear" if temporal else "bilinear"

    def forward(self, x: Float[Tensor, "N C *size"]) -> Float[Tensor, "N 3 *flat"]:
        """Return the change of the middle frame, (N, 3, 1, H, W) or (N, 3, H, W)."""
        size, maps = x.shape[-2:], []
        for block in self.down:
            x = block(x)
            maps.append(x)
        for block in self.bottom:
            x = block(x)
        joined = [maps[2], self.skips[1](maps[1]), self.skips[0](maps[0])]
        sizes = [maps[1].shape[-2:], maps[0].shape[-2:], size]
        for block, skip, target in zip(self.up, joined, sizes, strict=True):
            larger = (*x.shape[2:-2], *target)
            x = block(functional.interpolate(torch.cat([x, skip], dim=1), larger, mode=self.mode, align_corners=False))
        change: Tensor = self.leave(x)
        return change


class ICNet(nn.Module):
    """One stage: the middle frame of nine without its captions.

    Parameters
    ----------
    body : GatedUNet
        In three dimensions.
    exact : bool
        False: the released sigmoid(middle + change). True: clip(middle + change, 0, 1), for which no weights exist.
    """

    def __init__(self, body: GatedUNet, *, exact: bool = False) -> None:
        super().__init__()
        self.body = body
        self.exact = exact

    def forward(self, frames: Float[Tensor, "N 3 T H W"]) -> Float[Tensor, "N 3 1 H W"]:
        """Return the middle frame.

        Parameters
        ----------
        frames : (N, 3, 9, H, W)
            RGB in [0, 1].

        Raises
        ------
        InputError
            If there are not nine frames, or a side is below 8 px.
        """
        _check_frames(frames)
        changed: Tensor = frames[:, :, _MIDDLE : _MIDDLE + 1] + self.body(frames)
        return changed.clamp(0.0, 1.0) if self.exact else changed.sigmoid()

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename the weights of `ICNetDeepGate`; a leading "module." is dropped."""
        return {f"body.{_our_name(key.removeprefix('module.'))}": value for key, value in state.items()}


class TwoStageICNet(nn.Module):
    """Two stages: the second one, in two dimensions, sees the first answer beside the middle frame.

    Parameters
    ----------
    coarse : ICNet
    refine : GatedUNet
        In two dimensions.
    """

    def __init__(self, coarse: ICNet, refine: GatedUNet) -> None:
        super().__init__()
        self.coarse = coarse
        self.refine = refine

    def forward(
        self, frames: Float[Tensor, "N 3 T H W"]
    ) -> tuple[Float[Tensor, "N 3 1 H W"], Float[Tensor, "N 3 1 H W"]]:
        """Return the coarse and the refined middle frame of RGB clips in [0, 1]."""
        coarse = self.coarse(frames)
        first, middle = coarse[:, :, 0], frames[:, :, _MIDDLE]
        refined = self.refine(torch.cat([first, middle], dim=1)).sigmoid()
        return coarse, refined[:, :, None]

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename the weights of `ICNetDeepGate2step`; a leading "module." is dropped."""
        names = {"coarse_network": "coarse.body", "refine_network": "refine"}
        renamed: dict[str, Tensor] = {}
        for key, value in state.items():
            stage, _, rest = key.removeprefix("module.").partition(".")
            renamed[f"{names[stage]}.{_our_name(rest)}"] = value
        return renamed


def icnet_full() -> ICNet:
    """Return the published first stage: 10,485,187 parameters."""
    return ICNet(GatedUNet())


def icnet_tiny(*, exact: bool = True) -> ICNet:
    """Return an eighth of the published width, able to leave a frame as it is."""
    return ICNet(GatedUNet(8), exact=exact)


def two_stage_icnet_full() -> TwoStageICNet:
    """Return both published stages."""
    return TwoStageICNet(ICNet(GatedUNet()), GatedUNet(temporal=False))


def two_stage_icnet_tiny() -> TwoStageICNet:
    """Return both stages at an eighth of the published width."""
    return TwoStageICNet(ICNet(GatedUNet(8)), GatedUNet(8, temporal=False))


def _temporal(width: int) -> tuple[list[GatedBlock], list[GatedBlock], list[GatedBlock]]:
    """Return blocks on the way down, of both skips and the bottom, and on the way up."""

    def block(
        sizes: tuple[int, int], kernel: int, *, up: bool = False, steps: Steps = (1, 1, 1), pad: Steps = (0, 1, 1)
    ) -> GatedBlock:
        spread = (1, pad[1], pad[2]) if kernel == 1 else (1, 1, 1)  # dilated as far as padded
        feature, gate = (nn.Conv3d(*sizes, (kernel, 3, 3), steps, pad, spread, bias=False) for _ in range(2))
        activation = _leaky if up else functional.relu
        return GatedBlock(feature, gate, nn.BatchNorm3d(sizes[1]), activation, torch.sigmoid)

    w2, w4 = 2 * width, 4 * width
    down = [
        block((3, width), 3, steps=(2, 2, 2), pad=(1, 1, 1)),
        block((width, w2), 3, steps=(2, 2, 2), pad=(1, 1, 1)),
        block((w2, w4), 3, steps=(1, 2, 2)),
    ]
    plain = [block((width, width), 5), block((w2, w2), 3)]
    plain += [block((w4, w4), 1, pad=(0, step, step)) for step in _DILATIONS]
    return down, plain, [block(sizes, 1, up=True) for sizes in _up_sizes(width)]


def _flat(width: int) -> tuple[list[GatedBlock], list[GatedBlock], list[GatedBlock]]:
    """Return the same blocks in two dimensions, with ReLU gates except on the way up."""

    def block(sizes: tuple[int, int], *, up: bool = False, step: int = 1, stride: int = 1) -> GatedBlock:
        feature, gate = (nn.Conv2d(*sizes, 3, stride, padding=step, dilation=step, bias=False) for _ in range(2))
        activation, squash = (_leaky, torch.sigmoid) if up else (functional.relu, functional.relu)
        return GatedBlock(feature, gate, nn.BatchNorm2d(sizes[1]), activation, squash)

    w2, w4 = 2 * width, 4 * width
    down = [block(sizes, stride=2) for sizes in ((6, width), (width, w2), (w2, w4))]
    plain = [block((width, width)), block((w2, w2)), *(block((w4, w4), step=step) for step in _DILATIONS)]
    return down, plain, [block(sizes, up=True) for sizes in _up_sizes(width)]


def _up_sizes(width: int) -> list[tuple[int, int]]:
    return [(8 * width, 4 * width), (6 * width, 2 * width), (3 * width, width)]


def _leaky(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, 0.2)


def _check_frames(frames: Tensor) -> None:
    n_frames, height, width = frames.shape[2:]
    if n_frames != N_FRAMES or min(height, width) < 2**3:
        raise InputError(f"a clip must have {N_FRAMES} frames of 8 px or more, got {n_frames} of {height}x{width}")


_BLOCKS = {
    **{f"ec{level}": f"down.{level}" for level in range(3)},
    **{f"tc{level}": f"skips.{level}" for level in range(2)},
    **{f"bt{level}": f"bottom.{level}" for level in range(3)},
    **{f"dc{level}": f"up.{2 - level}" for level in range(3)},
}


def _our_name(key: str) -> str:
    """Turn, for instance, dc2.phi.2.weight into up.0.norm.weight: there an enlargement comes first in both chains."""
    block, _, rest = key.partition(".")
    if block == "clip_diff_p":
        return f"leave.{rest}"
    chain, place, part = rest.split(".")
    first = 1 if block.startswith("dc") else 0
    layer = "gate" if chain == "gate" else ("feature", "norm")[int(place) - first]
    return f"{_BLOCKS[block]}.{layer}.{part}"
