"""The training of ICNet, one stage or two: the middle of nine frames, without a mask.

Source: D. Kim, S. Woo, J.-Y. Lee, I. S. Kweon, "Deep blind video decaptioning by temporal aggregation and recurrence",
CVPR 2019, Sec. 3.3: absolute error, that of the differences of neighbours, and minus the structural similarity, all of
weight 1. Both stages are trained at once, each against the truth. Departures: means for sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.losses.pixels.gradients import gradient_l1
from retouch.losses.similarity.ssim import ssim
from retouch.nets.captions.icnet import N_FRAMES
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.restoring.scores import psnr, region_psnr
from retouch.training.steps.video.clips import caption_masks, centre_frames


@dataclass(frozen=True)
class ICNetLoss:
    """Weights of the terms, and from which change of a value the answer's is taken at use.

    Attributes
    ----------
    pixel_weight, gradient_weight, structure_weight : float
        Of the absolute error, that of the differences of neighbours, and minus the structural similarity.
    coarse_weight : float
        Of the first of two stages.
    least_change : float
        Values that change by less are left as they were.
    """

    pixel_weight: float = 1.0
    gradient_weight: float = 1.0
    structure_weight: float = 1.0
    coarse_weight: float = 1.0
    least_change: float = 0.01


class ICNetTraining:
    """ICNet.

    Parameters
    ----------
    networks : mapping
        "generator": from frames (N, 3, 9, H, W) to the middle one (N, 3, 1, H, W), or to a coarse and a fine one.
    loss : ICNetLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: ICNetLoss) -> None:
        self.networks = networks
        self.loss = loss

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move the net once."""
        truth = centre_frames(batch.tensors["frames"], 1)[:, 0]
        *coarse, fine = [self._distance(answer, truth) for answer in self._answers(batch, context)]
        loss = fine + self.loss.coarse_weight * torch.stack([fine.new_zeros(()), *coarse]).sum()
        context.update({"generator": loss})
        return {"loss": loss.detach(), "fine": fine.detach()}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the middle frames; values that hardly change are left as they were."""
        captioned = centre_frames(batch.tensors["damaged_frames"], 1)[:, 0]
        answer = self._answers(batch, context)[-1]
        return answer.where((answer - captioned).abs() >= self.loss.least_change, captioned).clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return PSNR, how much was gained, and PSNR and similarity under the captions and everywhere."""
        painted = self.paint(batch, context)
        truth, captioned = (centre_frames(batch.tensors[name], 1)[:, 0] for name in ("frames", "damaged_frames"))
        after = psnr(painted, truth)
        return {
            "psnr": after,
            "gain": after - psnr(captioned, truth),
            "hole_psnr": region_psnr(painted, truth, centre_frames(caption_masks(batch), 1)[:, 0]),
            "ssim": ssim(painted, truth),
        }

    def _answers(self, batch: Batch, context: Context) -> list[Float[Tensor, "N 3 H W"]]:
        frames = centre_frames(batch.tensors["damaged_frames"], N_FRAMES).transpose(1, 2)  # (N, 3, 9, H, W)
        answers = context.run(self.networks["generator"], frames)
        return [answer[:, :, 0] for answer in (answers if isinstance(answers, tuple | list) else [answers])]

    def _distance(self, answer: Float[Tensor, "N 3 H W"], truth: Float[Tensor, "N 3 H W"]) -> Float[Tensor, ""]:
        pixels = self.loss.pixel_weight * (answer - truth).abs().mean()
        steps = self.loss.gradient_weight * gradient_l1(answer, truth)
        return pixels + steps - self.loss.structure_weight * ssim(answer, truth).mean()
