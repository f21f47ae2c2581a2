"""`retouch train`: train, then say what came of it and how to go on."""

from __future__ import annotations

import importlib
import json as jsons
import sys
from dataclasses import dataclass
from typing import Any

from retouch.cli.progress_bar import progress_bar
from retouch.errors import MissingExtraError, UsageError
from retouch.training.recipes.shipping import list_shipped

_EXIT_CODES = {"SIGTERM": 143, "SIGINT": 130}


@dataclass(frozen=True)
class TrainOrder:
    """What the command line asks for, in its words."""

    recipe: str
    out: str
    data: str | None = None
    settings: tuple[str, ...] = ()
    time_budget: str = ""
    resume: bool = False
    warm_start: str | None = None
    smoke: bool = False
    threads: int | None = None
    json: bool = False


def run_train(order: TrainOrder) -> int:
    """Carry out the command and return the exit code: 143 or 130 after a signal, otherwise 0.

    Raises
    ------
    UsageError
        If the recipe or the folder is not given.
    MissingExtraError
        If torch or lightning is not installed.
    """
    if not order.recipe:
        raise UsageError("a training needs a recipe, and none is given; see 'retouch train --list' or give a file")
    if not order.out:
        raise UsageError("a training needs a folder for its run, and none is given; add -o RUN_DIR")
    door = _door()
    budget = door.parse_duration(order.time_budget) if order.time_budget else None
    with progress_bar("training") as progress:
        result = door.train(
            order.recipe,
            order.out,
            data=order.data,
            settings=order.settings,
            smoke=order.smoke,
            resume=order.resume,
            time_budget_s=budget,
            warm_start=order.warm_start,
            progress=progress,
            threads=order.threads,
            say=_say,
        )
    if result.rank == 0:
        sys.stdout.write(jsons.dumps(result.to_dict(), indent=1) + "\n" if order.json else _as_text(result))
    return _EXIT_CODES.get(result.stopped, 0)


def show_recipes(*, json: bool) -> None:
    """Print the recipes inside the package."""
    lines = list_shipped()
    if json:
        sys.stdout.write(jsons.dumps([line._asdict() for line in lines], indent=2) + "\n")
        return
    wide = [max((len(str(line[place])) for line in lines), default=0) for place in range(3)]
    for line in lines:
        row = f"{line.name:<{wide[0]}}  {line.kind:<{wide[1]}}  {line.network:<{wide[2]}}  {line.aim}"
        sys.stdout.write(row.rstrip() + "\n")


def _door() -> Any:
    try:
        return importlib.import_module("retouch.training.door")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "retouch":
            raise
        raise MissingExtraError(f"training needs {error.name}; run: pip install 'retouch[train]'") from error


def _as_text(result: Any) -> str:
    speed = f"{result.samples_per_s:.3g} samples/s, {result.waiting_share:.0%} of the time waiting for data"
    lines = [f"{result.folder}: step {result.step} of {result.n_steps}; {speed}"]
    if result.scores:
        lines.append("  " + ", ".join(f"{name} {value:.4g}" for name, value in result.scores.items()))
    if result.best_step is not None:
        lines.append(f"  best {result.watch} {result.best_score:.4g} at step {result.best_step}: {result.weights}")
    else:
        lines.append(f"  weights: {result.weights}")
    if result.stopped:
        lines.append(f"  stopped ({result.stopped}) with a checkpoint; go on with the same command and --resume")
    return "\n".join(lines) + "\n"


def _say(note: str) -> None:
    sys.stderr.write(f"retouch: {note}\n")
