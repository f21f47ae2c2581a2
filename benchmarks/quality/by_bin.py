"""Every method and the rivals by share of missing pixels, on the pictures and masks of ../shared/data.

The pictures may not be published, so only scores are kept; `scratch/quality` holds the page with pictures. Rivals fill
the same holes in their own environment, and their results are judged by `retouch.evaluate` like ours.
"""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

import retouch
from benchmarks.measuring import ROOT, Bench
from benchmarks.records import Record
from retouch.evaluation.cases.conditions import load_case
from retouch.evaluation.report.content import Row
from retouch.evaluation.runs.plan import EvaluationRequest, make_plan
from retouch.masks.sampler import NVIDIA_BINS
from retouch.methods.catalogue import AUTO, method_names

SHARED = ROOT.parent / "shared" / "data"
PICTURES, MASKS = SHARED / "denoise-mcmaster", SHARED / "masks-irregular"
SCRATCH = ROOT / "scratch" / "quality"
RIVALS = (
    *("pypatchmatch", "patchmatch_cython", "opencv_telea", "opencv_ns", "opencv_shiftmap", "opencv_fsr_fast"),
    "skimage_biharmonic",
)
COLUMNS = ("psnr", "psnr_hole", "ssim", "mae", "vif", "edge_f1_hole", "texture_gap_hole")
SIDE_PX = 256
PROTOCOL = """18 pictures of McMaster at 256 px (the whole square, averaged), masks of the NVIDIA test set in its six
bins, mask i (modulo their number) for picture i, resized by the nearest pixel. Protocol `standard` of retouch.evaluate:
means over pictures with 95 % bootstrap intervals. Rivals with their recommended settings; our methods with their
defaults, seed 0."""


def run(bench: Bench) -> None:
    """Fill every hole with every engine, judge all results together and write the result file."""
    if not PICTURES.is_dir():
        print(f"skipped: {PICTURES} is absent")
        return
    request: dict[str, Any] = {
        "masks": [f"nvidia:{MASKS}"],
        "bins": NVIDIA_BINS[:1] if bench.quick else NVIDIA_BINS,
        "prepare": f"square:{SIDE_PX}",
        "limit": 2 if bench.quick else None,
        "metrics": COLUMNS,
    }
    place = SCRATCH / ("quick" if bench.quick else "full")
    shutil.rmtree(place, ignore_errors=True)  # results of an older version must not be taken for today's
    folders = fill_with_rivals(bench, request, place)
    methods = [*method_names(), AUTO, *(f"{name}={folder}" for name, folder in folders.items())]
    summary = retouch.evaluate(PICTURES, place / "out", methods=methods, n_workers=bench.n_threads, **request).summary
    record = Record(bench, "quality-by-bin", PROTOCOL)
    for row in summary.rows:
        record.add(dataset="McMaster", condition=row.condition, method=row.method, **plain_row(row))
    print(f"read {place / 'out' / 'report.html'}", flush=True)
    record.write()


def plain_row(row: Row) -> dict[str, Any]:
    """Return one row of a summary for a result file."""
    scores = {
        name: [round(float(value), 4) for value in (cell.mean, cell.low, cell.high)] for name, cell in row.cells.items()
    }
    return {"n": max(cell.n for cell in row.cells.values()), "n_failed": row.n_failed, "scores": scores}


def fill_with_rivals(bench: Bench, request: dict[str, Any], place: Path) -> dict[str, Path]:
    """Let each rival fill the cases of an evaluation; return the folder of each one's results."""
    plan = make_plan(EvaluationRequest(str(PICTURES), ["input"], **request))
    jobs = []
    for case in plan.cases:
        loaded = load_case(case, plan.preparation, plan.seed)
        target = f"{case.condition.folder}/{Path(case.file_name).stem}"
        holes = place / "holes" / f"{target}.npz"
        holes.parent.mkdir(parents=True, exist_ok=True)
        np.savez(holes, image=loaded.damaged, mask=np.asarray(loaded.mask))
        jobs.append(target)
    with ThreadPoolExecutor(bench.n_threads) as pool:
        list(pool.map(lambda name: bench.run_batch(name, place / "holes", place / name, jobs), RIVALS))
    return {name: place / name for name in RIVALS}
