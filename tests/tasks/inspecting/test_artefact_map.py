"""The artefact map under a mask, its numbers, its drawings and its door."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from tests.tasks.inspecting.textures import hole, in_levels, textured

import retouch
from retouch.arrays.regions import Box
from retouch.classical.diffusion.harmonic import inpaint_harmonic
from retouch.errors import InputError
from retouch.tasks.inspecting.artefact_map import artefact_map
from retouch.tasks.inspecting.drawing import heat_in_grey, heat_over
from retouch.tasks.inspecting.scores import score_heat


def test_a_mask_gives_the_map_of_the_whole_under_it_and_nothing_else() -> None:
    """Only a part goes through the network: it reaches 78 px, so that 330 px are more than the part."""
    image = np.random.default_rng(0).random((330, 342, 3), np.float32)
    mask = np.zeros((330, 342), bool)
    mask[141:150, 203:222] = True
    whole, part = artefact_map(image), artefact_map(image, mask)
    np.testing.assert_allclose(part[mask], whole[mask], atol=1e-4)
    assert not part[~mask].any()


def test_an_empty_mask_is_a_cold_map() -> None:
    assert not artefact_map(textured(), np.zeros((96, 96), bool)).any()


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(InputError, match="got image 96x96 and mask 96x95"):
        artefact_map(textured(), np.zeros((95, 96), bool))


def test_the_worst_part_is_that_with_the_most_heat_above_the_threshold() -> None:
    """Above 1/2 the small one has 4 x 0.5 = 2, the large one 40 x 0.1 = 4."""
    heat = np.zeros((10, 20), np.float32)
    heat[0:2, 0:2], heat[5:9, 5:15] = 1.0, 0.6
    score = score_heat(heat, least_px=4)
    assert [part.box for part in score.parts] == [Box(5, 5, 9, 15), Box(0, 0, 2, 2)]
    assert [part.area_px for part in score.parts] == [40, 4]
    assert score.worst == pytest.approx(0.6)
    assert score.hot_share == pytest.approx(44 / 200)
    assert score.mean == pytest.approx((4 + 24) / 200)


def test_pixels_outside_of_the_mask_do_not_count() -> None:
    heat = np.ones((4, 4), np.float32)
    mask = np.zeros((4, 4), bool)
    mask[0, :2] = True
    heat[0, 0] = 0
    score = score_heat(heat, mask, least_px=1)
    assert (score.mean, score.hot_share, len(score.parts), score.parts[0].area_px) == (0.5, 0.5, 1, 1)


def test_small_parts_are_left_out() -> None:
    heat = np.zeros((9, 9), np.float32)
    heat[4, 4] = 1
    assert score_heat(heat, least_px=2).parts == ()
    with pytest.raises(InputError, match="1 pixel or more"):
        score_heat(heat, least_px=0)


def test_nothing_to_judge_is_a_score_of_0() -> None:
    assert score_heat(np.ones((3, 3), np.float32), np.zeros((3, 3), bool)) == (0.0, 0.0, 0.0, ())


def test_the_drawing_in_grey_is_the_map_in_levels() -> None:
    assert heat_in_grey(np.array([[0.2, 0.5]], np.float32))[..., 0].tolist() == [[51, 128]]


def test_the_overlay_is_grey_where_cold_and_red_where_hot() -> None:
    drawn = heat_over(textured(), np.where(hole(), np.float32(0.7), np.float32(0))).astype(int)
    assert (drawn[~hole()] == drawn[~hole()][:, :1]).all()
    assert (drawn[hole()][:, 0] > drawn[hole()][:, 2] + 60).all()


def test_every_kind_of_picture_gives_the_same_map(tmp_path: Path) -> None:
    image, mask = in_levels(textured()), hole()
    PillowImage.fromarray(image).save(tmp_path / "in.png")
    PillowImage.fromarray(mask).save(tmp_path / "mask.png")
    expected = retouch.inspect_artefacts(image, mask).heat
    for given in (tmp_path / "in.png", (tmp_path / "in.png").read_bytes(), PillowImage.fromarray(image)):
        np.testing.assert_array_equal(retouch.inspect_artefacts(given, mask).heat, expected)
    np.testing.assert_array_equal(retouch.inspect_artefacts(image, tmp_path / "mask.png").heat, expected)


def test_alpha_is_not_looked_at_and_cmyk_is() -> None:
    image = in_levels(textured())
    clear = np.dstack([image, np.full((96, 96), 9, np.uint8)])
    np.testing.assert_array_equal(retouch.inspect_artefacts(clear).heat, retouch.inspect_artefacts(image).heat)
    inks = PillowImage.fromarray(image).convert("CMYK")
    assert retouch.inspect_artefacts(inks).heat.shape == (96, 96)


def test_what_is_hot_in_a_fill_is_where_its_error_is_on_drawn_textures() -> None:
    """The calibration that confidence feedback asks for: hot pixels of the hole have the larger errors.

    The bar is a membrane, smooth where noise was and right where a slope was. The chance that a pixel of more than the
    median error is hotter than one of less must be 0.65 or more, over three drawings.
    """
    chances = []
    for seed in range(3):
        image, mask = textured(seed), hole()
        filled = inpaint_harmonic(image, mask)
        heat, error = artefact_map(filled, mask)[mask], np.abs(filled - image).mean(axis=2)[mask]
        large, small = heat[error > np.median(error)], np.sort(heat[error <= np.median(error)])
        chances.append(np.searchsorted(small, large).mean() / len(small))
    assert np.mean(chances) >= 0.65
