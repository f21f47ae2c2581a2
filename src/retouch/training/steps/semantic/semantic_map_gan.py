"""The training of semantic-map inpainting: cross-entropy that fades into the hole, and two Wasserstein critics.

Source: L. Berlincioni, F. Becattini, L. Galteri, L. Seidenari, A. Del Bimbo, "Road Layout Understanding by Generative
Adversarial Inpainting", 2019, on the losses of J. Yu et al., "Generative Image Inpainting with Contextual Attention",
CVPR 2018: discounted by 0.99 for each pixel from the rim, on both stages; gradient penalty 10 in the hole.

Departures: true maps are softened for the critics (see `retouch.nets.semantic.semantic_map_critic`). The distance from
the rim is that of a king on a chessboard. The hole may lie anywhere: where the data has "static_labels", what stands
behind moving things, they are the truth; else pixels of moving classes in the hole have none and do not teach. Without
critics the cross-entropies alone are minimised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Int
from torch import Tensor, nn

from retouch.errors import UsageError
from retouch.losses.discounted import discount_weights
from retouch.losses.pixels.label_maps import label_cross_entropy
from retouch.nets.critics.crop_critic import CropCritic
from retouch.nets.encoder_decoders.glcic import crop_windows, window_corners
from retouch.nets.semantic.semantic_map_critic import soften_labels
from retouch.nets.semantic.semantic_map_gan import SemanticMapGenerator, complete
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.restoring.wasserstein import critic_round, generator_round
from retouch.training.steps.semantic.labels import colour_labels, judge_labels, one_hot, relabelled

_CRITICS = ("critic", "local_critic")


@dataclass(frozen=True)
class SemanticMapLoss:
    """What counts.

    Attributes
    ----------
    discount : float
        gamma, the weight of a pixel for each pixel that it is farther from the rim.
    coarse_weight : float
        Of the first stage's cross-entropy.
    known_weight : float
        Of the cross-entropy of known static pixels.
    adversarial_weight, penalty_weight : float
        Of the critics' scores, and of their gradient penalty.
    soft_share : float
        Share of true labels that is spread over all classes for the critics.
    label_channels : tuple of int
        Which channel of the network each label of the data stands for; empty where they are the same.
    """

    discount: float = 0.99
    coarse_weight: float = 1.0
    known_weight: float = 0.1
    adversarial_weight: float = 1e-3
    penalty_weight: float = 10.0
    soft_share: float = 0.1
    label_channels: tuple[int, ...] = ()


class SemanticMapTraining:
    """The generator, and a global and a local critic on wish.

    Parameters
    ----------
    networks : mapping
        "generator": a `SemanticMapGenerator`; "critic" and "local_critic": `CropCritic`s of static classes, the first
        of the size of the maps.
    loss : SemanticMapLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: SemanticMapLoss) -> None:
        self.networks = networks
        self.loss = loss
        net = networks["generator"]
        if not isinstance(net, SemanticMapGenerator):
            raise UsageError(f"this kind trains semantic_map_gan, got a {type(net).__name__}")
        self.net = net

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move generator and critics once."""
        known, coarse, refined = self._scores(batch, context)
        labels = self._truth(batch)
        weights = discount_weights(batch.mask, discount=self.loss.discount) + self.loss.known_weight * (1 - batch.mask)
        entropy = label_cross_entropy(refined, labels, place_weights=weights)
        loss = entropy + self.loss.coarse_weight * label_cross_entropy(coarse, labels, place_weights=weights)
        losses = {"generator": loss}
        made = complete(known, refined, batch.mask)[:, : self.net.n_static]
        for role in _CRITICS:
            if role in self.networks and context.trains(role):
                doubt, losses[role] = self._play(role, batch, made, context)
                losses["generator"] = losses["generator"] + self.loss.adversarial_weight * doubt
        context.update(losses)
        right = judge_labels(refined.detach(), labels, batch.mask)["accuracy"].mean()
        shown = {"entropy": entropy, **losses}
        return {"accuracy": right, **{name: value.detach() for name, value in shown.items()}}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the completed maps in colours."""
        known, _, refined = self._scores(batch, context)
        whole = complete(known, refined, batch.mask)
        return colour_labels(whole.argmax(dim=1), self.n_classes).clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return the share of right pixels in the hole, and the mean overlap of the classes in it."""
        return judge_labels(self._scores(batch, context)[2], self._truth(batch), batch.mask)

    @property
    def n_classes(self) -> int:
        """Return the number of static and moving classes."""
        return self.net.n_static + self.net.n_moving

    def _scores(self, batch: Batch, context: Context) -> tuple[Tensor, Tensor, Tensor]:
        """Return the map of what is seen, and the scores of both stages."""
        known = one_hot(relabelled(batch.tensors["labels"], self.loss.label_channels), self.n_classes)
        coarse, refined = context.run(self.net, known, batch.mask)
        return known, coarse, refined

    def _truth(self, batch: Batch) -> Int[Tensor, "N H W"]:
        """Return the static labels, in the network's channels."""
        seen = batch.tensors["labels"]
        return relabelled(batch.tensors.get("static_labels", seen), self.loss.label_channels)

    def _play(self, role: str, batch: Batch, made: Tensor, context: Context) -> tuple[Tensor, Tensor]:
        """Return what a critic's doubts cost the generator, and the critic's own loss."""
        critic, mask = self.networks[role], batch.mask
        real = soften_labels(one_hot(self._truth(batch), self.net.n_static), self.loss.soft_share)
        if role == "local_critic":
            if not isinstance(critic, CropCritic):
                raise UsageError(f"the local critic must be a critic of crops, got a {type(critic).__name__}")
            corners = window_corners(mask, critic.size[0])
            real, made, mask = (crop_windows(x, corners, critic.size[0]) for x in (real, made, mask))
        weight = self.loss.penalty_weight
        own = critic_round(context, critic, real, made, penalty_weight=weight, region=mask)
        return generator_round(context, critic, made), own
