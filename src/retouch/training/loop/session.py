"""One start of a run: its folder, its parts, the checkpoint that it goes on from, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import torch

from retouch.arrays.types import Progress, ignore_progress
from retouch.io.wording import shown
from retouch.training.data.stream import Stream, open_stream
from retouch.training.loop.judging import ALL
from retouch.training.loop.networks import build_networks
from retouch.training.loop.parts import Parts, assemble
from retouch.training.loop.processes import Processes
from retouch.training.loop.records.checkpoints import Checkpoint, CheckpointFolder
from retouch.training.loop.records.places import Places
from retouch.training.loop.records.recorder import Recorder
from retouch.training.loop.records.run_file import git_commit, now, read_run, versions, write_run
from retouch.training.loop.resuming import check_same
from retouch.training.loop.run import Run
from retouch.training.loop.stopping import Stopping
from retouch.training.recipes.reading import recipe_hash, recipe_to_dict
from retouch.training.recipes.settings import Recipe

Say = Callable[[str], None]


@dataclass(frozen=True)
class TrainingResult:
    """What came of a session.

    Attributes
    ----------
    folder : str
        Of the run.
    step, n_steps : int
        Steps taken so far, and how many the run has.
    first_step : int
        Where this session began.
    stopped : str
        "" at the end of the run, else "time budget", "SIGTERM" or "SIGINT".
    scores : dict
        Means of the last validation over all samples.
    watch : str
        The score that decides what is best.
    best_step, best_score : int, float or None
    weights : str
        File of the first network at its best.
    seconds, samples_per_s, waiting_share : float
        Of this session: time for training, speed, and the share of it spent waiting for data.
    notes : tuple of str
        What a user should know.
    rank : int
        Number of this process among those that train together.
    """

    folder: str
    step: int
    n_steps: int
    first_step: int
    stopped: str
    scores: dict[str, float]
    watch: str
    best_step: int | None
    best_score: float | None
    weights: str
    seconds: float
    samples_per_s: float
    waiting_share: float
    notes: tuple[str, ...]
    rank: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        return asdict(self)


class Session:
    """One start of a run.

    Parameters
    ----------
    recipe : Recipe
    places : Places
    processes : Processes
    warm_start : str
        As `build_networks`.
    say : callable or None
        Told at once what a user should know.
    """

    def __init__(self, recipe: Recipe, places: Places, processes: Processes, warm_start: str, say: Say | None) -> None:
        self._recipe = recipe
        self._places = places
        self._processes = processes
        self._warm_start = warm_start
        self._say = say
        self._notes: list[str] = []

    def hold(self, stopping: Stopping, progress: Progress, *, resume: bool) -> TrainingResult:
        """Train until the end or a stop."""
        self._processes.first_only(lambda: self._places.open(resume=resume))
        before = self._processes.first_only(lambda: read_run(self._places.run))
        stream = open_stream(self._recipe, n_processes=self._processes.n)
        try:
            if before:
                check_same(before, self._recipe, stream.fingerprint)
            checkpoint = self._checkpoint() if before else None
            warm_start = "" if checkpoint else self._warm_start
            networks = build_networks(self._recipe, warm_start, resumes=checkpoint is not None)
            parts = assemble(self._recipe, networks, stream, self._processes)
            return self._train(parts, checkpoint, before, stopping, progress)
        finally:
            stream.close()

    def _checkpoint(self) -> Checkpoint | None:
        """Return the newest checkpoint that is whole."""
        folder = CheckpointFolder(self._places.checkpoints)
        found = folder.newest()
        step = found.step if found else 0
        damaged = [str(later) for later in folder.steps() if later > step]
        if damaged:
            self._note(f"the checkpoint of step {', '.join(damaged)} is damaged and is not used")
        if found:
            self._note(f"goes on from the checkpoint of step {step}")
        if found and self._warm_start:
            self._note("--warm-start is not used: the run has its own weights by now")
        return found

    def _train(
        self,
        parts: Parts,
        checkpoint: Checkpoint | None,
        before: dict[str, Any],
        stopping: Stopping,
        progress: Progress,
    ) -> TrainingResult:
        first_step = checkpoint.step if checkpoint else 0
        facts = self._facts(parts.stream)
        sessions = [*before.get("sessions", ()), self._session_facts(first_step)]
        whole = {**before, **facts, "data_root": self._recipe.data.root, "versions": versions()}
        whole["warm_start"] = self._warm_start or before.get("warm_start", "")
        recorder = None
        if self._processes.is_first:
            write_run(self._places.run, {**whole, "sessions": sessions})
            recorder = Recorder(parts, self._places, facts, first_step)
            self._note(*recorder.notes)
        told = progress if self._processes.is_first else ignore_progress
        run = Run(parts, recorder, self._places, stopping, told)
        if checkpoint is not None:
            run.go_on_from(checkpoint)

        def close() -> None:
            self._note(*parts.stream.notes, *self._skipped(parts.stream))
            if recorder is not None:
                recorder.close()
                sessions[-1] |= self._outcome(run, stopping)
                write_run(self._places.run, {**whole, "best": run.best, "sessions": sessions})

        try:
            with stopping.watching_signals():
                run.train()
        except BaseException:
            with suppress(OSError):  # what broke the run counts more than that its end cannot be written
                close()
            raise
        close()
        return self._result(run, first_step, stopping)

    def _facts(self, stream: Stream) -> dict[str, Any]:
        return {
            "recipe_name": self._recipe.name,
            "recipe": recipe_to_dict(self._recipe),
            "recipe_sha256": recipe_hash(self._recipe),
            "data_sha256": stream.fingerprint,
            "commit": git_commit(),
        }

    def _session_facts(self, first_step: int) -> dict[str, Any]:
        device = self._processes.device
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
        return {
            "started": now(),
            "commit": git_commit(),
            "first_step": first_step,
            "device": name,
            "processes": self._processes.n,
            "threads": torch.get_num_threads(),
        }

    def _outcome(self, run: Run, stopping: Stopping) -> dict[str, Any]:
        return {
            "ended": now(),
            "last_step": run.done,
            "stopped": stopping.reason,
            "seconds": round(run.clock.seconds, 3),
            "samples": run.clock.n_samples,
            "samples_per_s": round(run.clock.samples_per_s, 3),
            "waiting_share": round(run.clock.waiting_share, 4),
            "notes": self._notes,
        }

    def _skipped(self, stream: Stream) -> list[str]:
        if not stream.skipped:
            return []
        few = "; ".join(f"{name}: {reason}" for name, reason in list(stream.skipped.items())[:3])
        return [f"{len(stream.skipped)} pictures could not be read and were left out, such as {few}"]

    def _note(self, *notes: str) -> None:
        for note in notes:
            self._notes.append(note)
            if self._say is not None and self._processes.is_first:
                self._say(note)

    def _result(self, run: Run, first_step: int, stopping: Stopping) -> TrainingResult:
        step, score = run.best or (None, None)
        return TrainingResult(
            folder=shown(self._places.folder),
            step=run.done,
            n_steps=self._recipe.run.steps,
            first_step=first_step,
            stopped=stopping.reason if run.done < self._recipe.run.steps else "",
            scores=dict(run.scores.get(ALL, {})),
            watch=self._recipe.run.watch,
            best_step=step,
            best_score=score,
            weights=str(self._places.weights),
            seconds=round(run.clock.seconds, 3),
            samples_per_s=round(run.clock.samples_per_s, 3),
            waiting_share=round(run.clock.waiting_share, 4),
            notes=tuple(self._notes),
            rank=self._processes.rank,
        )
