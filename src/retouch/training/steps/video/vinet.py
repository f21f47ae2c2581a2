"""VINet's training: successive frames, each filled with the help of the one filled before.

Source: D. Kim, S. Woo, J.-Y. Lee, I. S. Kweon, "Deep Video Inpainting", CVPR 2019, Sec. 3.4: l1 and structural
similarity of the picture, flows that carry the true frames onto each other (weight 10), and the answer as the warped
answer before (weight 1).

Departures: the paper's flows are also drawn to those of a pretrained flow network, which is not at hand; here they are
taught by what they carry alone. A clip is a run of successive frames; windows beyond its ends are mirrored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import InputError, UsageError
from retouch.losses.pixels.temporal import temporal_l1, visibility
from retouch.losses.similarity.ssim import ssim
from retouch.nets.captions.flow_alignment import warp
from retouch.nets.captions.vinet import N_FRAMES, STRIDE, Answer, VINet
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.restoring.scores import psnr, region_psnr
from retouch.training.steps.video.clips import caption_masks

_MULTIPLE = 8


@dataclass(frozen=True)
class VINetLoss:
    """How training unrolls, and what counts.

    Attributes
    ----------
    unrolled : int
        Successive frames that are filled in a step, from the middle of the clip on.
    stride : int
        Frames from one of a window to the next.
    hole_weight, known_weight, structure_weight : float
        Of the absolute errors in the hole and outside, and of 1 - SSIM.
    flow_weight, temporal_weight : float
        Of what flows carry, and of the difference to the warped answer before.
    """

    unrolled: int = 2
    stride: int = STRIDE
    hole_weight: float = 1.0
    known_weight: float = 1.0
    structure_weight: float = 1.0
    flow_weight: float = 10.0
    temporal_weight: float = 1.0


class Window(NamedTuple):
    """Five frames in [-1, 1], with 0 in their holes; the true ones; and the true frame just before the middle one."""

    seen: Float[Tensor, "N T 3 H W"]
    masks: Float[Tensor, "N T 1 H W"]
    truth: Float[Tensor, "N T 3 H W"]
    latest: Float[Tensor, "N 3 H W"]


class VINetTraining:
    """VINet.

    Parameters
    ----------
    networks : mapping
        "generator": a `VINet`.
    loss : VINetLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: VINetLoss) -> None:
        self.networks = networks
        self.loss = loss
        net = networks["generator"]
        if not isinstance(net, VINet):
            raise UsageError(f"this kind trains vinet, got a {type(net).__name__}")
        self.net = net

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move the net once, by the sum of the losses of successive frames."""
        terms: dict[str, Tensor] = {}
        before: Tensor | None = None
        for offset in range(self.loss.unrolled):
            window = self._window(batch, offset)
            answer = self._fill(window, before, context)
            for name, term in self._terms(window, answer, before).items():
                terms[name] = terms.get(name, 0) + term / self.loss.unrolled
            before = answer.picture[:, :, 0].detach().clamp(-1, 1)
        loss = torch.stack(list(terms.values())).sum()
        context.update({"generator": loss})
        return {"loss": loss.detach(), **{name: term.detach() for name, term in terms.items()}}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the middle frames, known pixels as they were."""
        window = self._window(batch, 0)
        middle = N_FRAMES // 2
        picture = self._fill(window, None, context).picture[:, :, 0]
        whole = picture.where(window.masks[:, middle] > 0, window.truth[:, middle])
        return ((whole + 1) / 2).clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return the PSNR of the middle frames, and that in their holes."""
        painted, window = self.paint(batch, context), self._window(batch, 0)
        truth, mask = (window.truth[:, N_FRAMES // 2] + 1) / 2, window.masks[:, N_FRAMES // 2]
        return {"psnr": psnr(painted, truth), "hole_psnr": region_psnr(painted, truth, mask)}

    def _window(self, batch: Batch, offset: int) -> Window:
        """Return the window whose middle is so many frames behind that of the clip."""
        frames, masks = batch.tensors["frames"], caption_masks(batch)
        if any(side % _MULTIPLE for side in frames.shape[3:]):
            raise InputError(f"sides must be multiples of {_MULTIPLE}, got {tuple(frames.shape[3:])}; set data.size_px")
        n_frames = frames.shape[1]
        middle = n_frames // 2 + offset
        steps = range(-(N_FRAMES // 2), N_FRAMES // 2 + 1)
        places = [mirrored(middle + self.loss.stride * step, n_frames) for step in steps]
        truth = 2 * frames[:, places] - 1  # the net's range [-1, 1]
        latest = 2 * frames[:, mirrored(middle - 1 if offset else middle, n_frames)] - 1
        return Window(truth.where(masks[:, places] == 0, 0), masks[:, places], truth, latest)

    def _fill(self, window: Window, before: Tensor | None, context: Context) -> Answer:
        """Return the net's answer; `before` is the picture before, in [-1, 1], or nothing."""
        middle_mask = window.masks[:, N_FRAMES // 2]
        ones = torch.ones_like(middle_mask)
        if before is None:
            latest = torch.cat([window.seen[:, N_FRAMES // 2], ones, middle_mask], dim=1)
        else:
            latest = torch.cat([before, ones, torch.zeros_like(ones)], dim=1)
        answer = context.run(
            self._body, window.seen.transpose(1, 2), window.masks.transpose(1, 2), latest, before is None
        )
        return Answer(*answer)

    def _body(self, frames: Tensor, masks: Tensor, latest: Tensor, first: bool) -> Answer:
        answer: Answer = self.net.body(frames, masks, latest, first=first)
        return answer

    def _terms(self, window: Window, answer: Answer, before: Tensor | None) -> dict[str, Tensor]:
        picture, truth, mask = answer.picture[:, :, 0], window.truth[:, N_FRAMES // 2], window.masks[:, N_FRAMES // 2]
        error = (picture - truth).abs()
        terms = {
            "hole": self.loss.hole_weight * (error * mask).mean(),
            "known": self.loss.known_weight * (error * (1 - mask)).mean(),
            "structure": self.loss.structure_weight * (1 - ssim((picture + 1) / 2, (truth + 1) / 2).mean()),
            "flow": self.loss.flow_weight * carried_error(window, answer),
        }
        if before is not None and answer.last_flow is not None:
            flow = answer.last_flow.detach()
            carried, carried_truth = (warp(x, flow, beyond="border") for x in (before, window.latest))
            seen = visibility((carried_truth + 1) / 2, (truth + 1) / 2)
            terms["temporal"] = self.loss.temporal_weight * temporal_l1(picture, carried, seen)
        return terms


def carried_error(window: Window, answer: Answer) -> Float[Tensor, ""]:
    """Return how far the true neighbours, carried along the flows, are from the true middle frame."""
    middle = N_FRAMES // 2
    truth = window.truth[:, middle]
    others = [*window.truth[:, :middle].unbind(dim=1), *window.truth[:, middle + 1 :].unbind(dim=1), window.latest]
    errors = [
        (warp(_halved(other), flow, beyond="border") - _halved(truth)).abs().mean()
        for other, flow in zip(others, answer.flows.unbind(dim=2), strict=True)
    ]
    if answer.last_flow is not None:
        errors.append((warp(window.latest, answer.last_flow, beyond="border") - truth).abs().mean())
    return torch.stack(errors).mean()


def _halved(picture: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C h w"]:
    return functional.avg_pool2d(picture, 2)


def mirrored(place: int, n_frames: int) -> int:
    """Return the frame at a place when a clip is played to and fro.

    >>> [mirrored(place, 4) for place in (-2, 3, 4, 7)]
    [2, 3, 2, 1]
    """
    period = max(2 * (n_frames - 1), 1)
    return min(place % period, period - place % period) if n_frames > 1 else 0
