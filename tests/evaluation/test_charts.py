"""Charts: well-formed, honest about what they leave out, readable without colour."""

from __future__ import annotations

import math
import re
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import pytest

from retouch.errors import InputError
from retouch.evaluation.report.charts import Series, line_chart
from retouch.evaluation.report.svg.axes import Axis, axis_over, linear_ticks, log_ticks, tick_labels
from retouch.evaluation.report.svg.dots import Dot, Group, dot_chart
from retouch.evaluation.report.svg.marks import COLOURS, look, shorten_text, text_width_px, wrap_text
from retouch.evaluation.report.svg.names import spread

SVG = "{http://www.w3.org/2000/svg}"
RISING = [(0.1, 30.0), (0.3, 27.0), (0.5, 25.0)]


def parsed(drawn: str) -> ET.Element:
    return ET.fromstring(drawn)  # noqa: S314 - our own output


def chart(*series: Series, log_x: bool = False, log_y: bool = False, height_px: int = 320) -> ET.Element:
    drawn = line_chart(
        series, title="a title", x_label="share", y_label="dB", log_x=log_x, log_y=log_y, height_px=height_px
    )
    return parsed(drawn)


def places(line: ET.Element) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in line.get("points", "").split())]


def words(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.1."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_one_line_goes_through_the_places_of_its_points() -> None:
    # On linear axes distances keep their proportions: 0.1 -> 0.3 -> 0.5 are equal steps, 3 dB and 2 dB are 3 to 2.
    (line,) = chart(Series("a", RISING)).iter(f"{SVG}polyline")
    (x0, y0), (x1, y1), (x2, y2) = places(line)
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.11)
    assert (y1 - y0) / (y2 - y1) == pytest.approx(3 / 2, abs=0.02)
    assert y0 < y1 < y2, "a greater value must lie higher"


def test_on_logarithmic_axes_equal_factors_are_equal_steps() -> None:
    points = [(1.0, 0.01), (10.0, 0.1), (100.0, 1.0)]
    (line,) = chart(Series("a", points), log_x=True, log_y=True).iter(f"{SVG}polyline")
    (x0, y0), (x1, y1), (x2, y2) = places(line)
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.11)
    assert y1 - y0 == pytest.approx(y2 - y1, abs=0.11)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_point_that_is_not_finite_breaks_the_line_and_is_not_drawn(bad: float) -> None:
    points = [(0.0, 1.0), (1.0, 2.0), (2.0, bad), (3.0, 3.0), (4.0, 4.0)]
    root = chart(Series("a", points))
    assert [len(places(line)) for line in root.iter(f"{SVG}polyline")] == [2, 2]
    assert "nan" not in ET.tostring(root, "unicode")
    assert "inf" not in ET.tostring(root, "unicode")


def test_a_logarithmic_axis_leaves_out_what_is_not_above_zero() -> None:
    root = chart(Series("a", [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, -1.0)]), log_x=True, log_y=True)
    assert [len(places(line)) for line in root.iter(f"{SVG}polyline")] == [2]


def test_one_point_is_drawn_as_a_marker() -> None:
    root = chart(Series("a", [(0.5, 20.0)]))
    assert not list(root.iter(f"{SVG}polyline"))
    assert len(list(root.iter(f"{SVG}circle"))) == 2, "the point, and the sample before its name"


def test_a_series_without_points_is_named_and_keeps_the_looks_of_the_others() -> None:
    root = chart(Series("a", []), Series("b", RISING))
    (line,) = root.iter(f"{SVG}polyline")
    assert line.get("stroke") == look(1).colour
    assert "a (no values)" in words(root)


@pytest.mark.parametrize("series", [(), (Series("a", []),), (Series("a", [(1.0, math.nan)]),)])
def test_without_values_the_chart_says_so(series: tuple[Series, ...]) -> None:
    assert "no values to show" in words(chart(*series))


def test_everything_stays_inside_the_picture() -> None:
    series = [Series(f"method {i}", [(x, y - i / 9) for x, y in RISING]) for i in range(9)]
    root = chart(*series)
    _, _, width, height = map(float, root.get("viewBox", "").split())
    xs, ys = zip(*(point for line in root.iter(f"{SVG}polyline") for point in places(line)), strict=True)
    assert 0 < min(xs) < max(xs) < width
    assert 0 < min(ys) < max(ys) < height
    for element in root.iter(f"{SVG}text"):
        left, y, wide = float(element.get("x", "")), float(element.get("y", "")), text_width_px(element.text or "")
        left -= {"start": 0.0, "middle": wide / 2, "end": wide}[element.get("text-anchor", "")]
        assert left >= 0
        assert left + wide <= width
        assert 0 < y <= height


