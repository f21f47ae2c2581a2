"""Pictures in folders, archives, lists and known layouts."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage
from tests.training.data.picture_cases import write_pictures, zip_up

from retouch.errors import InputError, UsageError
from retouch.training.data.sources.contract import Source
from retouch.training.data.sources.opening import LAYOUTS, OpenedSource, open_source
from retouch.training.recipes.settings import DataSettings

NAMES = ["even/000.png", "even/002.png", "odd/001.png", "odd/003.png"]


def opened(root: Path, layout: str = "folder", **options: Any) -> OpenedSource:
    return open_source(DataSettings(root=str(root), layout=layout, options=options))


def names(source: Source) -> list[str]:
    return [source.name(i) for i in range(len(source))]


def touch(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"")
    return root


def test_a_folder_gives_all_pictures_in_it_by_name(tmp_path: Path) -> None:
    write_pictures(tmp_path, 4)
    touch(tmp_path, "notes.txt", ".hidden.png", "odd/._003.png")
    assert names(opened(tmp_path).source) == NAMES


@pytest.mark.parametrize("packed", ["zip", "tar"])
def test_an_archive_is_the_folder_it_was_made_from(tmp_path: Path, packed: str) -> None:
    folder = write_pictures(tmp_path / "pictures", 4)
    plain, archive = opened(folder).source, opened(zip_up(folder, packed)).source
    assert names(archive) == NAMES
    for i in range(4):
        assert np.array_equal(archive.read(i)["image"], plain.read(i)["image"])
        assert archive.content_hash(i) == plain.content_hash(i)


def test_stored_and_deflated_members_are_both_read(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", 2)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(folder / "even/000.png", "0.png", zipfile.ZIP_STORED)
        archive.write(folder / "odd/001.png", "1.png", zipfile.ZIP_DEFLATED)
    plain, packed = opened(folder).source, opened(tmp_path / "a.zip").source
    assert [packed.content_hash(i) for i in (0, 1)] == [plain.content_hash(i) for i in (0, 1)]


def test_a_folder_of_archives_is_read_shard_after_shard(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", 2)
    (tmp_path / "shards").mkdir()
    for number in (1, 0):
        with tarfile.open(tmp_path / "shards" / f"{number}.tar", "w") as archive:
            archive.add(folder / ("odd/001.png" if number else "even/000.png"), "a.png")
    assert names(opened(tmp_path / "shards").source) == ["0.tar/a.png", "1.tar/a.png"]


def test_a_compressed_tar_is_refused(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", 1)
    with tarfile.open(tmp_path / "a.tar", "w:gz") as archive:
        archive.add(folder / "even/000.png", "0.png")
    with pytest.raises(InputError, match=r"cannot read the archive .*a\.tar.*uncompressed"):
        opened(tmp_path / "a.tar")


def test_a_member_packed_in_another_way_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("0.png", b"x")
    with pytest.raises(InputError, match=r"must be stored or deflated and not encrypted, 0\.png is not"):
        opened(tmp_path / "a.zip")


def test_a_list_names_paths_below_its_own_folder(tmp_path: Path) -> None:
    write_pictures(tmp_path, 4)
    (tmp_path / "train.flist").write_text("odd/003.png\n\neven/000.png\tmasks/0.png\n")
    source = opened(tmp_path / "train.flist").source
    assert names(source) == ["odd/003.png", "even/000.png"]
    assert source.read(1)["image"].shape == (20, 24, 3)


def test_a_manifest_can_be_narrowed_to_one_licence_class(tmp_path: Path) -> None:
    rows = "file,licence_class\na.png,open\nb.png,research\nc.png,open\n"
    (tmp_path / "manifest.csv").write_text(rows)
    assert names(opened(tmp_path, "manifest", licence_class="open").source) == ["a.png", "c.png"]
    assert len(opened(tmp_path, "manifest").source) == 3


def test_an_unknown_licence_class_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("file,licence_class\na.png,open\n")
    with pytest.raises(InputError, match="unknown licence class 'opn'; did you mean 'open'"):
        opened(tmp_path, "manifest", licence_class="opn")


def test_a_manifest_without_the_column_of_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("path\na.png\n")
    with pytest.raises(InputError, match="must have a column 'file', got path"):
        opened(tmp_path, "manifest")


def test_a_manifest_may_name_the_split(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("file,split\nv.png,val\nx.png,test\nt.png,train\n")
    found = opened(tmp_path, "manifest")
    assert names(found.source) == ["t.png", "v.png"]
    assert found.n_validation == 1


def test_celeba_is_split_by_its_own_list_without_the_test_part(tmp_path: Path) -> None:
    (tmp_path / "list_eval_partition.txt").write_text("000001.jpg 0\n000002.jpg 2\n000003.jpg 1\n000004.jpg 0\n")
    found = opened(tmp_path, "celeba")
    assert names(found.source) == [f"img_align_celeba/00000{i}.jpg" for i in (1, 4, 3)]
    assert found.n_validation == 1


def test_celeba_with_another_number_in_its_list_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list_eval_partition.txt").write_text("000001.jpg 7\n")
    with pytest.raises(InputError, match=r"a name and 0, 1 or 2 on each line, got '000001\.jpg 7'"):
        opened(tmp_path, "celeba")


@pytest.mark.parametrize(
    ("layout", "training", "left_alone"),
    [
        ("places2", "data_256/a/abbey/1.jpg", "val_256/Places365_val_00000001.jpg"),
        ("celeba_hq", "CelebA-HQ-img/0.jpg", "elsewhere/1.jpg"),
        ("paris", "paris_train_original/1.JPG", "paris_eval/paris_eval_gt/1.png"),
        ("div2k", "DIV2K_train_HR/0001.png", "DIV2K_valid_HR/0801.png"),
    ],
)
def test_a_known_layout_gives_the_training_pictures_only(
    tmp_path: Path, layout: str, training: str, left_alone: str
) -> None:
    touch(tmp_path, training, left_alone)
    assert names(opened(tmp_path, layout).source) == [training]


def test_a_known_layout_without_its_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must hold a folder CelebA-HQ-img or data256x256"):
        opened(tmp_path, "celeba_hq")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least one picture to train on, got none in"):
        opened(tmp_path)


def test_a_root_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is nothing at"):
        opened(tmp_path / "nowhere")


def test_a_root_that_is_one_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"in a folder, a \.zip, a \.tar or a \.txt list"):
        opened(touch(tmp_path, "a.png") / "a.png")


def test_no_root_is_refused_with_the_ways_to_give_one() -> None:
    with pytest.raises(UsageError, match=r"set \[data\] root or give --data"):
        open_source(DataSettings())


def test_every_layout_has_a_name_of_its_own_and_a_way_to_be_opened() -> None:
    assert len({layout.name for layout in LAYOUTS}) == len(LAYOUTS)
    assert all((layout.find is None) == bool(layout.open) for layout in LAYOUTS)


def save_turned(path: Path) -> None:
    """Write a picture of 2 rows and 3 columns that is stored lying on its side."""
    exif = PillowImage.Exif()
    exif[0x0112] = 6
    PillowImage.fromarray(np.zeros((3, 2, 3), np.uint8)).save(path, exif=exif)


def test_pictures_stand_upright(tmp_path: Path) -> None:
    save_turned(tmp_path / "a.jpg")
    assert opened(tmp_path).source.read(0)["image"].shape == (2, 3, 3)


def test_sixteen_bits_are_reduced_by_rounding(tmp_path: Path) -> None:
    values = np.array([[0, 128, 129, 65535]], np.uint16)
    PillowImage.fromarray(values).save(tmp_path / "a.png")
    # 128 / 257 = 0.498 and 129 / 257 = 0.502
    assert opened(tmp_path).source.read(0)["image"][0, :, 0].tolist() == [0, 0, 1, 255]


def test_grey_and_colour_become_what_the_settings_ask(tmp_path: Path) -> None:
    PillowImage.fromarray(np.full((2, 2), 90, np.uint8)).save(tmp_path / "grey.png")
    PillowImage.fromarray(np.full((2, 2, 3), (255, 0, 0), np.uint8)).save(tmp_path / "red.png")
    colour, grey = (open_source(DataSettings(root=str(tmp_path), channels=n)).source for n in (3, 1))
    assert colour.read(0)["image"][0, 0].tolist() == [90, 90, 90]
    assert grey.read(1)["image"][0, 0].tolist() == [76]  # 0.299 x 255 = 76.2


def test_cmyk_becomes_rgb_and_transparency_is_dropped(tmp_path: Path) -> None:
    PillowImage.new("CMYK", (2, 2), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=100)
    PillowImage.new("RGBA", (2, 2), (10, 20, 30, 0)).save(tmp_path / "b.png")
    source = opened(tmp_path).source
    assert np.abs(source.read(0)["image"][0, 0].astype(int) - (255, 0, 0)).max() <= 3
    assert source.read(1)["image"][0, 0].tolist() == [10, 20, 30]


def test_a_picture_that_vanished_is_an_error_with_the_reason(tmp_path: Path) -> None:
    source = opened(write_pictures(tmp_path, 2)).source
    (tmp_path / "even/000.png").unlink()
    with pytest.raises(InputError, match="its bytes cannot be read: No such file"):
        source.read(0)
