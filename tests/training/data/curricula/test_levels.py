"""Level squares and the rule that feeds the hard ones."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np
import pytest
from scipy import stats
from tests.training.data.curricula.drawing import build, draw_masks

from retouch.arrays.types import Mask
from retouch.errors import InputError, UsageError
from retouch.training.data.curricula.levels import LEVELS_PX, LevelSquares, level_square

PSNR = {f"level_{i + 1}": {"psnr": psnr} for i, psnr in enumerate((40.0, 36.0, 32.0, 28.0, 24.0))}


def levels(side: int = 64, **options: Any) -> LevelSquares:
    curriculum = build("level_squares", side, **options)
    assert isinstance(curriculum, LevelSquares)
    return curriculum


def side_of(mask: Mask) -> int:
    rows, columns = mask.any(axis=1).sum(), mask.any(axis=0).sum()
    assert rows == columns
    assert mask.sum() == rows**2  # one whole square
    return int(rows)


def test_before_the_first_scores_each_of_five_levels_has_twenty_of_a_hundred() -> None:
    assert levels().allocation(100) == {f"level_{i}": 20 for i in (1, 2, 3, 4, 5)}


@pytest.mark.parametrize("rule", ["inv_psnr", "prop_mse"])
def test_equal_scores_keep_twenty_each(rule: str) -> None:
    curriculum = levels(alloc=rule)
    curriculum.feedback({level: {"psnr": 30.0} for level in curriculum.classes})
    assert set(curriculum.allocation(100).values()) == {20}


@pytest.mark.parametrize("rule", ["inv_psnr", "prop_mse"])
def test_worse_levels_get_more(rule: str) -> None:
    curriculum = levels(alloc=rule)
    assert curriculum.feedback(PSNR)
    counts = list(curriculum.allocation(100).values())
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]
    assert sum(counts) == 100


def test_the_rule_of_the_paper_gives_its_numbers() -> None:
    curriculum = levels()
    curriculum.feedback(PSNR)
    # 1 / p = 0.025, 0.02778, 0.03125, 0.03571, 0.04167, sum 0.16141: 15.49, 17.21, 19.36, 22.13, 25.82
    assert list(curriculum.allocation(100).values()) == [16, 17, 19, 22, 26]


def test_the_rule_by_errors_gives_its_numbers() -> None:
    curriculum = levels(alloc="prop_mse", levels_px=((1, 6), (7, 12)))
    curriculum.feedback({"level_1": {"mse": 0.01}, "level_2": {"mse": 0.03}})
    assert curriculum.allocation(8) == {"level_1": 2, "level_2": 6}


def test_the_uniform_rule_listens_to_nothing() -> None:
    curriculum = levels(alloc="uniform")
    assert not curriculum.feedback(PSNR)
    assert set(curriculum.allocation(100).values()) == {20}


def test_a_level_without_a_score_keeps_its_last_one() -> None:
    curriculum = levels()
    curriculum.feedback(PSNR)
    before = curriculum.allocation(100)
    assert not curriculum.feedback({"level_1": {"psnr": float("nan")}})
    assert curriculum.allocation(100) == before
    assert curriculum.feedback({"level_1": {"psnr": 20.0}})
    assert curriculum.allocation(100)["level_1"] > before["level_1"]


def test_first_scores_of_some_levels_only_change_nothing() -> None:
    curriculum = levels()
    assert not curriculum.feedback({"level_1": {"psnr": 20.0}})
    assert set(curriculum.allocation(100).values()) == {20}


def test_the_state_survives_a_checkpoint() -> None:
    before, after = levels(), levels()
    before.feedback(PSNR)
    after.load_state_dict(json.loads(json.dumps(before.state_dict())))
    assert after.training_groups(3, 100) == before.training_groups(3, 100)
    assert after.allocation(100) == before.allocation(100)


def test_the_state_of_other_levels_is_refused() -> None:
    state = levels(levels_px=((1, 6), (7, 12))).state_dict()
    with pytest.raises(InputError, match="must be of the levels level_1, level_2, level_3"):
        levels().load_state_dict(state)


def test_a_batch_holds_exactly_what_was_allocated() -> None:
    curriculum = levels()
    curriculum.feedback(PSNR)
    assert Counter(curriculum.training_groups(7, 100)) == curriculum.allocation(100)


def test_batches_smaller_than_the_levels_share_one_allocation() -> None:
    curriculum = levels()
    groups = [group for number in range(3) for group in curriculum.training_groups(number, 2)]
    assert set(groups) == set(curriculum.classes)  # six samples of three batches, at least one for each level


def test_validation_has_all_levels_evenly() -> None:
    assert set(Counter(levels().validation_groups(10)).values()) == {2}


def test_squares_lie_within_the_picture_with_the_sides_of_their_level() -> None:
    limits = dict(zip(levels().classes, LEVELS_PX, strict=True))
    for group, mask in draw_masks(levels(), 200):
        low, high = limits[group]
        assert low <= side_of(mask) <= high


@pytest.mark.parametrize("limits", [(1, 6), (7, 12), (25, 30)])
def test_sides_are_uniform_within_a_level(limits: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    sides = Counter(side_of(level_square((64, 64), limits, rng)) for _ in range(3000))
    assert set(sides) == set(range(limits[0], limits[1] + 1))
    assert stats.chisquare(list(sides.values())).pvalue > 0.001


def test_places_are_uniform_within_the_picture() -> None:
    rng = np.random.default_rng(0)
    corners: list[Any] = [np.argwhere(level_square((14, 14), (5, 5), rng))[0] for _ in range(3000)]
    for axis in (0, 1):  # ten places along each
        counts = np.bincount([corner[axis] for corner in corners], minlength=10)
        assert counts.size == 10
        assert stats.chisquare(counts).pvalue > 0.001


def test_levels_can_be_shares_of_the_side() -> None:
    curriculum = levels(100, levels_ratio=((0.1, 0.1), (0.5, 0.5)))
    sides = {group: side_of(mask) for group, mask in draw_masks(curriculum, 20, side=100)}
    assert sides == {"level_1": 10, "level_2": 50}


def test_squares_as_large_as_the_picture_are_refused() -> None:
    with pytest.raises(UsageError, match="smaller than the picture of 30 px, got 30 px"):
        levels(30)


def test_levels_given_twice_are_refused() -> None:
    with pytest.raises(UsageError, match="in pixels or as shares of the side, got both"):
        levels(levels_px=((1, 2),), levels_ratio=((0.1, 0.2),))


def test_a_rule_that_does_not_exist_is_answered_with_the_nearest() -> None:
    with pytest.raises(
        UsageError, match="unknown alloc of the curriculum 'level_squares' 'inv_pnsr'; did you mean 'inv_psnr'"
    ):
        levels(alloc="inv_pnsr")
