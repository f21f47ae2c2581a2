"""Evaluations of denoisers that go on where they were stopped, as long as the code behind their figures is the same.

The folder of an evaluation is called after the denoiser and a hash of all code that its figures rest on: after a change
to that code it starts anew, and after a change elsewhere, or of a sentence, it does not.
"""

from __future__ import annotations

import ast
import csv
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import retouch
from benchmarks.measuring import ROOT, Bench
from benchmarks.quality.by_bin import SHARED, plain_row
from benchmarks.records import Record
from retouch.evaluation.door import Evaluation
from retouch.methods.denoisers import DENOISERS

SOURCES = ROOT / "src"
SCRATCH = ROOT / "scratch" / "denoising"
COLUMNS = ("psnr", "ssim")
RULER = ("retouch.degrade.noise.protocols", "retouch.metrics.pixels.psnr", "retouch.metrics.structure.ssim")
"""What draws the noise and what judges: part of every key."""

INPUT = "input"
_DATA = ".npz"
_KEY_LENGTH = 12
_QUICK_PX = 64


class Job(NamedTuple):
    """A denoiser on a set of test pictures.

    Attributes
    ----------
    method : str
        Of the catalogue, or "input".
    dataset : str
        Such as "bsd68", under the data that is shared.
    sigmas : tuple of int
        Of 255.
    """

    method: str
    dataset: str
    sigmas: tuple[int, ...]

    @property
    def pictures(self) -> Path:
        """Folder of the pictures."""
        return SHARED / f"denoise-{self.dataset}"

    @property
    def folder(self) -> Path:
        """Where the evaluation goes on."""
        sigmas = "-".join(map(str, self.sigmas))
        return SCRATCH / self.method / f"{self.dataset}-{sigmas}-{code_key(self.method)}"


def add_scores(bench: Bench, record: Record, job: Job) -> None:
    """Score a denoiser, or take over what is there already, and add a case for each strength of the noise.

    Raises
    ------
    RuntimeError
        If it fails on a picture.
    """
    done = evaluate(bench, job)
    if done.summary.failures:
        raise RuntimeError(f"{job.method}: {done.summary.failures[0].reason}")
    fourths = every_fourth(done.folder / "scores.csv")
    for row in done.summary.rows:
        if row.condition.startswith("awgn"):
            names = {"dataset": job.dataset, "sigma": int(row.condition.split()[1]), "method": job.method}
            scores = plain_row(row)
            record.add(**names, **scores, psnr_every_fourth=fourths[row.condition])
            print(
                f"  {job.method:20} {job.dataset:6} {names['sigma']}: {scores['scores']['psnr'][0]:.3f} dB", flush=True
            )


def evaluate(bench: Bench, job: Job) -> Evaluation:
    """Evaluate a denoiser in the folder of its code; a quick run takes two small pictures, in a folder of its own."""
    folder = job.folder.with_name(f"{job.folder.name}-quick") if bench.quick else job.folder
    print(f"  {folder.relative_to(ROOT)}", flush=True)
    return retouch.evaluate(
        job.pictures,
        folder,
        task="denoise",
        methods=[job.method],
        noise=[f"awgn:{sigma}" for sigma in job.sigmas],
        metrics=COLUMNS,
        dataset=job.dataset,
        limit=2 if bench.quick else None,
        prepare=f"square:{_QUICK_PX}" if bench.quick else "",
        n_workers=bench.n_threads,
    )


def every_fourth(scores: Path) -> dict[str, float]:
    """Return the mean PSNR over pictures 1, 5, 9, ... by the label of the noise, from a table of an evaluation."""
    values: dict[str, list[float]] = {}
    with scores.open(newline="") as file:
        for row in csv.DictReader(file):
            values.setdefault(row["condition"], []).append(float(row["psnr"]))
    return {condition: round(fmean(found[::4]), 4) for condition, found in values.items()}


@cache
def code_key(method: str) -> str:
    """Return a hash of the code that the figures of a denoiser rest on: its own, what it imports, and the ruler."""
    build = {info.name: info.build.partition(":")[0] for info in DENOISERS}
    roots = [*RULER, *([build[method]] if method != INPUT else [])]
    digest = hashlib.sha256()
    for path in sorted(reached_files(roots)):
        digest.update(path.relative_to(SOURCES).as_posix().encode())
        digest.update(path.read_bytes() if path.suffix == _DATA else plain_code(path.read_text()).encode())
    return digest.hexdigest()[:_KEY_LENGTH]


def reached_files(modules: list[str]) -> set[Path]:
    """Return the files of retouch that modules are made of: theirs, what these import, and data beside them."""
    reached: set[Path] = set()
    waiting = list(modules)
    while waiting:
        path = _file_of(waiting.pop())
        if path is None or path in reached:
            continue
        reached.add(path)
        reached.update(path.parent.glob(f"*{_DATA}"))
        waiting += _imports(ast.parse(path.read_text()))
    return reached


def _file_of(module: str) -> Path | None:
    place = SOURCES.joinpath(*module.split("."))
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)


def _imports(tree: ast.Module) -> Iterator[str]:
    """Yield what code imports from retouch; a name may be that of a module too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("retouch."):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def plain_code(source: str) -> str:
    """Return what code does: the source without comments, docstrings and layout."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body: Any = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [part for part in body if not _is_sentence(part)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _is_sentence(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
