"""Pairs: matched by name, cut alike, damaged partners kept apart from the truth by the damage alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.training.data.tasks.recipes import TRAINING, VALIDATION, noise, recipe_of, save

from retouch.errors import InputError, UsageError
from retouch.training.data.samples import Draw, Maker
from retouch.training.data.synthetic.damage.listing import DAMAGES
from retouch.training.data.tasks.pairs import PairFiles, build_pairs, find_pairs


def names(root: Path, damaged: str = "", clean: str = "") -> list[tuple[str, str]]:
    pairs = find_pairs(root, damaged, clean)
    return [(pair.damaged.name, pair.clean.name if pair.clean else "") for pair in pairs]


def write_pairs(root: Path, count: int = 3, size: tuple[int, int] = (24, 30)) -> None:
    for number in range(count):
        save(root / "clean" / f"{number}.png", noise(*size, number))
        save(root / "damaged" / f"{number}.png", noise(*size, number) // 2)


def test_parallel_folders_are_matched_by_stem(tmp_path: Path) -> None:
    write_pairs(tmp_path, 2)
    assert names(tmp_path) == [("damaged/0.png", "clean/0.png"), ("damaged/1.png", "clean/1.png")]


def test_a_name_and_its_clean_partner_lie_beside_each_other(tmp_path: Path) -> None:
    for name in ("a.png", "a_clean.png", "b.png", "b_clean.png"):
        save(tmp_path / name, noise(8, 8, 0))
    assert names(tmp_path) == [("a.png", "a_clean.png"), ("b.png", "b_clean.png")]


def test_patterns_match_the_names_of_published_sets(tmp_path: Path) -> None:
    for name in ("rainy/rain-001.png", "norain-001.jpg"):
        save(tmp_path / name, noise(8, 8, 0))
    assert names(tmp_path, "rainy/rain-*", "norain-*") == [("rainy/rain-001.png", "norain-001.jpg")]


def test_no_pairs_are_refused_with_what_was_looked_for(tmp_path: Path) -> None:
    save(tmp_path / "a.png", noise(8, 8, 0))
    with pytest.raises(InputError, match=r"'damaged/\*' and 'clean/\*' .* got none among 1 pictures"):
        find_pairs(tmp_path)


@pytest.mark.parametrize(("damaged", "clean"), [("a*", ""), ("a", "b*"), ("a**", "b*")])
def test_patterns_that_cannot_be_matched_are_refused(tmp_path: Path, damaged: str, clean: str) -> None:
    save(tmp_path / "a.png", noise(8, 8, 0))
    with pytest.raises(InputError, match=r"both be given|exactly one star"):
        find_pairs(tmp_path, damaged, clean)


def test_both_of_a_pair_are_cut_alike(tmp_path: Path) -> None:
    """The damaged picture is the clean one halved: it must be so in the sample too."""
    write_pairs(tmp_path)
    maker = build_pairs(recipe_of("pairs", tmp_path, resize="none"))
    for number in range(6):
        tensors = maker.make(number % 3, Draw((0, "sample", 0, number))).tensors
        assert tensors["image"].shape == tensors["damaged"].shape == (3, 16, 16)
        np.testing.assert_array_equal(tensors["image"] // 2, tensors["damaged"])


def test_the_same_draw_gives_the_same_sample(tmp_path: Path) -> None:
    write_pairs(tmp_path)
    first, again = (build_pairs(recipe_of("pairs", tmp_path, {"make": "none"})).make(1, TRAINING) for _ in range(2))
    np.testing.assert_array_equal(first.tensors["image"], again.tensors["image"])


def test_a_lonely_a_broken_and_a_misfitting_picture_are_refused_when_read(tmp_path: Path) -> None:
    write_pairs(tmp_path, 4)
    (tmp_path / "clean" / "0.png").unlink()
    (tmp_path / "clean" / "1.png").write_bytes(b"no picture")
    save(tmp_path / "clean" / "2.png", noise(9, 9, 0))
    source = PairFiles(find_pairs(tmp_path))
    reasons = ["no clean partner", "its clean partner clean/1.png", "30x24 and, in clean/2.png, 9x9"]
    for number, reason in enumerate(reasons):
        assert source.name(number) == f"damaged/{number}.png"
        with pytest.raises(InputError, match=reason):
            source.read(number)
    with pytest.raises(InputError, match=r"no clean partner"):
        source.content_hash(0)
    assert source.read(3)["image"].shape == (24, 30, 3)


def test_damaged_pictures_of_one_truth_have_one_hash(tmp_path: Path) -> None:
    write_pairs(tmp_path, 1)
    save(tmp_path / "clean" / "5.png", noise(24, 30, 0))
    save(tmp_path / "damaged" / "5.png", noise(24, 30, 99))
    source = PairFiles(find_pairs(tmp_path))
    assert source.content_hash(0) == source.content_hash(1)


@pytest.mark.parametrize("make", DAMAGES)
@pytest.mark.parametrize("channels", [1, 3])
def test_damage_is_made_from_clean_pictures(tmp_path: Path, make: str, channels: int) -> None:
    save(tmp_path / "a.png", noise(20, 20, 0))
    maker = build_pairs(recipe_of("pairs", tmp_path, {"make": make}, channels=channels))
    tensors = maker.make(0, TRAINING).tensors
    assert tensors["image"].shape == tensors["damaged"].shape == (channels, 16, 16)
    assert (tensors["image"] != tensors["damaged"]).any()
    assert ("density" in tensors) == (make == "rain")
    assert ("mask" in tensors) == (make == "captions")


def test_made_rain_only_lightens_and_made_captions_change_nothing_beside_them(tmp_path: Path) -> None:
    save(tmp_path / "a.png", noise(20, 20, 0))
    rain, captions = (
        build_pairs(recipe_of("pairs", tmp_path, {"make": make})).make(0, TRAINING).tensors
        for make in ("rain", "captions")
    )
    assert rain["density"] in (1, 2, 3)
    assert (rain["damaged"] >= rain["image"]).all()
    beside = np.broadcast_to(~captions["mask"], captions["image"].shape)
    np.testing.assert_array_equal(captions["damaged"][beside], captions["image"][beside])


@pytest.mark.shared
def test_published_prints_are_worn_on_the_fly() -> None:
    root = Path(__file__).parents[5] / "shared" / "data" / "fingerprints"
    if not root.is_dir():
        pytest.skip(f"needs {root}, which is not here")
    maker = build_pairs(recipe_of("pairs", root, {"make": "wear"}, size_px=128, channels=1, resize="stretch"))
    tensors = maker.make(3, TRAINING).tensors
    assert tensors["image"].shape == tensors["damaged"].shape == (1, 128, 128)
    assert np.corrcoef(tensors["image"].ravel(), tensors["damaged"].ravel())[0, 1] > 0.1  # ridges stay in place


@pytest.mark.parametrize("name", ["toy_rain", "toy_blur", "toy_prints"])
@pytest.mark.parametrize("channels", [1, 3])
def test_drawn_pairs_have_the_channels_asked_for(name: str, channels: int) -> None:
    maker = build_pairs(recipe_of("pairs", f"synthetic:{name}", {"pictures": 4}, channels=channels, flip=False))
    assert isinstance(maker, Maker)
    for draw in (TRAINING, VALIDATION):
        tensors = maker.make(1, draw).tensors
        assert tensors["image"].shape == tensors["damaged"].shape == (channels, 16, 16)
    assert ("density" in tensors) == (name == "toy_rain")


def test_densities_come_from_names(tmp_path: Path) -> None:
    for folder in ("Rain_Heavy", "Rain_Light"):
        save(tmp_path / "damaged" / folder / "1.png", noise(16, 16, 0))
        save(tmp_path / "clean" / folder / "1.png", noise(16, 16, 1))
    maker = build_pairs(recipe_of("pairs", tmp_path, {"densities": {"Rain_Heavy": 1, "Rain_Light": 3}}))
    assert [int(maker.make(index, TRAINING).tensors["density"]) for index in range(2)] == [1, 3]


def test_unknown_options_are_refused_with_the_nearest(tmp_path: Path) -> None:
    write_pairs(tmp_path)
    with pytest.raises(UsageError, match=r"unknown option of the data 'damage'; did you mean 'damaged'"):
        build_pairs(recipe_of("pairs", tmp_path, {"damage": "x"}))


def test_pictures_that_were_too_small_are_counted(tmp_path: Path) -> None:
    write_pairs(tmp_path, 2, size=(10, 12))
    maker = build_pairs(recipe_of("pairs", tmp_path))
    maker.make(0, TRAINING)
    assert maker.notes() == ("1 of 2 pictures are smaller than 16 px and were scaled up",)
