"""The report: one file, nothing asked for from anywhere, and the figures as they are."""

from __future__ import annotations

import base64
import gc
import hashlib
import io
import json
import math
import re
import sys
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retouch.errors import FileError
from retouch.evaluation.report.content import (
    Cell,
    Column,
    Difference,
    Failure,
    PublishedCell,
    Row,
    ShownCase,
    Summary,
)
from retouch.evaluation.report.page import write_report
from retouch.evaluation.report.pictures import choose_hue, store, store_error, store_marked

VOID = {"meta", "link", "img", "input", "br"}
NAN = math.nan
PSNR = Column("psnr", "Over the whole composite.", "dB", "higher", 2)
L1 = Column("l1", "Mean absolute difference.", "%", "lower", 3)
EDGES = Column("edges", "Share of edge pixels.", "%", "", 1)
FID = Column("fid", "Over the whole set.", "", "lower", 1)
QUOTED = 'b"onload="x'
EVIL = "<script>alert(1)</script>.png"


@dataclass
class Element:
    """One element of a parsed page."""

    tag: str
    attributes: Mapping[str, str]
    parent: Element | None
    inside: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text inside."""
        return " ".join(part if isinstance(part, str) else part.text for part in self.inside)

    def walk(self) -> Iterator[Element]:
        """Yield this element and all inside it, in the order of the page."""
        yield self
        for part in self.inside:
            if isinstance(part, Element):
                yield from part.walk()

    def find(self, tag: str, **wanted: str) -> list[Element]:
        """Return the elements inside that have these attributes; class_ stands for class."""
        wanted = {name.rstrip("_"): value for name, value in wanted.items()}
        return [e for e in self.walk() if e.tag == tag and all(e.attributes.get(k) == v for k, v in wanted.items())]


class Parser(HTMLParser):
    """Builds the tree and insists that what is opened is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.root = self.at = Element("", {}, None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute of {tag} stands twice"
        element = Element(tag, {name: value or "" for name, value in attrs}, self.at)
        self.at.inside.append(element)
        if tag not in VOID:
            self.at = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element that closes itself."""
        self.at.inside.append(Element(tag, {name: value or "" for name, value in attrs}, self.at))

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element, which must be this one."""
        assert self.at.tag == tag, f"</{tag}> inside <{self.at.tag}>"
        assert self.at.parent is not None
        self.at = self.at.parent

    def handle_data(self, data: str) -> None:
        """Take text."""
        self.at.inside.append(data)


def parse(html: str) -> Element:
    parser = Parser()
    parser.feed(html)
    parser.close()
    assert parser.at is parser.root, f"<{parser.at.tag}> is never closed"
    return parser.root


def report(folder: Path, summary: Summary, cases: Sequence[ShownCase] = ()) -> Element:
    write_report(folder / "report.html", summary, iter(cases))
    return parse((folder / "report.html").read_text(encoding="utf-8"))


def row(method: str, condition: str = "brush", /, *, n_failed: int = 0, seconds: float = 1.0, **means: float) -> Row:
    cells = {name: Cell(mean, mean - 1, mean + 1, 8) for name, mean in means.items()}
    return Row(method, condition, cells, n_failed, seconds, 100.0)


def summary_of(*rows: Row, columns: tuple[Column, ...] = (PSNR,), ratios: Mapping[str, float] | None = None) -> Summary:
    conditions = tuple(dict.fromkeys(one.condition for one in rows))
    methods = tuple(dict.fromkeys(one.method for one in rows))
    return Summary("A title", {"seed": "0"}, (), conditions, methods, ratios or {}, columns, rows)


def case_of(image: str = "cat.png", /, **scores: float) -> ShownCase:
    size = 12, 10
    rng = np.random.default_rng(0)
    truth = rng.integers(80, 150, (*size, 3), np.uint8)
    mask = np.zeros(size, bool)
    mask[2:5, 3:6] = True
    results = {method: truth.copy() for method in scores}
    shown = {method: {"psnr": score} for method, score in scores.items()}
    return ShownCase(image, "brush", 0.075, truth, truth * ~mask[:, :, None], mask, results, shown)


def table_of(page: Element, label: str) -> dict[str, list[Element]]:
    """Return the cells of each row of the table with this label, by the text of the row's head."""
    (box,) = page.find("div", **{"aria-label": label})
    rows = [tr for tr in box.find("tr") if tr.find("td")]
    return {" ".join(tr.find("th")[0].text.split()): tr.find("td") for tr in rows}


def decoded(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.partition("base64,")[2])))


