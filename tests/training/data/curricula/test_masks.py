"""What all curricula of masks keep to, and what each adds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage
from tests.training.data.curricula.drawing import SIDE, build, draw_masks, draw_validation

from retouch.arrays.types import Mask
from retouch.errors import InputError, UsageError
from retouch.training.data.curricula.listing import CURRICULA, build_curriculum
from retouch.training.data.curricula.ratios import grown_share, moved_to
from retouch.training.recipes.settings import DamageSettings

FAST = {"families": {"brush": 0.5, "blob": 0.5}}
QUICK_BINS = {"bins": ((0.05, 0.2), (0.2, 0.5)), **FAST}
ALL: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "families": (FAST, {}),
    "thin": ({}, {}),
    "random_pixels": ({}, {"ratio": (0.0, 1.0)}),
    "ratio_bins": (QUICK_BINS, {"quick": True}),
    "growing": (FAST, {}),
    "centre_and_free_form": ({}, {}),
    "quadrant": ({}, {}),
    "level_squares": ({}, {}),
}


def save_mask(path: Path, mask: Mask) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    PillowImage.fromarray(mask.astype(np.uint8) * 255).save(path)


def rows(n: int, side: int = SIDE) -> Mask:
    """Return a mask whose first n rows are missing."""
    mask = np.zeros((side, side), np.bool_)
    mask[:n] = True
    return mask


def from_files(folder: Path, *, bins: tuple[tuple[float, float], ...] = (), **options: Any) -> Any:
    return build("masks", settings={"root": str(folder), "bins": bins}, **options)


@pytest.mark.parametrize("name", ALL)
def test_no_mask_covers_everything_or_nothing(name: str) -> None:
    settings, options = ALL[name]
    drawn = draw_masks(build(name, settings=settings, **options), 24)
    assert all(0 < mask.sum() < mask.size for _, mask in drawn)


@pytest.mark.parametrize("name", ALL)
def test_masks_are_the_same_again(name: str) -> None:
    settings, options = ALL[name]
    first, again = (draw_masks(build(name, settings=settings, **options), 6, step=3) for _ in range(2))
    assert all(a[0] == b[0] and np.array_equal(a[1], b[1]) for a, b in zip(first, again, strict=True))


@pytest.mark.parametrize("name", ALL)
def test_validation_has_every_class(name: str) -> None:
    settings, options = ALL[name]
    curriculum = build(name, settings=settings, **options)
    assert {group for group, _ in draw_validation(curriculum, 8)} == set(curriculum.classes)


def test_every_curriculum_has_a_name_of_its_own() -> None:
    assert len({line.name for line in CURRICULA}) == len(CURRICULA)


def test_an_unknown_curriculum_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="unknown curriculum 'quadrants'; did you mean 'quadrant'"):
        build("quadrants")


@pytest.mark.parametrize("name", [*ALL, "noise", "none"])
def test_an_unknown_option_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"unknown option of the curriculum '{name}' 'colour'"):
        build(name, colour=3)


def test_families_come_by_their_shares() -> None:
    curriculum = build("families", settings={"families": {"brush": 3.0, "center_square": 1.0}})
    counts = Counter(group for number in range(100) for group in curriculum.training_groups(number, 10))
    assert abs(counts["brush"] - 750) < 60  # 1000 x 3 / 4; the standard deviation is 13.7


def test_validation_has_families_in_proportion() -> None:
    curriculum = build("families", settings={"families": {"brush": 3.0, "center_square": 1.0}})
    assert Counter(curriculum.validation_groups(8)) == {"brush": 6, "center_square": 2}


def test_options_of_a_family_reach_it() -> None:
    settings = {"families": {"center_square": 1.0}}
    curriculum = build("families", settings=settings, family_options={"center_square": {"ratio": 0.0625}})
    assert draw_masks(curriculum, 1)[0][1].sum() == 256  # (64 / 4)^2


def test_options_of_a_family_that_is_not_drawn_are_refused() -> None:
    with pytest.raises(UsageError, match="for families that are drawn, brush, got blob"):
        build("families", settings={"families": {"brush": 1.0}}, family_options={"blob": {}})


@pytest.mark.parametrize("shares", [{}, {"brush": 0.0}, {"brush": -1.0}, {"brush": float("inf")}])
def test_shares_that_are_no_shares_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="shares must be numbers above 0"):
        build("families", settings={"families": shares})


def test_an_unknown_family_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match="unknown mask family 'brsh'; did you mean 'brush'"):
        build("families", settings={"families": {"brsh": 1.0}})


def test_thin_damage_takes_other_shares() -> None:
    assert build("thin", shares={"scratch": 1.0}).classes == ("scratch",)


def test_single_pixels_are_lost_with_the_stated_chance() -> None:
    masks = draw_masks(build("random_pixels", ratio=(0.3, 0.3)), 10)
    share = np.mean([mask.mean() for _, mask in masks])
    assert abs(share - 0.3) < 0.01  # 40,960 pixels: the standard deviation is 0.0023


@pytest.mark.parametrize("options", [{"quick": True}, {"pool": 3}, {"pool": 0}])
def test_every_mask_lies_in_its_bin(options: dict[str, Any]) -> None:
    settings = {"families": {"brush": 1.0}, "bins": ((0.05, 0.2), (0.2, 0.4))}
    for group, mask in draw_masks(build("ratio_bins", settings=settings, **options), 12):
        low, high = map(float, group.split("-"))
        assert low < mask.mean() <= high


def test_bins_come_evenly() -> None:
    curriculum = build("ratio_bins", settings=QUICK_BINS)
    counts = Counter(group for number in range(100) for group in curriculum.training_groups(number, 10))
    assert abs(counts["0.05-0.2"] - 500) < 65  # four standard deviations of 15.8


def test_a_pool_has_no_more_masks_than_it_says_but_for_their_eight_positions() -> None:
    curriculum = build("ratio_bins", settings={"families": {"brush": 1.0}, "bins": ((0.1, 0.3),)}, pool=1)
    masks = [mask for _, mask in draw_masks(curriculum, 40)]
    assert 1 < len({mask.tobytes() for mask in masks}) <= 8
    assert len({int(mask.sum()) for mask in masks}) == 1


def test_the_six_bins_of_the_test_masks_are_the_default() -> None:
    assert build("ratio_bins").classes == ("0.01-0.1", "0.1-0.2", "0.2-0.3", "0.3-0.4", "0.4-0.5", "0.5-0.6")


@pytest.mark.parametrize("ratio_bin", [(0.5, 0.2), (0.2, 1.0), (0.00001, 0.00002)])
def test_a_bin_that_holds_nothing_is_refused(ratio_bin: tuple[float, float]) -> None:
    with pytest.raises(UsageError, match="hold at least one pixel"):
        build("ratio_bins", settings={"bins": (ratio_bin,)})


@pytest.mark.parametrize(("step", "share"), [(0, 0.1), (500, 0.3), (1000, 0.5), (5000, 0.5)])
def test_holes_grow_linearly_and_then_stay(step: int, share: float) -> None:
    assert grown_share(step, 0.1, 0.5, 1000) == pytest.approx(share)
    curriculum = build("growing", settings=FAST, lo=0.1, hi=0.5, grow_steps=1000)
    for _, mask in draw_masks(curriculum, 5, step=step):
        assert 0.8 * share - 1e-3 <= mask.mean() <= share + 1e-3


def test_growing_holes_are_judged_on_three_fixed_shares() -> None:
    curriculum = build("growing", settings=FAST, lo=0.1, hi=0.5)
    for group, mask in draw_validation(curriculum, 6):
        share = float(group.removeprefix("share_"))
        assert share in (0.1, 0.3, 0.5)
        assert 0.8 * share - 1e-3 <= mask.mean() <= share + 1e-3


def test_holes_that_shrink_are_refused() -> None:
    with pytest.raises(UsageError, match="lo <= hi"):
        build("growing", settings=FAST, lo=0.5, hi=0.1)


@pytest.mark.parametrize("n_missing", [1, 15, 16, 17, 40, 63])
def test_a_mask_is_moved_to_exactly_so_many_pixels(n_missing: int) -> None:
    square = np.zeros((8, 8), np.bool_)
    square[2:6, 2:6] = True
    moved = moved_to(square, n_missing, np.random.default_rng(0))
    assert moved.sum() == n_missing
    assert (moved <= square).all() if n_missing <= 16 else (moved >= square).all()


def test_centre_and_strokes_come_by_their_shares_and_the_centre_is_a_quarter() -> None:
    drawn = draw_masks(build("centre_and_free_form", centre_share=0.5), 30)
    centre = np.zeros((SIDE, SIDE), np.bool_)
    centre[16:48, 16:48] = True
    assert all(np.array_equal(mask, centre) for group, mask in drawn if group == "centre")
    assert {group for group, _ in drawn} == {"centre", "free_form"}


@pytest.mark.parametrize("corner", ["top_left", "bottom_right"])
def test_the_corner_is_always_the_same(corner: str) -> None:
    expected = np.zeros((SIDE, SIDE), np.bool_)
    half = slice(0, 32) if corner == "top_left" else slice(32, 64)
    expected[half, half] = True
    assert all(np.array_equal(mask, expected) for _, mask in draw_masks(build("quadrant", corner=corner), 5))


def test_a_corner_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown corner of the curriculum 'quadrant' 'top'; did you mean 'top_left'"):
        build("quadrant", corner="top")


def test_a_mask_file_of_the_sample_s_size_is_taken_as_it_is(tmp_path: Path) -> None:
    save_mask(tmp_path / "a.png", rows(10))
    assert np.array_equal(draw_masks(from_files(tmp_path, flip=False), 1)[0][1], rows(10))


def test_a_larger_mask_file_is_scaled_or_cut(tmp_path: Path) -> None:
    save_mask(tmp_path / "a.png", rows(64, 2 * SIDE))
    assert np.array_equal(draw_masks(from_files(tmp_path, flip=False), 1)[0][1], rows(32))
    cut = [mask for _, mask in draw_masks(from_files(tmp_path, flip=False, fit="crop"), 20)]
    assert len({int(mask.sum()) for mask in cut}) > 5  # rows 0-63 of 128, seen through windows of 64


def test_black_can_mean_missing(tmp_path: Path) -> None:
    save_mask(tmp_path / "a.png", rows(10))
    assert np.array_equal(draw_masks(from_files(tmp_path, flip=False, invert=True), 1)[0][1], ~rows(10))


def test_masks_are_mirrored_and_turned(tmp_path: Path) -> None:
    save_mask(tmp_path / "a.png", rows(10))
    sides = {mask.tobytes() for _, mask in draw_masks(from_files(tmp_path), 40)}
    assert len(sides) == 4  # ten rows at the top, at the bottom, on the left or on the right


def test_holes_grow_by_a_box(tmp_path: Path) -> None:
    dot = np.zeros((SIDE, SIDE), np.bool_)
    dot[30, 30] = True
    save_mask(tmp_path / "a.png", dot)
    assert draw_masks(from_files(tmp_path, grow_px=(5, 5)), 1)[0][1].sum() == 25


def test_masks_turned_and_enlarged_stay_masks(tmp_path: Path) -> None:
    save_mask(tmp_path / "a.png", rows(30, 80))
    drawn = draw_masks(from_files(tmp_path, rotate_deg=180, scale=(1.5, 1.5), grow_px=(1, 15), fit="crop"), 20)
    assert all(0 < mask.sum() < mask.size for _, mask in drawn)
    assert len({mask.tobytes() for _, mask in drawn}) > 10


def test_mask_files_come_evenly_from_bins(tmp_path: Path) -> None:
    for n in (2, 3, 20, 50):
        save_mask(tmp_path / f"{n}.png", rows(n))
    curriculum = from_files(tmp_path, bins=((0.0, 0.1), (0.1, 0.5)))
    for group, mask in draw_masks(curriculum, 20):
        assert int(mask.sum()) // SIDE in ({2, 3} if group == "0-0.1" else {20})


def test_mask_files_have_a_fingerprint_of_their_contents(tmp_path: Path) -> None:
    for folder, n in (("a", 3), ("b", 3), ("c", 4)):
        save_mask(tmp_path / folder / "m.png", rows(n))
    a, b, c = (from_files(tmp_path / folder).fingerprint for folder in "abc")
    assert a == b != c


def test_a_mask_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"nothing")
    with pytest.raises(UsageError, match=r"all masks must be readable, got a\.png"):
        draw_masks(from_files(tmp_path), 1)


def test_no_folder_of_masks_is_refused() -> None:
    with pytest.raises(UsageError, match=r"needs a folder of masks; set \[damage\] root"):
        build("masks")


def test_an_empty_folder_of_masks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least one mask in"):
        from_files(tmp_path)


def test_noise_has_the_stated_levels() -> None:
    from retouch.training.data.samples import Draw  # noqa: PLC0415

    curriculum = build_curriculum(DamageSettings("noise", options={"sigma": (25.0, 25.0)}), 0, SIDE)
    grey = np.full((SIDE, SIDE, 3), 128, np.uint8)
    made = curriculum.damage(grey, Draw((0,)))
    assert made["sigma"] == np.float32(25 / 255)
    assert made["noisy"].shape == (3, SIDE, SIDE)
    assert abs(made["noisy"].std() * 255 - 25) < 1  # 12,288 values: the standard deviation of it is 0.16


def test_noise_is_judged_on_fixed_levels_within_its_limits() -> None:
    assert build("noise", sigma=(0, 55)).classes == ("sigma_15", "sigma_25", "sigma_50")
    assert build("noise", sigma=(0, 30)).classes == ("sigma_15", "sigma_25")
    assert build("noise", sigma=(5, 7)).classes == ("sigma_6",)
    assert build("noise", validation_sigma=[10]).classes == ("sigma_10",)


def test_no_damage_adds_nothing() -> None:
    from retouch.training.data.samples import Draw  # noqa: PLC0415

    assert build("none").damage(np.zeros((2, 2, 3), np.uint8), Draw((0,))) == {}
