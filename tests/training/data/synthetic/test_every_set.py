"""What holds for every synthetic set."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.errors import InputError, UsageError
from retouch.training.data.sources.contract import Source
from retouch.training.data.synthetic.listing import SETS, Drawings, SyntheticSet, find_set, open_synthetic
from retouch.training.recipes.settings import DataSettings

EVERY = pytest.mark.parametrize("line", SETS, ids=lambda line: line.name)
PICTURES = ("image", "damaged", "background", "frames", "damaged_frames")


@EVERY
def test_the_same_number_is_the_same_picture(line: SyntheticSet) -> None:
    first, again = Drawings(line, 32, seed=3).read(5), Drawings(line, 32, seed=3).read(5)
    assert first.keys() == again.keys()
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])


@EVERY
def test_other_numbers_and_other_seeds_are_other_pictures(line: SyntheticSet) -> None:
    pictures = [Drawings(line, 32, seed=seed).read(index) for seed, index in ((0, 0), (0, 1), (1, 0))]
    name = next(name for name in PICTURES if name in pictures[0])
    assert len({picture[name].tobytes() for picture in pictures}) == 3


@EVERY
@pytest.mark.parametrize("size", [(40, 40), (13, 29), (31, 12), (1, 1)], ids=str)
def test_pictures_are_float32_in_0_to_1_at_any_size(line: SyntheticSet, size: tuple[int, int]) -> None:
    drawn = line.draw(*size, np.random.default_rng(4), **line.options)
    for name in PICTURES:
        if name in drawn:
            assert drawn[name].dtype == np.float32
            assert drawn[name].shape[-3:-1] == size
            assert drawn[name].min() >= 0
            assert drawn[name].max() <= 1


@EVERY
def test_most_pictures_are_not_flat(line: SyntheticSet) -> None:
    name = "frames" if "clips" in line.kinds else "image"
    spreads = [float(Drawings(line, 32).read(i)[name].std()) for i in range(10)]
    assert np.median(spreads) > 10  # of 255


@EVERY
def test_grey_is_one_channel(line: SyntheticSet) -> None:
    drawn = Drawings(line, 24, n_channels=1).read(0)
    assert {drawn[name].shape[-1] for name in PICTURES if name in drawn} == {1}


@EVERY
def test_a_set_is_a_source_with_as_many_hashes_as_pictures(line: SyntheticSet) -> None:
    source = Drawings(line, 16, n_pictures=50)
    assert isinstance(source, Source)
    assert len({source.content_hash(index) for index in range(len(source))}) == 50


@pytest.mark.parametrize("name", ["toy_faces", "toy_facades", "toy_scenes", "toy_people"])
def test_a_picture_is_the_same_at_every_size_only_finer(name: str) -> None:
    small, large = (Drawings(find_set(name), size).read(2)["image"].astype(np.float32) for size in (32, 128))
    shrunk = large.reshape(32, 4, 32, 4, 3).mean(axis=(1, 3))
    other = Drawings(find_set(name), 32).read(3)["image"].astype(np.float32)
    # thin lines and grain differ; another picture is several times farther away
    assert np.abs(shrunk - small).mean() < 0.4 * np.abs(other - small).mean()


def test_a_hash_tells_seed_size_channels_and_options_apart() -> None:
    line = find_set("toy_shapes")
    sources = [
        Drawings(line, 32),
        Drawings(line, 32, seed=1),
        Drawings(line, 48),
        Drawings(line, 32, n_channels=1),
        Drawings(line, 32, options={"most": 2}),
    ]
    assert len({source.content_hash(0) for source in sources}) == len(sources)


def test_the_settings_choose_set_size_length_and_seed() -> None:
    source = open_synthetic(DataSettings(root="synthetic:toy_faces", size_px=24, options={"pictures": 7, "seed": 2}))
    assert len(source) == 7
    assert source.name(3) == "toy_faces/2/3"
    assert source.read(3)["image"].shape == (24, 24, 3)


def test_an_unknown_set_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match=r"did you mean 'toy_faces'"):
        open_synthetic(DataSettings(root="synthetic:toy_face"))


def test_a_set_without_what_a_kind_needs_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'boxes' can be drawn by toy_shapes, got toy_faces"):
        open_synthetic(DataSettings(kind="boxes", root="synthetic:toy_faces"))


@pytest.mark.parametrize(("name", "value"), [("pictures", 0), ("pictures", "many"), ("seed", -1), ("seed", True)])
def test_options_that_are_no_whole_numbers_are_refused(name: str, value: object) -> None:
    with pytest.raises(InputError, match=f"data.options.{name} must be a whole number"):
        open_synthetic(DataSettings(root="synthetic:toy_faces", options={name: value}))
