"""Fills that the user leads, to be judged by eye: without and with a map of labels or a line, beside the truth.

Writes docs/gallery/guidance.jpg. In the first tile the hole is magenta, what it may not borrow is dark, and the line is
yellow. Maps and lines are drawn by hand, as a user would draw them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import retouch
from benchmarks.engines import Hole, Pixels
from benchmarks.measuring import ROOT, Bench
from benchmarks.pictures import load_picture
from benchmarks.quality.sheet import GAP_PX, MAGENTA, TITLE_PX, save_sheet, window

Points = tuple[tuple[int, int], ...]

COLUMNS = ("input", "without", "led", "truth")
TILE_PX = 240
YELLOW = (255, 230, 0)
STROKE_PX = 4


class Case(NamedTuple):
    """A hole, and a thing that it may not borrow or a line that goes on through it; all as points (x, y)."""

    picture: str
    what: str
    hole: Points
    neighbour: Points = ()
    line: Points = ()


CASES = (
    Case(
        "astronaut",
        "a map keeps the suit out of the hole beside it",
        ((318, 262), (300, 215), (335, 150), (345, 20), (475, 20), (475, 300), (352, 300)),
        neighbour=((0, 512), (25, 300), (130, 180), (160, 15), (280, 10), (310, 90), (300, 190), (340, 262), (372, 340),
                   (512, 350), (512, 512)),
    ),
    Case(
        "coffee",
        "a map keeps the cup out of the hole where the spoon was",
        ((300, 245), (330, 228), (365, 232), (372, 205), (400, 190), (410, 250), (415, 300), (380, 335), (320, 325)),
        neighbour=((165, 90), (200, 30), (290, 10), (390, 40), (412, 110), (400, 190), (372, 230), (320, 240),
                   (225, 245)),
    ),
    Case(
        "coffee",
        "a line goes on: the rim of the saucer",
        ((400, 240), (470, 190), (520, 240), (520, 320), (450, 370), (390, 350)),
        line=((474, 185), (478, 225), (468, 265), (448, 300), (418, 333), (385, 354)),
    ),
    Case(
        "astronaut",
        "a line goes on: suit and flag",
        ((20, 215), (75, 160), (125, 190), (110, 270), (40, 330), (10, 290)),
        line=((12, 330), (28, 300), (50, 262), (85, 225), (118, 200), (128, 188)),
    ),
    Case(
        "motorcycle",
        "a line goes on: floor and shelf behind the front wheel",
        ((495, 345), (495, 262), (560, 238), (610, 250), (690, 310), (705, 430), (660, 475), (600, 455), (520, 400)),
        line=((480, 292), (735, 300)),
    ),
)  # fmt: skip


def run(bench: Bench) -> None:
    """Fill every case both ways and save the sheet; with --quick two cases, beside the result files."""
    cases = CASES[1:3] if bench.quick else CASES
    rows = [_row(case) for case in cases]
    path = (bench.results if bench.quick else ROOT / "docs" / "gallery") / "guidance.jpg"
    save_sheet(_draw(rows, [f"{case.picture}: {case.what}" for case in cases]), path)
    print(f"wrote {path}", flush=True)


def _row(case: Case) -> list[Pixels]:
    truth = np.dstack([load_picture(case.picture)] * 3)[:, :, -3:]
    hole, neighbour = (_drawn(points, truth.shape, filled=True) for points in (case.hole, case.neighbour))
    line = _drawn(case.line, truth.shape, filled=False)
    marked = np.where(neighbour[:, :, None], truth // 3, truth)
    marked[hole] = MAGENTA
    marked[line] = YELLOW
    labels = np.where(neighbour & ~hole, 2, 1) if case.neighbour else None
    led = retouch.fill(truth, hole, guidance=labels, lines=line if case.line else None)
    return [picture[window(hole)] for picture in (marked, retouch.fill(truth, hole), led, truth)]


def _drawn(points: Points, shape: tuple[int, ...], *, filled: bool) -> Hole:
    """Return (H, W) bool, True in the polygon or on the stroke through the points; nowhere if there are none."""
    canvas = Image.new("1", (shape[1], shape[0]))
    pen = ImageDraw.Draw(canvas)
    if points and filled:
        pen.polygon(points, fill=1)
    elif points:
        pen.line(points, fill=1, width=STROKE_PX)
    return np.array(canvas)


def _draw(rows: list[list[Pixels]], titles: list[str]) -> Image.Image:
    """Return one row of tiles per case under a line with its title, and the column names on top."""
    row_px = TITLE_PX + TILE_PX + GAP_PX
    sheet = Image.new("RGB", (len(COLUMNS) * (TILE_PX + GAP_PX) + GAP_PX, TITLE_PX + len(rows) * row_px), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=14)
    for index, (tiles, title) in enumerate(zip(rows, titles, strict=True)):
        pen.text((GAP_PX, TITLE_PX + index * row_px + 2), title, fill="black", font=font)
        for column, (name, tile) in enumerate(zip(COLUMNS, tiles, strict=True)):
            left, top = GAP_PX + column * (TILE_PX + GAP_PX), 2 * TITLE_PX + index * row_px
            pen.text((left, 2), name, fill="black", font=font)
            picture = Image.fromarray(tile).resize((TILE_PX, TILE_PX), Image.Resampling.LANCZOS)
            sheet.paste(picture, (left, top))
    return sheet