@pytest.mark.parametrize("n", [2, 9, 40])
def test_names_never_touch_each_other_nor_the_lines(n: int) -> None:
    series = [Series(f"method {i}", [(0.0, 1.0), (1.0, 1.0 + i / 1000)]) for i in range(n)]
    root = chart(*series)
    names = [e for e in root.iter(f"{SVG}text") if (e.text or "").startswith("method")]
    assert len(names) == n
    spots = [(float(e.get("x", "")), float(e.get("y", "")), text_width_px(e.text or "")) for e in names]
    for (x0, y0, wide0), (x1, y1, wide1) in combinations(spots, 2):
        apart = abs(y0 - y1) >= 15.9 or x0 + wide0 < x1 or x1 + wide1 < x0
        assert apart
    drawn = [point for line in root.iter(f"{SVG}polyline") for point in places(line)]
    right, bottom = max(x for x, _ in drawn), max(y for _, y in drawn)
    assert all(x > right or y > bottom for x, y, _ in spots)


def test_names_that_are_too_long_go_below_and_the_picture_grows() -> None:
    root = chart(Series("a method whose name fills most of the width of the picture", RISING), height_px=300)
    assert float(root.get("height", "")) > 300


def test_hostile_text_stays_text() -> None:
    evil = '</svg><script>alert("1")</script>&'
    drawn = line_chart([Series(evil, RISING)], title=evil, x_label=evil, y_label=evil)
    root = parsed(drawn)
    assert not list(root.iter("script"))
    assert not list(root.iter(f"{SVG}script"))
    assert root.findtext(f"{SVG}title") == evil


def test_text_that_no_xml_may_hold_is_replaced() -> None:
    # a control character, a line feed, and half a surrogate pair as in a file name that is not UTF-8
    root = parsed(line_chart([Series("a\x00b\nc\udcff", RISING)], title="\x1b", x_label="", y_label=""))
    assert "a\ufffdb c\ufffd" in words(root)


def test_title_and_description_come_first_for_screen_readers() -> None:
    root = chart(Series("telea", RISING))
    assert root.get("role") == "img"
    assert [child.tag for child in root[:2]] == [f"{SVG}title", f"{SVG}desc"]
    assert root[1].text == "Line chart of dB against share. telea: 3 points, from 30 at 0.1 to 25 at 0.5."


def test_nothing_is_asked_for_from_anywhere() -> None:
    drawn = line_chart([Series("a", RISING)], title="t", x_label="x", y_label="y", background="white")
    assert re.findall(r"https?://[^\"]*", drawn) == ["http://www.w3.org/2000/svg"], "the namespace, never fetched"
    assert "url(" not in drawn


def test_a_background_is_painted_behind_everything_with_dark_text() -> None:
    root = parsed(line_chart([Series("a", RISING)], title="t", x_label="x", y_label="y", background="white"))
    assert root[2].tag == f"{SVG}rect"
    assert root[2].get("fill") == "white"
    assert luminance(root.get("color", "")) < 0.02


def test_without_a_background_text_takes_the_colour_around_it() -> None:
    root = chart(Series("a", RISING))
    assert {element.get("fill") for element in root.iter(f"{SVG}text")} == {"currentColor"}
    assert root.get("color") is None


def test_a_line_of_many_points_has_few_markers_and_one_at_its_end() -> None:
    root = chart(Series("a", [(float(i), float(i % 7)) for i in range(1000)]))
    circles = list(root.iter(f"{SVG}circle"))
    (line,) = root.iter(f"{SVG}polyline")
    assert len(circles) <= 13
    last_x, last_y = places(line)[-1]
    assert any((float(c.get("cx", "")), float(c.get("cy", ""))) == (last_x, last_y) for c in circles)


@pytest.mark.parametrize(("width_px", "height_px"), [(199, 320), (520, 149)])
def test_a_size_without_room_for_a_line_is_refused(width_px: int, height_px: int) -> None:
    with pytest.raises(InputError, match="at least 200 x 150"):
        line_chart([], title="", x_label="", y_label="", width_px=width_px, height_px=height_px)


def test_every_colour_stands_out_from_white_and_from_the_dark_page() -> None:
    # WCAG 2.1, 1.4.11: at least 3 to 1 for what must be seen in a picture
    dark = luminance("#15181c")
    for colour in COLOURS:
        assert 1.05 / (luminance(colour) + 0.05) >= 3
        assert (luminance(colour) + 0.05) / (dark + 0.05) >= 3


def test_looks_differ_in_more_than_colour() -> None:
    looks = [look(i) for i in range(24)]
    assert len({(one.dash, one.shape) for one in looks}) == 24
    assert len(set(looks)) == 24


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (0.0, 1.0, 6, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (21.9, 33.2, 5, [25.0, 30.0]),  # by twos there would be six
        (21.9, 33.2, 6, [22.0, 24.0, 26.0, 28.0, 30.0, 32.0]),
        (-1.2, 1.2, 5, [-1.0, -0.5, 0.0, 0.5, 1.0]),
        (1e6, 3.1e6, 3, [1e6, 2e6, 3e6]),
    ],
)
def test_linear_ticks_are_round_and_as_many_as_fit(low: float, high: float, most: int, expected: list[float]) -> None:
    assert linear_ticks(low, high, most) == expected