def everything() -> Summary:
    """Return a summary that fills every part of the page, with names that try to break out of it."""
    rows = [
        row(method, condition, n_failed=1, psnr=30.0 + i, l1=2.0, edges=5.0)
        for i, method in enumerate([EVIL, QUOTED, "c'&"])
        for condition in ("all", "brush 0.1-0.2", "brush 0.2-0.3", "<i>odd</i>")
    ]
    full = summary_of(*rows, columns=(PSNR, L1, EDGES, FID), ratios={"brush 0.1-0.2": 0.15, "brush 0.2-0.3": 0.25})
    return replace(
        full,
        title="</title><script>1</script>",
        facts={"command": f"retouch {EVIL}", EVIL: EVIL},
        warnings=(EVIL,),
        differences=(Difference(EVIL, "c'&", "all", "psnr", Cell(1.0, 0.5, 1.5, 8)),),
        published=(PublishedCell(EVIL, "all", "psnr", 31.0, EVIL),),
        failures=(Failure("c'&", "brush", EVIL, EVIL),),
        columns=(*full.columns, Column(EVIL, EVIL, EVIL, "lower", 2)),
    )


def test_the_page_is_well_formed_and_has_every_part(tmp_path: Path) -> None:
    page = report(tmp_path, everything(), [case_of(EVIL, **{EVIL: 30.0}), case_of("b.png", **{"c'&": 31.0})])
    assert page.find("html")[0].attributes["lang"] == "en"
    assert [section.attributes["id"] for section in page.find("section") if "id" in section.attributes] == [
        "results",
        "differences",
        "measures",
        "charts",
        "failures",
        "pictures",
    ]
    ids = [element.attributes["id"] for element in page.walk() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    links = [a.attributes["href"] for a in page.find("a")]
    assert links
    assert {link[1:] for link in links} <= set(ids), "a link leads nowhere"


def test_hostile_names_stay_names_and_only_our_own_script_may_run(tmp_path: Path) -> None:
    page = report(tmp_path, everything(), [case_of(EVIL, **{EVIL: 30.0, QUOTED: 31.0})])
    (script,) = page.find("script")
    digest = base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
    (policy,) = page.find("meta", **{"http-equiv": "Content-Security-Policy"})
    assert f"script-src 'sha256-{digest}'" in policy.attributes["content"]
    assert "default-src 'none'" in policy.attributes["content"]
    assert not [name for element in page.walk() for name in element.attributes if name.startswith("on")]
    assert [h3.text.split()[0] for h3 in page.find("article")[0].find("h3")] == ["<script>alert(1)</script>.png"]


def test_nothing_is_asked_for_from_anywhere(tmp_path: Path) -> None:
    page = report(tmp_path, everything(), [case_of(a=30.0)])
    for element in page.walk():
        for name in ("src", "href", "srcset", "poster", "action", "data", "xlink:href"):
            assert element.attributes.get(name, "data:,").startswith(("data:", "#"))
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert set(re.findall(r"\w+://[^\s\"']*", html)) <= {"http://www.w3.org/2000/svg"}
    assert "url(" not in html
    assert "@import" not in html


def test_the_best_of_each_column_is_bold_by_its_own_direction(tmp_path: Path) -> None:
    rows = [row("a", psnr=30.0, l1=2.0, edges=9.0), row("b", psnr=29.0, l1=1.0, edges=1.0)]
    table = table_of(report(tmp_path, summary_of(*rows, columns=(PSNR, L1, EDGES))), "Results, brush")
    bold = {name: [bool(cell.find("b")) for cell in cells[:3]] for name, cells in table.items()}
    assert bold == {"a": [True, False, False], "b": [False, True, False]}


def test_what_reads_the_same_is_equally_bold(tmp_path: Path) -> None:
    # 28.304 and 28.296 are both shown as 28.30; 28.289 is not
    rows = [row("a", psnr=28.304), row("b", psnr=28.296), row("c", psnr=28.289)]
    table = table_of(report(tmp_path, summary_of(*rows)), "Results, brush")
    assert [name for name, cells in table.items() if cells[0].find("b")] == ["a", "b"]


def test_a_mean_over_fewer_pictures_is_not_called_the_best(tmp_path: Path) -> None:
    cells = {"a": Cell(99.0, 98.0, 100.0, 2), "b": Cell(30.0, 29.0, 31.0, 8), "c": Cell(28.0, 27.0, 29.0, 8)}
    rows = [Row(name, "brush", {"psnr": cell}, 0, 0.5, 210.0) for name, cell in cells.items()]
    page = report(tmp_path, summary_of(*rows))
    table = table_of(page, "Results, brush")
    assert [name for name, (cell, *_) in table.items() if cell.find("b")] == ["b"]
    assert any("over fewer pictures" in note.text for note in page.find("p"))


def test_one_picture_has_no_interval_and_no_verdict(tmp_path: Path) -> None:
    rows = [Row(name, "brush", {"psnr": Cell(30.0, 30.0, 30.0, 1)}, 0, 0.5, 210.0) for name in "ab"]
    difference = Difference("b", "a", "brush", "psnr", Cell(5.0, 5.0, 5.0, 1))
    page = report(tmp_path, replace(summary_of(*rows), differences=(difference,)))
    assert table_of(page, "Results, brush")["a"][0].text.split() == ["30.00"]
    (cells,) = table_of(page, "Differences on the same pictures, brush").values()
    assert cells[0].text.split() == ["+5.00"]


def test_one_method_alone_is_not_called_the_best(tmp_path: Path) -> None:
    table = table_of(report(tmp_path, summary_of(row("a", psnr=30.0))), "Results, brush")
    assert not table["a"][0].find("b")


def test_means_stand_above_their_intervals_and_set_measures_have_none(tmp_path: Path) -> None:
    one = Row("a", "brush", {"psnr": Cell(28.314, 27.1, 29.52, 8, 2), "fid": Cell(41.26, NAN, NAN, 8)}, 0, 0.5, 210.4)
    cells = table_of(report(tmp_path, summary_of(one, columns=(PSNR, FID))), "Results, brush")["a"]
    assert cells[0].text.split() == ["28.31", "27.10", "to", "29.52", "2", "capped"]
    assert cells[1].text.split() == ["41.3"]
    assert [cell.text for cell in cells[2:]] == ["8", "0", "0.500", "210"]


def test_what_was_not_measured_is_a_dash(tmp_path: Path) -> None:
    rows = [row("a", psnr=NAN, l1=1.0), row("b", psnr=30.0, seconds=NAN), row("c", psnr=29.0, l1=2.0)]
    table = table_of(report(tmp_path, summary_of(*rows, columns=(PSNR, L1))), "Results, brush")
    assert table["a"][0].text == "\u2013"
    assert table["b"][1].text == "\u2013"
    assert table["b"][4].text == "\u2013"
    assert table["b"][0].find("b"), "a missing value takes no part in the contest"


def test_columns_that_nothing_has_a_value_for_are_left_out(tmp_path: Path) -> None:
    rows = [row("a", psnr=30.0, seconds=NAN), row("b", psnr=29.0, seconds=NAN)]
    page = report(tmp_path, summary_of(*rows, columns=(PSNR, FID)))
    (box,) = page.find("div", **{"aria-label": "Results, brush"})
    assert [th.text.split()[0] for th in box.find("thead")[0].find("th")] == [
        "method",
        "psnr",
        "pictures",
        "failed",
        "memory",
    ]


def test_published_figures_are_in_italics_with_their_source_beside_ours(tmp_path: Path) -> None:
    full = summary_of(row("a", psnr=30.0), row("b", psnr=29.0))
    published = (
        PublishedCell("a", "brush", "psnr", 35.0, "Table 2"),
        PublishedCell("GDN", "brush", "psnr", 33.0, "Table 3"),
        PublishedCell("GDN", "other", "psnr", 1.0, "Table 4"),
    )
    page = report(tmp_path, replace(full, published=published))
    table = table_of(page, "Results, brush")
    assert list(table) == ["a", "a, published 1", "b", "GDN, published 2"]
    assert "Published in 1 Table 2; 2 Table 3." in [" ".join(note.text.split()) for note in page.find("p")]
    cell = table["a, published 1"][0]
    assert [i.text for i in cell.find("i")] == ["35.00"]
    assert not cell.find("b"), "only what was measured here can be the best"
    assert table["a"][0].find("b")


@pytest.mark.parametrize(
    ("column", "low", "high", "verdict"),
    [
        (PSNR, -0.1, 0.2, "not distinguishable"),
        (PSNR, 0.0, 0.2, "not distinguishable"),
        (PSNR, 0.1, 0.2, "better"),
        (PSNR, -0.2, -0.1, "worse"),
        (L1, 0.1, 0.2, "worse"),
        (L1, -0.2, -0.1, "better"),
        (EDGES, 0.1, 0.2, "differs"),
        (PSNR, 0.0, 0.0, "equal"),
    ],
)
def test_a_difference_says_what_follows_from_its_interval(
    tmp_path: Path, column: Column, low: float, high: float, verdict: str
) -> None:
    full = summary_of(row("a", psnr=30.0), row("b", psnr=29.0), columns=(column,))
    difference = Difference("a", "b", "brush", column.name, Cell((low + high) / 2, low, high, 7))
    page = report(tmp_path, replace(full, differences=(difference,)))
    table = table_of(page, "Differences on the same pictures, brush")
    (cell,) = table["a \u2212 b 7 pictures"]
    assert cell.find("small")[-1].text == verdict


def test_failures_are_counted_listed_with_reasons_and_shown_in_their_case(tmp_path: Path) -> None:
    full = summary_of(row("a", n_failed=1, psnr=30.0), row("b", psnr=29.0))
    full = replace(full, failures=(Failure("a", "brush", "cat.png", "too little is known"),))
    page = report(tmp_path, full, [case_of(b=29.0)])
    assert table_of(page, "Results, brush")["a"][2].text == "1"
    (box,) = page.find("div", **{"aria-label": "Failures"})
    assert [td.text for td in box.find("td")] == ["a", "brush", "cat.png", "too little is known"]
    (article,) = page.find("article")
    assert [p.text for p in article.find("p")] == ["failed: too little is known"]


def test_without_cases_the_page_says_so(tmp_path: Path) -> None:
    page = report(tmp_path, summary_of(row("a", psnr=30.0)))
    assert not page.find("article")
    assert "No pictures were kept" in page.find("section", id="pictures")[0].text


def test_cases_are_taken_once_and_not_held(tmp_path: Path) -> None:
    alive: list[weakref.ref[ShownCase]] = []
    most = 0

    def cases() -> Iterator[ShownCase]:
        nonlocal most
        for i in range(6):
            case = case_of(f"{i}.png", a=30.0)
            alive.append(weakref.ref(case))
            yield case
            del case
            gc.collect()
            most = max(most, sum(ref() is not None for ref in alive))

    stream = cases()
    write_report(tmp_path / "report.html", summary_of(row("a", psnr=30.0)), stream)
    page = parse((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert len(page.find("article")) == 6
    assert list(stream) == []
    assert most <= 1


def test_a_fault_while_writing_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    def cases() -> Iterator[ShownCase]:
        yield case_of(a=30.0)
        raise RuntimeError("the third disk is full")

    path = tmp_path / "report.html"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="third disk"):
        write_report(path, summary_of(row("a", psnr=30.0)), cases())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="nowhere"):
        write_report(tmp_path / "nowhere" / "report.html", summary_of(row("a", psnr=30.0)), ())


@pytest.mark.skipif(sys.platform == "win32", reason="limits on file sizes are a matter of POSIX")
def test_a_full_disk_is_told_as_such_and_leaves_the_old_file(tmp_path: Path) -> None:
    import resource  # noqa: PLC0415 - not on Windows

    path = tmp_path / "report.html"
    path.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))  # less than the style alone needs
    try:
        with pytest.raises(FileError, match="cannot write"):
            write_report(path, summary_of(row("a", psnr=30.0)), [case_of(a=30.0)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_fault_in_reading_a_case_is_not_called_a_fault_in_writing(tmp_path: Path) -> None:
    def cases() -> Iterator[ShownCase]:
        raise PermissionError(13, "the picture cannot be read")
        yield

    with pytest.raises(PermissionError, match="picture cannot be read") as caught:
        write_report(tmp_path / "report.html", summary_of(row("a", psnr=30.0)), cases())
    assert not isinstance(caught.value, FileError)


def test_names_that_are_not_unicode_can_be_written(tmp_path: Path) -> None:
    page = report(tmp_path, summary_of(row("a", psnr=30.0)), [case_of("caf\udce9.png", a=30.0)])
    assert page.find("h3")[-1].text.startswith("caf\ufffd.png")


def test_scores_are_there_for_the_script_with_infinity_and_without_nan(tmp_path: Path) -> None:
    full = summary_of(*(row(m, psnr=30.0, l1=1.0) for m in "abc"), columns=(PSNR, L1))
    (article,) = report(tmp_path, full, [case_of(a=math.inf, b=NAN, c=29.5)]).find("article")
    # JSON has no word for infinity, but a number beyond the range of doubles is read as one
    assert json.loads(article.attributes["data-scores"]) == [[math.inf, None], [None, None], [29.5, None]]


def test_a_case_shows_its_scores_with_the_best_in_bold(tmp_path: Path) -> None:
    full = summary_of(row("a", psnr=30.0), row("b", psnr=29.0), columns=(PSNR, L1))
    (article,) = report(tmp_path, full, [case_of(a=30.0, b=31.0)]).find("article")
    (scores,) = article.find("tr", class_="score")
    assert [cell.text for cell in scores.find("td")] == ["30.00", "31.00"]
    assert [bool(cell.find("b")) for cell in scores.find("td")] == [False, True]


def test_a_case_shows_input_mask_truth_results_and_errors_each_with_words(tmp_path: Path) -> None:
    full = summary_of(row("a", psnr=30.0), row("b", psnr=29.0))
    (article,) = report(tmp_path, full, [case_of(a=30.0, b=31.0)]).find("article")
    assert [image.attributes["alt"] for image in article.find("img")] == [
        "damaged, missing pixels in magenta, cat.png",
        "damaged, cat.png",
        "truth, cat.png",
        "a, cat.png",
        "b, cat.png",
        "mask, cat.png",
        "a, error \u00d7 4, cat.png",
        "b, error \u00d7 4, cat.png",
    ]


def test_denoising_has_no_mask_but_the_error_of_its_input(tmp_path: Path) -> None:
    case = replace(case_of(a=30.0), mask=None, mask_ratio=None)
    (article,) = report(tmp_path, summary_of(row("a", psnr=30.0)), [case]).find("article")
    assert [image.attributes["alt"].partition(", cat")[0] for image in article.find("img")] == [
        "damaged",
        "truth",
        "a",
        "damaged, error \u00d7 4",
        "a, error \u00d7 4",
    ]


def test_large_pictures_are_reduced_and_tiny_ones_stay_exact() -> None:
    rng = np.random.default_rng(0)
    wide = store(rng.integers(0, 255, (300, 900, 3), np.uint8))
    tall = store(rng.integers(0, 255, (2000, 300, 1), np.uint8))
    assert (wide.width, wide.height) == (220, 73)
    assert (tall.width, tall.height) == (50, 330)  # 300 * 330 / 2000 = 49.5
    tiny = rng.integers(0, 255, (7, 5, 3), np.uint8)
    assert store(tiny).tiny
    np.testing.assert_array_equal(np.asarray(decoded(store(tiny).uri)), tiny)


def test_an_error_map_is_black_where_equal_and_four_times_the_mean_over_channels() -> None:
    truth = np.zeros((1, 3, 3), np.uint8)
    result = np.array([[[0, 0, 0], [30, 15, 0], [90, 90, 90]]], np.uint8)
    levels = np.asarray(decoded(store_error(truth, result).uri))
    assert levels.tolist() == [[0, 60, 255]]  # 4 * 0, 4 * (30 + 15 + 0) / 3, 4 * 90 cut off at 255


def test_the_colours_of_an_error_map_grow_lighter_to_the_eye() -> None:
    ramp = np.arange(0, 64, dtype=np.uint8)[None, :, None]
    colours = np.asarray(decoded(store_error(np.zeros_like(ramp), ramp).uri).convert("RGB"), float)[0] / 255
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) > 0).all()
    assert luminance[0] < 0.001
    assert luminance[-1] > 0.8


