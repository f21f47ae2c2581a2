"""Method "auto": the choice follows the geometry and says why."""

from __future__ import annotations

import numpy as np

from retouch.arrays.regions import Box
from retouch.methods.catalogue import method_names
from retouch.methods.planning.auto import (
    BROAD_METHOD,
    THIN_METHOD,
    TINY_METHOD,
    choose_for_broad,
    choose_for_crop,
    choose_for_thin,
    has_known_patch,
)
from retouch.methods.planning.survey import survey_holes


def test_the_methods_it_chooses_from_exist() -> None:
    assert {THIN_METHOD, BROAD_METHOD, TINY_METHOD} <= set(method_names())


def test_thin_damage_is_interpolated_and_the_reason_names_width_and_limit() -> None:
    mask = np.zeros((60, 60), bool)
    mask[20:24] = True
    choice = choose_for_thin(survey_holes(mask))
    assert choice.info.name == THIN_METHOD
    assert "half-width 2.0 px, limit 10 px" in choice.reason


def test_broad_holes_are_composed_of_patches() -> None:
    mask = np.zeros((90, 90), bool)
    mask[20:70, 20:70] = True
    choice = choose_for_broad(survey_holes(mask))
    assert choice.info.name == BROAD_METHOD
    assert "limit 10 px" in choice.reason


def test_without_one_whole_known_patch_a_broad_hole_is_interpolated() -> None:
    mask = np.zeros((40, 40), bool)
    mask[6:, 6:] = True  # known is a frame of 6 pixels, too narrow for a patch of 7
    broad = choose_for_broad(survey_holes(mask))
    choice = choose_for_crop(broad, mask, Box(0, 0, 40, 40))
    assert choice.info.name == TINY_METHOD
    assert "7x7" in choice.reason
    mask[:7, :7] = False
    assert choose_for_crop(broad, mask, Box(0, 0, 40, 40)) == broad


def test_a_patch_must_lie_inside_the_picture() -> None:
    assert not has_known_patch(np.zeros((6, 50), bool), 7)
    assert has_known_patch(np.zeros((7, 50), bool), 7)
