"""Things with prompts: exact masks, clicks on them, pastes without a seam, a store that changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.training.data.tasks.recipes import TRAINING, VALIDATION, noise, recipe_of, save

from retouch.errors import InputError, UsageError
from retouch.training.data.kept import KeptArrays
from retouch.training.data.samples import Draw, Maker
from retouch.training.data.things.making import ThingMaker, build_things, choose_thing
from retouch.training.data.things.pasting import Scene, cut_out, paste
from retouch.training.data.things.prompted import look_at

SIDE = 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write three pictures in which thing 1 is red, thing 2 green, and a part is nobody's."""
    for number in range(3):
        labels = np.zeros((40, 60), np.uint8)
        labels[8:30, 10 + number : 30], labels[15:35, 40:55], labels[:4] = 1, 2, 255
        picture = noise(40, 60, number) // 4
        picture[labels == 1, 0] = 255
        picture[labels == 2, 1] = 255
        save(tmp_path / "maps" / f"{number}.png", labels)
        save(tmp_path / "images" / f"{number}.png", picture)
    return tmp_path


def maker_of(folder: Path, **options: Any) -> ThingMaker:
    options = {"maps": "maps", "images": "images", "pasted": 0.0, "shapes": 0.0, **options}
    return build_things(recipe_of("things", folder, options, size_px=SIDE))


def draws() -> list[Draw]:
    return [Draw((number,)) for number in range(12)]


def test_a_sample_shows_a_thing_and_its_mask(folder: Path) -> None:
    """Red or green is full where the mask is, and nowhere else in what is known; rims of the scaling are left out."""
    maker = maker_of(folder, variants=12)
    assert isinstance(maker, Maker)
    seen = set()
    for index, draw in enumerate(draws()):
        tensors = maker.make(index % 3, draw).tensors
        assert tensors["image"].shape == (3, SIDE, SIDE)
        assert tensors["prompt"].shape == (4, SIDE, SIDE)
        target, known = tensors["target"][0], tensors["known"][0]
        assert target.any()
        brightest = tensors["image"].astype(int).reshape(3, -1)[:, (target & known).ravel()].mean(axis=1)
        seen.add(int(brightest.argmax()))
        assert brightest.max() > 200
    assert {0, 1} <= seen | {2}


def test_clicks_lie_on_the_thing_and_those_beside_do_not() -> None:
    thing = np.zeros((60, 60), bool)
    thing[15:45, 20:40] = True
    scene = Scene(np.full((60, 60, 3), 90, np.uint8), thing, np.ones_like(thing))
    n_clicked = 0
    for number in range(40):
        looked = look_at(scene, SIDE, np.random.default_rng(number))
        _, on, beside, box = (looked["prompt"][..., plane] for plane in range(4))
        n_clicked += bool(on.max())
        assert looked["target"][on > 250].all()
        assert not looked["target"][beside == 255].any()
        assert on.max() or box.max()
    assert 0 < n_clicked < 40


def test_outside_the_picture_nothing_is_known() -> None:
    thing = np.zeros((20, 20), bool)
    thing[:10, :10] = True
    scene = Scene(np.zeros((20, 20, 3), np.uint8), thing, np.ones_like(thing))
    shares = [look_at(scene, SIDE, np.random.default_rng(number))["known"].mean() for number in range(10)]
    assert min(shares) < 0.9


def test_a_cut_out_loses_its_rim_and_a_thin_one_keeps_it() -> None:
    thing = np.zeros((30, 30), bool)
    thing[5:25, 5:25] = True
    scene = Scene(np.zeros((30, 30, 3), np.uint8), thing, np.ones_like(thing))
    assert cut_out(scene, np.random.default_rng(0)).thing.sum() in (18**2, 16**2)  # 1 or 2 px on every side
    thin = np.zeros((30, 30), bool)
    thin[10] = True
    assert cut_out(scene._replace(thing=thin), np.random.default_rng(0)).thing.sum() == 30


def test_a_paste_changes_the_ground_only_at_the_thing_and_its_soft_edge() -> None:
    cut = Scene(np.full((20, 20, 3), 250, np.uint8), np.ones((20, 20), bool), np.ones((20, 20), bool))
    ground = np.full((60, 80, 3), 40, np.uint8)
    laid = [paste(cut, ground, np.random.default_rng(number)) for number in range(10)]
    assert all(one.thing.any() for one in laid)
    for one in laid:
        assert one.image.shape == ground.shape
        rows, cols = np.nonzero(one.thing)
        far = np.ones(one.thing.shape, bool)
        far[max(rows.min() - 9, 0) : rows.max() + 10, max(cols.min() - 9, 0) : cols.max() + 10] = False
        assert (one.image[far] == 40).all()  # two blurs of 1.2 px reach 9 px
        assert one.image[rows, cols].mean() > 100


def test_the_same_draw_gives_the_same_sample_and_a_store_changes_nothing(folder: Path, tmp_path: Path) -> None:
    mixed = {"pasted": 0.5, "shapes": 0.2}
    plain, kept = maker_of(folder, **mixed), maker_of(folder, **mixed, store=str(tmp_path / "store"))
    for _ in range(2):
        for draw in draws():
            one, other = (maker.make(0, draw).tensors for maker in (plain, kept))
            assert all(np.array_equal(one[name], other[name]) for name in one)
    assert kept.notes()[0].endswith("of 12 scenes are drawn and kept")
    assert isinstance(kept._kept, KeptArrays)


def test_validation_has_scenes_that_training_has_not(folder: Path) -> None:
    maker = maker_of(folder)
    first, again, other = (maker.make(0, draw).tensors for draw in (VALIDATION, VALIDATION, TRAINING))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["image"], other["image"])


def test_a_map_without_things_is_refused() -> None:
    with pytest.raises(InputError, match="at least one thing of 16 pixels"):
        choose_thing(np.zeros((8, 8, 3), np.uint8), np.full((8, 8), 255), np.random.default_rng(0))


def test_settings_that_make_no_sense_are_refused(folder: Path) -> None:
    for wrong in ({"variants": 0}, {"pasted": 0.8, "shapes": 0.4}, {"pasted": -0.1}):
        with pytest.raises(UsageError, match="variants must be above 0"):
            maker_of(folder, **wrong)
    with pytest.raises(UsageError, match=r"data\.options\.images"):
        maker_of(folder, images="")
