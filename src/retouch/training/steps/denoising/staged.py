"""Denoisers of stages, trained one stage after the other and then all together: CSF and TNRD.

Source: U. Schmidt, S. Roth, "Shrinkage fields for effective image restoration", CVPR 2014, section 3.1 (minus PSNR);
Y. Chen, T. Pock, "Trainable nonlinear reaction diffusion", PAMI 39(6), 2017, section 3.3 (half the squared error).

Phases named "stage_1", "stage_2", ... train that stage alone, on its own result; in any other phase all stages are
trained on the last one's. Departures: Adam for L-BFGS; means for sums over pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

from retouch.errors import UsageError
from retouch.nets.denoising.csf import CSF
from retouch.nets.denoising.tnrd import TNRD
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.denoising.plain import judge_denoised
from retouch.training.steps.restoring.scores import psnr

_PREFIX = "stage_"


@dataclass(frozen=True)
class StagedLoss:
    """What is minimised: "l2", the mean squared error (TNRD), or "minus_psnr" (CSF)."""

    distance: Literal["l2", "minus_psnr"] = "l2"


class StagedDenoising:
    """CSF or TNRD.

    Parameters
    ----------
    networks : mapping
        "generator": a `CSF` or `TNRD`.
    loss : StagedLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: StagedLoss) -> None:
        self.networks = networks
        self.loss = loss
        net = networks["generator"]
        if not isinstance(net, CSF | TNRD):
            raise UsageError(f"this kind trains csf and tnrd, got a {type(net).__name__}; take the kind 'denoise'")
        self.net = net

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move the stage of the phase, or all stages."""
        n_stages, greedy = stage_of_phase(context.phase, len(stages_of(self.net)))
        with untouched(stages_of(self.net)[: n_stages - 1] if greedy else []):
            clean = self.denoise(batch, context)
        loss = self._distance(clean, batch.image)
        context.update({"generator": loss})
        return {"loss": loss.detach(), "psnr": psnr(clean.detach(), batch.image).mean()}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the clean pictures by the stages that are trained so far."""
        return self.denoise(batch, context).clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return the PSNR of the clean pictures, and how much they gained."""
        return judge_denoised(self.paint(batch, context), batch)

    def denoise(self, batch: Batch, context: Context) -> Float[Tensor, "N 1 H W"]:
        """Return the result of the phase's stage, not clipped."""
        n_stages, _ = stage_of_phase(context.phase, len(stages_of(self.net)))
        clean: Tensor = context.run(first_stages(self.net, n_stages), batch.tensors["noisy"])
        return clean

    def _distance(self, clean: Tensor, image: Tensor) -> Tensor:
        return -psnr(clean, image).mean() if self.loss.distance == "minus_psnr" else (clean - image).square().mean()


def stage_of_phase(phase: str, n_stages: int) -> tuple[int, bool]:
    """Return up to which stage a phase runs, counted from 1, and whether only that one is trained.

    Raises
    ------
    UsageError
        If there is no such stage.

    >>> stage_of_phase("stage_2", 5), stage_of_phase("joint", 5)
    ((2, True), (5, False))
    """
    if not phase.startswith(_PREFIX):
        return n_stages, False
    number = phase.removeprefix(_PREFIX)
    if not number.isdigit() or not 1 <= int(number) <= n_stages:
        raise UsageError(f"phases that train one stage are '{_PREFIX}1' to '{_PREFIX}{n_stages}', got '{phase}'")
    return int(number), True


def stages_of(net: CSF | TNRD) -> nn.ModuleList:
    """Return the stages in their order."""
    return net.stages if isinstance(net, CSF) else net.steps


def first_stages(net: CSF | TNRD, n_stages: int) -> CSF | TNRD:
    """Return a net of the first stages only, which shares their weights."""
    if isinstance(net, CSF):
        shrunk = CSF(n_filters=1, n_stages=1)
        shrunk.margin, shrunk.stages = net.margin, net.stages[:n_stages]
        return shrunk
    diffused = TNRD(n_filters=1, n_steps=1)
    diffused.steps = net.steps[:n_stages]
    return diffused


@contextmanager
def untouched(modules: Sequence[nn.Module] | nn.ModuleList) -> Iterator[None]:
    """Leave the weights and running statistics of some modules out of what is computed inside."""
    weights = [weight for module in modules for weight in module.parameters() if weight.requires_grad]
    trained = [part for module in modules for part in module.modules() if part.training]
    for weight in weights:
        weight.requires_grad_(False)
    for part in trained:
        part.training = False
    try:
        yield
    finally:
        for weight in weights:
            weight.requires_grad_(True)
        for part in trained:
            part.training = True