def test_missing_pixels_are_marked_and_known_ones_are_not_touched() -> None:
    case = case_of()
    assert case.mask is not None
    marked = np.asarray(decoded(store_marked(case.damaged, case.mask, "magenta").uri))
    assert (marked[case.mask] == (255, 0, 255)).all()
    np.testing.assert_array_equal(marked[~case.mask], case.truth[~case.mask])


def test_the_marking_colour_is_none_of_the_picture() -> None:
    nowhere = np.zeros((8, 8), bool)
    magenta = np.full((8, 8, 3), (250, 10, 250), np.uint8)
    assert choose_hue(magenta, nowhere) == "green"
    magenta[:, :4] = (10, 250, 10)
    assert choose_hue(magenta, nowhere) == "cyan"
    assert choose_hue(np.full((8, 8, 1), 128, np.uint8), nowhere) == "magenta"
    assert choose_hue(magenta, ~nowhere) == "magenta", "nothing is known, so nothing can be confused"


def lines_and_dots(page: Element) -> tuple[list[str], list[str]]:
    """Return the titles of line charts and of dot charts."""
    titles: tuple[list[str], list[str]] = ([], [])
    for svg in page.find("svg"):
        titles[0 if svg.find("polyline") else 1].append(svg.find("title")[0].text)
    return titles


