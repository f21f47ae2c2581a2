"""Every method has its page and its picture, and the pages are what docstrings, catalogue and result file say."""

from __future__ import annotations

import doctest
import importlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import benchmarks.tables.method_pages as module
from benchmarks.gallery.cases import GALLERY, Case
from benchmarks.quality.method_gallery import MAX_BYTES, TILE_PX, draw_rows
from benchmarks.quality.sheet import GAP_PX
from benchmarks.tables.method_pages import PAGES, PICTURES, RESULT, gallery_table, method_pages, page_of
from retouch.methods.catalogue import find_method, method_names

ROOT = Path(__file__).resolve().parents[2]
CASES = [
    pytest.param(case, id=f"{method}-{side}")
    for method, pair in GALLERY.items()
    for side, case in zip(pair._fields, pair, strict=True)
]
FIGURE = {"words": "a dot", "missing": 0.125, "hole_psnr_db": 21.349}


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """Return the pages as they should be."""
    return method_pages()


def test_every_method_has_a_success_and_a_failure_to_show() -> None:
    assert [name for name in method_names() if name not in GALLERY] == [], "add a line to benchmarks/gallery/cases.py"
    assert [name for name in GALLERY if name not in method_names()] == []


def test_every_method_has_its_page_and_no_other_page_is_there() -> None:
    written = {path.stem for path in (ROOT / PAGES).glob("*.md")} - {"README"}
    assert written == set(method_names()), "run: make tables"


def test_every_shown_method_has_its_picture_and_no_other_picture_is_there() -> None:
    pictures = {path.stem for path in (ROOT / PICTURES).iterdir()}
    assert pictures == set(GALLERY), "run: python -m benchmarks.run method-gallery"


@pytest.mark.parametrize("path", sorted((ROOT / PICTURES).glob("*.jpg")), ids=lambda path: path.stem)
def test_pictures_are_small(path: Path) -> None:
    assert path.stat().st_size <= MAX_BYTES


def test_pages_are_current(pages: dict[str, str]) -> None:
    stale = [name for name, text in pages.items() if (ROOT / name).read_text() != text]
    assert stale == [], "run: make tables"


def test_figures_are_those_of_the_cases_as_they_stand() -> None:
    """A case that was changed without a new run would have its words beside the figure and picture of the old one."""
    measured = {case["method"]: case for case in json.loads(RESULT.read_text())["cases"]}
    assert set(measured) == set(GALLERY)
    for method, pair in GALLERY.items():
        assert measured[method]["success"]["words"] == pair.success.words
        assert measured[method]["failure"]["words"] == pair.failure.words


@pytest.mark.parametrize("case", CASES)
def test_a_case_misses_a_part_of_a_square_picture_that_fits_the_tile(case: Case) -> None:
    picture = case.picture()
    side = len(picture)
    assert picture.shape == (side, side, 3)
    assert picture.dtype == np.uint8
    assert TILE_PX % side == 0
    assert 0 < case.hole((side, side)).mean() < 1


def test_a_page_shows_source_departures_notes_options_and_both_figures() -> None:
    page = page_of(find_method("telea"), {"method": "telea", "success": FIGURE, "failure": FIGURE})
    assert "**Source:** A. Telea," in page
    assert "**Departures:** see fast_marching." in page
    assert "| `radius_px` | a whole number | `3` | Neighbours up to this distance take part, 1 to 100 pixels. |" in page
    assert "Fast; smears along the march" in page
    assert "- Above, a success (21.3 dB in the hole, 12.5 % missing): a dot." in page


def test_a_page_without_pictures_says_so() -> None:
    page = page_of(find_method("nearest"), None)
    assert "There are no pictures yet." in page
    assert "](../gallery" not in page


def test_the_index_lists_every_method_though_none_was_drawn() -> None:
    lines = gallery_table([]).splitlines()
    assert len(lines) == len(method_names()) + 2
    assert all("| no picture yet | no picture yet |" in line for line in lines[2:])


def test_small_pictures_are_enlarged_with_hard_pixels() -> None:
    """Two pixels a side become squares of half a tile; the second row starts after the gap."""
    dots = np.array([[[0], [255]], [[255], [0]]], np.uint8).repeat(3, axis=2)
    sheet = draw_rows([[dots, dots, dots], [dots, dots, dots]])
    assert sheet.size == (3 * TILE_PX + 2 * GAP_PX, 2 * TILE_PX + GAP_PX)
    half = TILE_PX // 2
    assert [sheet.getpixel((x, TILE_PX + GAP_PX)) for x in (half - 1, half)] == [(0, 0, 0), (255, 255, 255)]


def test_tables_of_symbols_and_lists_keep_their_lines() -> None:
    text = "Departures\n----------\n- one\n  more\n- two\n\nu    (n,)  values\n     that go on\nab   (m,)  others"
    assert module.paragraphs(text) == [
        "**Departures:**",
        "- one more\n- two",
        "```text\nu    (n,)  values\n     that go on\nab   (m,)  others\n```",
    ]


@pytest.mark.parametrize("name", method_names())
def test_pages_hold_the_whole_head_of_the_module(name: str, pages: dict[str, str]) -> None:
    """Word by word: nothing of the docstring is lost on the way."""
    page = pages[f"{PAGES}/{name}.md"].split("## How it works")[1]
    loaded = importlib.import_module(find_method(name).build.split(":")[0])
    words = [word for word in (loaded.__doc__ or "").split() if word.strip("-")]
    assert [word for word in words if word.rstrip(":") not in page] == []


def test_examples_in_docstrings_are_right() -> None:
    found = doctest.testmod(module)
    assert found.attempted >= 5
    assert found.failed == 0


def test_committed_pictures_can_be_read() -> None:
    """Two rows of three tiles, whatever the method."""
    for path in (ROOT / PICTURES).glob("*.jpg"):
        with Image.open(path) as picture:
            picture.load()
            assert picture.size == (3 * TILE_PX + 2 * GAP_PX, 2 * TILE_PX + GAP_PX)
