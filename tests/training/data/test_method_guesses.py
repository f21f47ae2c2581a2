"""Guesses by the methods of the catalogue, re-coded or taken away: what a detector of fills is trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.training.data.picture_cases import recipe_for, same, write_pictures

from retouch.errors import UsageError
from retouch.io.pictures.picture import Picture
from retouch.methods.crop_run import FillRequest
from retouch.methods.fill import fill_picture
from retouch.training.data.stream import open_stream
from retouch.training.recipes.settings import DamageSettings, Recipe


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("pictures"), 10, shape=(40, 48))


def recipe(folder: Path, **guess: Any) -> Recipe:
    options = {"guess": {"drawn_px": 24, "variants": 1, **guess}}
    damage = DamageSettings(families={"center_square": 1.0})
    return recipe_for(folder, damage=damage, kind="guesses", options=options, resize="none")


def test_the_guess_is_the_fill_that_a_user_gets(folder: Path) -> None:
    batch = next(iter(open_stream(recipe(folder, methods={"telea": 1.0})).validation()))
    image, mask, guess = (batch.tensors[name][0].numpy() for name in ("image", "mask", "guess"))
    pixels = np.rint(np.ascontiguousarray(image.transpose(1, 2, 0)) * 255).astype(np.uint8)
    expected = fill_picture(Picture.from_array(pixels), mask[0] > 0, FillRequest("telea")).picture.pixels
    np.testing.assert_array_equal(np.rint(guess.transpose(1, 2, 0) * 255).astype(np.uint8), expected)


def test_methods_come_by_their_shares(folder: Path) -> None:
    """Copies of the nearest pixel are values that are known; a membrane's are not: of 40 samples both are some."""
    stream = open_stream(recipe(folder, methods={"nearest": 1.0, "harmonic": 1.0}))
    is_copy = []
    for number in range(10):
        batch = stream.batch(number)
        for guess, mask in zip(batch.tensors["guess"], batch.mask[:, 0] > 0, strict=True):
            known = set(guess[0][~mask].tolist())
            is_copy.append(set(guess[0][mask].tolist()) <= known)
    assert {True, False} == set(is_copy)


def test_intact_samples_have_no_hole_and_the_truth(folder: Path) -> None:
    batch = open_stream(recipe(folder, intact=1.0)).batch(0)
    assert not batch.mask.any()
    assert (batch.tensors["guess"] == batch.image).all()


def test_re_coding_changes_known_and_filled_pixels_of_the_guess_alike(folder: Path) -> None:
    plain, coded = (open_stream(recipe(folder, recoded=share)) for share in (0.0, 1.0))
    changed = np.zeros(2)
    for number in range(4):
        one, two = plain.batch(number), coded.batch(number)
        assert same_but_guess(one, two)
        difference = (one.tensors["guess"] != two.tensors["guess"]).any(dim=1, keepdim=True)
        changed += [float(difference[one.mask == kind].float().mean()) for kind in (0, 1)]
    assert (changed > 1).all()
    assert abs(changed[0] - changed[1]) < 1


def test_validation_is_neither_re_coded_nor_intact(folder: Path) -> None:
    one, two = (
        next(iter(open_stream(recipe(folder, recoded=share, intact=share)).validation())) for share in (0.0, 1.0)
    )
    assert same(one, two)


@pytest.mark.parametrize("wrong", [{"recoded": 1.5}, {"intact": -0.1}])
def test_shares_out_of_range_are_refused(folder: Path, wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="recoded and intact in 0 to 1"):
        open_stream(recipe(folder, **wrong))


def test_a_method_without_a_share_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="numbers above 0"):
        open_stream(recipe(folder, methods={"telea": 0.0}))


def same_but_guess(one: Any, two: Any) -> bool:
    return all(bool((one.tensors[name] == two.tensors[name]).all()) for name in ("image", "mask"))
