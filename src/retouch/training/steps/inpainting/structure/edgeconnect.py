"""EdgeConnect: edges are completed first, the picture along them next.

Source: K. Nazeri, E. Ng, T. Joseph, F. Qureshi, M. Ebrahimi: "EdgeConnect: Generative Image Inpainting with Adversarial
Edge Learning", ICCV Workshops 2019, Secs. 3.1-3.3; stages and weights as in the authors' code.

Departures: networks are moved at once (see `filling`); critics see the raw edges and pictures, as in that code.

stage       trains, from                                  role
"edges"     the edge generator                            edge_critic
"canny"     the image generator, true edges               critic
"completed" the image generator, its partner's edges      critic
"joint"     both; the picture's error stops at the edges  both
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn

from retouch.arrays.edges import canny
from retouch.errors import InputError, unknown_name
from retouch.losses.pixels.regions import region_l1
from retouch.nets.inpainting.edgeconnect import LUMA
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.filling import Filling
from retouch.training.steps.inpainting.games import GameName, Verdict, play
from retouch.training.steps.inpainting.perceiving import Perceiver
from retouch.training.steps.scoring import hole_scores, journal

Stage = Literal["edges", "canny", "completed", "joint"]
_LEAST_SHARE = 1e-6


@dataclass(frozen=True)
class EdgeConnectLoss:
    """Weights of the terms.

    Attributes
    ----------
    stage : str
        Where a recipe has no phases; else the phase's name is the stage.
    edge_adversarial_weight, feature_weight : float
        Of the edges: the game, and the features of their critic.
    l1_weight, adversarial_weight, perceptual_weight, style_weight : float
        Of the picture; the last two need `backbone`, the weights file of VGG-19.
    sigma : float
        Of Canny's edges, which are taken from the picture where the batch has no "edges".
    game : str
    backbone : str
    """

    stage: Stage = "joint"
    edge_adversarial_weight: float = 1.0
    feature_weight: float = 10.0
    l1_weight: float = 1.0
    adversarial_weight: float = 0.1
    perceptual_weight: float = 0.1
    style_weight: float = 250.0
    sigma: float = 2.0
    game: GameName = "vanilla"
    backbone: str = ""


class EdgeConnectTraining(Filling[EdgeConnectLoss]):
    """One step moves what its stage trains.

    Parameters
    ----------
    networks : mapping by role
        "generator", an `EdgeConnect` of both; "critic" of pictures, "edge_critic" of grey pictures with edges.
    loss : EdgeConnectLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: EdgeConnectLoss) -> None:
        super().__init__(networks, loss)
        self._perceiver = Perceiver(
            loss.backbone, perceptual_weight=loss.perceptual_weight, style_weight=loss.style_weight
        )

    def painted(self, batch: Batch, context: Context) -> Tensor:
        """Return the pictures along completed edges."""
        picture: Tensor = context.run(self.generator, batch.image, batch.mask, self._edges(batch))
        return picture

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Take one step.

        Raises
        ------
        InputError
            If the phase is no stage.
        """
        stage = self._stage(context)
        true_edges = self._edges(batch)
        losses: dict[str, Tensor] = {}
        metrics: dict[str, Tensor] = {}
        given = true_edges
        if stage != "canny":
            with torch.set_grad_enabled(stage != "completed"):
                given = context.run(self.generator.complete_edges, batch.image, batch.mask, true_edges)
        if stage in {"edges", "joint"}:
            metrics |= self._learn_edges(batch, given, true_edges, losses, context)
        if stage != "edges":
            metrics |= self._learn_picture(batch, given.detach(), losses, context)
        context.update(losses)
        return journal(metrics)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return psnr, mse and l1 of the holes, and the l1 of the edges there."""
        true_edges = self._edges(batch)
        edges = context.run(self.generator.complete_edges, batch.image, batch.mask, true_edges)
        filled = hole_scores(self.paint(batch, context), batch.image, batch.mask)
        return filled | {"edge_l1": hole_scores(edges, true_edges, batch.mask)["l1"]}

    def _stage(self, context: Context) -> str:
        stage = context.phase or self.loss.stage
        if stage not in get_args(Stage):
            raise InputError(unknown_name("stage of EdgeConnect", stage, get_args(Stage)))
        return stage

    def _edges(self, batch: Batch) -> Tensor:
        if "edges" in batch.tensors:
            return batch.tensors["edges"]
        grey = _grey(batch.image)[:, 0].cpu().numpy()
        edges = np.stack([canny(picture.astype(np.float64), sigma=self.loss.sigma) for picture in grey])
        return torch.from_numpy(edges)[:, None].to(batch.image)

    def _learn_edges(
        self, batch: Batch, edges: Tensor, true_edges: Tensor, losses: dict[str, Tensor], context: Context
    ) -> dict[str, Tensor]:
        critic, grey = self.networks["edge_critic"], _grey(batch.image)
        real, fake = (torch.cat([grey, lines], dim=1) for lines in (true_edges, edges))
        verdict = play(self.loss.game, context, critic, real, fake)
        matching = self._matching(critic, real, fake, context)
        own = self.loss.edge_adversarial_weight * verdict.generator + self.loss.feature_weight * matching
        _add(losses, own, "edge_critic", verdict)
        return {"edge_generator": verdict.generator, "edge_critic": verdict.critic, "edge_matching": matching}

    def _matching(self, critic: Any, real: Tensor, fake: Tensor, context: Context) -> Tensor:
        with torch.no_grad():
            _, truth = context.run(critic, real)
        _, ours = context.run(critic, fake)
        return torch.stack([(a - b).abs().mean() for a, b in zip(ours, truth, strict=True)]).sum()

    def _learn_picture(
        self, batch: Batch, edges: Tensor, losses: dict[str, Tensor], context: Context
    ) -> dict[str, Tensor]:
        painted: Tensor = context.run(self.generator.paint, batch.image, batch.mask, edges)
        share = batch.mask.mean().clamp(min=_LEAST_SHARE)
        l1 = (painted - batch.image).abs().mean() / share
        verdict = play(self.loss.game, context, self.networks["critic"], batch.image, painted)
        own = self.loss.l1_weight * l1 + self.loss.adversarial_weight * verdict.generator
        _add(losses, own + self._perceiver(painted, batch, context), "critic", verdict)
        hole = region_l1(painted, batch.image, batch.mask)
        return {"l1": l1, "hole_l1": hole, "generator": verdict.generator, "critic": verdict.critic}


def _add(losses: dict[str, Tensor], own: Tensor, role: str, verdict: Verdict) -> None:
    losses["generator"] = losses["generator"] + own if "generator" in losses else own
    losses[role] = verdict.critic


def _grey(image: Tensor) -> Tensor:
    return (image * image.new_tensor(LUMA)[:, None, None]).sum(dim=1, keepdim=True)
