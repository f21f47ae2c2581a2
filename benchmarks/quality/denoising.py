"""Every denoiser on BSD68 beside the published figures; also how long measuring itself takes.

The pictures may not be published, so only scores are kept; `scratch/denoising` holds the page with pictures.
"""

from __future__ import annotations

import shutil
import time

import retouch
from benchmarks.measuring import ROOT, Bench
from benchmarks.quality.by_bin import SHARED, plain_row
from benchmarks.records import Record
from retouch.methods.denoisers import denoiser_names

PICTURES = SHARED / "denoise-bsd68"
SCRATCH = ROOT / "scratch" / "denoising"
NOISE = ("awgn:15", "awgn:25", "awgn:50")
COLUMNS = ("psnr", "ssim", "ms_ssim", "fsim", "vif", "mae")
PROTOCOL = """68 grey pictures of BSD68, white Gaussian noise that is neither clipped nor rounded, picture i with
noise i of seed 0; denoisers with their defaults, told the true sigma; results rounded to 8 bits. Means over pictures.
Published figures are those that their papers print, with other draws of the noise."""


def run(bench: Bench) -> None:
    """Score every denoiser at three strengths and write the result file."""
    if not PICTURES.is_dir():
        print(f"skipped: {PICTURES} is absent")
        return
    shutil.rmtree(SCRATCH, ignore_errors=True)  # results of an older version must not be taken for today's
    record = Record(bench, "quality-denoising", PROTOCOL)
    started = time.perf_counter()
    summary = retouch.evaluate(
        PICTURES,
        SCRATCH,
        task="denoise",
        methods=["input", *denoiser_names()],
        noise=NOISE[:1] if bench.quick else NOISE,
        metrics=COLUMNS,
        dataset="bsd68",
        limit=2 if bench.quick else None,
        n_workers=bench.n_threads,
    ).summary
    print(f"{time.perf_counter() - started:.1f} s in all; read {SCRATCH / 'report.html'}", flush=True)
    for row in summary.rows:
        if row.condition in {noise.replace(":", " ") for noise in NOISE}:
            record.add(condition=row.condition, method=row.method, **plain_row(row))
    for cell in summary.published:
        record.add(condition=cell.condition, method=cell.method, published=cell.value, source=cell.source)
    record.write()
