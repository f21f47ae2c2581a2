"""Runs what a study has not run yet: one run after another in one process, each in a folder of its own.

OUT/STUDY/ARM/seed-N    the folder of a run, as `retouch train` makes it, and evidence.json once it is through
OUT/STUDY/baselines.json

Seeds come before arms: what there is after a stop is as many complete comparisons as there was time for.
"""

from __future__ import annotations

import importlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.evidence.baselines import score_fills
from benchmarks.evidence.gathering import BASELINES, ENDED, folder_of
from benchmarks.evidence.study import Arm, Study, recipe_of
from benchmarks.records import cpu_model
from retouch.errors import TrainingError
from retouch.training.data.stream import open_stream
from retouch.training.door import train
from retouch.training.recipes.settings import Recipe

LEAST_S = 20.0
"""With less time than this left, nothing new is begun."""


@dataclass(frozen=True)
class Wish:
    """What is asked for.

    Attributes
    ----------
    out : Path
    arms : sequence of str
        Empty for all that run unasked.
    seeds : sequence of int
        Empty for the study's.
    steps : int or None
        Instead of the study's, for a try.
    ends_at : float or None
        When to stop, on the clock `time.monotonic`.
    threads : int or None
    """

    out: Path
    arms: Sequence[str] = ()
    seeds: Sequence[int] = ()
    steps: int | None = None
    ends_at: float | None = None
    threads: int | None = None


def run_study(study: Study, wish: Wish, say: Callable[[str], None] = print) -> bool:
    """Run what is missing; return whether nothing of what was asked for is missing any more.

    A run that breaks off because a loss is no number is noted as such and not tried again: that is a result.
    """
    for seed, arm in runs_of(study, wish):
        folder = folder_of(wish.out, study, arm, seed)
        words = f"{study.name}, {arm.name}, seed {seed}"
        if arm.needs and not Path(arm.needs).exists():
            say(f"{words}: passed over, {arm.needs} is absent")
            continue
        if (folder / ENDED).exists():
            say(f"{words}: done before")
            continue
        left = wish.ends_at - time.monotonic() if wish.ends_at is not None else None
        if left is not None and left < LEAST_S:
            say(f"{words}: no time left")
            return False
        say(f"{words}: {_run(study, arm, recipe_of(study, arm, seed, wish.steps), folder, (left, wish.threads))}")
        if not (folder / ENDED).exists():
            return False
    try:
        _score_baselines(study, wish)
    except ImportError as error:  # machines that only train lack what fills classically
        say(f"{study.name}, baselines: passed over, {error}; run the same again where all is installed")
    return True


def runs_of(study: Study, wish: Wish) -> Iterator[tuple[int, Arm]]:
    """Go through the runs that are asked for."""
    for seed in wish.seeds or study.seeds:
        for arm in study.arms:
            if arm.name in wish.arms or not (wish.arms or arm.on_request):
                yield seed, arm


def _run(study: Study, arm: Arm, recipe: Recipe, folder: Path, limits: tuple[float | None, int | None]) -> str:
    """Train until the end or a stop, and note what came of it; return that in words."""
    budget, threads = limits
    facts: dict[str, Any] = {"study": study.name, "arm": arm.name, "seed": recipe.run.seed, "cpu": cpu_model()}
    try:
        result = train(recipe, folder, resume=True, time_budget_s=budget, threads=threads)
    except TrainingError as error:
        _write(folder / ENDED, {**facts, "failed": str(error), "scores": {}})
        return f"broke off: {error}"
    if result.step < result.n_steps:
        return f"stopped at step {result.step} of {result.n_steps} ({result.stopped})"
    scores = _load(study.probe)(folder, recipe) if study.probe else {}
    _write(folder / ENDED, {**facts, "scores": scores})
    return f"{result.n_steps} steps, {result.samples_per_s:.1f} samples/s, {result.seconds:.0f} s"


def _score_baselines(study: Study, wish: Wish) -> None:
    """Score the baselines once, on the samples of the reference arm: those of all arms are the same."""
    path = wish.out / study.name / BASELINES
    if not study.has_baselines or path.exists():
        return
    recipe = recipe_of(study, study.arm(study.reference), 0, wish.steps)
    stream = open_stream(recipe)
    try:
        found = score_fills(stream.validation(), recipe)
    finally:
        stream.close()
    if study.samples:
        for method, groups in score_fills(_load(study.samples)(recipe), recipe).items():
            found[method] |= {group: scores for group, scores in groups.items() if group != "all"}
    _write(path, found)


def _load(place: str) -> Callable[..., Any]:
    module, _, name = place.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n")
