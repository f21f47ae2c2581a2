"""What the user draws: maps, lines and sketches on their way through a fill, and what the report says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

from retouch.arrays.regions import find_holes
from retouch.arrays.types import AnyArray, Mask
from retouch.errors import InputError, UsageError
from retouch.io.pictures.picture import Picture
from retouch.methods.catalogue import find_method, method_names
from retouch.methods.crop_run import FillRequest
from retouch.methods.door import fill
from retouch.methods.fill import FillResult, fill_picture
from retouch.methods.finishing.seam import blend_seam
from retouch.methods.marks import read_marks
from retouch.methods.planning.guidance import Marks, Reach, check_takes, guide
from retouch.methods.planning.planner import Budget, plan_holes

SHAPE = (160, 200)
RED, BLUE = (200, 50, 30), (30, 70, 220)
AMPLE = Budget(1 << 40, 1 << 40, 3)


def square(top: int, left: int, side: int, shape: tuple[int, int] = SHAPE) -> Mask:
    mask = np.zeros(shape, bool)
    mask[top : top + side, left : left + side] = True
    return mask


def halves(shape: tuple[int, int] = SHAPE, at: int = 100) -> AnyArray:
    """Draw red noise left of a column and blue noise right of it."""
    noise = np.random.default_rng(0).integers(-20, 21, (*shape, 3))
    colours = np.where((np.arange(shape[1]) < at)[None, :, None], RED, BLUE)
    return np.clip(colours + noise, 0, 255).astype(np.uint8)


def is_red(picture: AnyArray) -> Mask:
    return np.asarray(picture[:, :, 0] > picture[:, :, 2])


def led(image: AnyArray, mask: Mask, method: str = "auto", seam: bool = True, **marks: Any) -> FillResult:
    request = FillRequest(method, seam=seam, marks=Marks(**marks))
    return fill_picture(Picture.from_array(image), mask, request)


def red_map(mask: Mask, at: int = 100) -> AnyArray:
    """Label red 1 and blue 2, and tell the hole to be red."""
    labels = np.where(np.arange(mask.shape[1]) < at, 1, 2) * np.ones(mask.shape, int)
    labels[mask] = 1
    return labels


@pytest.mark.parametrize("method", ["auto", "patchmatch", "guided_patchmatch", "learned_detail"])
def test_a_hole_across_two_textures_becomes_what_the_map_says(method: str) -> None:
    mask = square(50, 75, 50)
    result = led(halves(), mask, method, labels=red_map(mask))
    assert is_red(result.picture.pixels)[mask].mean() > 0.99
    assert result.report.guidance is not None
    assert result.report.guidance.n_restricted == 50 * 50
    assert result.report.guidance.n_free == 0


def test_a_map_of_one_label_changes_no_bit() -> None:
    image, mask = halves(), square(50, 75, 50)
    plain = fill(image, mask)
    np.testing.assert_array_equal(fill(image, mask, guidance=np.ones(SHAPE, np.uint8)), plain)
    np.testing.assert_array_equal(fill(image, mask, guidance=np.zeros(SHAPE, np.uint8)), plain)


def test_a_line_is_where_the_two_sides_of_a_hole_meet() -> None:
    """The textures meet in a line that leans by half a pixel a row; it is drawn a little beyond the hole."""
    mask = square(40, 60, 80)
    rows, columns = np.indices(SHAPE)
    from_line = columns - 80 - (rows - 40) / 2
    image = np.where((from_line < 0)[:, :, None], halves(at=200), halves(at=0))
    line = (np.abs(from_line) < 1.5) & (rows >= 35) & (rows < 125)
    filled, free = led(image, mask, lines=line).picture.pixels, led(image, mask).picture.pixels
    right, right_without = ((is_red(p) == (from_line < 0))[mask].mean() for p in (filled, free))
    assert right > 0.99 > right_without
    np.testing.assert_array_equal(led(image, mask, sketch=line).picture.pixels, filled)


def test_the_map_is_heard_where_map_and_line_both_speak() -> None:
    mask = square(50, 75, 50)
    line = np.zeros(SHAPE, bool)
    line[75, 60:140] = True
    guidance = guide(Marks(labels=red_map(mask), lines=line), mask)
    assert guidance.labels is not None
    np.testing.assert_array_equal(guidance.labels, red_map(mask))


def test_a_label_that_no_patch_carries_falls_back_and_the_report_says_so() -> None:
    image, mask = halves(), square(50, 75, 50)
    result = led(image, mask, labels=np.where(mask, 9, 1))
    np.testing.assert_array_equal(result.picture.pixels, led(image, mask).picture.pixels)
    said = " ".join(result.report.sentences())
    assert "no whole known patch carries label or area 9, so 2500 missing pixels borrowed from anywhere" in said
    facts = json.loads(json.dumps(result.report.to_dict()))
    assert facts["guidance"] == {
        "restricted_pixels": 0,
        "fallback_pixels": 2500,
        "labels_without_patches": [9],
        "notes": [],
    }


def test_a_report_without_marks_has_no_guidance() -> None:
    report = led(halves(), square(50, 75, 50)).report
    assert report.to_dict()["guidance"] is None
    assert not any("marks" in sentence for sentence in report.sentences())


def test_marks_that_change_nothing_are_named() -> None:
    mask, beside = square(50, 75, 50), square(5, 5, 4)
    result = led(halves(), mask, labels=(~mask).astype(int), lines=beside)
    assert result.report.sentences()[-2:] == [
        "the guidance map has no label on a missing pixel, so it changes nothing",
        "the strokes touch no hole, so they cut no areas",
    ]


def test_an_empty_sketch_changes_no_bit() -> None:
    image, mask = halves(), square(50, 75, 50)
    np.testing.assert_array_equal(fill(image, mask, sketch=np.zeros(SHAPE, bool)), fill(image, mask))


def test_auto_composes_a_marked_scratch_and_interpolates_the_other() -> None:
    image, mask = halves(), np.zeros(SHAPE, bool)
    mask[20:24, 30:170] = mask[120:124, 30:170] = True
    labels = np.ones(SHAPE, int)
    labels[100:] = 0
    crops = led(image, mask, labels=labels).report.crops
    assert {crop.core.top: crop.method for crop in crops} == {20: "guided_patchmatch", 120: "kriging"}
    assert any("marked or broad damage" in crop.reason for crop in crops)


def test_a_label_is_looked_for_beyond_the_usual_context() -> None:
    """The hole's label stands only 250 px away; the usual crop reaches 64 px beyond the hole."""
    shape = (120, 400)
    image, mask = halves(shape, 300), square(40, 20, 30, shape)
    labels = np.where(np.arange(400) >= 300, 2, 1) * np.ones(shape, int)
    labels[mask] = 2
    result = led(image, mask, seam=False, labels=labels)
    assert (~is_red(result.picture.pixels))[mask].all()
    assert result.report.crops[0].box.right == 400


