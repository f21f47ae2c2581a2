"""The training of SG-Net and SGE-Net: labels and picture at every scale, and a critic of the largest.

Source: L. Liao, J. Xiao, Z. Wang, C.-W. Lin, S. Satoh, "Guidance and Evaluation", ECCV 2020, Sec. 3.3: cross-entropy
and absolute error at each scale, an adversarial loss at the last. Departures: the adversarial loss is the hinge;
smaller truths are means of pixels and nearest labels. Without a critic its term is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import UsageError
from retouch.losses.pixels.label_maps import label_cross_entropy
from retouch.nets.semantic.sg_net import Scales, SGNet
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.games import play
from retouch.training.steps.scoring import composite, hole_scores
from retouch.training.steps.semantic.labels import judge_labels


@dataclass(frozen=True)
class SGNetLoss:
    """Weights of the terms; each scale counts alike."""

    label_weight: float = 1.0
    picture_weight: float = 1.0
    adversarial_weight: float = 0.1


class SGNetTraining:
    """SG-Net or SGE-Net, with a critic on wish.

    Parameters
    ----------
    networks : mapping
        "generator": an `SGNet`; "critic": of pictures in [-1, 1].
    loss : SGNetLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: SGNetLoss) -> None:
        self.networks = networks
        self.loss = loss
        if not isinstance(networks["generator"], SGNet):
            raise UsageError(f"this kind trains sg_net and sge_net, got a {type(networks['generator']).__name__}")

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move the net, and the critic."""
        scales = self._scales(batch, context)
        labels, pixels = self._distances(scales, batch)
        losses = {"generator": self.loss.label_weight * labels + self.loss.picture_weight * pixels}
        if "critic" in self.networks and context.trains("critic"):
            made = 2 * scales.pictures[-1].where(batch.mask > 0, batch.image) - 1
            verdict = play("hinge", context, self.networks["critic"], 2 * batch.image - 1, made)
            losses["critic"] = verdict.critic
            losses["generator"] = losses["generator"] + self.loss.adversarial_weight * verdict.generator
        context.update(losses)
        shown = {"labels": labels, "pixels": pixels, **losses}
        return {name: loss.detach() for name, loss in shown.items()}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the pictures, known pixels as they were."""
        return composite(self._scales(batch, context).pictures[-1], batch.image, batch.mask)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return psnr, mse and l1 of the holes, and how well the labels are told there."""
        scales = self._scales(batch, context)
        return {
            **hole_scores(scales.pictures[-1].clamp(0, 1), batch.image, batch.mask),
            **judge_labels(scales.logits[-1], batch.tensors["labels"], batch.mask),
        }

    def _scales(self, batch: Batch, context: Context) -> Scales:
        return Scales(*context.run(self.networks["generator"], batch.image, batch.mask))

    def _distances(self, scales: Scales, batch: Batch) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Return the cross-entropies and the absolute errors, summed over scales."""
        entropy = pixels = batch.image.new_zeros(())
        for picture, logits in zip(scales.pictures, scales.logits, strict=True):
            size = picture.shape[2:]
            labels = functional.interpolate(batch.tensors["labels"][:, None].float(), size, mode="nearest")[:, 0].long()
            entropy = entropy + label_cross_entropy(logits, labels)
            pixels = pixels + (picture - functional.interpolate(batch.image, size, mode="area")).abs().mean()
        return entropy, pixels
