"""Structure and detail beside the other methods, on pictures that nothing was tuned or trained on.

Broad holes: irregular masks of the NVIDIA test set in their bins, at 256 px on CBSD68; `by_bin.py` has McMaster, with
the rivals. Thin damage: scratches, captions and thin strokes at 256 px on both. The pictures may not be published, so
only scores are kept; `scratch/structure` holds the pages with pictures.
"""

from __future__ import annotations

import shutil
from typing import Any

import retouch
from benchmarks.measuring import ROOT, Bench
from benchmarks.quality.by_bin import MASKS, SHARED, plain_row
from benchmarks.records import Record
from retouch.masks.sampler import NVIDIA_BINS

CBSD68, MCMASTER = SHARED / "denoise-cbsd68", SHARED / "denoise-mcmaster"
SCRATCH = ROOT / "scratch" / "structure"
BROAD = (
    *("harmonic", "biharmonic", "total_variation", "navier_stokes", "kriging", "blended", "patchmatch"),
    "guided_patchmatch",
    "learned_structure",
    "learned_detail",
)
THIN = ("harmonic", "biharmonic", "navier_stokes", "kriging", "blended")
THIN_MASKS = ("scratch", "text", "lama_thin")
COLUMNS = ("psnr_hole", "ssim", "hed_distance")
SIDE_PX, N_PICTURES = 256, 18
PROTOCOL = f"""The first {N_PICTURES} pictures of each set at {SIDE_PX} px (the whole square, averaged). Broad: masks of
the NVIDIA test set in its six bins, mask i (modulo their number) for picture i, resized by the nearest pixel. Thin: one
mask of each family for each picture. Default options, seed 0. Means over pictures; hed_distance is a distance over the
features of VGG16 as trained for edges (HED)."""


def run(bench: Bench) -> None:
    """Evaluate every method on every set and write the result file."""
    absent = [str(folder) for folder in (CBSD68, MCMASTER, MASKS) if not folder.is_dir()]
    if absent:
        print(f"skipped: {', '.join(absent)} absent")
        return
    record = Record(bench, "quality-structure", PROTOCOL)
    shutil.rmtree(SCRATCH, ignore_errors=True)  # results of an older version must not be taken for today's
    broad = {"masks": [f"nvidia:{MASKS}"], "bins": NVIDIA_BINS[:1] if bench.quick else NVIDIA_BINS}
    evaluate(bench, record, ("CBSD68", "broad"), list(BROAD), images=CBSD68, **broad)
    for name, folder in (("CBSD68", CBSD68), ("McMaster", MCMASTER)):
        evaluate(bench, record, (name, "thin"), list(THIN), images=folder, masks=list(THIN_MASKS))
    record.write()


def evaluate(bench: Bench, record: Record, names: tuple[str, str], methods: list[str], **request: Any) -> None:
    """Evaluate methods on one set under one kind of damage and add the rows."""
    out = SCRATCH / "-".join(names)
    summary = retouch.evaluate(
        request.pop("images"), out, methods=methods, prepare=f"square:{SIDE_PX}", metrics=COLUMNS,
        limit=2 if bench.quick else N_PICTURES, n_workers=bench.n_threads, **request,
    ).summary  # fmt: skip
    for row in summary.rows:
        record.add(dataset=names[0], kind=names[1], condition=row.condition, method=row.method, **plain_row(row))
    print(f"read {out / 'report.html'}", flush=True)
