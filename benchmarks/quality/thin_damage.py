"""Scratches and letters at 256 px: our `auto` against OpenCV's FSR_FAST, Telea, NS and scikit-image's biharmonic."""

from __future__ import annotations

from benchmarks.measuring import Bench
from benchmarks.pictures import FINE_PRINT, SCRATCH, TEXT, photograph
from benchmarks.records import Record

ENGINES = ("retouch:auto", "opencv_fsr_fast", "opencv_telea", "opencv_ns", "skimage_biharmonic")
PICTURES = ("astronaut", "coffee", "chelsea", "rocket", "camera", "motorcycle", "immunohistochemistry", "coins")
PROTOCOL = """256 px, each engine and picture in a fresh process, warm-up run first, then 5 timed runs. Radius 3 for
Telea and NS; FSR_FAST has no settings; biharmonic splits the mask into regions. PSNR over the missing pixels only. CPU
is user and system time of all threads."""


def run(bench: Bench) -> None:
    """Measure every case and write the result file."""
    record = Record(bench, "thin-damage", PROTOCOL)
    side = 96 if bench.quick else 256
    for index, name in enumerate(PICTURES[: 1 if bench.quick else None]):
        truth = photograph(name, side, side)
        for kind in (SCRATCH, FINE_PRINT, TEXT):
            mask = kind.draw((side, side), index)
            print(f"{side} {name} {kind.label}, {mask.mean():.1%} missing", flush=True)
            engines = {engine: bench.run(engine, truth, mask)[0] for engine in ENGINES}
            record.add(picture=name, mask=kind.label, missing=round(float(mask.mean()), 4), engines=engines)
    record.write()