def test_measures_are_drawn_against_the_mask_ratio_one_chart_for_each_family(tmp_path: Path) -> None:
    ratios = {"brush 0.1-0.2": 0.15, "brush 0.2-0.3": 0.25, "box 0.1-0.2": 0.14, "box 0.2-0.3": 0.26}
    rows = [row(m, c, psnr=30.0) for m in "ab" for c in ("all", *ratios)]
    page = report(tmp_path, summary_of(*rows, ratios=ratios | {"all": 0.2}))
    assert lines_and_dots(page) == (["psnr, brush", "psnr, box"], [])
    assert [len(svg.find("polyline")) for svg in page.find("svg")] == [2, 2], "one line for each method"


def test_conditions_without_two_ratios_are_drawn_as_dots(tmp_path: Path) -> None:
    rows = [row(m, c, psnr=30.0) for m in "ab" for c in ("sigma 15", "sigma 25")]
    assert lines_and_dots(report(tmp_path, summary_of(*rows))) == ([], ["psnr"])
    mixed = {"brush 0.1-0.2": 0.15, "brush 0.2-0.3": 0.25, "box 0.1-0.2": 0.14}
    rows = [row(m, c, psnr=30.0) for m in "ab" for c in mixed]
    assert lines_and_dots(report(tmp_path, summary_of(*rows, ratios=mixed))) == (["psnr, brush"], ["psnr"])


