"""The same comparison on photographs of 2048 px that are not ours to publish: only where ../shared/data is present."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.measuring import ROOT, Bench
from benchmarks.pictures import BLOB, BRUSH, SQUARE, fit_picture
from benchmarks.records import Record
from benchmarks.speed.against_pypatchmatch import OURS, PROTOCOL, THEIRS

FOLDER = ROOT.parent / "shared" / "data" / "inpaint-samples" / "hifill"


def photographs() -> list[Path]:
    """Return the pictures of the folder, without their masks; none where the folder is absent."""
    return sorted(FOLDER.glob("*.webp"))


def run(bench: Bench) -> None:
    """Measure the first pictures at 1024 px and write a result file of its own."""
    files = photographs()[: 1 if bench.quick else 4]
    if not files:
        print(f"skipped: {FOLDER} is absent")
        return
    shape = (128, 128) if bench.quick else (1024, 1024)
    record = Record(bench, "patchmatch-shared", PROTOCOL)
    for index, file in enumerate(files):
        truth = fit_picture(np.asarray(Image.open(file).convert("RGB")), *shape)
        for kind in (SQUARE, BLOB, BRUSH):
            mask = kind.draw(shape, index)
            print(f"{shape[1]} {file.stem} {kind.label}, {mask.mean():.1%} missing", flush=True)
            engines = {engine: bench.run(engine, truth, mask)[0] for engine in (OURS, THEIRS)}
            record.add(size=str(shape[1]), picture=file.stem, mask=kind.label, engines=engines)
    record.write()
