"""Draws docs/gallery/methods: for each method of the catalogue a success and a failure, to be judged by eye.

A picture has two rows, the success above the failure, of three tiles: the input with its hole in magenta, what the
method made of it, the truth. The methods run by themselves on the whole picture, with their usual options and seed 0:
without the crops and the seam of `retouch.fill`.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image as PilImage

from benchmarks.engines import Pixels
from benchmarks.gallery.cases import GALLERY, Case, Pair
from benchmarks.measuring import ROOT, Bench
from benchmarks.quality.sheet import GAP_PX, MAGENTA
from benchmarks.records import Record
from benchmarks.tables.method_pages import PICTURES, decibels
from retouch.arrays.types import Image
from retouch.methods.catalogue import find_method, load_method
from retouch.metrics.pixels.psnr import psnr

TILE_PX = 192
MAX_BYTES = 40_000
QUALITIES = range(90, 40, -5)


def run(bench: Bench) -> None:
    """Fill and draw every pair and write the figures; with --quick the first two, beside the result files."""
    record = Record(bench, "method-gallery", f"{__doc__} PSNR over the missing pixels.")
    folder = bench.results if bench.quick else ROOT / PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    for method, pair in list(GALLERY.items())[: 2 if bench.quick else None]:
        rows, figures = zip(*(_filled(method, case) for case in pair), strict=True)
        (folder / f"{method}.jpg").write_bytes(packed(draw_rows(list(rows))))
        record.add(method=method, **dict(zip(Pair._fields, figures, strict=True)))
        print(f"  {method:22} " + "  ".join(decibels(figure["hole_psnr_db"]) for figure in figures), flush=True)
    record.write()


def _filled(method: str, case: Case) -> tuple[list[Pixels], dict[str, Any]]:
    """Return the tiles of one row, and what the page says of it."""
    truth = case.picture()
    mask = case.hole(truth.shape[:2])
    hidden, marked = truth.copy(), truth.copy()
    hidden[mask], marked[mask] = 0, MAGENTA
    filled = load_method(find_method(method))(as_floats(hidden), mask, rng=np.random.default_rng(0))
    result = np.where(mask[:, :, None], np.round(255 * np.clip(filled, 0, 1)).astype(np.uint8), truth)
    score = psnr(truth, result, mask=mask)
    figures = {"words": case.words, "missing": round(float(mask.mean()), 4)}
    return [marked, result, truth], figures | {"hole_psnr_db": round(score, 2) if np.isfinite(score) else None}


def as_floats(pixels: Pixels) -> Image:
    """Return the picture as methods take it, (H, W, 3) float32 in [0, 1]."""
    return (pixels / np.float32(255)).astype(np.float32)


def draw_rows(rows: list[list[Pixels]]) -> PilImage.Image:
    """Return the tiles side by side, rows below each other; small pictures are enlarged with hard pixels."""
    step = TILE_PX + GAP_PX
    sheet = PilImage.new("RGB", (len(rows[0]) * step - GAP_PX, len(rows) * step - GAP_PX), "white")
    for row, tiles in enumerate(rows):
        for column, tile in enumerate(tiles):
            picture = PilImage.fromarray(np.ascontiguousarray(tile))
            sheet.paste(picture.resize((TILE_PX, TILE_PX), PilImage.Resampling.NEAREST), (column * step, row * step))
    return sheet


def packed(sheet: PilImage.Image) -> bytes:
    """Return it as JPEG in the best quality that stays under the size we commit."""
    for quality in QUALITIES:
        file = io.BytesIO()
        sheet.save(file, "JPEG", quality=quality)
        if file.tell() <= MAX_BYTES:
            break
    return file.getvalue()
