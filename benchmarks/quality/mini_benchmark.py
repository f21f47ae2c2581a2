"""Every method of the catalogue on 16 pictures of 128 px and six kinds of holes: the classical mini-benchmark.

Quality only, so everything runs in this process. The same pictures, sizes and bins as the baseline table that the
project started from, so that the rows can be compared with it.
"""

from __future__ import annotations

from statistics import fmean

import numpy as np

import retouch
from benchmarks.engines import SEED, Hole, Pixels
from benchmarks.measuring import Bench
from benchmarks.pictures import MaskKind, photograph
from benchmarks.records import Record
from retouch.methods.catalogue import AUTO, method_names
from retouch.metrics.pixels.psnr import psnr
from retouch.metrics.structure.ssim import ssim

PICTURES = (
    *("astronaut", "coffee", "chelsea", "camera", "brick", "grass", "gravel", "coins", "moon", "rocket", "cat"),
    *("retina", "hubble_deep_field", "immunohistochemistry", "page", "text"),
)
SIDE_PX = 128
MASKS = (
    MaskKind("strokes 1-10 %", "brush", (0.01, 0.1)),
    MaskKind("strokes 10-20 %", "brush", (0.1, 0.2)),
    MaskKind("strokes 30-40 %", "brush", (0.3, 0.4)),
    MaskKind("centre 25 %", "center_square", None),
    MaskKind("random pixels 50 %", "random_pixels", (0.495, 0.505)),
    MaskKind("random pixels 80 %", "random_pixels", (0.795, 0.805)),
)
PROTOCOL = """16 pictures of scikit-image at 128 px, picture i with mask i; default options, seed 0. Means over the
pictures of: PSNR of the whole picture, PSNR in the hole, SSIM of the whole picture (Gaussian window, sigma 1.5)."""


def score(method: str, cases: list[tuple[Pixels, Hole]]) -> dict[str, float]:
    """Fill every case with one method and return the mean scores."""
    filled = []
    for truth, mask in cases:
        damaged = np.where(mask[:, :, None], np.uint8(0), truth)
        filled.append(retouch.fill(damaged, mask, method=method, seed=SEED))
    scored = [(truth, result, mask) for (truth, mask), result in zip(cases, filled, strict=True)]
    return {
        "psnr_db": round(fmean(psnr(truth, result) for truth, result, _ in scored), 3),
        "hole_psnr_db": round(fmean(psnr(truth, result, mask=mask) for truth, result, mask in scored), 3),
        "ssim": round(fmean(ssim(truth, result) for truth, result, _ in scored), 4),
    }


def run(bench: Bench) -> None:
    """Score every method on every kind of mask and write the result file."""
    record = Record(bench, "mini-benchmark", PROTOCOL)
    names = PICTURES[:1] if bench.quick else PICTURES
    truths = [photograph(name, SIDE_PX, SIDE_PX) for name in names]
    for kind in MASKS[:2] if bench.quick else MASKS:
        cases = [(truth, kind.draw((SIDE_PX, SIDE_PX), index)) for index, truth in enumerate(truths)]
        for method in (*method_names(), AUTO):
            scores = score(method, cases)
            print(f"{kind.label:20} {method:16} {scores}", flush=True)
            record.add(mask=kind.label, method=method, **scores)
    record.write()
