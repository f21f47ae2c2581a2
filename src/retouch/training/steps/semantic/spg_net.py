"""SPG-Net's training: labels in the hole, then the picture that is painted by them, then both at once.

Source: Y. Song, C. Yang, Y. Shen, P. Wang, Q. Huang, C.-C. J. Kuo, "SPG-Net", BMVC 2018, Sec. 3 and 4: cross-entropy in
the hole and a hinge critic for the labels; squared error and a critic for the picture, as in Iizuka et al., SIGGRAPH
2017. A phase named "labels" trains the first net alone, one named "picture" the second one on the first one's maps, any
other both.

Departures: no perceptual terms and one critic of each kind, at one scale; without critics their terms are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from retouch.errors import UsageError
from retouch.losses.pixels.label_maps import label_cross_entropy
from retouch.nets.semantic.semantic_map_critic import soften_labels
from retouch.nets.semantic.spg_net import SPGNet
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.denoising.staged import untouched
from retouch.training.steps.inpainting.games import play
from retouch.training.steps.scoring import composite, hole_scores
from retouch.training.steps.semantic.labels import judge_labels, one_hot


@dataclass(frozen=True)
class SPGNetLoss:
    """Weights of the terms.

    Attributes
    ----------
    label_weight, label_adversarial_weight : float
        Cross-entropy in the hole, and the label critic.
    picture_weight, adversarial_weight : float
        Squared error in the hole, and the picture critic.
    known_weight : float
        Of the squared error of known pixels.
    """

    label_weight: float = 1.0
    label_adversarial_weight: float = 0.01
    picture_weight: float = 1.0
    adversarial_weight: float = 4e-4
    known_weight: float = 0.1


class SPGNetTraining:
    """SPG-Net with critics on wish.

    Parameters
    ----------
    networks : mapping
        "generator": an `SPGNet`; "label_critic": of maps (N, C, H, W); "critic": of pictures in [-1, 1].
    loss : SPGNetLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: SPGNetLoss) -> None:
        self.networks = networks
        self.loss = loss
        net = networks["generator"]
        if not isinstance(net, SPGNet):
            raise UsageError(f"this kind trains spg_net, got a {type(net).__name__}")
        self.net = net
        self.n_classes = [layer for layer in net.label_net.modules() if isinstance(layer, nn.Conv2d)][-1].out_channels

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move what the phase trains."""
        labels = one_hot(batch.tensors["labels"], self.n_classes)
        with untouched([self.net.label_net] if context.phase == "picture" else []):
            logits = context.run(self.net.predict_labels, batch.image, batch.mask, labels)
        completed = labels.where(batch.mask == 0, logits.softmax(dim=1))
        losses: dict[str, Tensor] = {"generator": logits.new_zeros(())}
        if context.phase != "picture":
            self._add_labels(losses, batch, context, (logits, completed))
        if context.phase != "labels":
            self._add_picture(losses, batch, context, completed)
        context.update(losses)
        right = judge_labels(logits.detach(), batch.tensors["labels"], batch.mask)["accuracy"].mean()
        return {"accuracy": right, **{name: loss.detach() for name, loss in losses.items()}}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the pictures, known pixels as they were."""
        return composite(self._guided(batch, context)[1], batch.image, batch.mask)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return psnr, mse and l1 of the holes, and how well the labels are told there."""
        logits, painted = self._guided(batch, context)
        return {
            **hole_scores(painted.clamp(0, 1), batch.image, batch.mask),
            **judge_labels(logits, batch.tensors["labels"], batch.mask),
        }

    def _guided(self, batch: Batch, context: Context) -> tuple[Float[Tensor, "N C H W"], Float[Tensor, "N 3 H W"]]:
        labels = one_hot(batch.tensors["labels"], self.n_classes)
        logits, _, picture = context.run(self.net, batch.image, batch.mask, labels)
        return logits, picture

    def _add_labels(
        self, losses: dict[str, Tensor], batch: Batch, context: Context, maps: tuple[Tensor, Tensor]
    ) -> None:
        logits, completed = maps
        entropy = label_cross_entropy(logits, batch.tensors["labels"], place_weights=batch.mask)
        losses["generator"] = losses["generator"] + self.loss.label_weight * entropy
        if "label_critic" in self.networks and context.trains("label_critic"):
            real = soften_labels(one_hot(batch.tensors["labels"], self.n_classes))
            verdict = play("hinge", context, self.networks["label_critic"], real, completed)
            losses["label_critic"] = verdict.critic
            losses["generator"] = losses["generator"] + self.loss.label_adversarial_weight * verdict.generator

    def _add_picture(self, losses: dict[str, Tensor], batch: Batch, context: Context, completed: Tensor) -> None:
        painted = context.run(self.net.paint, batch.image, batch.mask, completed)
        weights = batch.mask + self.loss.known_weight * (1 - batch.mask)
        error = (weights * (painted - batch.image).square()).mean()
        losses["generator"] = losses["generator"] + self.loss.picture_weight * error
        if "critic" in self.networks and context.trains("critic"):
            made = 2 * painted.where(batch.mask > 0, batch.image) - 1
            verdict = play("vanilla", context, self.networks["critic"], 2 * batch.image - 1, made)
            losses["critic"] = verdict.critic
            losses["generator"] = losses["generator"] + self.loss.adversarial_weight * verdict.generator
