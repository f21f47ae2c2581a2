"""The Python door of evaluation: `retouch.evaluate` and `retouch.compare`."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from retouch import __version__
from retouch.arrays.threads import n_threads
from retouch.arrays.types import Progress, ignore_progress
from retouch.errors import InputError, UsageError
from retouch.evaluation.cases.conditions import Case
from retouch.evaluation.cases.pictures import read_8_bits, read_unit
from retouch.evaluation.report.content import Summary
from retouch.evaluation.ruler.measures import Measure
from retouch.evaluation.ruler.protocols import Protocol, choose_measures, find_protocol
from retouch.evaluation.ruler.scoring import Scores, check_weights, score
from retouch.evaluation.runs.contenders import Contender
from retouch.evaluation.runs.journal import Journal
from retouch.evaluation.runs.outputs import write_outputs
from retouch.evaluation.runs.places import Places
from retouch.evaluation.runs.plan import EvaluationPlan, EvaluationRequest, make_plan
from retouch.evaluation.runs.pool import run_tasks
from retouch.evaluation.runs.set_scores import score_sets
from retouch.evaluation.runs.summary import summarise
from retouch.evaluation.runs.worker import DONE, CaseTask
from retouch.io.pictures.mask_files import read_mask

DEFAULT_SHOWN = 40


class Evaluation(NamedTuple):
    """What an evaluation found.

    Attributes
    ----------
    summary : Summary
        Means, intervals, differences, failures.
    folder : Path
        Where everything lies.
    """

    summary: Summary
    folder: Path


class Comparison(NamedTuple):
    """How near one picture comes to another.

    Attributes
    ----------
    measures : tuple of Measure
        What was measured, in order.
    scores : Scores
    protocol : Protocol
        The convention that was followed.
    """

    measures: tuple[Measure, ...]
    scores: Scores
    protocol: Protocol


def evaluate(
    images: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    methods: Sequence[str],
    n_workers: int = 1,
    n_shown: int = DEFAULT_SHOWN,
    progress: Progress | None = None,
    **how: Any,
) -> Evaluation:
    """Score methods on pictures under stated damage, and write tables and a page to read.

    Parameters
    ----------
    images : path
        A folder of pictures, one picture, or a text file with one path a line.
    out : path
        An empty or new folder, or one where the same evaluation was stopped: it goes on there.
    methods : sequence of str
        Names of methods, "name:option=value", "input", or "label=FOLDER" for results that lie there already.
    n_workers : int
        Processes; 1 works in this one. Times are those of a method beside the other workers.
    n_shown : int
        How many cases the page shows with pictures.
    progress : callable, optional
        Called as progress(done, total) in cases; raise `retouch.Cancelled` from it to stop, and call again to go on.
    **how
        The other attributes of `retouch.evaluation.runs.plan.EvaluationRequest`: task, masks, bins, noise, protocol,
        metrics, prepare, weights, dataset, against, seed, limit, max_pixels.

    Returns
    -------
    Evaluation
        Pictures that a method could not do are in `summary.failures`.

    Raises
    ------
    UsageError
        If a name is unknown, the parts do not fit together, or `out` holds something else.
    InputError, WeightsError, MissingExtraError
        If pictures, masks or weights are missing.
    FileError
        If `out` cannot be written.
    """
    try:
        request = EvaluationRequest(images=os.fspath(images), methods=tuple(methods), **how)
    except TypeError as error:
        known = ", ".join(name for name in EvaluationRequest.__dataclass_fields__ if name not in ("images", "methods"))
        raise UsageError(f"evaluate() takes only: {known}; {error}") from error
    return run_evaluation(make_plan(request), Places(Path(out)), n_workers, n_shown, progress or ignore_progress)


def run_evaluation(
    plan: EvaluationPlan, places: Places, n_workers: int, n_shown: int, progress: Progress = ignore_progress
) -> Evaluation:
    """Carry out a plan, or what is left of it."""
    check_weights(plan.measures, plan.weights)
    places.open_for(plan.to_dict())
    journal = Journal(places.journal)
    tasks = list(_open_tasks(plan, journal, places))
    total = len(plan.cases)
    done = total - len(tasks)
    progress(done, total)
    for rows in run_tasks(tasks, [c for c in plan.contenders if c.is_timed], min(n_workers, max(len(tasks), 1))):
        journal.add(rows)
        done += 1
        progress(done, total)
    sets = score_sets(plan, journal, places, ignore_progress)
    summary = summarise(plan, journal, sets.cells, gather_facts(plan, n_workers, sets.weights))
    summary = replace(summary, warnings=(*summary.warnings, *sets.warnings))
    write_outputs(plan, journal, summary, places, n_shown)
    return Evaluation(summary, places.folder)


def compare(
    reference: str | os.PathLike[str],
    result: str | os.PathLike[str],
    *,
    mask: str | os.PathLike[str] | None = None,
    invert_mask: bool = False,
    protocol: str = "standard",
    metrics: Sequence[str] = (),
    weights: Mapping[str, str] | None = None,
) -> Comparison:
    """Measure how near one picture comes to another.

    Parameters
    ----------
    reference, result : path
        Of one size; both are brought to 8 bits, unless the protocol takes results unrounded.
    mask : path or None
        White where pixels were missing; needed for measures of the hole.
    invert_mask : bool
        Black is where pixels were missing.
    protocol : str
    metrics : sequence of str
        Columns such as "psnr" and "ssim_hole"; none takes those of the protocol.
    weights : mapping from metric to path, or None

    Raises
    ------
    InputError
        If a picture cannot be read or their sizes differ.
    UsageError
        If a name is unknown.
    WeightsError, MissingExtraError
        If a measure lacks its weights.
    """
    convention = find_protocol(protocol)
    measures = choose_measures(convention, metrics, with_masks=mask is not None)
    for measure in measures:
        if measure.of_set:
            raise UsageError(f"metric '{measure.metric}' judges sets of pictures, not one pair; use 'retouch eval'")
    paths = {name: Path(path) for name, path in (weights or {}).items()}
    check_weights(measures, paths)
    read = read_8_bits if convention.in_8_bits else read_unit
    truth, judged = read(Path(reference)), read(Path(result))
    hole = None if mask is None else read_mask(mask, shape=truth.shape[:2], invert=invert_mask)
    _check_same_size(truth.shape, judged.shape)
    return Comparison(measures, score(measures, truth, judged, hole, paths), convention)


def _check_same_size(reference: tuple[int, ...], result: tuple[int, ...]) -> None:
    """Refuse pictures that cannot be compared."""
    if reference != result:
        given = " and ".join(f"{shape[1]}x{shape[0]} with {shape[2]} channels" for shape in (reference, result))
        raise InputError(f"two pictures must have the same size and channels to be compared, got {given}")


def gather_facts(plan: EvaluationPlan, n_workers: int, set_weights: Mapping[str, str]) -> dict[str, str]:
    """Return what a reader must know, in the order of the page."""
    protocol = plan.protocol
    rounded = "rounded to 8 bits" if protocol.in_8_bits else "not rounded, clipped to [0, 1]"
    threads = n_threads() if n_workers == 1 else max(1, n_threads() // n_workers)
    weights = {**plan.facts["weights"], **set_weights}
    facts = {
        "Protocol": f"{protocol.name}: {protocol.source}" + (f" ({protocol.note})" if protocol.note else ""),
        "Results": f"{rounded}; figures are means of single pictures with 95 % bootstrap intervals (1,000 resamples)",
        "Pictures": f"{len(plan.entries)}" + (f" of {plan.dataset}" if plan.dataset else ""),
        "Preparation": plan.preparation.name,
        "Damage": ", ".join(condition.label for condition in plan.conditions),
        "Cases": f"{len(plan.cases)}; picture i has mask i or noise i, seed {plan.seed}",
        "Times": f"medians; processes beside each other: {n_workers}, threads in each: {threads}",
        "Weights": ", ".join(f"{name} {sha256[:16]}" for name, sha256 in weights.items()),
        "Fingerprint": plan.fingerprint[:16],
        "Versions": f"retouch {__version__}, Python {platform.python_version()}, {platform.machine()}",
    }
    return {name: text for name, text in facts.items() if text}


def _is_open(case: Case, contender: Contender, journal: Journal) -> bool:
    """Whether a case is to be done: it never was, or what lay in the folder of results is no longer the same."""
    if not journal.is_finished(case.key, contender.label):
        return True
    row = journal.row(case.key, contender.label)
    if row is None or row["status"] != DONE or contender.folder is None:
        return False
    try:
        return bool(contender.source_sha256(case) != row.get("source_sha256"))
    except InputError:
        return True


def _open_tasks(plan: EvaluationPlan, journal: Journal, places: Places) -> Iterator[CaseTask]:
    for case in plan.cases:
        left = tuple(c for c in plan.contenders if _is_open(case, c, journal))
        if left:
            yield CaseTask(
                case=case,
                contenders=left,
                preparation=plan.preparation,
                protocol=plan.protocol,
                measures=plan.measures,
                weights=plan.weights,
                results=places.results,
                seed=plan.seed,
                max_pixels=plan.max_pixels,
            )
