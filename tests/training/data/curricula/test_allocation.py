"""Dividing samples among classes."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retouch.training.data.curricula.allocation import allocate, inverse_psnr, mse_of

WEIGHTS = st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=8)


def test_equal_weights_of_five_levels_get_twenty_of_a_hundred_each() -> None:
    assert allocate([0.04] * 5, 100) == [20] * 5


def test_remainders_go_to_the_largest_first() -> None:
    # 10 x (0.45, 0.35, 0.2) = 4.5, 3.5, 2.0: one is left for two equal remainders, and the first gets it
    assert allocate([0.45, 0.35, 0.2], 10) == [5, 3, 2]
    # 7 x (0.5, 0.3, 0.2) = 3.5, 2.1, 1.4: one is left, 0.5 is the largest
    assert allocate([0.5, 0.3, 0.2], 7) == [4, 2, 1]


def test_the_paper_s_rule_gives_the_worst_level_the_most() -> None:
    # 1/40 : 1/30 : 1/20 = 3 : 4 : 6 of 26
    assert allocate([inverse_psnr(psnr) for psnr in (40.0, 30.0, 20.0)], 26) == [6, 8, 12]


@given(WEIGHTS, st.integers(0, 60))
def test_all_samples_are_given_away_and_every_class_has_one(weights: list[float], more: int) -> None:
    counts = allocate(weights, len(weights) + more)
    assert sum(counts) == len(weights) + more
    assert min(counts) >= 1


@given(WEIGHTS, st.integers(0, 60))
def test_a_larger_weight_never_gets_less(weights: list[float], more: int) -> None:
    counts = allocate(weights, len(weights) + more)
    by_weight = sorted(zip(weights, counts, strict=True))
    for (w1, n1), (w2, n2) in pairwise(by_weight):
        assert n1 <= n2 or w1 == w2


def test_a_psnr_of_less_than_nothing_counts_as_the_least() -> None:
    assert inverse_psnr(-3.0) == inverse_psnr(0.0) == 10


def test_an_error_is_taken_from_the_psnr_where_it_is_not_given() -> None:
    assert mse_of({"psnr": 30.0}) == pytest.approx(0.001)
    assert mse_of({"mse": 0.5, "psnr": 30.0}) == 0.5
    assert math.isnan(mse_of({}))
