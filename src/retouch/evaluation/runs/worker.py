"""One case for all contenders: load, repair, store, score. Runs in this process or in a worker's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PillowImage

from retouch.arrays.types import AnyArray
from retouch.errors import Cancelled, RetouchError
from retouch.evaluation.cases.conditions import Case, LoadedCase, load_case
from retouch.evaluation.cases.preparation import Preparation
from retouch.evaluation.ruler.measures import Measure
from retouch.evaluation.ruler.protocols import Protocol
from retouch.evaluation.ruler.scoring import score
from retouch.evaluation.runs.contenders import Contender, attempt

DONE, FAILED, LEFT_OUT = "done", "failed", "left out"
_FAST = 1  # PNG compression: results are written often and read a few times

ItemRow = dict[str, Any]


@dataclass(frozen=True)
class CaseTask:
    """What a worker is told.

    Attributes
    ----------
    case : Case
    contenders : tuple of Contender
        Those that have not done it yet.
    preparation : Preparation
    protocol : Protocol
    measures : tuple of Measure
    weights : mapping from metric to path
    results : Path
        Folder for the repaired pictures.
    seed, max_pixels : int
    """

    case: Case
    contenders: tuple[Contender, ...]
    preparation: Preparation
    protocol: Protocol
    measures: tuple[Measure, ...]
    weights: Mapping[str, Path]
    results: Path
    seed: int
    max_pixels: int


def run_case(task: CaseTask) -> list[ItemRow]:
    """Do one case and return one row for each contender; what fails is a row with its reason."""
    try:
        loaded = load_case(task.case, task.preparation, task.seed, task.max_pixels)
    except RetouchError as error:
        return [failed_row(task.case, contender, error) for contender in task.contenders]
    if loaded.mask is not None and float(loaded.mask.mean()) > task.protocol.most_missing:
        share, most = float(loaded.mask.mean()), task.protocol.most_missing
        reason = f"{share:.1%} of the picture is missing; protocol '{task.protocol.name}' takes at most {most:.0%}"
        return [_row(task.case, contender, LEFT_OUT, reason=reason) for contender in task.contenders]
    return [_run_one(task, contender, loaded) for contender in task.contenders]


def result_path(results: Path, contender: Contender, case: Case) -> Path:
    """Return where a contender's result of a case lies."""
    return results / contender.file_name / case.condition.folder / case.file_name


def failed_row(case: Case, contender: Contender, error: BaseException) -> ItemRow:
    """Return the row of a case that could not be done."""
    words = str(error) or type(error).__name__
    reason = words if isinstance(error, RetouchError) else f"{type(error).__name__}: {words}"
    return _row(case, contender, FAILED, reason=" ".join(reason.split()))


def _run_one(task: CaseTask, contender: Contender, loaded: LoadedCase) -> ItemRow:
    try:
        source = contender.source_sha256(task.case)
        made = attempt(contender, task.case, loaded, task.seed)
        rounded = _in_8_bits(made.result)
        _save(rounded, result_path(task.results, contender, task.case))
        judged = rounded if task.protocol.in_8_bits else made.result
        scores = score(task.measures, loaded.truth, judged, loaded.mask, task.weights)
    except Cancelled:
        raise
    except Exception as error:  # one picture must not end an evaluation of thousands
        return failed_row(task.case, contender, error)
    row = _row(task.case, contender, DONE, scores=scores.values, unscored=scores.unscored)
    row |= {"seconds": made.seconds, "peak_mb": made.peak_mb, "mask_sha256": loaded.mask_sha256}
    row["source_sha256"] = source
    if loaded.mask is not None:
        known_differs = (rounded != loaded.truth).any(axis=2) & ~loaded.mask
        row |= {"mask_ratio": float(loaded.mask.mean()), "changed_known": int(np.count_nonzero(known_differs))}
    return row


def _row(case: Case, contender: Contender, status: str, **more: Any) -> ItemRow:
    return {
        "case": case.key,
        "image": case.entry.name,
        "condition": case.condition.label,
        "method": contender.label,
        "status": status,
        "reason": "",
        "seconds": None,
        "peak_mb": None,
        "mask_ratio": None,
        "mask_sha256": "",
        "source_sha256": "",
        "changed_known": None,
        "scores": {},
        "unscored": {},
        **more,
    }


def _in_8_bits(result: AnyArray) -> AnyArray:
    if result.dtype == np.uint8:
        return result
    rounded: AnyArray = np.rint(np.clip(result, 0, 1) * 255).astype(np.uint8)
    return rounded


def _save(pixels: AnyArray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
    PillowImage.fromarray(picture).save(path, "PNG", compress_level=_FAST)
