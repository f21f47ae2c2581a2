"""The door to training: a recipe and a folder in, a trained network out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from retouch.arrays.types import Progress, ignore_progress
from retouch.errors import UsageError
from retouch.training.loop.processes import Processes
from retouch.training.loop.records.places import Places
from retouch.training.loop.session import Say, Session, TrainingResult
from retouch.training.loop.stopping import Stopping, parse_duration
from retouch.training.recipes.overrides import apply_overrides
from retouch.training.recipes.reading import read_recipe, recipe_from, recipe_to_dict
from retouch.training.recipes.settings import Recipe
from retouch.training.recipes.smoke import smoke_of

__all__ = ["TrainingResult", "parse_duration", "prepare_recipe", "train"]


def train(
    recipe: Recipe | str | Path,
    out: str | os.PathLike[str],
    *,
    data: str | None = None,
    settings: Sequence[str] = (),
    smoke: bool = False,
    resume: bool = False,
    time_budget_s: float | None = None,
    warm_start: str | None = None,
    progress: Progress | None = None,
    threads: int | None = None,
    say: Say | None = None,
) -> TrainingResult:
    """Train the networks of a recipe.

    Parameters
    ----------
    recipe : Recipe, str or path
        A recipe, its file, or the name of one inside the package.
    out : path
        Folder of the run; see `retouch.training.loop.records.places`.
    data : str, optional
        Replaces `data.root`.
    settings : sequence of str
        Changes such as "run.steps=200".
    smoke : bool
        Take two tiny steps on drawn pictures instead; see `retouch.training.recipes.smoke`.
    resume : bool
        Go on with the run in the folder; where there is none yet, begin it.
    time_budget_s : float, optional
        Stop with a checkpoint before so many seconds have passed.
    warm_start : str, optional
        Weights to begin with: a file for the first network, or the folder of a run. A run that is gone on with has its
        own.
    progress : callable, optional
        Told of every step: `progress(done, total)`.
    threads : int, optional
        Of torch; by default RETOUCH_THREADS, or what torch takes.
    say : callable, optional
        Told at once what a user should know.

    Raises
    ------
    UsageError
        If the recipe contradicts itself, or the folder holds another run.
    InputError
        If pictures or weights cannot be read.
    FileError
        If something cannot be written; the checkpoints are whole.
    TrainingError
        If a loss is no number.
    """
    stopping = Stopping(time_budget_s)
    wanted = prepare_recipe(recipe, data=data, settings=settings, smoke=smoke)
    processes = Processes()
    try:
        with _threads(threads), torch.random.fork_rng(devices=[]):
            session = Session(wanted, Places(Path(out)), processes, warm_start or "", say)
            return session.hold(stopping, progress or ignore_progress, resume=resume)
    finally:
        processes.close()


def prepare_recipe(
    recipe: Recipe | str | Path, *, data: str | None = None, settings: Sequence[str] = (), smoke: bool = False
) -> Recipe:
    """Return the recipe that is trained in the end; parameters and errors as of `train`."""
    if smoke and data is not None:
        raise UsageError("a smoke draws its own pictures, so --smoke and --data exclude each other; drop one")
    if not smoke and not isinstance(recipe, Recipe):
        read = read_recipe(recipe, settings)
    else:
        read = read_recipe(recipe) if not isinstance(recipe, Recipe) else recipe
        read = smoke_of(read) if smoke else read
        if settings:
            read = recipe_from(apply_overrides(recipe_to_dict(read), settings), is_checked=not smoke)
    if data is not None:
        read = replace(read, data=replace(read.data, root=data))
    if not read.data.root:
        raise UsageError("a recipe must say where its pictures are, and this one does not; give --data DIR")
    return read


@contextmanager
def _threads(n: int | None) -> Iterator[None]:
    """Let torch use so many threads meanwhile."""
    wanted, before = n, torch.get_num_threads()
    if n is None and os.environ.get("RETOUCH_THREADS"):
        # It needs a package that a machine for training alone may not have.
        from retouch.arrays.threads import n_threads  # noqa: PLC0415

        wanted = n_threads()
    if wanted is not None:
        torch.set_num_threads(wanted)
    try:
        yield
    finally:
        torch.set_num_threads(before)
