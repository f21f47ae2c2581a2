"""Brush and LaMa strokes: widths, numbers and proportions of the spec sheet."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from retouch.arrays.regions import bounding_box, find_holes, hole_depth, mask_ratio
from retouch.errors import InputError
from retouch.masks import strokes
from retouch.masks.canvas import draw_line
from retouch.masks.strokes import draw_brush, draw_lama_medium, draw_lama_thick, draw_lama_thin


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Any, int]]:
    """Record (start, end, width_px) of each line that is drawn, and draw it."""
    recorded: list[tuple[Any, Any, int]] = []

    def record(canvas: np.ndarray, start: Any, end: Any, width_px: int) -> None:
        recorded.append((start, end, width_px))
        draw_line(canvas, start, end, width_px)

    monkeypatch.setattr(strokes, "draw_line", record)
    return recorded


@pytest.mark.parametrize(("asked", "drawn"), [(1, 1), (2, 3), (3, 3), (4, 5), (12, 13), (13, 13), (39, 39), (40, 41)])
def test_a_line_has_its_width_or_one_more_when_that_is_even(asked: int, drawn: int) -> None:
    canvas = np.zeros((100, 100), np.uint8)
    draw_line(canvas, (50.0, 20.0), (50.0, 80.0), asked)
    assert canvas[:, 50].sum() == drawn


def test_brush_widths_are_whole_and_12_to_39_at_256_px(lines: list[tuple[Any, Any, int]]) -> None:
    for seed in range(300):
        draw_brush(256, 256, np.random.default_rng(seed))
    # int(U(12, 40)) takes 28 values; about 600 strokes miss one of them with p < 28 (27/28)^600 = 1e-8
    assert {width for _, _, width in lines} == set(range(12, 40))


def test_brush_widths_scale_with_the_shorter_side(lines: list[tuple[Any, Any, int]]) -> None:
    for seed in range(100):
        draw_brush(64, 300, np.random.default_rng(seed))
    assert {width for _, _, width in lines} == set(range(3, 11))  # 12..39 times 64 / 256: 3 to 9.75


def test_a_brush_mask_holds_4_to_33_steps(lines: list[tuple[Any, Any, int]]) -> None:
    numbers = []
    for seed in range(400):
        lines.clear()
        draw_brush(256, 256, np.random.default_rng(seed))
        numbers.append(len(lines))
    # 1-3 strokes of 4-11 steps; one stroke of 4 has p = 1/24, three of 11 p = 1/1536
    assert min(numbers) == 4
    assert 28 <= max(numbers) <= 33


def test_brush_steps_are_at_most_twice_an_eighth_of_the_diagonal(lines: list[tuple[Any, Any, int]]) -> None:
    for seed in range(200):
        draw_brush(256, 256, np.random.default_rng(seed))
    lengths = [math.dist(start, end) for start, end, _ in lines]
    assert max(lengths) <= 2 * math.hypot(256, 256) / 8 + 1e-9
    inside = [m for m, (_, end, _) in zip(lengths, lines, strict=True) if min(end) > 0 and max(end) < 255]
    # N(45.25, 22) clipped at 0 and 2R keeps its mean; steps that end inside the picture are a little shorter
    assert 38 < np.mean(inside) < 46


def test_brush_steps_turn_to_and_fro_within_a_fifth_of_a_circle(lines: list[tuple[Any, Any, int]]) -> None:
    for seed in range(200):
        draw_brush(256, 256, np.random.default_rng(seed))
    angles = []
    for start, end, _ in lines:
        if math.dist(start, end) > 1 and min(end) > 0 and max(end) < 255:  # not cut at the border
            angles.append(math.atan2(end[1] - start[1], end[0] - start[0]))
    # U(amin, amax) with mean 2 pi / 5 = 1.257 and range 2 pi / 15 = 0.419 either way; even steps are mirrored
    assert all(0.837 < abs(angle) < 1.677 for angle in angles)
    assert 0.4 < np.mean(np.array(angles) > 0) < 0.6


def test_brush_is_flipped_in_both_directions_half_of_the_time() -> None:
    # Unflipped, every step goes down (cos of 48..96 degrees is mostly positive), and a vertex below the border is
    # pulled onto it: without the flip the lower half would hold far more than the upper one.
    masks = [draw_brush(64, 64, np.random.default_rng(seed)) for seed in range(600)]
    lower, upper = np.mean([mask[32:].mean() for mask in masks]), np.mean([mask[:32].mean() for mask in masks])
    assert 0.85 < lower / upper < 1.18


LAMA = {
    # family: (draw, widths, longest, probability of boxes)
    "thin": (draw_lama_thin, range(5, 15), 49, 0.0),
    "medium": (draw_lama_medium, range(5, 55), 109, 0.3 / 1.3),
    "thick": (draw_lama_thick, range(5, 105), 209, 0.3 / 1.3),
}


@pytest.mark.parametrize("name", LAMA)
def test_lama_widths_and_lengths_are_those_of_the_table(name: str, lines: list[tuple[Any, Any, int]]) -> None:
    draw, widths, longest, _ = LAMA[name]
    for seed in range(100 if name == "thin" else 400):
        draw(256, 256, np.random.default_rng(seed), max_ratio=1.0)
    assert {width for _, _, width in lines} == set(widths)
    lengths = [math.dist(start, end) for start, end, _ in lines]
    assert 0.95 * longest < max(lengths) <= longest + 1e-9
    whole = [m for m, (_, end, _) in zip(lengths, lines, strict=True) if min(end) > 0 and max(end) < 255]
    assert min(whole) == pytest.approx(10)


@pytest.mark.parametrize("name", ["medium", "thick"])
def test_lama_takes_boxes_with_their_renormalised_probability(name: str, lines: list[tuple[Any, Any, int]]) -> None:
    draw, _, _, probability = LAMA[name]
    n_boxes = 0
    for seed in range(600):
        lines.clear()
        draw(256, 256, np.random.default_rng(seed), max_ratio=1.0)
        n_boxes += not lines
    deviation = math.sqrt(probability * (1 - probability) / 600)
    assert abs(n_boxes / 600 - probability) <= 4 * deviation


def test_thin_masks_are_made_of_lines_only(lines: list[tuple[Any, Any, int]]) -> None:
    for seed in range(60):
        lines.clear()
        draw_lama_thin(256, 256, np.random.default_rng(seed))
        assert lines


@pytest.mark.parametrize(
    ("name", "least", "most"),
    # polylines x segments: thin 4-50 x 1-5, medium 4-5 x 1-5, thick 1-5 x 1-5
    [("thin", 4, 250), ("medium", 4, 25), ("thick", 1, 25)],
)
def test_lama_numbers_of_segments_lie_in_the_table(
    name: str, least: int, most: int, lines: list[tuple[Any, Any, int]]
) -> None:
    draw = LAMA[name][0]
    numbers = []
    for seed in range(120):
        lines.clear()
        draw(256, 256, np.random.default_rng(seed), max_ratio=1.0)
        numbers.append(len(lines) or least)  # a drawing of boxes counts for nothing here
    assert least <= min(numbers)
    assert 0.5 * most < max(numbers) <= most


def test_thick_boxes_keep_a_margin_of_10_px_and_sides_of_30_to_149_px(lines: list[tuple[Any, Any, int]]) -> None:
    n_seen = 0
    for seed in range(500):
        lines.clear()
        mask = draw_lama_thick(256, 256, np.random.default_rng(seed), max_ratio=1.0)
        if lines:
            continue
        n_seen += 1
        box = bounding_box(mask)
        assert min(box.top, box.left) >= 10
        assert max(box.bottom, box.right) <= 246
        holes = find_holes(mask)
        assert all(min(hole.height, hole.width) >= 30 for hole in holes)
        if len(holes) == 1 and mask[box.slices].all():
            assert max(box.height, box.width) <= 149
    assert n_seen > 50


def test_lama_masks_above_half_of_the_picture_are_drawn_again() -> None:
    masks = [draw_lama_thick(256, 256, np.random.default_rng(seed)) for seed in range(200)]
    unlimited = [draw_lama_thick(256, 256, np.random.default_rng(seed), max_ratio=1.0) for seed in range(200)]
    assert max(mask_ratio(mask) for mask in masks) <= 0.5
    assert max(mask_ratio(mask) for mask in unlimited) > 0.6


def test_lama_families_grow_in_breadth_from_thin_to_thick() -> None:
    depths = [
        np.mean([hole_depth(draw(256, 256, np.random.default_rng(seed))).max() for seed in range(60)])
        for draw, _, _, _ in LAMA.values()
    ]
    assert depths[0] < 0.7 * depths[1]
    assert depths[1] < 0.8 * depths[2]


@pytest.mark.parametrize("max_ratio", [0.0, 1.1, float("nan")])
def test_an_impossible_limit_for_lama_is_refused(max_ratio: float) -> None:
    with pytest.raises(InputError, match="max_ratio must be above 0 and at most 1"):
        draw_lama_thin(64, 64, np.random.default_rng(0), max_ratio=max_ratio)
