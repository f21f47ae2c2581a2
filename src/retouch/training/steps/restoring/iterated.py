"""Training of stages in a row, each for itself on what the one before gives.

Source: L. M. Quan, Y.-G. Kim, "Iterative Application of Autoencoders for Video Inpainting and Fingerprint Denoising",
Springer 2019: every stage is trained with the mean squared error against the clean picture while those before it stay
as they are. Phases named "stage_1", "stage_2", ... do that one after the other. In any other phase all stages are
trained at once, none of them through a later one. The switcher between architectures stands in
`retouch.nets.restoration.iterative`; it is no part of a run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.errors import UsageError
from retouch.nets.restoration.iterative import IterativeRefiner
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.denoising.staged import stage_of_phase, untouched
from retouch.training.steps.restoring.scores import psnr, to_channels
from retouch.training.steps.video.clips import pictures_to_learn, single_pictures


@dataclass(frozen=True)
class IteratedLoss:
    """Frames that are taken of each clip of a batch of clips."""

    frames_per_clip: int = 2


class IteratedTraining:
    """Stages.

    Parameters
    ----------
    networks : mapping
        "generator": an `IterativeRefiner`.
    loss : IteratedLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: IteratedLoss) -> None:
        self.networks = networks
        self.loss = loss
        net = networks["generator"]
        if not isinstance(net, IterativeRefiner):
            raise UsageError(f"this kind trains nets of stages, got a {type(net).__name__}; take the kind 'pairs'")
        self.net = net

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move the stage of the phase, or all stages."""
        last, alone = stage_of_phase(context.phase, len(self.net.stages))
        damaged, image = pictures_to_learn(batch, self.loss.frames_per_clip, context.rng)
        first, before = 0, damaged
        if alone and last > 1:
            first = last - 1
            with untouched(self.net.stages[:first]), torch.no_grad():
                before = self._restore(damaged, first, context)
        errors = self._errors(before, image, (first, last), context)
        context.update({"generator": torch.stack(errors).sum()})
        named = {f"stage_{first + place}": error.detach() for place, error in enumerate(errors, start=1)}
        return {"loss": errors[-1].detach(), **named}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the pictures after the stages that are trained so far."""
        last, _ = stage_of_phase(context.phase, len(self.net.stages))
        return self._restore(single_pictures(batch)[0], last, context).clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return the PSNR of the pictures, and how much they gained."""
        damaged, image = single_pictures(batch)
        painted = self.paint(batch, context)
        after, before = (psnr(picture, to_channels(image, picture.shape[1])) for picture in (painted, damaged))
        return {"psnr": after, "gain": after - before}

    def _restore(self, picture: Tensor, n_stages: int, context: Context) -> Tensor:
        for stage in self.net.stages[:n_stages]:
            picture = context.run(stage, picture)
        return picture

    def _errors(self, before: Tensor, image: Tensor, stages: tuple[int, int], context: Context) -> list[Tensor]:
        """Return the mean squared error of each of the stages, none of which is trained through a later one."""
        errors: list[Float[Tensor, ""]] = []
        for stage in self.net.stages[slice(*stages)]:
            before = context.run(stage, before.detach())
            errors.append((before - to_channels(image, before.shape[1])).square().mean())
        return errors
