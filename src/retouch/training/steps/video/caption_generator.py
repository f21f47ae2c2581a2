"""Training of the frame-attention generator: captions of a clip's middle frame, from the other frames.

Source: Y. Zeng, J. Fu, H. Chao, "Learning joint spatial-temporal transformations for video inpainting", ECCV 2020,
section 3.3: absolute errors in the hole and around it, each by its number of pixels, weight 1, and a hinge critic,
weight 0.01. Departures: the critic sees single frames, since no critic of clips is in the catalogue; without one the
pixels alone are minimised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.games import play
from retouch.training.steps.restoring.scores import psnr, region_psnr
from retouch.training.steps.video.clips import caption_masks, centre_frames


@dataclass(frozen=True)
class CaptionGeneratorLoss:
    """Frames of a clip, an odd number, and the weights of the terms."""

    frames: int = 5
    hole_weight: float = 1.0
    valid_weight: float = 1.0
    adversarial_weight: float = 0.01


class CaptionGeneratorTraining:
    """A generator, and a critic on wish.

    Parameters
    ----------
    networks : mapping
        "generator": from frames in [-1, 1] and their masks to the middle frame; "critic", optional: from pictures in
        [-1, 1] to scores.
    loss : CaptionGeneratorLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: CaptionGeneratorLoss) -> None:
        self.networks = networks
        self.loss = loss

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move generator and critic once."""
        drawn, truth, mask = self._draw(batch, context)
        error = (drawn - truth).abs()
        hole, valid = _mean_where(error, mask), _mean_where(error, 1 - mask)
        losses = {"generator": self.loss.hole_weight * hole + self.loss.valid_weight * valid}
        if "critic" in self.networks and context.trains("critic"):
            verdict = play("hinge", context, self.networks["critic"], 2 * truth - 1, 2 * drawn - 1)
            losses["critic"] = verdict.critic
            losses["generator"] = losses["generator"] + self.loss.adversarial_weight * verdict.generator
        context.update(losses)
        return {
            "hole": hole.detach(),
            "valid": valid.detach(),
            **{name: loss.detach() for name, loss in losses.items()},
        }

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the middle frames, known pixels as they were."""
        drawn, _, mask = self._draw(batch, context)
        damaged = centre_frames(batch.tensors["damaged_frames"], self.loss.frames)
        return drawn.where(mask > 0, damaged[:, self.loss.frames // 2]).clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return the PSNR of the middle frames, and that under the captions."""
        painted, (_, truth, mask) = self.paint(batch, context), self._draw(batch, context)
        return {"psnr": psnr(painted, truth), "hole_psnr": region_psnr(painted, truth, mask)}

    def _draw(
        self, batch: Batch, context: Context
    ) -> tuple[Float[Tensor, "N 3 H W"], Float[Tensor, "N 3 H W"], Float[Tensor, "N 1 H W"]]:
        """Return what the net draws, the truth and the mask of the middle frames."""
        n_frames, middle = self.loss.frames, self.loss.frames // 2
        damaged = centre_frames(batch.tensors["damaged_frames"], n_frames)
        truth = centre_frames(batch.tensors["frames"], n_frames)[:, middle]
        masks = centre_frames(caption_masks(batch), n_frames)
        drawn: Tensor = context.run(self.networks["generator"], 2 * damaged - 1, masks)  # the net's range [-1, 1]
        return (drawn + 1) / 2, truth, masks[:, middle]


def _mean_where(error: Float[Tensor, "N C H W"], region: Float[Tensor, "N 1 H W"]) -> Float[Tensor, ""]:
    return (error * region).mean() / region.mean().clamp(min=1e-6)
