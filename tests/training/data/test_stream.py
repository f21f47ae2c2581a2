"""Streams: the same batches whatever happens around them, honest splits, corrupt pictures named."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from tests.training.data.picture_cases import SIZE, recipe_for, same, spoil, write_pictures, zip_up

from retouch.errors import InputError, UsageError
from retouch.training.data.samples import Draw
from retouch.training.data.stream import MAKERS, Stream, build_maker, open_stream
from retouch.training.recipes.settings import DamageSettings, DataSettings

TRAIN_PHOTOS = Path(__file__).parents[4] / "shared" / "data" / "train-photos"
LEVELS = DamageSettings("level_squares", options={"levels_px": ((1, 3), (4, 6), (7, 9))})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("pictures"), 40)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def validation_names(stream: Stream) -> set[str]:
    return {name for batch in stream.validation() for name in batch.names}


def read_everything(stream: Stream) -> None:
    training_names(stream, 12)
    list(stream.validation())


def training_names(stream: Stream, n_batches: int) -> list[str]:
    return [name for number in range(n_batches) for name in stream.batch(number).names]


def test_a_batch_holds_pictures_and_masks_as_the_contract_says(folder: Path) -> None:
    batch = open_stream(recipe_for(folder)).batch(0)
    assert batch.image.shape == (4, 3, SIZE, SIZE)
    assert batch.mask.shape == (4, 1, SIZE, SIZE)
    assert batch.image.dtype == batch.mask.dtype == torch.float32
    assert batch.image.is_contiguous()
    assert 0 <= batch.image.min() < batch.image.max() <= 1


def test_a_batch_has_a_mask_of_zeros_and_ones_with_the_quarter_that_the_square_covers(folder: Path) -> None:
    mask = open_stream(recipe_for(folder)).batch(0).mask
    assert set(mask.flatten().tolist()) == {0, 1}
    assert mask.mean().item() == 0.25  # a square of 8 px in 16 px


def test_a_batch_is_the_same_whether_or_not_others_came_before_it(folder: Path) -> None:
    walked, jumped = open_stream(recipe_for(folder)), open_stream(recipe_for(folder))
    for number in range(7):
        walked.batch(number)
    assert same(walked.batch(7), jumped.batch(7))


@pytest.mark.parametrize("workers", [1, 3])
def test_a_batch_does_not_depend_on_the_number_of_threads(folder: Path, workers: int) -> None:
    alone, together = open_stream(recipe_for(folder)), open_stream(recipe_for(folder, workers=workers))
    assert all(same(alone.batch(number), together.batch(number)) for number in range(12))
    together.close()


def test_a_batch_does_not_depend_on_the_memory(folder: Path) -> None:
    large, none = open_stream(recipe_for(folder)), open_stream(recipe_for(folder, cache_mb=0))
    assert all(same(large.batch(number), none.batch(number)) for number in (0, 9, 10))


def test_a_batch_differs_with_the_seed(folder: Path) -> None:
    first, second = (open_stream(recipe_for(folder, run={"seed": seed})) for seed in (0, 1))
    assert first.batch(0).names != second.batch(0).names


def test_a_batch_of_grey_pictures_has_one_channel(folder: Path) -> None:
    assert open_stream(recipe_for(folder, channels=1)).batch(0).image.shape == (4, 1, SIZE, SIZE)


def test_a_batch_of_processes_that_share_the_numbers_belongs_to_the_step_of_all_of_them(folder: Path) -> None:
    growing = DamageSettings("growing", {"center_square": 1.0}, options={"lo": 0.05, "hi": 0.5, "grow_steps": 4})
    stream = open_stream(recipe_for(folder, damage=growing), n_processes=2)
    # numbers 8 and 9 are step 4 of two processes, the first step with the full share; a mask has 0.8 to 1 of it
    assert 0.4 <= stream.batch(8).mask.mean() <= 0.5
    assert stream.batch(6).mask.mean() < 0.4  # step 3: share 0.3875


def test_the_order_takes_every_training_picture_once_in_each_epoch(folder: Path) -> None:
    stream = open_stream(recipe_for(folder, run={"batch": 1}))
    n = 40 - len(validation_names(stream))
    epochs = [training_names(stream, n), [stream.batch(n + i).names[0] for i in range(n)]]
    assert len(set(epochs[0])) == len(set(epochs[1])) == n
    assert epochs[0] != epochs[1]


def test_the_order_never_trains_on_a_validation_picture(folder: Path) -> None:
    stream = open_stream(recipe_for(folder))
    assert not validation_names(stream) & set(training_names(stream, 20))


def test_the_order_goes_around_small_sets_within_one_batch(tmp_path: Path) -> None:
    stream = open_stream(recipe_for(write_pictures(tmp_path, 1), validation_share=0.0))
    assert stream.batch(0).names == ("even/000.png",) * 4


def test_validation_is_the_same_each_time_and_for_every_seed(folder: Path) -> None:
    streams = [open_stream(recipe_for(folder, run={"seed": seed})) for seed in (0, 5)]
    first, again, other = (
        list(streams[0].validation()),
        list(streams[0].validation()),
        list(streams[1].validation()),
    )
    assert all(same(a, b) and same(a, c) for a, b, c in zip(first, again, other, strict=True))


def test_validation_takes_no_more_pictures_than_asked_for(folder: Path) -> None:
    stream = open_stream(recipe_for(folder, validation_share=0.5, run={"validation_pictures": 6}))
    assert [len(batch) for batch in stream.validation()] == [4, 2]


def test_validation_has_every_class_even_with_fewer_pictures(folder: Path) -> None:
    recipe = recipe_for(folder, damage=LEVELS, run={"validation_pictures": 2})
    groups = [group for batch in open_stream(recipe).validation() for group in batch.groups]
    assert sorted(groups) == ["level_1", "level_2", "level_3"]


def test_validation_is_empty_without_a_share(folder: Path) -> None:
    assert not list(open_stream(recipe_for(folder, validation_share=0.0)).validation())


def test_validation_can_be_a_folder_of_its_own(folder: Path, tmp_path: Path) -> None:
    other = write_pictures(tmp_path, 3, first=100)
    stream = open_stream(recipe_for(folder, options={"validation_root": str(other)}))
    assert validation_names(stream) == {"even/100.png", "odd/101.png", "even/102.png"}
    assert len(set(training_names(stream, 10))) == 40  # all of the folder is for training


def test_validation_in_a_folder_of_its_own_must_share_no_picture_with_training(folder: Path, tmp_path: Path) -> None:
    other = write_pictures(tmp_path, 3, first=100)
    shutil.copy(folder / "odd" / "007.png", other / "innocent.png")
    with pytest.raises(InputError, match=r"share no picture, got 1 in both, such as odd/007\.png and innocent\.png"):
        open_stream(recipe_for(folder, options={"validation_root": str(other)}))


def test_validation_by_the_set_s_own_rule_must_share_no_picture_either(folder: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        shutil.copy(folder / "odd" / "007.png", tmp_path / f"{name}.png")
    (tmp_path / "manifest.csv").write_text("file,split\na.png,train\nb.png,val\n")
    with pytest.raises(InputError, match=r"such as a\.png and b\.png"):
        open_stream(recipe_for(tmp_path, layout="manifest"))


def test_validation_by_the_set_s_own_rule_is_followed(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "set")
    (tmp_path / "set" / "manifest.csv").write_text("file,split\nodd/007.png,val\neven/000.png,train\n")
    stream = open_stream(recipe_for(tmp_path / "set", layout="manifest"))
    assert validation_names(stream) == {"odd/007.png"}
    assert set(training_names(stream, 2)) == {"even/000.png"}


def test_validation_of_no_pictures_is_empty(folder: Path) -> None:
    assert not list(open_stream(recipe_for(folder, run={"validation_pictures": 0})).validation())


def test_validation_stays_what_it_is_when_pictures_are_added(tmp_path: Path) -> None:
    write_pictures(tmp_path, 40)
    before = open_stream(recipe_for(tmp_path))
    before_names, trained = validation_names(before), set(training_names(before, 20))
    write_pictures(tmp_path, 40, first=40)
    after_names = validation_names(open_stream(recipe_for(tmp_path)))
    assert before_names <= after_names
    assert not trained & after_names


def test_corrupt_pictures_up_to_the_share_are_skipped_and_named(tmp_path: Path) -> None:
    names = spoil(write_pictures(tmp_path, 100), 5)
    stream = open_stream(recipe_for(tmp_path, run={"batch": 25}))
    trained = training_names(stream, 8)
    list(stream.validation())
    assert sorted(stream.skipped) == names
    assert not set(names) & set(trained)
    assert all(
        "damaged" in reason or "cut short" in reason or "truncated" in reason for reason in stream.skipped.values()
    )


def test_corrupt_pictures_beyond_the_share_stop_the_run(tmp_path: Path) -> None:
    spoil(write_pictures(tmp_path, 100), 6)
    stream = open_stream(recipe_for(tmp_path, run={"batch": 25}))
    with pytest.raises(InputError, match=r"at most 0\.05 of the pictures may be unreadable, got 6 of 100 .*even/000"):
        read_everything(stream)


def test_corrupt_pictures_give_way_to_the_same_picture_in_every_run(tmp_path: Path) -> None:
    spoil(write_pictures(tmp_path, 40), 2)
    first, second = (open_stream(recipe_for(tmp_path, workers=workers)) for workers in (0, 2))
    assert all(same(first.batch(number), second.batch(number)) for number in (0, 9, 3, 4, 5, 6, 7, 8))
    second.close()


def test_corrupt_pictures_that_have_no_bytes_at_all_count_too(tmp_path: Path) -> None:
    write_pictures(tmp_path, 40)
    (tmp_path / "even" / "000.png").write_bytes(b"")
    stream = open_stream(recipe_for(tmp_path))
    training_names(stream, 12)
    list(stream.validation())
    assert list(stream.skipped) == ["even/000.png"]


def test_corrupt_pictures_stop_the_run_when_none_is_good(tmp_path: Path) -> None:
    spoil(write_pictures(tmp_path, 4), 4)
    with pytest.raises(InputError, match="none of the 3 training pictures can be read"):
        open_stream(recipe_for(tmp_path, max_corrupt_share=1.0)).batch(0)


def scored(folder: Path, workers: int = 0) -> Stream:
    stream = open_stream(recipe_for(folder, damage=LEVELS, workers=workers, run={"batch": 12}))
    stream.batch(0)  # so that the next ones are under way
    stream.feedback({"level_1": {"psnr": 40.0}, "level_2": {"psnr": 20.0}, "level_3": {"psnr": 10.0}})
    return stream


def test_the_state_decides_the_batches_after_a_feedback(folder: Path) -> None:
    groups = scored(folder).batch(1).groups
    # 1/40 : 1/20 : 1/10 = 1 : 2 : 4 of 12 = 1.71, 3.43, 6.86
    assert [groups.count(f"level_{i}") for i in (1, 2, 3)] == [2, 3, 7]


def test_the_state_throws_away_what_was_made_ahead(folder: Path) -> None:
    stream = scored(folder, workers=2)
    assert same(stream.batch(1), scored(folder).batch(1))
    stream.close()


def test_the_state_comes_back_from_a_checkpoint(folder: Path) -> None:
    before = scored(folder)
    after = open_stream(recipe_for(folder, damage=LEVELS, run={"batch": 12}))
    after.load_state_dict(before.state_dict())
    assert same(before.batch(5), after.batch(5))


def fingerprint_of(root: Path, **changes: Any) -> str:
    return open_stream(recipe_for(root, **changes)).fingerprint


def test_the_fingerprint_is_the_same_for_the_same_pictures_elsewhere(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    assert fingerprint_of(folder) == fingerprint_of(tmp_path / "copy", workers=3, cache_mb=5)


def test_the_fingerprint_changes_with_a_picture(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    write_pictures(tmp_path / "copy", 1, first=99)
    assert fingerprint_of(folder) != fingerprint_of(tmp_path / "copy")


def test_the_fingerprint_changes_with_the_settings(folder: Path) -> None:
    assert len({fingerprint_of(folder), fingerprint_of(folder, size_px=8), fingerprint_of(folder, damage=LEVELS)}) == 3


@pytest.mark.parametrize("packed", ["zip", "tar"])
def test_archives_give_the_batches_of_the_folder(folder: Path, packed: str) -> None:
    archive = zip_up(folder, packed)
    plain, from_archive = open_stream(recipe_for(folder)), open_stream(recipe_for(archive, workers=2))
    assert all(same(plain.batch(number), from_archive.batch(number)) for number in range(8))
    from_archive.close()


def test_settings_can_name_no_kind_that_has_no_maker() -> None:
    kinds = get_args(get_type_hints(DataSettings)["kind"])
    assert set(kinds) <= set(MAKERS)


def test_settings_of_an_unknown_layout_are_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="unknown layout of data 'foldr'; did you mean 'folder'"):
        open_stream(recipe_for(folder, layout="foldr"))


def test_settings_of_noise_for_pictures_to_be_filled_are_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="'denoise' and the curriculum 'noise' go together"):
        open_stream(recipe_for(folder, damage=DamageSettings("noise")))


def test_settings_that_leave_nothing_to_train_on_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="validation_share = 0"):
        open_stream(recipe_for(write_pictures(tmp_path, 1)))


def test_settings_of_a_rule_to_split_by_names_hash_names(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "odd" / "007.png", tmp_path / "a.png")
    shutil.copy(folder / "odd" / "007.png", tmp_path / "b.png")
    stream = open_stream(recipe_for(tmp_path, options={"split_by": "name"}))
    assert len(validation_names(stream)) == 1  # by content both would be on the same side, and nothing left


def test_settings_with_an_unknown_option_are_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="unknown option of the data 'strucutre'; did you mean 'structure'"):
        open_stream(recipe_for(folder, options={"strucutre": {}}))


def test_settings_of_a_drawn_set_need_no_files() -> None:
    stream = open_stream(recipe_for("synthetic:toy_faces", options={"pictures": 20}))
    assert stream.batch(0).image.shape == (4, 3, SIZE, SIZE)
    assert stream.batch(0).names[0].startswith("toy_faces/0/")


def test_settings_say_how_many_pictures_were_scaled_up(tmp_path: Path) -> None:
    stream = open_stream(recipe_for(write_pictures(tmp_path, 2, shape=(8, 40)), validation_share=0.0))
    stream.batch(0)
    assert stream.notes == ("2 of 2 pictures are smaller than 16 px and were scaled up",)


def test_structure_comes_at_its_scale_and_as_it_is_cut(folder: Path) -> None:
    options = {"structure": {"scale": 4, "known": True}}
    batch = open_stream(recipe_for(folder, options=options, resize="none")).batch(0)
    assert batch.tensors["structure"].shape == batch.tensors["known_structure"].shape == (4, 3, 4, 4)
    blocks = torch.nn.functional.avg_pool2d(batch.image, 4)
    # smoothing moves noise towards the mean of the picture, not away from the blocks that it came from
    assert (batch.tensors["structure"] - blocks).abs().mean() < 0.1


def test_structure_of_the_known_part_is_nothing_where_blocks_are_missing(folder: Path) -> None:
    options = {"structure": {"scale": 4, "known": True}}
    known = open_stream(recipe_for(folder, options=options)).batch(0).tensors["known_structure"]
    assert (known[:, :, 1:3, 1:3] == 0).all()  # the centred square of 8 px covers the four blocks in the middle
    assert (known[:, :, 0] > 0).all()


def test_structure_of_a_scale_that_does_not_divide_the_side_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="scale divides size_px = 16"):
        open_stream(recipe_for(folder, options={"structure": {"scale": 3}}))


def test_masks_from_files_need_no_opencv(tmp_path: Path) -> None:
    write_pictures(tmp_path / "pictures", 5)
    (tmp_path / "masks").mkdir()
    PillowImage.fromarray(np.eye(16, dtype=np.uint8) * 255).save(tmp_path / "masks" / "m.png")
    program = (
        "import sys; sys.modules['cv2'] = None\n"
        "from retouch.training.data.stream import open_stream\n"
        "from retouch.training.recipes.settings import DamageSettings\n"
        "from tests.training.data.picture_cases import recipe_for\n"
        "damage = DamageSettings('masks', root=sys.argv[2])\n"
        "print(open_stream(recipe_for(sys.argv[1], damage=damage)).batch(0).mask.sum().item())"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "pictures"), str(tmp_path / "masks")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.stdout == "64.0\n", ran.stderr  # four masks with a diagonal of 16 px


@pytest.mark.shared
@pytest.mark.skipif(not TRAIN_PHOTOS.exists(), reason="../shared/data/train-photos is not here")
def test_the_open_photographs_alone_can_be_trained_on() -> None:
    recipe = recipe_for(TRAIN_PHOTOS, layout="manifest", options={"licence_class": "open"}, size_px=64)
    maker = build_maker(recipe)
    assert len(maker.source) == 1819  # as the set's README counts them
    assert maker.make(0, Draw((0,), group="center_square")).tensors["image"].shape == (3, 64, 64)
