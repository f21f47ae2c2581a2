"""The ratio-bin sampler: bins, determinism, order, refusals."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from retouch.arrays.regions import mask_ratio
from retouch.errors import InputError
from retouch.masks import families
from retouch.masks.families import FAMILIES
from retouch.masks.rectangles import draw_center_square, draw_half
from retouch.masks.sampler import NVIDIA_BINS, parse_bin, sample_mask

NAMES = [family.name for family in FAMILIES]


def digest(*masks: np.ndarray) -> str:
    return hashlib.sha256(b"".join(np.packbits(mask).tobytes() for mask in masks)).hexdigest()


def test_there_are_six_bins_that_follow_each_other_up_to_sixty_percent() -> None:
    assert len(NVIDIA_BINS) == 6
    assert [hi for _, hi in NVIDIA_BINS] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    assert [lo for lo, _ in NVIDIA_BINS] == [0.01, 0.1, 0.2, 0.3, 0.4, 0.5]


@pytest.mark.parametrize("family", NAMES)
@pytest.mark.parametrize("ratio_bin", NVIDIA_BINS, ids=str)
def test_every_family_reaches_every_bin(family: str, ratio_bin: tuple[float, float]) -> None:
    lo, hi = ratio_bin
    for index, (height, width) in enumerate([(128, 128), (144, 200), (131, 97)]):
        assert lo < mask_ratio(sample_mask(family, height, width, ratio_bin=ratio_bin, seed=3, index=index)) <= hi


@pytest.mark.parametrize("family", NAMES)
def test_a_bin_of_one_pixel_is_hit_exactly(family: str) -> None:
    # 17 x 31 = 527 pixels: of them only 100 lies in (99.5 / 527, 100.5 / 527]
    ratio_bin = (99.5 / 527, 100.5 / 527)
    for index in range(4):
        assert np.count_nonzero(sample_mask(family, 17, 31, ratio_bin=ratio_bin, seed=0, index=index)) == 100


@pytest.mark.parametrize("family", NAMES)
@pytest.mark.parametrize("ratio_bin", [(0.0, 0.01), (0.9, 1.0)])
def test_the_outermost_bins_keep_both_kinds_of_pixels(family: str, ratio_bin: tuple[float, float]) -> None:
    mask = sample_mask(family, 40, 30, ratio_bin=ratio_bin, seed=0)
    assert ratio_bin[0] < mask_ratio(mask) <= ratio_bin[1]
    assert mask.any()
    assert not mask.all()


def test_the_upper_end_of_a_bin_belongs_to_it_and_the_lower_does_not() -> None:
    # A half of an even picture is 0.5: it lies in (0.4, 0.5] as drawn, and must grow to lie in (0.5, 0.6].
    halves = {draw_half(20, 20, np.random.default_rng(0), side=s).tobytes() for s in ("left", "right", "top", "bottom")}
    assert sample_mask("half", 20, 20, ratio_bin=(0.4, 0.5), seed=0).tobytes() in halves
    assert mask_ratio(sample_mask("half", 20, 20, ratio_bin=(0.5, 0.6), seed=0)) > 0.5


def test_growing_keeps_the_shape_and_moves_its_outline() -> None:
    # The top half of 40 rows grows by whole rows: 21 to 24 of 40 lie in (0.5, 0.6].
    mask = sample_mask("half", 40, 40, ratio_bin=(0.5, 0.6), seed=0, options={"side": "top"})
    n_rows = int(mask[:, 0].sum())
    assert 21 <= n_rows <= 24
    np.testing.assert_array_equal(mask[:n_rows], True)
    np.testing.assert_array_equal(mask[n_rows:], False)


def test_growing_and_shrinking_spread_over_the_bin() -> None:
    # 5 to 8 of 40 rows lie in (0.1, 0.2]; a shrinking that stops at the first would always leave 8.
    options = {"side": "top"}
    masks = [sample_mask("half", 40, 40, ratio_bin=(0.1, 0.2), seed=0, index=i, options=options) for i in range(40)]
    assert {int(mask[:, 0].sum()) for mask in masks} == {5, 6, 7, 8}


def test_a_layer_that_must_be_split_loses_pixels_of_that_layer_only() -> None:
    # 3 rows of 10 and 5 pixels of the fourth: the bin holds the number 35 of 400 only, and no whole row ends there.
    mask = sample_mask("half", 40, 10, ratio_bin=(34.5 / 400, 35.5 / 400), seed=0, options={"side": "top"})
    assert mask[:3].all()
    assert mask[3].sum() == 5
    assert not mask[4:].any()


def test_growing_keeps_every_pixel_of_the_drawing_and_shrinking_adds_none() -> None:
    # 30 % of the area as drawn, too much for one bin and too little for the other
    drawn = draw_center_square(61, 61, np.random.default_rng(0), ratio=0.3)
    smaller, larger = (
        sample_mask("center_square", 61, 61, ratio_bin=ratio_bin, seed=0, options={"ratio": 0.3})
        for ratio_bin in ((0.1, 0.2), (0.4, 0.5))
    )
    assert not (smaller & ~drawn).any()
    assert not (drawn & ~larger).any()


@pytest.mark.parametrize("family", NAMES)
def test_a_mask_does_not_depend_on_the_masks_before_it(family: str) -> None:
    def draw(index: int) -> str:
        return digest(sample_mask(family, 48, 64, ratio_bin=(0.2, 0.4), seed=7, index=index))

    forwards = [draw(index) for index in range(5)]
    backwards = [draw(index) for index in reversed(range(5))]
    assert forwards == backwards[::-1]


@pytest.mark.parametrize("family", NAMES)
def test_another_index_seed_or_bin_is_another_mask(family: str) -> None:
    def draw(seed: int, index: int, hi: float) -> str:
        return digest(sample_mask(family, 64, 64, ratio_bin=(0.1, hi), seed=seed, index=index))

    # A half has few forms inside a bin, so several indices are drawn and most must differ.
    first = [draw(0, index, 0.4) for index in range(8)]
    assert len(set(first)) > 4
    assert first != [draw(1, index, 0.4) for index in range(8)]
    assert first != [draw(0, index, 0.41) for index in range(8)]


def test_families_do_not_share_their_random_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    twin = dataclasses.replace(families.find_family("random_pixels"), name="twin")
    monkeypatch.setattr(families, "FAMILIES", (*FAMILIES, twin))
    first, second = (sample_mask(name, 64, 64, seed=0) for name in ("random_pixels", "twin"))
    assert digest(first) != digest(second)


PROGRAM = """
import hashlib, numpy as np
from retouch.masks.families import FAMILIES
from retouch.masks.sampler import sample_mask
masks = [sample_mask(f.name, 40, 56, ratio_bin=b, seed=11, index=2) for f in FAMILIES for b in (None, (0.1, 0.2))]
print(hashlib.sha256(b"".join(np.packbits(m).tobytes() for m in masks)).hexdigest())
"""


@pytest.mark.parametrize("hash_seed", ["1", "4242"])
def test_masks_are_the_same_in_every_process(hash_seed: str) -> None:
    here = [
        sample_mask(name, 40, 56, ratio_bin=ratio_bin, seed=11, index=2)
        for name in NAMES
        for ratio_bin in (None, (0.1, 0.2))
    ]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    there = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert there == digest(*here)


def test_without_a_bin_the_family_is_drawn_as_it_is() -> None:
    assert mask_ratio(sample_mask("center_square", 64, 64, seed=0)) == 0.25


def test_options_win_over_what_the_sampler_would_choose() -> None:
    # The centre square is fixed at a share outside the bin, so it must be grown: its corners come out round.
    mask = sample_mask("center_square", 128, 128, ratio_bin=(0.3, 0.4), seed=0, options={"ratio": 0.1})
    rows, columns = np.nonzero(mask)
    assert 0.3 < mask_ratio(mask) <= 0.4
    assert not mask[rows.min(), columns.min()]


def test_an_unknown_option_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match="option of the mask family level_square 'levl'; did you mean 'level'"):
        sample_mask("level_square", 32, 32, seed=0, options={"levl": 2})


@pytest.mark.parametrize("value", ["3", 2.5, True, None])
def test_an_option_of_another_type_is_refused(value: object) -> None:
    with pytest.raises(InputError, match="option level of the mask family level_square must be int"):
        sample_mask("level_square", 32, 32, seed=0, options={"level": value})


@pytest.mark.parametrize("ratio_bin", [(0.2, 0.2), (0.3, 0.2), (-0.1, 0.2), (0.5, 1.1), (float("nan"), 0.5)])
def test_an_impossible_bin_is_refused(ratio_bin: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="0 <= low < high <= 1"):
        sample_mask("brush", 64, 64, ratio_bin=ratio_bin, seed=0)


def test_a_bin_without_a_whole_number_of_pixels_is_refused() -> None:
    with pytest.raises(InputError, match="no whole number out of 4 pixels"):
        sample_mask("brush", 2, 2, ratio_bin=(0.3, 0.4), seed=0)


def test_one_pixel_can_only_be_missing() -> None:
    assert sample_mask("brush", 1, 1, ratio_bin=(0.5, 1.0), seed=0).tolist() == [[True]]


def test_a_bin_that_only_everything_fits_gives_everything() -> None:
    assert sample_mask("level_square", 9, 9, ratio_bin=(0.99, 1.0), seed=0).all()


def test_a_size_below_one_pixel_and_an_index_below_zero_are_refused() -> None:
    with pytest.raises(InputError, match="at least one pixel"):
        sample_mask("brush", 0, 8, ratio_bin=(0.1, 0.2), seed=0)
    with pytest.raises(InputError, match="index of a mask must be 0 or more"):
        sample_mask("brush", 8, 8, seed=0, index=-1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0.2-0.3", (0.2, 0.3)), (" 0 - 1 ", (0.0, 1.0)), (".01-.1", (0.01, 0.1)), ("0.5-1.", (0.5, 1.0))],
)
def test_a_bin_is_read_from_text(text: str, expected: tuple[float, float]) -> None:
    assert parse_bin(text) == expected


@pytest.mark.parametrize("text", ["", "0.2", "0.2:0.3", "-0.1-0.2", "0.2-0.3-0.4", "a-b", "20%-30%", "nan-1", "٢-٣"])
def test_text_that_is_not_a_bin_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="must be written LOW-HIGH"):
        parse_bin(text)


@pytest.mark.parametrize("text", ["0.3-0.2", "0.2-0.2", "0.5-2"])
def test_text_of_an_impossible_bin_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="0 <= low < high <= 1"):
        parse_bin(text)
