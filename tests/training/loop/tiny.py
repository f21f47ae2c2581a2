"""A tiny training on numbers drawn for it, so that tests of the loop depend on no other room; also run as a program."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from retouch.training.batch import Batch
from retouch.training.door import train
from retouch.training.loop import session
from retouch.training.loop.parts import assemble
from retouch.training.loop.records.checkpoints import Checkpoint, CheckpointFolder
from retouch.training.recipes.settings import (
    DamageSettings,
    DataSettings,
    NetSettings,
    OptimiserSettings,
    PhaseSettings,
    Recipe,
    RunSettings,
)
from retouch.training.steps.contract import Context

SIDE = 6


class TinyStream:
    """Five batches to an epoch; the curriculum's state shifts the numbers, and validation moves it."""

    def __init__(self, recipe: Recipe, n_processes: int = 1, on_batch: Callable[[int], None] | None = None) -> None:
        self._n = recipe.run.batch
        self._on_batch = on_batch
        self.fingerprint = "f" * 64
        self.shift = 0.0
        self.skipped: Mapping[str, str] = {}
        self.notes: tuple[str, ...] = ()

    def batch(self, number: int) -> Batch:
        """Return a training batch."""
        if self._on_batch is not None:
            self._on_batch(number)
        positions = range(number * self._n, (number + 1) * self._n)
        return self._of([position % 10 for position in positions], self.shift)

    def validation(self) -> Iterator[Batch]:
        """Go through two batches."""
        for first in (100, 102):
            yield self._of([first, first + 1], 0.0)

    def feedback(self, scores: Mapping[str, Mapping[str, float]]) -> None:
        """Shift by an error."""
        self.shift += scores["even"]["mse"]

    def state_dict(self) -> dict[str, Any]:
        """Return the shift."""
        return {"shift": self.shift}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Bring the shift back."""
        self.shift = state["shift"]

    def close(self) -> None:
        """Have nothing to stop."""

    def _of(self, seeds: list[int], shift: float) -> Batch:
        drawn = [np.random.default_rng(seed).random((3, SIDE, SIDE), np.float32) + shift for seed in seeds]
        image = torch.from_numpy(np.stack(drawn).astype(np.float32))
        mask = torch.zeros(len(seeds), 1, SIDE, SIDE)
        mask[..., :2] = 1
        names = tuple(f"{seed}.png" for seed in seeds)
        return Batch({"image": image, "mask": mask}, names, tuple("odd" if seed % 2 else "even" for seed in seeds))


class TinyTraining:
    """A generator that copies pictures and a critic of means, so small that one can follow them."""

    def __init__(self, networks: Mapping[str, nn.Module]) -> None:
        self.networks = networks

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move both networks."""
        noise = torch.randn(batch.image.shape, generator=context.rng)
        painted = context.run(self.networks["generator"], batch.image * (1 - batch.mask) + 0.1 * noise * batch.mask)
        losses = {"generator": (painted - batch.image).square().mean()}
        if "critic" in self.networks:
            losses["critic"] = (context.run(self.networks["critic"], painted.detach()) - 1).square().mean()
        context.update(losses)
        return {name: loss.detach() for name, loss in losses.items()}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Copy the known pixels."""
        painted: Tensor = context.run(self.networks["generator"], batch.image * (1 - batch.mask))
        return painted.clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return the squared error."""
        return {"mse": (self.paint(batch, context) - batch.image).square().mean(dim=(1, 2, 3))}


def tiny_networks(*, plain: bool = False) -> dict[str, nn.Module]:
    """Return a generator and a critic; with dropout and statistics, unless they are to be plain."""
    torch.manual_seed(5)
    extra = () if plain else (nn.BatchNorm2d(3), nn.Dropout(0.2))
    return {
        "generator": nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), *extra),
        "critic": nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(2 * (SIDE - 2) ** 2, 1)),
    }


def tiny_recipe(**run: Any) -> Recipe:
    """Return a recipe with phases, accumulation, averages, clipping and both schedules."""
    settings: dict[str, Any] = {
        "steps": 12,
        "batch": 2,
        "accumulate": 2,
        "ema_decay": 0.9,
        "clip_norm": 0.5,
        "validate_every": 4,
        "checkpoint_every": 5,
        "sheet_every": 0,
        "log_every": 5,
        "watch": "mse",
    }
    return Recipe(
        name="tiny",
        kind="tiny",
        paper="",
        aim="",
        networks={"generator": NetSettings("tiny_generator"), "critic": NetSettings("tiny_critic")},
        optimisers={
            "generator": OptimiserSettings(lr=0.01, schedule="cosine", warmup_steps=2),
            "critic": OptimiserSettings(method="sgd", lr=0.01, momentum=0.9, schedule="steps", milestones=(6,)),
        },
        data=DataSettings(root="nowhere"),
        damage=DamageSettings(),
        run=RunSettings(**{**settings, **run}),
        loss=None,
        phases=(PhaseSettings("generator", 3, ("generator",)), PhaseSettings("critic", 2, ("critic",))),
    )


def plain_recipe(**run: Any) -> Recipe:
    """Return a recipe without anything that two processes would draw differently from one."""
    recipe = tiny_recipe(**{"accumulate": 1, "steps": 6, "clip_norm": 0.0, **run})
    sgd = OptimiserSettings(method="sgd", lr=0.1)
    return replace(recipe, phases=(), optimisers={"generator": sgd, "critic": sgd})


class PlainTraining(TinyTraining):
    """The same without random numbers."""

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move both networks."""
        painted = context.run(self.networks["generator"], batch.image)
        loss = functional.mse_loss(painted, 1 - batch.image)
        context.update({"generator": loss})
        context.update({"critic": (context.run(self.networks["critic"], painted.detach()) - 1).square().mean()})
        return {"generator": loss.detach()}


def train_tiny(
    recipe: Recipe,
    folder: Path,
    *,
    training: type[TinyTraining] = TinyTraining,
    on_batch: Callable[[int], None] | None = None,
    **options: Any,
) -> session.TrainingResult:
    """Call the door with the tiny parts in the place of the real ones."""
    networks = tiny_networks(plain=training is PlainTraining)

    def assembled(recipe: Recipe, networks: Any, stream: Any, processes: Any) -> Any:
        return assemble(recipe, networks, stream, processes, training(networks))

    with (
        mock.patch.object(
            session, "open_stream", lambda recipe, n_processes: TinyStream(recipe, n_processes, on_batch)
        ),
        mock.patch.object(session, "build_networks", return_value=networks),
        mock.patch.object(session, "assemble", assembled),
    ):
        return train(recipe, folder, threads=1, **options)


def last_checkpoint(folder: Path) -> Checkpoint:
    """Return the newest checkpoint of a run."""
    found = CheckpointFolder(folder / "checkpoints").newest()
    assert found is not None
    return found


def differing(first: Checkpoint, second: Checkpoint) -> list[str]:
    """Return the names of the tensors that are not the same bit for bit."""
    assert first.tensors.keys() == second.tensors.keys()
    return [name for name, tensor in first.tensors.items() if not torch.equal(tensor, second.tensors[name])]


if __name__ == "__main__":
    torch.set_num_threads(1)
    train_tiny(plain_recipe(batch=int(sys.argv[2])), Path(sys.argv[1]), training=PlainTraining)
