"""The Python door of bulk work: batch(), and what can be asked of its folder afterwards."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from retouch.arrays.threads import n_threads
from retouch.arrays.types import Progress, ignore_progress
from retouch.errors import UsageError, unknown_name
from retouch.jobs.checking import Status, read_status, wrong_outputs
from retouch.jobs.journal import Journal, Row, journal_path
from retouch.jobs.lock import locked
from retouch.jobs.planning.collisions import check_collisions
from retouch.jobs.planning.folders import plan_folder
from retouch.jobs.planning.items import Plan
from retouch.jobs.planning.manifest import plan_manifest
from retouch.jobs.planning.settings import Settings
from retouch.jobs.report import write_report
from retouch.jobs.running.run import ON_ERROR, SKIP, Loop, RunOrder, Tell, remove_temporary_files

AnyPath = str | os.PathLike[str]

_WORDS = ("options", "find")
_NUMBERS = ("sigma", "sensitivity", "denoise_share")  # 10 and 10.0 are one setting, with one fingerprint


@dataclass(frozen=True)
class How:
    """How a run goes, whatever its items are.

    Attributes
    ----------
    workers : int or None
        Processes; None for as many as RETOUCH_THREADS or the machine allows.
    on_error : str
        "skip" goes on, "stop" ends the run at the first failure, "retry" tries up to three times what may pass.
    score : bool
        Whether fills are judged by the detector of artefacts, so that the worst can be looked at first.
    resume : bool
        Go on in a folder that holds a run.
    """

    workers: int | None = None
    on_error: str = SKIP
    score: bool = True
    resume: bool = False

    def __post_init__(self) -> None:
        """Refuse what no run can follow."""
        if self.workers is not None and self.workers < 1:
            raise UsageError(f"the number of workers must be 1 or more, got {self.workers}")
        if self.on_error not in ON_ERROR:
            raise UsageError(unknown_name("rule for errors", self.on_error, ON_ERROR))


@dataclass(frozen=True)
class BatchResult:
    """What a run came to.

    Attributes
    ----------
    counts : mapping of str to int
        Items waiting, done and failed.
    failed : tuple of Row
        Each with its name and error.
    report : Path
        The page to read.
    """

    counts: dict[str, int]
    failed: tuple[Row, ...]
    report: Path


def batch(
    source: AnyPath | None,
    out: AnyPath,
    *,
    task: str,
    masks: AnyPath | None = None,
    manifest: AnyPath | None = None,
    workers: int | None = None,
    on_error: str = SKIP,
    score: bool = True,
    resume: bool = False,
    progress: Progress | None = None,
    **settings: Any,
) -> BatchResult:
    """Do many pictures unattended; a kill at any moment loses nothing that was finished.

    Outputs go to the same places below `out`. A script must call this under ``if __name__ == "__main__":``, since the
    processes that work import it.

    Parameters
    ----------
    source : path or None
        A folder of pictures, or one picture; None with a manifest.
    out : path
        Where the outputs go; the journal and the report lie in its folder `.retouch`.
    task : str
        "fill", "remove", "denoise" or "restore".
    masks : path or str, optional
        A folder with masks of the same stems, one file for all, or a pattern beside the pictures: ``"NAME_mask*"``.
    manifest : path, optional
        A file .jsonl or .csv with a row for each item: see `retouch.jobs.planning.manifest`.
    workers, on_error, score, resume
        See `How`.
    progress : callable, optional
        Called as progress(done, total); raise `retouch.Cancelled` from it to stop. The run can be resumed then.
    **settings
        Other fields of `Settings`: method, seed, sigma, find, dilate and so on; `options` as a mapping.

    Returns
    -------
    BatchResult
        Also where items failed.

    Raises
    ------
    UsageError
        If anything contradicts itself, two outputs share a name, an output is an input, or `out` holds a run and
        `resume` is not set; nothing was done then.
    InputError
        If the pictures or the manifest cannot be listed or read.
    FileError
        If `out` cannot be written to, or another run works there.

    Examples
    --------
    >>> batch("photos", "clean", task="denoise", sigma=300)
    Traceback (most recent call last):
        ...
    retouch.errors.UsageError: sigma must be 0 to 255, in levels of an 8-bit picture, got 300
    """
    how = How(workers, on_error, score, resume)
    plan = make_plan(source, out, read_settings(task, settings), masks=masks, manifest=manifest)
    total, done = len(plan.items), 0
    report = progress or ignore_progress

    def tell(name: str, state: str, reason: str) -> None:
        nonlocal done
        done += 1
        report(done, total)

    return run_plan(plan, Path(out), how, tell)


def read_settings(task: str, given: Mapping[str, Any]) -> Settings:
    """Return settings from keywords.

    >>> read_settings("denoise", {"sigma": 10}).sigma
    10.0
    """
    known = [field.name for field in fields(Settings)]
    for name in given:
        if name not in known:
            raise UsageError(unknown_name("setting", name, known))
    values = dict(given)
    if isinstance(values.get("options"), Mapping):
        values["options"] = [f"{name}={value}" for name, value in values["options"].items()]
    values |= {name: tuple(values[name]) for name in _WORDS if name in values}
    values |= {name: float(values[name]) for name in _NUMBERS if isinstance(values.get(name), int)}
    return Settings(task, **values)


def make_plan(
    source: AnyPath | None,
    out: AnyPath,
    settings: Settings,
    *,
    masks: AnyPath | None = None,
    manifest: AnyPath | None = None,
) -> Plan:
    """Return what is to be done, checked as a whole; writes nothing."""
    if (source is None) == (manifest is None):
        raise UsageError("give either a folder of pictures (or one picture) or a manifest (--manifest FILE)")
    if manifest is not None and masks is not None:
        raise UsageError("a manifest names the masks itself, in its column mask; leave --masks out")
    if manifest is not None:
        plan = plan_manifest(Path(manifest), settings)
    else:
        plan = plan_folder(Path(source or "."), Path(out), None if masks is None else os.fspath(masks), settings)
    known: frozenset[str] = frozenset()
    if journal_path(Path(out)).is_file():
        with closing(Journal(Path(out))) as journal:
            known = journal.known_outputs()
    check_collisions(plan, Path(out), known)
    return plan


def run_plan(plan: Plan, out: Path, how: How, tell: Tell) -> BatchResult:
    """Do what was planned.

    Raises
    ------
    UsageError, FileError
        As `batch`.
    """
    with locked(out), closing(Journal(out)) as journal:
        if journal.run and not how.resume:
            raise UsageError(f"{out} holds a run; add --resume (resume=True) to go on with it, or name another folder")
        remove_temporary_files(out)
        number = journal.begin(iter(plan.items))
        for item in plan.items:
            if item.problem:
                tell(item.name, "failed", item.problem)
        return _finish(journal, number, out, how, tell)


def retry(out: AnyPath, how: How, tell: Tell) -> BatchResult:
    """Do again what failed in a folder, and what was not done yet.

    Raises
    ------
    UsageError, FileError
        As `batch`, and if the folder holds no run.
    """
    folder = Path(out)
    check_holds_run(folder)
    with locked(folder), closing(Journal(folder)) as journal:
        remove_temporary_files(folder)
        return _finish(journal, journal.begin_retry(), folder, how, tell)


def status(out: AnyPath) -> Status:
    """Return how far the run in a folder is; also while it goes on."""
    check_holds_run(Path(out))
    with closing(Journal(Path(out))) as journal:
        return read_status(journal)


def verify(out: AnyPath) -> list[tuple[str, str]]:
    """Return the outputs of a folder that are not as they were written, each with what is wrong."""
    check_holds_run(Path(out))
    with closing(Journal(Path(out))) as journal:
        return wrong_outputs(journal, Path(out))


def check_holds_run(out: Path) -> None:
    """Refuse a folder without a journal."""
    if not journal_path(out).is_file():
        raise UsageError(f"{out} holds no run; give the output folder of 'retouch batch'")


def _finish(journal: Journal, number: int, out: Path, how: How, tell: Tell) -> BatchResult:
    counts = journal.counts()
    n_workers = min(how.workers or n_threads(), max(1, sum(counts.values())))
    Loop(journal, number, RunOrder(out, n_workers, how.on_error, how.score, tell)).run()
    found = read_status(journal)
    return BatchResult(found.counts, found.failed, write_report(journal, out))
