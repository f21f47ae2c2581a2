"""The pictures, masks and preparations of an evaluation."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retouch.errors import InputError, UsageError
from retouch.evaluation.cases.conditions import Case, Condition, list_cases, load_case, mask_conditions
from retouch.evaluation.cases.masks import MaskSource, list_library, parse_mask_source
from retouch.evaluation.cases.pictures import list_pictures, read_8_bits
from retouch.evaluation.cases.preparation import find_preparation, resize_mask

AS_IS = find_preparation("as-is")


def write_picture(path: Path, width: int = 24, height: int = 16, seed: int = 0) -> Path:
    """Write random colours and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)).save(path)
    return path


def write_mask(path: Path, n_missing_rows: int, width: int = 24, height: int = 16) -> Path:
    """Write a mask whose first rows are missing and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = np.zeros((height, width), np.uint8)
    mask[:n_missing_rows] = 255
    Image.fromarray(mask).save(path)
    return path


def names(folder: Path) -> list[str]:
    """Return the names of the pictures that are found."""
    return [entry.name for entry in list_pictures(folder)]


def test_pictures_of_all_folders_below_come_sorted_by_path(tmp_path: Path) -> None:
    for name in ("b/2.png", "b/1.png", "a.png"):
        write_picture(tmp_path / name)
    assert names(tmp_path) == ["a.png", "b/1.png", "b/2.png"]


def test_hidden_files_and_other_files_are_left_out(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png")
    write_picture(tmp_path / ".cache" / "b.png")
    (tmp_path / "notes.txt").write_text("no picture")
    assert names(tmp_path) == ["a.png"]


def test_masks_that_lie_beside_their_pictures_are_no_pictures(tmp_path: Path) -> None:
    for name in ("a.png", "a_mask.png", "b.png", "b_mask000.png", "unmasked_maskerade.png"):
        write_picture(tmp_path / name)
    assert names(tmp_path) == ["a.png", "b.png", "unmasked_maskerade.png"]


def test_a_list_names_one_picture_a_line_and_may_have_more_columns(tmp_path: Path) -> None:
    write_picture(tmp_path / "pictures" / "b.png")
    write_picture(tmp_path / "pictures" / "a.png")
    (tmp_path / "test.flist").write_text("# order counts\npictures/b.png masks/1.png\n\npictures/a.png\n")
    assert names(tmp_path / "test.flist") == ["b.png", "a.png"]


def test_a_list_with_a_missing_picture_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "test.txt").write_text("gone.png\n")
    with pytest.raises(InputError, match=r"1 of the 1 pictures .* the first: .*gone\.png"):
        list_pictures(tmp_path / "test.txt")


def test_paths_in_a_list_may_hold_blanks(tmp_path: Path) -> None:
    write_picture(tmp_path / "my picture.png")
    (tmp_path / "test.txt").write_text("my picture.png\n")
    assert names(tmp_path / "test.txt") == ["my picture.png"]


def test_a_list_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "test.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="one path a line"):
        list_pictures(tmp_path / "test.txt")


def test_results_of_an_evaluation_among_the_pictures_are_no_pictures(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png")
    write_picture(tmp_path / "scores" / "results" / "telea" / "brush" / "00000-a.png")
    (tmp_path / "scores" / "items.jsonl").touch()
    assert names(tmp_path) == ["a.png"]
    assert len(names(tmp_path / "scores")) == 1  # asked for by name, they are


def test_an_empty_folder_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no picture found"):
        list_pictures(tmp_path)
    with pytest.raises(InputError, match="that exists"):
        list_pictures(tmp_path / "gone")


def test_each_picture_is_known_by_the_hash_of_its_file(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "a.png")
    assert list_pictures(tmp_path)[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_limit_takes_the_first_pictures(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.png"):
        write_picture(tmp_path / name)
    assert [entry.name for entry in list_pictures(tmp_path, limit=2)] == ["a.png", "b.png"]


def test_deep_values_are_rounded_to_8_bits(tmp_path: Path) -> None:
    """65535 / 257 is 255, and 385 / 257 is 1.498, which rounds to 1."""
    Image.fromarray(np.array([[0, 385, 65535]], np.uint16)).save(tmp_path / "deep.png")
    assert read_8_bits(tmp_path / "deep.png")[:, :, 0].tolist() == [[0, 1, 255]]


@pytest.mark.parametrize("name", ["gdn256", "edgeconnect256", "square:256"])
def test_prepared_pictures_have_the_stated_size(name: str) -> None:
    preparation = find_preparation(name)
    pixels = np.zeros((300, 280, 3), np.uint8)
    window = preparation.window(300, 280, np.random.default_rng(0))
    assert preparation.picture(pixels, window).shape == (256, 256, 3)
    assert preparation.mask(np.zeros((300, 280), bool), window).shape == (256, 256)


def test_a_central_square_keeps_the_middle() -> None:
    """Of 5 columns and 3 rows the middle three columns are kept: 1, 2 and 3."""
    pixels = np.tile(np.arange(5, dtype=np.uint8)[None, :, None], (3, 1, 1))
    preparation = find_preparation("square:3")
    window = preparation.window(3, 5, np.random.default_rng(0))
    assert preparation.picture(pixels, window)[0, :, 0].tolist() == [1, 2, 3]


def test_a_random_crop_comes_from_its_generator_alone_and_cuts_picture_and_mask_alike() -> None:
    preparation = find_preparation("crop:8")
    pixels = np.random.default_rng(1).integers(0, 2, (20, 30, 1), np.uint8)
    windows = [preparation.window(20, 30, np.random.default_rng(seed)) for seed in (5, 5, 6)]
    assert windows[0] == windows[1] != windows[2]
    cut = preparation.picture(pixels, windows[0])[:, :, 0]
    assert np.array_equal(cut.astype(bool), preparation.mask(pixels[:, :, 0].astype(bool), windows[0]))


def test_a_crop_larger_than_the_picture_is_refused() -> None:
    with pytest.raises(InputError, match=r"needs 512 px a side, got a picture of 30x20"):
        find_preparation("thesis512").window(20, 30, np.random.default_rng(0))


def test_an_unknown_preparation_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'gdn256'"):
        find_preparation("gdn265")


def test_a_resized_mask_takes_the_nearest_pixel() -> None:
    """Pixel centres of 2 in 4 columns lie at 1 and 3 of 4, so columns 0, 0, 1, 1 the other way and 1, 3 this way."""
    assert resize_mask(np.array([[True, False]]), 1, 4).tolist() == [[True, True, False, False]]
    assert resize_mask(np.array([[False, True, False, True]]), 1, 2).tolist() == [[True, True]]


def test_a_family_gives_picture_i_mask_i_whatever_pictures_come_before(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        write_picture(tmp_path / name, 64, 64)
    conditions = mask_conditions([parse_mask_source("brush")], [(0.1, 0.2)])
    cases = list_cases(list_pictures(tmp_path), conditions)
    masks = [load_case(case, AS_IS, seed=0).mask for case in cases]
    moved = load_case(Case(1, cases[0].entry, conditions[0]), AS_IS, seed=0).mask
    assert masks[0] is not None
    assert masks[1] is not None
    assert moved is not None
    assert np.array_equal(moved, masks[1])
    assert not np.array_equal(masks[0], masks[1])
    assert all(0.1 < mask.mean() <= 0.2 for mask in masks if mask is not None)


def test_a_library_is_sorted_into_bins_by_its_ratios_and_goes_round(tmp_path: Path) -> None:
    """Of 16 rows 2, 4 and 5 are missing: 0.125, 0.25 and 0.3125; the bin (0.2, 0.3125] is closed above."""
    for name, rows in (("1.png", 2), ("2.png", 4), ("3.png", 5)):
        write_mask(tmp_path / "masks" / name, rows)
    folder = tmp_path / "masks"
    assert [file.name for file in list_library(folder, (0.2, 0.3125))] == ["2.png", "3.png"]
    for name in ("a.png", "b.png", "c.png"):
        write_picture(tmp_path / "pictures" / name)
    source = MaskSource("nvidia", "nvidia", folder)
    cases = list_cases(list_pictures(tmp_path / "pictures"), [Condition(source, (0.2, 0.3125))])
    assert [case.mask_file.name for case in cases if case.mask_file] == ["2.png", "3.png", "2.png"]


def test_a_library_without_a_mask_in_the_bin_is_refused(tmp_path: Path) -> None:
    write_mask(tmp_path / "1.png", 2)
    with pytest.raises(InputError, match="no mask in"):
        list_library(tmp_path, (0.5, 0.6))


def test_masks_of_a_library_are_resized_to_the_picture(tmp_path: Path) -> None:
    write_mask(tmp_path / "masks" / "1.png", 4)
    write_picture(tmp_path / "pictures" / "a.png", 48, 32)
    conditions = mask_conditions([parse_mask_source(f"nvidia:{tmp_path / 'masks'}")], [])
    case = list_cases(list_pictures(tmp_path / "pictures"), conditions)[0]
    mask = load_case(case, AS_IS, seed=0).mask
    assert mask is not None
    assert mask.shape == (32, 48)
    assert mask.sum() == 8 * 48


@pytest.mark.parametrize("name", ["a.png", "a_mask.png", "a_mask000.png"])
def test_a_pair_is_found_by_the_name_of_the_picture(name: str, tmp_path: Path) -> None:
    write_picture(tmp_path / "pictures" / "a.jpg")
    write_mask(tmp_path / "masks" / name, 4)
    conditions = mask_conditions([parse_mask_source(f"pairs:{tmp_path / 'masks'}")], [])
    case = list_cases(list_pictures(tmp_path / "pictures"), conditions)[0]
    assert load_case(case, AS_IS, seed=0).mask is not None


def test_pictures_of_one_name_in_two_folders_have_their_own_masks(tmp_path: Path) -> None:
    for folder, rows in (("a", 2), ("b", 5)):
        write_picture(tmp_path / folder / "x.png")
        write_mask(tmp_path / folder / "x_mask.png", rows)
    conditions = mask_conditions([parse_mask_source(f"pairs:{tmp_path}")], [])
    cases = list_cases(list_pictures(tmp_path), conditions)
    assert [(case.entry.name, case.mask_file) for case in cases] == [
        ("a/x.png", tmp_path / "a" / "x_mask.png"),
        ("b/x.png", tmp_path / "b" / "x_mask.png"),
    ]


def test_a_mask_that_could_be_that_of_two_pictures_is_that_of_neither(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_picture(tmp_path / "pictures" / folder / "x.png")
    write_mask(tmp_path / "masks" / "x.png", 2)
    conditions = mask_conditions([parse_mask_source(f"pairs:{tmp_path / 'masks'}")], [])
    cases = list_cases(list_pictures(tmp_path / "pictures"), conditions)
    assert all("no mask of this picture" in case.problem for case in cases)


def test_a_pair_of_another_size_is_refused_and_never_resized(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", 48, 32)
    write_mask(tmp_path / "a_mask.png", 4)
    conditions = mask_conditions([parse_mask_source(f"pairs:{tmp_path}")], [])
    case = list_cases(list_pictures(tmp_path), conditions)[0]
    with pytest.raises(InputError, match="image 48x32 and mask 24x16"):
        load_case(case, AS_IS, seed=0)


def test_pairs_belong_to_the_bin_of_their_ratio(tmp_path: Path) -> None:
    for name, rows in (("a", 2), ("b", 5)):
        write_picture(tmp_path / f"{name}.png")
        write_mask(tmp_path / f"{name}_mask.png", rows)
    conditions = mask_conditions([parse_mask_source(f"pairs:{tmp_path}")], [(0.3, 0.4)])
    assert [case.entry.name for case in list_cases(list_pictures(tmp_path), conditions)] == ["b.png"]


def test_a_picture_without_its_mask_is_a_case_that_says_so(tmp_path: Path) -> None:
    write_picture(tmp_path / "pictures" / "a.png")
    write_mask(tmp_path / "masks" / "other.png", 2)
    conditions = mask_conditions([parse_mask_source(f"pairs:{tmp_path / 'masks'}")], [])
    case = list_cases(list_pictures(tmp_path / "pictures"), conditions)[0]
    with pytest.raises(InputError, match="no mask of this picture"):
        load_case(case, AS_IS, seed=0)


def test_an_empty_mask_is_no_case(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png")
    write_mask(tmp_path / "a_mask.png", 0)
    case = list_cases(list_pictures(tmp_path), mask_conditions([parse_mask_source(f"pairs:{tmp_path}")], []))[0]
    with pytest.raises(InputError, match="nothing to fill"):
        load_case(case, AS_IS, seed=0)


def test_unknown_mask_sources_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'brush'"):
        parse_mask_source("brosh")
    with pytest.raises(UsageError, match="nvidia:FOLDER"):
        parse_mask_source(f"folder:{tmp_path}")
    with pytest.raises(InputError, match="folder that exists"):
        parse_mask_source(f"nvidia:{tmp_path / 'gone'}")


def test_the_damaged_picture_does_not_show_the_truth_under_the_mask(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png")
    write_mask(tmp_path / "a_mask.png", 4)
    case = list_cases(list_pictures(tmp_path), mask_conditions([parse_mask_source(f"pairs:{tmp_path}")], []))[0]
    loaded = load_case(case, AS_IS, seed=0)
    assert not loaded.damaged[:4].any()
    assert np.array_equal(loaded.damaged[4:], loaded.truth[4:])


def test_noise_depends_on_seed_and_number_of_the_picture_only(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png")
    condition = Condition(noise="awgn", sigma=25 / 255)
    entry = list_pictures(tmp_path)[0]
    first, again, other = (load_case(Case(i, entry, condition), AS_IS, seed=0).noisy for i in (0, 0, 1))
    assert first is not None
    assert again is not None
    assert other is not None
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_labels_say_what_the_damage_is() -> None:
    assert Condition(MaskSource("family", "brush"), (0.1, 0.2)).label == "brush 0.1-0.2"
    assert Condition(noise="awgn", sigma=25 / 255).label == "awgn 25"
    assert Condition(MaskSource("family", "brush"), (0.1, 0.2)).folder == "brush_0.1-0.2"