def test_log_ticks_are_decades_thinned_where_they_are_many() -> None:
    assert log_ticks(0.5, 2e8, 5) == [1.0, 1e2, 1e4, 1e6, 1e8]  # nine decades, every second one


def test_log_ticks_inside_a_hair_are_linear() -> None:
    assert log_ticks(2.5, 2.6, 6) == [2.5, 2.52, 2.54, 2.56, 2.58, 2.6]


def test_labels_side_by_side_do_not_touch() -> None:
    axis = Axis(0.0, 1e5, 0.0, 260.0)
    labels = axis.labelled_ticks(9, lambda label: text_width_px(label) + 12)
    assert len(labels) >= 2
    for (a, label_a), (b, label_b) in pairwise(labels.items()):
        assert axis.place(b) - axis.place(a) > (text_width_px(label_a) + text_width_px(label_b)) / 2


def test_an_axis_over_one_value_has_width() -> None:
    for value in (0.0, -3.0, 1e-9, 1e12):
        axis = axis_over([value], (0.0, 100.0), log=False)
        assert axis.low < value < axis.high
        assert axis.place(value) == pytest.approx(50.0)


def test_large_and_small_numbers_are_written_with_powers_and_a_true_minus() -> None:
    assert tick_labels([1e7, 2e7]) == ["1\u00d710\u2077", "2\u00d710\u2077"]
    assert tick_labels([-2e-7, 0.0]) == ["\u22122\u00d710\u207b\u2077", "0"]
    assert tick_labels([-0.5, 0.0]) == ["\u22120.5", "0.0"]


def test_wrapped_text_keeps_every_word_and_breaks_what_is_longer_than_a_line() -> None:
    assert " ".join(wrap_text("one two three four", 60.0)) == "one two three four"
    assert "".join(wrap_text("x" * 100, 60.0)) == "x" * 100
    assert wrap_text("  ", 60.0) == []


def test_shortened_text_keeps_both_ends_and_fits() -> None:
    short = shorten_text("method-with-a-long-name-and-version-17", 100.0)
    assert text_width_px(short) <= 100.0
    assert short.startswith("method")
    assert short.endswith("17")


def test_crowded_names_stay_inside_the_span_in_order() -> None:
    placed = spread([50.0, 50.0, 50.0, 99.0], 10.0, (0.0, 100.0))
    assert all(b - a >= 10.0 for a, b in pairwise(placed))
    assert placed[0] >= 5.0
    assert placed[-1] <= 95.0


def test_a_dot_lies_on_its_interval_and_rows_follow_each_other() -> None:
    dots = [Dot("a", look(0), 20.0, 10.0, 30.0), Dot("b", look(0), 30.0), Dot("c", look(0), math.nan)]
    root = parsed(dot_chart([Group("brush", dots)], title="t", x_label="dB"))
    circles = [(float(c.get("cx", "")), float(c.get("cy", ""))) for c in root.iter(f"{SVG}circle")]
    (interval,) = [p.get("d", "") for p in root.iter(f"{SVG}path") if p.get("stroke") == look(0).colour]
    left, y, right = map(float, re.findall(r"[\d.]+", interval))
    assert len(circles) == 2, "no dot where nothing was measured"
    assert circles[0][0] == pytest.approx((left + right) / 2, abs=0.11), "20 is the middle of 10 and 30"
    assert circles[0][1] == y
    assert circles[1][0] == pytest.approx(right, abs=0.11)
    heights = {e.text: float(e.get("y", "")) for e in root.iter(f"{SVG}text")}
    assert heights["brush"] < heights["a"] < heights["b"] < heights["c"]


@pytest.mark.parametrize("name", ["telea", "nearest", "patchmatch:patch_size=9", "kriging", "m"])
def test_the_name_that_sets_the_margin_of_a_dot_chart_is_not_cut(name: str) -> None:
    root = parsed(dot_chart([Group("brush", [Dot(name, look(0), 30.0)])], title="t", x_label="dB"))
    assert name in words(root)


def test_dots_without_any_value_say_so() -> None:
    root = parsed(dot_chart([Group("", [Dot("a", look(0), math.nan)])], title="t", x_label="dB"))
    assert "no values to show" in words(root)


@pytest.mark.parametrize("scale", [1e-9, 1e-4, 1.0, 1e4, 1e9])
@pytest.mark.parametrize("offset", [0.0, 1.0, 1000.0])
def test_labels_of_neighbouring_ticks_differ_at_any_scale(scale: float, offset: float) -> None:
    axis = axis_over([offset * scale, (offset + 1) * scale], (0.0, 300.0), log=False)
    labels = list(axis.labelled_ticks(6).values())
    assert len(labels) >= 2
    assert len(set(labels)) == len(labels)


def test_log_ticks_over_less_than_two_decades_are_round_and_few() -> None:
    assert log_ticks(0.3, 40.0, 4) == [1.0, 10.0]
    assert log_ticks(0.25, 40.0, 5) == [0.3, 1.0, 3.0, 10.0, 30.0]
