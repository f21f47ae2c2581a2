"""Sets that are not files of pictures, and pictures without boxes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat
from tests.training.data.tasks.recipes import noise, save

from retouch.errors import InputError
from retouch.training.data.sources.contract import Source
from retouch.training.data.tasks.cars import open_cars
from retouch.training.data.tasks.svhn import open_svhn
from retouch.training.recipes.settings import DataSettings


def test_house_numbers_are_read_in_their_order(tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (32, 32, 3, 5), dtype=np.uint8)
    savemat(tmp_path / "train_32x32.mat", {"X": pictures, "y": np.array([[1], [2], [10], [3], [4]])})
    source = open_svhn(DataSettings(root=str(tmp_path)))
    assert isinstance(source, Source)
    assert len(source) == 5
    np.testing.assert_array_equal(source.read(3)["image"], pictures[..., 3])
    assert source.name(3) == "train_32x32.mat/3"
    assert len({source.content_hash(index) for index in range(5)}) == 5
    assert open_svhn(DataSettings(root=str(tmp_path), channels=1)).read(0)["image"].shape == (32, 32, 1)


@pytest.mark.parametrize("content", [{"X": np.zeros((4, 4))}, {"Y": np.zeros(1)}, None])
def test_a_file_that_is_not_of_house_numbers_is_refused(tmp_path: Path, content: dict[str, object] | None) -> None:
    if content is not None:
        savemat(tmp_path / "train_32x32.mat", content)
    with pytest.raises(InputError, match=r"train_32x32.mat must"):
        open_svhn(DataSettings(root=str(tmp_path)))


def test_cars_without_boxes_are_pictures(tmp_path: Path) -> None:
    save(tmp_path / "cars_train" / "00001.png", noise(8, 9, 0))
    (tmp_path / "cars_train" / "00001.png").rename(tmp_path / "cars_train" / "00001.jpg")
    source = open_cars(DataSettings(root=str(tmp_path)))
    assert source.read(0)["image"].shape == (8, 9, 3)
    with pytest.raises(InputError, match=r"cars_train"):
        open_cars(DataSettings(root=str(tmp_path / "elsewhere")))
