"""Laws over the whole catalogue of mask families."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from retouch.errors import InputError
from retouch.masks.families import FAMILIES, MaskFamily, find_family

SIZES = [(256, 256), (17, 31), (101, 64), (1, 40), (40, 1), (2, 2), (1, 2), (3, 1)]
NOT_RANDOM = {"center_square"}

every_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


@every_family
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_a_mask_is_bool_of_the_size_asked_for_with_holes_and_known_pixels(
    family: MaskFamily, height: int, width: int
) -> None:
    for seed in range(8):
        mask = family.draw(height, width, np.random.default_rng(seed))
        assert mask.dtype == np.bool_
        assert mask.shape == (height, width)
        assert mask.any()
        assert not mask.all()


@every_family
def test_the_only_pixel_of_a_one_pixel_picture_is_missing(family: MaskFamily) -> None:
    assert family.draw(1, 1, np.random.default_rng(0)).tolist() == [[True]]


@every_family
@pytest.mark.parametrize(("height", "width"), [(0, 5), (5, 0), (-3, -3)])
def test_a_size_below_one_pixel_is_refused(family: MaskFamily, height: int, width: int) -> None:
    with pytest.raises(InputError, match="at least 1x1"):
        family.draw(height, width, np.random.default_rng(0))


@every_family
def test_the_same_generator_state_gives_the_same_mask(family: MaskFamily) -> None:
    first, second = (family.draw(64, 80, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@every_family
def test_one_generator_goes_on_to_other_masks(family: MaskFamily) -> None:
    rng = np.random.default_rng(0)
    masks = {family.draw(64, 80, rng).tobytes() for _ in range(12)}
    assert (len(masks) == 1) == (family.name in NOT_RANDOM)


@every_family
def test_every_option_is_keyword_only_and_has_a_default(family: MaskFamily) -> None:
    parameters = list(inspect.signature(family.draw).parameters.values())
    assert [p.name for p in parameters[:3]] == ["height", "width", "rng"]
    assert all(p.kind is p.KEYWORD_ONLY and p.default is not p.empty for p in parameters[3:])


@every_family
def test_an_aim_names_options_that_the_family_has(family: MaskFamily) -> None:
    assert set(family.aim(0.3)) <= set(inspect.signature(family.draw).parameters)


@every_family
def test_the_mask_is_the_callers_own_and_writeable(family: MaskFamily) -> None:
    mask = family.draw(32, 32, np.random.default_rng(0))
    assert mask.flags.writeable
    assert mask.flags.c_contiguous


def test_the_catalogue_holds_the_families_of_the_issue_once_each() -> None:
    names = [family.name for family in FAMILIES]
    asked_for = "center_square random_rect brush lama_thin lama_medium lama_thick random_pixels scratch text half"
    assert len(set(names)) == len(names)
    assert {*asked_for.split(), "level_square", "outpaint", "blob"} == set(names)


def test_an_unknown_family_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match="unknown mask family 'lama_thik'; did you mean 'lama_thick'"):
        find_family("lama_thik")
