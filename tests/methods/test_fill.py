"""The one way through: what is planned, in which order, and what the report says of it."""

from __future__ import annotations

import json

import numpy as np
import pytest

import retouch
from retouch.arrays.types import AnyArray, Mask
from retouch.classical.diffusion.harmonic import inpaint_harmonic
from retouch.errors import LimitError
from retouch.io.pictures.picture import Picture
from retouch.methods.crop_run import FillRequest
from retouch.methods.fill import FillResult, fill_picture

SHAPE = (300, 400)


def noise(shape: tuple[int, int] = SHAPE) -> AnyArray:
    return np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)


def square(top: int, left: int, side: int, shape: tuple[int, int] = SHAPE) -> Mask:
    mask = np.zeros(shape, bool)
    mask[top : top + side, left : left + side] = True
    return mask


def fill(image: AnyArray, mask: Mask, method: str = "harmonic", **how: object) -> FillResult:
    return fill_picture(Picture.from_array(image), mask, FillRequest(method, **how))  # type: ignore[arg-type]


def test_an_empty_mask_gives_back_the_very_picture() -> None:
    picture = Picture.from_array(noise())
    result = fill_picture(picture, np.zeros(SHAPE, bool), FillRequest())
    assert result.picture is picture
    assert result.report.sentences() == ["the mask is empty: the picture was returned as it is"]


def test_far_holes_are_filled_in_crops_of_their_own() -> None:
    report = fill(noise(), square(10, 10, 40) | square(240, 340, 40)).report
    assert [crop.core[:2] for crop in report.crops] == [(10, 10), (240, 340)]


def test_a_hole_is_filled_the_same_whatever_else_is_missing_far_away() -> None:
    image, near, far = noise(), square(20, 20, 40), square(240, 340, 40)
    alone, together = fill(image, near), fill(image, near | far)
    np.testing.assert_array_equal(together.picture.pixels[near], alone.picture.pixels[near])


def test_thin_damage_is_filled_first_and_then_counts_as_known() -> None:
    """The nearest pixel to the hole's first row is the line above it, which was missing itself."""
    image = np.zeros((*SHAPE, 1), np.uint8)
    image[:100] = 200
    line, hole = np.zeros(SHAPE, bool), square(102, 100, 60)
    line[100, 50:300] = True
    image[101] = 50
    report = fill(image, line | hole, "nearest").report
    assert [crop.core.height for crop in report.crops] == [1, 60]


def test_tiles_of_a_long_scratch_agree_with_the_whole() -> None:
    """One call on the whole picture and four tiles differ by less than one level of 8 bits, after rounding."""
    rows, columns = np.mgrid[:1200, :1200]
    image = (127 + 100 * np.sin(rows / 40) * np.cos(columns / 30)).astype(np.uint8)[:, :, None]
    mask = np.abs(rows - columns) <= 3
    result = fill(image, mask)
    assert len(result.report.crops) > 3
    whole = inpaint_harmonic((image / 255).astype(np.float32), mask)
    assert np.abs(result.picture.pixels[mask] - np.rint(255 * whole[mask])).max() <= 1


def test_array_options_are_cut_with_the_crop() -> None:
    """An option of the picture's size reaches the method in the size of its crop, or the method would refuse it."""
    image, mask = noise(), square(100, 100, 40)
    source = np.zeros(SHAPE, bool)
    source[:90] = True
    fill(image, mask, "patchmatch", options={"source": source})


def test_a_budget_below_the_picture_itself_is_refused() -> None:
    with pytest.raises(LimitError, match="--max-memory"):
        fill(noise(), square(100, 100, 40), max_memory_bytes=100 << 20)


def test_the_report_is_plain_json_with_x_and_y() -> None:
    report = fill(noise(), square(100, 150, 40), seed=4).report.to_dict()
    assert json.loads(json.dumps(report)) == report
    assert report["mask_ratio"] == round(1600 / (300 * 400), 6)
    assert (report["seed"], report["width"], report["height"]) == (4, 400, 300)
    (crop,) = report["crops"]
    assert crop["hole"] == {"x": 150, "y": 100, "width": 40, "height": 40}
    assert crop["filled_pixels"] == 1600


def test_the_sentences_name_the_method_the_reason_and_the_place() -> None:
    sentences = fill(noise(), square(100, 150, 40)).report.sentences()
    assert sentences[0] == "1.33% of the picture's 400x300 pixels were missing"
    assert sentences[1].startswith("harmonic: method 'harmonic' was asked for; one crop of 72x72 around x=150, y=100")


def test_auto_treats_each_hole_by_its_kind() -> None:
    line = np.zeros(SHAPE, bool)
    line[20, 20:300] = True
    report = fill(noise(), line | square(100, 150, 60), "auto").report
    assert [crop.method for crop in report.crops] == ["kriging", "guided_patchmatch"]
    assert "half-width" in report.sentences()[1]


def test_grain_is_added_where_it_is_asked_for() -> None:
    image, mask = noise(), square(100, 100, 60)
    smooth, grainy = (fill(image, mask, grain=grain).picture.pixels[mask] for grain in (False, True))
    assert grainy.std() > 2 * smooth.std()


def test_a_broad_hole_beside_a_scratch_is_not_solved_with_it() -> None:
    """The scratch's crop holds a part of the hole, but only its own neighbourhood is handed to the method."""
    image, line, hole = noise(), np.zeros(SHAPE, bool), square(60, 100, 180)
    line[20, 90:300] = True
    alone, both = fill(image, line), fill(image, line | hole)
    np.testing.assert_array_equal(both.picture.pixels[line], alone.picture.pixels[line])


def test_a_method_that_fits_its_own_levels_gets_no_seam_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """The seam step took edges at the border of the hole for jumps: 21.6 dB on a facade, and 33.2 without it."""
    called: list[str] = []

    def unchanged(image: AnyArray, *_: object) -> AnyArray:
        called.append("seam")
        return image

    monkeypatch.setattr("retouch.methods.finishing.seam.blend_seam", unchanged)
    image = np.random.default_rng(0).random((40, 40, 3)).astype(np.float32)
    mask = np.zeros((40, 40), bool)
    mask[15:25, 15:25] = True
    retouch.fill(image, mask, method="offset_statistics")
    assert not called
    retouch.fill(image, mask, method="patchmatch")
    assert called