def test_a_measure_of_the_whole_set_is_drawn_where_it_has_values(tmp_path: Path) -> None:
    ratios = {"brush 0.1-0.2": 0.15, "brush 0.2-0.3": 0.25}
    rows = [row("a", "all", fid=40.0), *(row("a", c, fid=NAN) for c in ratios)]
    assert lines_and_dots(report(tmp_path, summary_of(*rows, columns=(FID,), ratios=ratios))) == ([], ["fid"])


def test_without_any_value_the_page_still_stands(tmp_path: Path) -> None:
    page = report(tmp_path, summary_of(row("a", psnr=NAN)))
    assert "No measure has a value" in page.find("section", id="charts")[0].text


def test_warnings_come_before_every_figure(tmp_path: Path) -> None:
    full = replace(summary_of(row("a", psnr=30.0)), warnings=("Too few pictures.",))
    page = report(tmp_path, full)
    order = [e for e in page.walk() if e.attributes.get("class") in ("warnings", "facts", "box")]
    assert [e.attributes["class"] for e in order][:3] == ["warnings", "facts", "box"]
    assert "Too few pictures." in order[0].text


def test_every_measure_is_explained_and_its_heads_lead_there(tmp_path: Path) -> None:
    page = report(tmp_path, summary_of(row("a", psnr=30.0, edges=1.0), columns=(PSNR, EDGES)))
    table = table_of(page, "Measures")
    assert [cell.text for cell in table["psnr"]] == ["Over the whole composite.", "dB", "\u2191 higher is better"]
    head = next(a for a in page.find("a") if a.text == "edges")
    (target,) = page.find("tr", id=head.attributes["href"][1:])
    assert target.find("th")[0].text == "edges"


def test_the_same_report_is_the_same_file(tmp_path: Path) -> None:
    report(tmp_path, everything(), [case_of(a=30.0)])
    first = (tmp_path / "report.html").read_bytes()
    report(tmp_path, everything(), [case_of(a=30.0)])
    assert (tmp_path / "report.html").read_bytes() == first
