"""Validation: scores of samples that are never trained on, as means over all and by group, and which run is best."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

import torch

from retouch.errors import UsageError, unknown_name
from retouch.training.batch import Batch
from retouch.training.loop.context import StepContext
from retouch.training.loop.processes import Processes
from retouch.training.steps.contract import Training

ALL = "all"
"""The group of all samples."""
LOWER_IS_BETTER = ("mse", "rmse", "mae", "l1", "l2", "loss", "error", "distance", "lpips", "fid")
"""Words in the name of a score that tell its direction."""

Scores = dict[str, dict[str, float]]
"""Group to score to mean."""


@torch.no_grad()
def judge(
    training: Training, batches: Iterable[Batch], context_of: Callable[[int], StepContext], processes: Processes
) -> Scores:
    """Return the mean scores by group, those of all under "all"; nothing where there are no samples.

    Parameters
    ----------
    training : Training
    batches : iterable of Batch
        Each process judges its share.
    context_of : callable
        The context for a number of a batch.
    processes : Processes
    """
    sums: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for number, batch in enumerate(batches):
        if number % processes.n == processes.rank:
            _collect(training, batch.to(processes.device), context_of(number), sums)
    total: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for share in processes.gather(dict(sums)):
        for key, (value, count) in share.items():
            total[key][0] += value
            total[key][1] += count
    scores: Scores = {ALL: {}} if total else {}
    for (group, name), (value, count) in total.items():
        scores.setdefault(group, {})[name] = value / count
    return scores


def _collect(training: Training, batch: Batch, context: StepContext, sums: dict[tuple[str, str], list[float]]) -> None:
    groups = batch.groups or ("",) * len(batch)
    for name, values in training.validate(batch, context).items():
        for group, value in zip(groups, values.double().tolist(), strict=True):
            for where in (ALL, group) if group else (ALL,):
                sums[where, name][0] += value
                sums[where, name][1] += 1


def watched(scores: Mapping[str, Mapping[str, float]], name: str) -> float:
    """Return the score that the run is watched by.

    Raises
    ------
    UsageError
        If the training gives no score of that name; those that it gives are named.
    """
    known = scores[ALL]
    if name not in known:
        raise UsageError(f"{unknown_name('score in run.watch', name, known)}; set run.watch to one of them")
    return known[name]


def is_better(name: str, new: float, old: float | None) -> bool:
    """Return whether a score is better than the best one before it.

    >>> is_better("psnr", 25.0, 24.0), is_better("hole_l1", 0.1, 0.2), is_better("psnr", float("nan"), None)
    (True, True, False)
    """
    if math.isnan(new):
        return False
    if old is None:
        return True
    return new < old if any(word in LOWER_IS_BETTER for word in name.split("_")) else new > old
