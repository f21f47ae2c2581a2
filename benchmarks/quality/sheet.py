"""Broad holes, to be judged by eye: each case beside the truth and the rivals, on one sheet.

Writes docs/gallery/broad-holes.jpg. Each tile shows the surroundings of the hole; the hole is magenta in the first.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.engines import Hole, Pixels
from benchmarks.measuring import ROOT, Bench
from benchmarks.pictures import load_picture

COLUMNS = (
    ("input", ""),
    ("truth", ""),
    ("retouch (auto)", "retouch:auto"),
    ("pypatchmatch", "pypatchmatch"),
    ("OpenCV Telea", "opencv_telea"),
    ("OpenCV NS", "opencv_ns"),
    ("biharmonic", "skimage_biharmonic"),
)
TILE_PX, TITLE_PX, GAP_PX = 176, 20, 4
MAX_BYTES = 990_000
MAGENTA = (255, 0, 255)


class Case(NamedTuple):
    """An ellipse to be filled: its centre and half axes as shares of the picture's width and height."""

    picture: str
    what: str
    x: float
    y: float
    half_width: float
    half_height: float

    def mask(self, shape: tuple[int, int]) -> Hole:
        """Return (H, W) bool, True inside the ellipse."""
        rows, columns = np.ogrid[: shape[0], : shape[1]]
        across = ((columns + 0.5) / shape[1] - self.x) / self.half_width
        down = ((rows + 0.5) / shape[0] - self.y) / self.half_height
        inside: Hole = across * across + down * down <= 1
        return inside


CASES = (
    Case("astronaut", "hair beside the face", 0.58, 0.14, 0.11, 0.12),
    Case("astronaut", "flag", 0.09, 0.24, 0.09, 0.14),
    Case("astronaut", "badge", 0.34, 0.755, 0.11, 0.11),
    Case("astronaut", "background", 0.22, 0.18, 0.09, 0.13),
    Case("astronaut", "shuttle", 0.81, 0.27, 0.11, 0.28),
    Case("chelsea", "eye", 0.715, 0.46, 0.10, 0.14),
    Case("chelsea", "fur", 0.16, 0.60, 0.12, 0.20),
    Case("coffee", "spoon", 0.61, 0.71, 0.09, 0.14),
    Case("coffee", "table", 0.12, 0.78, 0.11, 0.18),
    Case("rocket", "rocket", 0.498, 0.64, 0.05, 0.34),
    Case("brick", "bricks", 0.47, 0.50, 0.14, 0.14),
    Case("grass", "grass", 0.50, 0.50, 0.14, 0.14),
    Case("gravel", "gravel", 0.50, 0.50, 0.16, 0.16),
    Case("camera", "tower", 0.85, 0.34, 0.08, 0.14),
    Case("camera", "tripod", 0.58, 0.78, 0.13, 0.19),
    Case("motorcycle", "front wheel", 0.83, 0.73, 0.13, 0.20),
    Case("motorcycle", "shelves", 0.83, 0.15, 0.10, 0.14),
    Case("retina", "vessels", 0.62, 0.30, 0.12, 0.12),
)


def run(bench: Bench) -> None:
    """Fill every case with every engine and save the sheet; with --quick two cases, beside the result files."""
    cases = CASES[::12] if bench.quick else CASES
    rows = [_row(bench, case) for case in cases]
    path = (bench.results if bench.quick else ROOT / "docs" / "gallery") / "broad-holes.jpg"
    save_sheet(draw_sheet(rows, [f"{case.picture}: {case.what}" for case in cases]), path)
    print(f"wrote {path}", flush=True)


def _row(bench: Bench, case: Case) -> list[Pixels]:
    truth = load_picture(case.picture)
    mask = case.mask(truth.shape[:2])
    print(f"{case.picture}: {case.what}, {mask.mean():.1%} missing", flush=True)
    marked = truth.copy()
    marked[mask] = MAGENTA
    filled = [bench.run(engine, truth, mask, repeats=1)[1] for _, engine in COLUMNS if engine]
    return [picture[window(mask)] for picture in (marked, truth, *filled)]


def window(mask: Hole) -> tuple[slice, slice]:
    """Return the square around the hole that a tile shows: twice the hole's longer side, kept inside the picture."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    longer = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    side = min(max(2 * longer, TILE_PX), *mask.shape)
    middles = (rows[0] + rows[-1]) // 2, (columns[0] + columns[-1]) // 2
    starts = [
        int(np.clip(middle - side // 2, 0, length - side)) for middle, length in zip(middles, mask.shape, strict=True)
    ]
    return slice(starts[0], starts[0] + side), slice(starts[1], starts[1] + side)


def draw_sheet(rows: list[list[Pixels]], titles: list[str]) -> Image.Image:
    """Return one row of tiles per case under a line with its title, and the column names on top."""
    row_px = TITLE_PX + TILE_PX + GAP_PX
    size = (len(COLUMNS) * (TILE_PX + GAP_PX) + GAP_PX, TITLE_PX + len(rows) * row_px)
    sheet = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=14)
    for column, (name, _) in enumerate(COLUMNS):
        pen.text((GAP_PX + column * (TILE_PX + GAP_PX), 2), name, fill="black", font=font)
    for index, (tiles, title) in enumerate(zip(rows, titles, strict=True)):
        top = TITLE_PX + index * row_px
        pen.text((GAP_PX, top + 2), title, fill="black", font=font)
        for column, tile in enumerate(tiles):
            picture = Image.fromarray(tile).resize((TILE_PX, TILE_PX), Image.Resampling.LANCZOS)
            sheet.paste(picture, (GAP_PX + column * (TILE_PX + GAP_PX), top + TITLE_PX))
    return sheet


def save_sheet(sheet: Image.Image, path: Path) -> None:
    """Save as JPEG in the best quality that stays under the size we commit."""
    for quality in range(92, 40, -4):
        packed = io.BytesIO()
        sheet.save(packed, "JPEG", quality=quality)
        if packed.tell() <= MAX_BYTES:
            break
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(packed.getvalue())
