"""Clips: frames in order, cut alike, with captions or a partner."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.training.data.tasks.recipes import TRAINING, VALIDATION, noise, recipe_of, save

from retouch.errors import InputError
from retouch.training.data.samples import Draw, Maker
from retouch.training.data.tasks.clips import ClipFiles, build_clips, find_clips

N_FRAMES = 12


def write_clip(folder: Path, first: int = 0, count: int = N_FRAMES) -> None:
    """Write frames whose brightness is their number."""
    for number in range(count):
        save(folder / f"{number + 1:05d}.png", np.full((20, 24, 3), 10 * (first + number), np.uint8))


def test_clips_are_folders_of_frames_or_runs_of_numbers(tmp_path: Path) -> None:
    write_clip(tmp_path / "a")
    write_clip(tmp_path / "b", count=3)
    for number in (10, 9, 2):
        save(tmp_path / f"walk_{number}.png", noise(20, 24, number))
    found = {clip.name: [entry.name for entry in clip.clean] for clip in find_clips(tmp_path)}
    assert {name: len(frames) for name, frames in found.items()} == {"a": N_FRAMES, "b": 3, "walk": 3}
    assert found["walk"] == ["walk_2.png", "walk_9.png", "walk_10.png"]  # by number, not by name


def test_a_sample_is_successive_frames_with_a_caption(tmp_path: Path) -> None:
    write_clip(tmp_path / "a")
    maker = build_clips(recipe_of("clips", tmp_path, {"frames": 5, "stride": 2}))
    assert isinstance(maker, Maker)
    tensors = maker.make(0, TRAINING).tensors
    assert tensors["frames"].shape == tensors["damaged_frames"].shape == (5, 3, 16, 16)
    assert tensors["frame_masks"].shape == (5, 1, 16, 16)
    steps = np.diff(tensors["frames"][:, 0, 0, 0].astype(int))
    assert steps.tolist() == [20] * 4  # every second frame, 10 levels each


def test_pixels_without_a_caption_are_the_clean_ones(tmp_path: Path) -> None:
    write_clip(tmp_path / "a")
    maker = build_clips(recipe_of("clips", tmp_path, {"frames": 3}, size_px=20))
    for number in range(5):
        tensors = maker.make(0, Draw((number,))).tensors
        elsewhere = np.broadcast_to(~tensors["frame_masks"], tensors["frames"].shape)
        np.testing.assert_array_equal(tensors["frames"][elsewhere], tensors["damaged_frames"][elsewhere])
        assert (tensors["frames"] != tensors["damaged_frames"]).any()


def test_the_middle_frame_stands_for_the_clip(tmp_path: Path) -> None:
    write_clip(tmp_path / "a")
    tensors = build_clips(recipe_of("clips", tmp_path, {"frames": 5})).make(0, VALIDATION).tensors
    np.testing.assert_array_equal(tensors["image"], tensors["frames"][2])
    np.testing.assert_array_equal(tensors["damaged"], tensors["damaged_frames"][2])
    np.testing.assert_array_equal(tensors["mask"], tensors["frame_masks"][2])
    # 12 frames leave room for 8 windows of 5: validation takes the one from frame 4 on
    assert tensors["frames"][0, 0, 0, 0] == 40


def test_short_clips_are_mirrored(tmp_path: Path) -> None:
    write_clip(tmp_path / "a", count=3)
    tensors = build_clips(recipe_of("clips", tmp_path, {"frames": 7})).make(0, VALIDATION).tensors
    assert (tensors["frames"][:, 0, 0, 0] // 10).tolist() == [0, 1, 2, 1, 0, 1, 2]


def test_partners_lie_in_two_folders(tmp_path: Path) -> None:
    write_clip(tmp_path / "Y" / "one")
    write_clip(tmp_path / "X" / "one", first=5)
    maker = build_clips(recipe_of("clips", tmp_path, {"damaged": "X", "clean": "Y", "frames": 2}))
    assert maker.source.name(0) == "one"
    tensors = maker.make(0, TRAINING).tensors
    np.testing.assert_array_equal(tensors["damaged_frames"], tensors["frames"] + 50)
    assert "frame_masks" not in tensors  # nobody says where the captions are


def test_a_broken_frame_and_partners_of_unequal_length_are_named(tmp_path: Path) -> None:
    write_clip(tmp_path / "Y" / "one")
    write_clip(tmp_path / "X" / "one", count=4)
    write_clip(tmp_path / "Y" / "two")
    write_clip(tmp_path / "X" / "two")
    (tmp_path / "Y" / "two" / "00002.png").write_bytes(b"no picture")
    source = ClipFiles(find_clips(tmp_path, "X", "Y"))
    with pytest.raises(InputError, match=r"as many frames, got 4 and 12"):
        source.read(0)
    with pytest.raises(InputError, match=r"its frame Y/two/00002.png"):
        source.read(1)


def test_drawn_clips_have_masks(tmp_path: Path) -> None:
    maker = build_clips(recipe_of("clips", "synthetic:toy_clips", {"frames": 3, "pictures": 5}, size_px=32))
    tensors = maker.make(4, TRAINING).tensors
    assert tensors["frames"].shape == (3, 3, 32, 32)
    elsewhere = np.broadcast_to(~tensors["frame_masks"], tensors["frames"].shape)
    np.testing.assert_array_equal(tensors["frames"][elsewhere], tensors["damaged_frames"][elsewhere])


def test_a_folder_without_frames_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"video")
    with pytest.raises(InputError, match=r"unpack each video"):
        find_clips(tmp_path)


@pytest.mark.parametrize("options", [{"frames": 0}, {"stride": 0}])
def test_counts_below_one_are_refused(tmp_path: Path, options: dict[str, int]) -> None:
    with pytest.raises(InputError, match=r"must be 1 or more"):
        build_clips(recipe_of("clips", tmp_path, options))


@pytest.mark.shared
def test_a_published_clip_is_read_in_order() -> None:
    root = Path(__file__).parents[5] / "shared" / "data" / "video" / "bmx-trees"
    if not root.is_dir():
        pytest.skip(f"needs {root}, which is not here")
    maker = build_clips(recipe_of("clips", root, {"frames": 5}, size_px=64))
    assert isinstance(maker.source, ClipFiles)
    assert maker.source.length(0) == 80
    frames = maker.make(0, VALIDATION).tensors["frames"].astype(float)
    steps = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3))
    assert np.abs(frames[4] - frames[0]).mean() > steps.min()  # frames drift apart
