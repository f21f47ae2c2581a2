"""The loop: batches to steps, steps to reports, validations, sheets and checkpoints, until the end or a wish to stop.

What a step does depends on the recipe, the number of the step, the weights and the states of optimisers and stream
alone: the random numbers of a step are drawn from its number. So a run that goes on from a checkpoint ends where it
would have ended without a break.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from typing import Any

import torch

from retouch.arrays.types import Progress, ignore_progress
from retouch.errors import Cancelled, TrainingError
from retouch.io.atomic import atomic_write
from retouch.io.wording import shown
from retouch.training.batch import Batch
from retouch.training.loop.clock import Clock
from retouch.training.loop.context import StepContext, seed_of
from retouch.training.loop.judging import Scores, is_better, judge, watched
from retouch.training.loop.moving.phases import Modes, Phase, phase_at
from retouch.training.loop.moving.schedules import lr_at
from retouch.training.loop.moving.updating import NotFiniteError
from retouch.training.loop.parts import Parts, restore
from retouch.training.loop.records.checkpoints import Checkpoint
from retouch.training.loop.records.journal import Window
from retouch.training.loop.records.places import Places
from retouch.training.loop.records.recorder import Recorder
from retouch.training.loop.records.sheets import MOST_ROWS
from retouch.training.loop.stopping import Stopping

_CANCELLED = "cancelled"


class Run:
    """A run between two checkpoints.

    Parameters
    ----------
    parts : Parts
    recorder : Recorder or None
        None in processes that write nothing.
    places : Places
    stopping : Stopping
    progress : callable
        Told of every step.

    Attributes
    ----------
    done : int
        Steps taken.
    best : (step, score) or None
    scores : mapping
        Those of the last validation.
    clock : Clock
        Of this session.
    """

    def __init__(
        self,
        parts: Parts,
        recorder: Recorder | None,
        places: Places,
        stopping: Stopping,
        progress: Progress = ignore_progress,
    ) -> None:
        self._parts = parts
        self._recorder = recorder
        self._places = places
        self._stopping = stopping
        self._progress = progress
        self._modes = Modes(parts.networks)
        self._window = Window()
        self._samples: Batch | None = None
        self._saved_at = -1
        self.done = 0
        self.best: tuple[int, float] | None = None
        self.scores: Scores = {}
        self.clock = Clock()

    def go_on_from(self, checkpoint: Checkpoint) -> None:
        """Bring everything back to a checkpoint."""
        restore(self._parts, checkpoint.tensors, checkpoint.state)
        self.done = self._saved_at = checkpoint.step
        self._window = Window(checkpoint.state["window"])
        self.best = tuple(checkpoint.state["best"]) if checkpoint.state["best"] else None
        self.scores = checkpoint.state["scores"]

    def train(self) -> None:
        """Take the steps that are left, or as many as there is time for; always ends with a checkpoint.

        Raises
        ------
        TrainingError
            If a loss or a gradient is no number; the last checkpoint is as it was.
        Cancelled
            If the progress hook raised it; after a checkpoint.
        """
        n_steps = self._parts.recipe.run.steps
        if self.done == 0:
            self._look_at_samples()
        while self.done < n_steps and not self._parts.processes.any(bool(self._stopping.reason)):
            self._take_step()
            self.done += 1
            self._after_step()
            self._stopping.look_at_clock(self.clock.coming_s(judges=self._is_due("validate", self.done + 1)))
        self._end()

    def _take_step(self) -> None:
        recipe, updater, n = self._parts.recipe, self._parts.updater, self._parts.processes.n
        phase = phase_at(recipe, self.done)
        self._modes.set_training(phase.trains)
        rates = {role: lr_at(settings, self.done, recipe.run.steps) for role, settings in recipe.optimisers.items()}
        updater.begin_step(phase.trains, rates)
        for part in range(recipe.run.accumulate):
            number = (self.done * recipe.run.accumulate + part) * n + self._parts.processes.rank
            with self.clock.waiting():
                batch = self._parts.stream.batch(number)
            with self.clock.training(len(batch) * n):
                updater.begin_part(part)
                self._take_part(self._on_device(batch), number, phase)
        self._window.add({f"gradient_{role}": norm for role, norm in updater.norms.items()})
        trained = [self._parts.networks[role] for role in sorted(phase.trains)]
        self._parts.processes.average_([b for net in trained for b in net.buffers() if b.is_floating_point()])

    def _take_part(self, batch: Batch, number: int, phase: Phase) -> None:
        run = self._parts.recipe.run
        torch.manual_seed(seed_of(run.seed, "step", number))
        context = self._context(phase, seed_of(run.seed, "context", number), self._parts.updater.update)
        try:
            self._window.add(self._parts.training.step(batch, context))
        except NotFiniteError as error:
            raise self._broken(error, batch, number) from error

    def _context(self, phase: Phase, seed: int, update: Callable[..., None] | None = None) -> StepContext:
        return StepContext(
            self._parts.processes.device,
            step=self.done,
            phase=phase.name,
            trained=phase.trains if update is not None else frozenset(),
            seed=seed,
            precision=self._parts.recipe.run.precision,
            update=update,
        )

    def _on_device(self, batch: Batch) -> Batch:
        moved = batch.to(self._parts.processes.device)
        if not self._parts.recipe.run.channels_last:
            return moved
        tensors = {
            name: tensor.to(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor  # noqa: PLR2004
            for name, tensor in moved.tensors.items()
        }
        return Batch(tensors, moved.names, moved.groups)

    def _after_step(self) -> None:
        is_best = False
        if self._is_due("log", self.done):
            self._report()
        if self._is_due("validate", self.done):
            is_best = self._validate()
        if self._is_due("sheet", self.done):
            self._draw_sheet()
        if is_best or self._is_due("checkpoint", self.done):
            self._save()
        try:
            self._progress(self.done, self._parts.recipe.run.steps)
        except Cancelled:
            self._stopping.ask(_CANCELLED)

    def _is_due(self, what: str, step: int) -> bool:
        run = self._parts.recipe.run
        every = getattr(run, f"{what}_every")
        return step == run.steps or bool(every and step % every == 0)

    def _report(self) -> None:
        """Write the means of all processes since the last report."""
        phase = phase_at(self._parts.recipe, self.done - 1)
        shares = self._parts.processes.gather(self._window.take())
        names = {name: None for share in shares for name in share}
        means = {name: _mean([share[name] for share in shares if name in share]) for name in names}
        rates = {
            f"lr_{role}": lr_at(settings, self.done - 1, self._parts.recipe.run.steps)
            for role, settings in self._parts.recipe.optimisers.items()
            if role in phase.trains
        }
        if self._recorder is not None:
            self._recorder.report(self.done, means | rates | self.clock.lap(), phase.name)

    def _validate(self) -> bool:
        """Judge the networks; return whether they are the best so far."""
        parts, start = self._parts, time.monotonic()
        self._modes.set_training(frozenset())
        phase = phase_at(parts.recipe, max(self.done - 1, 0))
        with parts.averages.in_use(), self.clock.judging():
            scores = judge(
                parts.training,
                map(self._on_device, parts.stream.validation()),
                lambda number: self._context(phase, seed_of("validation", number)),
                parts.processes,
            )
        if not scores:
            return False
        self.scores = scores
        if self._recorder is not None:
            self._recorder.scores(self.done, scores, time.monotonic() - start)
        if parts.recipe.run.validate_every and self.done % parts.recipe.run.validate_every == 0:
            # Not after an end that is between two validations: a run made longer would differ from one that was long.
            parts.stream.feedback({group: values for group, values in scores.items() if group != "all"})
        return self._note_best(scores)

    def _note_best(self, scores: Scores) -> bool:
        watch = self._parts.recipe.run.watch
        score = watched(scores, watch)
        if not is_better(watch, score, self.best[1] if self.best else None):
            return False
        self.best = (self.done, score)
        self._record(lambda to: to.weights(self.done, scores, when="best"))
        return True

    def _draw_sheet(self) -> None:
        if self._samples is None:
            first = list(islice(self._parts.stream.validation(), 1)) or [self._parts.stream.batch(0)]
            self._samples = self._on_device(_first_samples(first[0]))
        if self._recorder is None:
            return
        self._modes.set_training(frozenset())
        phase = phase_at(self._parts.recipe, max(self.done - 1, 0))
        with torch.no_grad(), self._parts.averages.in_use(), self.clock.judging():
            painted = self._parts.training.paint(self._samples, self._context(phase, seed_of("sheet")))
            self._recorder.sheet(self.done, self._samples.tensors, painted)

    def _look_at_samples(self) -> None:
        """Paint and judge a few samples before the first step: a fault there should not show after an hour only."""
        self._draw_sheet()
        self._modes.set_training(frozenset())
        samples = list(islice(self._parts.stream.validation(), 1))
        phase, processes = phase_at(self._parts.recipe, 0), self._parts.processes
        context = self._context(phase, seed_of("validation", 0))
        if samples:
            with torch.no_grad():
                scores = self._parts.training.validate(self._on_device(samples[0]), context)
            watched({"all": dict.fromkeys(scores, 0.0)}, self._parts.recipe.run.watch)
        processes.any(flag=False)

    def _save(self) -> None:
        if self.done == self._saved_at:
            return
        state = {
            "best": self.best,
            "scores": self.scores,
            "window": self._window.state_dict(),
            "rng": {"seed": self._parts.recipe.run.seed, "next_step": self.done},
        }
        best = self.best[0] if self.best else None
        with self.clock.saving():
            self._record(lambda to: to.checkpoint(self.done, state, best))
        self._saved_at = self.done

    def _end(self) -> None:
        self._save()
        self._record(lambda to: to.weights(self.done, self.scores, when="last"))
        if self._stopping.reason == _CANCELLED:
            raise Cancelled(f"the training was stopped after step {self.done}; go on with --resume")

    def _record(self, write: Callable[[Recorder], None]) -> None:
        """Write something in the first process; if it fails there, all processes learn of it."""

        def write_there() -> None:
            if self._recorder is not None:
                write(self._recorder)

        self._parts.processes.first_only(write_there)

    def _broken(self, error: NotFiniteError, batch: Batch, number: int) -> TrainingError:
        """Write down what the run broke off at, and return what is to be told."""
        batches = self._parts.processes.gather({"batch": number, "samples": list(batch.names)})
        names = [name for share in batches for name in share["samples"]]
        facts: dict[str, Any] = {"step": self.done, "reason": str(error), "batches": batches}
        if self._recorder is not None:
            with suppress(OSError):  # the error itself counts more
                atomic_write(self._places.failed_batch, (json.dumps(facts, indent=1) + "\n").encode())
        few = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")  # noqa: PLR2004
        kept = (
            f"the checkpoint of step {self._saved_at} is kept" if self._saved_at > 0 else "there is no checkpoint yet"
        )
        return TrainingError(
            f"losses and gradients must be numbers, but in step {self.done + 1} {error}; its samples: {few} (all in "
            f"{shown(self._places.failed_batch)}); {kept}; look at these files, or start "
            "anew with --warm-start from its weights and a lower learning rate or run.clip_norm"
        )


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _first_samples(batch: Batch) -> Batch:
    tensors = {name: tensor[:MOST_ROWS] for name, tensor in batch.tensors.items()}
    return Batch(tensors, batch.names[:MOST_ROWS], batch.groups[:MOST_ROWS])
