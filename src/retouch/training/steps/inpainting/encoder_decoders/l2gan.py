"""L2-GAN: one corner block, by its squared error alone first, then against a critic too.

Source: the "L2-GAN" of the survey's seed paper, after D. Pathak et al., "Context Encoders", CVPR 2016, whose weights
of both terms are taken, since the paper gives none.

Departures: both networks are moved at once (see `filling`); errors are of pictures in [-1, 1].

A phase that does not train the critic is the first one: squared errors alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from retouch.errors import InputError
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.filling import Filling
from retouch.training.steps.inpainting.games import GameName, play
from retouch.training.steps.scoring import journal


@dataclass(frozen=True)
class L2GANLoss:
    """Weights of both terms, and the corner, which must be the network's own."""

    reconstruction_weight: float = 0.999
    adversarial_weight: float = 0.001
    corner: Literal["top-left", "top-right", "bottom-left", "bottom-right"] = "top-left"
    game: GameName = "vanilla"


class L2GANTraining(Filling[L2GANLoss]):
    """One step moves the generator, and the critic in the phases that train it.

    Parameters
    ----------
    networks : mapping by role
        "generator", an `L2GAN`, and "critic", of blocks in [-1, 1].
    loss : L2GANLoss

    Raises
    ------
    InputError
        If the network was built for another corner.
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: L2GANLoss) -> None:
        super().__init__(networks, loss)
        if self.generator.corner != loss.corner:
            raise InputError(
                f"this network fills the {self.generator.corner} corner, the recipe asks for {loss.corner}; set the "
                "network's argument 'corner' and loss.corner to the same"
            )

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Take one step.

        Raises
        ------
        InputError
            If pixels are missing outside the corner's block.
        """
        place = self.generator.block_of(batch.mask)
        self._require_corner(batch.mask, batch.mask[place])
        block, truth = context.run(self.generator.predict_block, batch.image, batch.mask), batch.image[place]
        error = 4 * (block - truth).square().mean()
        if not context.trains("critic"):
            context.update({"generator": error})
            return journal({"reconstruction": error})
        verdict = play(self.loss.game, context, self.networks["critic"], 2 * truth - 1, 2 * block - 1)
        total = self.loss.reconstruction_weight * error + self.loss.adversarial_weight * verdict.generator
        context.update({"generator": total, "critic": verdict.critic})
        return journal({"reconstruction": error, **verdict._asdict()})

    def _require_corner(self, mask: Tensor, block_mask: Tensor) -> None:
        if mask.sum() != block_mask.sum():
            raise InputError(
                f"L2-GAN learns the {self.loss.corner} block only, and masks of this batch miss pixels outside it; set "
                f'damage.curriculum = "quadrant" with the corner "{self.loss.corner}"'
            )
