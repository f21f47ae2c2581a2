"""Samples with guesses: drawn once, kept, cut anew each time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.training.data.picture_cases import recipe_for, same, write_pictures

from retouch.classical.sparse.blended import inpaint_blended
from retouch.errors import InputError, UsageError
from retouch.training.data import guesses
from retouch.training.data.kept import KeptArrays
from retouch.training.data.stream import open_stream
from retouch.training.recipes.settings import DamageSettings, Recipe


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("pictures"), 10, shape=(40, 48))


def recipe(folder: Path, seed: int = 0, **guess: Any) -> Recipe:
    """Return a recipe of 16 px cut from 24 px, with centred squares, of which every cut has a part."""
    options = {"guess": {"drawn_px": 24, "variants": 2, **guess}}
    damage = DamageSettings(families={"center_square": 1.0})
    return recipe_for(folder, damage=damage, kind="guesses", options=options, resize="none", run={"seed": seed})


def test_the_guess_is_the_blend_of_what_is_known(folder: Path) -> None:
    """Validation gives whole variants: the hole of the guess is that of the method, to a level of 8 bits."""
    batch = next(iter(open_stream(recipe(folder)).validation()))
    image, mask, guess = (batch.tensors[name][0].numpy() for name in ("image", "mask", "guess"))
    assert image.shape == (3, 24, 24)
    expected = inpaint_blended(np.ascontiguousarray(image.transpose(1, 2, 0)), mask[0] > 0)
    np.testing.assert_allclose(guess.transpose(1, 2, 0), expected, atol=0.51 / 255)
    np.testing.assert_array_equal(guess[:, mask[0] == 0], image[:, mask[0] == 0])


def test_samples_have_a_hole_and_something_known(folder: Path) -> None:
    stream = open_stream(recipe(folder))
    for number in range(5):
        batch = stream.batch(number)
        shares = batch.mask.mean(dim=(1, 2, 3))
        assert batch.image.shape == (4, 3, 16, 16)
        assert ((shares > 0) & (shares < 1)).all()
        known = (1 - batch.mask).bool().expand_as(batch.image)
        assert (batch.tensors["guess"][known] == batch.image[known]).all()


def test_a_store_changes_nothing_but_the_time(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, kept = open_stream(recipe(folder)), open_stream(recipe(folder, store=str(tmp_path / "store")))
    drawn = [kept.batch(number) for number in range(6)]
    assert all(same(plain.batch(number), drawn[number]) for number in range(6))
    monkeypatch.setattr(guesses.GuessMaker, "_draw_variant", None)  # nothing is drawn a second time
    again = open_stream(recipe(folder, store=str(tmp_path / "store")))
    assert all(same(again.batch(number), drawn[number]) for number in range(6))


def test_runs_of_other_seeds_share_what_is_drawn(folder: Path, tmp_path: Path) -> None:
    """At most two variants of each of ten pictures, whatever the seeds; the cuts differ."""
    streams = [open_stream(recipe(folder, seed, store=str(tmp_path / "store"))) for seed in (1, 2)]
    batches = [[stream.batch(number) for number in range(20)] for stream in streams]
    assert not same(batches[0][0], batches[1][0])
    assert int(np.load(tmp_path / "store" / "made.npy").sum()) <= 20


def test_a_store_of_other_settings_is_refused(folder: Path, tmp_path: Path) -> None:
    open_stream(recipe(folder, store=str(tmp_path / "store")))
    with pytest.raises(InputError, match="keeps samples of other pictures or settings"):
        open_stream(recipe(folder, store=str(tmp_path / "store"), zoomed=0.1))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    with pytest.raises(InputError, match="must be empty"):
        open_stream(recipe(folder, store=str(tmp_path / "full")))


def test_settings_that_make_no_sense_are_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'drawn_px'"):
        open_stream(recipe(folder, drawn_pix=3))
    for wrong in ({"drawn_px": 8}, {"variants": 0}, {"zoomed": 2}):
        with pytest.raises(UsageError, match="guess must have"):
            open_stream(recipe(folder, **wrong))


def test_an_entry_that_was_being_made_is_made_again(tmp_path: Path) -> None:
    shapes: dict[str, tuple[int, ...]] = {"mask": (2, 2)}

    def fail() -> dict[str, np.ndarray]:
        raise KeyboardInterrupt

    kept = KeptArrays(str(tmp_path), 3, shapes, "facts")
    with pytest.raises(KeyboardInterrupt):
        kept.get(1, fail)
    made = kept.get(1, lambda: {"mask": np.ones((2, 2), bool)})
    assert made["mask"].all()
    assert KeptArrays(str(tmp_path), 3, shapes, "facts").n_kept == 1


def test_another_number_of_channels_is_another_store(folder: Path, tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    open_stream(recipe(folder, store=store))
    grey = recipe(folder, store=store)
    with pytest.raises(InputError, match="other pictures or settings"):
        open_stream(replace(grey, data=replace(grey.data, channels=1)))