def test_a_crop_grows_no_farther_than_its_labels_need() -> None:
    mask = square(300, 300, 30, (700, 700))
    info = find_method("patchmatch")
    labels = np.ones(mask.shape, np.int32)
    (grown,) = plan_holes(mask, find_holes(mask), info, AMPLE, Reach(labels, mask, 3))
    (usual,) = plan_holes(mask, find_holes(mask), info, AMPLE)
    assert grown.box == usual.box


@pytest.mark.parametrize("method", [name for name in method_names() if find_method(name).kind == "interpolation"])
def test_interpolations_say_that_they_cannot_be_led(method: str) -> None:
    with pytest.raises(UsageError, match=f"method '{method}' cannot be led by --guidance: it continues values from"):
        check_takes(find_method(method), Marks(labels=np.ones((2, 2), int)))


@pytest.mark.parametrize(
    ("marks", "message"),
    [
        ({"labels": np.ones((3, 4), int)}, "picture and guidance map must have .* got picture 200x160 and .* 4x3"),
        ({"lines": np.ones((3, 4), bool)}, "picture and map of lines must have the same width"),
        ({"sketch": np.ones((3, 4), bool)}, "picture and sketch must have the same width"),
        ({"lines": np.ones(SHAPE, bool)}, "strokes of --lines must be white on black .* got 100% white"),
        ({"labels": np.full(SHAPE, -1)}, "whole numbers from 0 to 65535"),
        ({"labels": np.full(SHAPE, 70_000)}, "whole numbers from 0 to 65535"),
        ({"labels": np.full(SHAPE, 0.5)}, "whole numbers from 0 to 65535"),
    ],
)
def test_marks_that_do_not_fit_are_refused(marks: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        led(halves(), square(50, 75, 50), **marks)


def test_labels_come_from_palettes_and_from_grey_values(tmp_path: Path) -> None:
    numbers = np.array([[0, 1], [2, 5]], np.uint8)
    palette = PillowImage.fromarray(numbers)
    palette.putpalette([10, 20, 30, 0, 0, 255, 9, 9, 9, 8, 8, 8, 7, 7, 7, 255, 0, 0])
    palette.save(tmp_path / "palette.png")
    PillowImage.fromarray(numbers).save(tmp_path / "grey.png")
    for given in (tmp_path / "palette.png", str(tmp_path / "grey.png"), numbers, numbers[:, :, None], palette):
        found = read_marks(given).labels
        assert found is not None
        np.testing.assert_array_equal(found, numbers)


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [("map.png", (4, 4, 3), "must be a grey or palette picture"), ("map.jpg", (4, 4), "must be of a lossless format")],
)
def test_maps_that_hold_no_labels_are_refused(tmp_path: Path, name: str, shape: tuple[int, ...], message: str) -> None:
    PillowImage.fromarray(np.zeros(shape, np.uint8)).save(tmp_path / name)
    with pytest.raises(InputError, match=message):
        read_marks(tmp_path / name)


def test_a_map_of_another_kind_is_refused() -> None:
    with pytest.raises(InputError, match="a guidance map must be a path"):
        read_marks([[1, 2]])
    with pytest.raises(InputError, match="strokes must be a path"):
        read_marks(lines=3)
    with pytest.raises(InputError, match="an \\(H, W\\) array of labels"):
        read_marks(np.zeros((2, 2, 3), int))


def test_the_level_is_not_fitted_to_another_area() -> None:
    """A hole of 0.5 lies beside 0.5 on the left and 0.9 on the right, which are other areas."""
    filled = np.full((60, 90, 1), 0.5, np.float32)
    filled[:, 60:] = 0.9
    mask = square(10, 30, 30, (60, 90))
    areas = np.where(np.arange(90) < 60, 1, 2) * np.ones((60, 90), int)
    assert np.abs(blend_seam(filled, mask) - filled).max() > 0.05
    np.testing.assert_allclose(blend_seam(filled, mask, areas), filled, atol=2e-3)


def test_led_fills_are_the_same_for_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    image, mask = halves(), square(40, 60, 80)
    filled = []
    for threads in ("1", "3"):
        monkeypatch.setenv("RETOUCH_THREADS", threads)
        filled.append(led(image, mask, labels=red_map(mask)).picture.pixels.tobytes())
    assert filled[0] == filled[1]
