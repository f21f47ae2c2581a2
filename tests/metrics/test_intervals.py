"""Intervals: against theory, by hand, and what is refused."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from scipy.stats import bootstrap, norm

import retouch
from retouch.errors import InputError
from retouch.metrics.intervals import Interval, bootstrap_interval, capped, paired_difference, wilson_interval

VALUES = np.random.default_rng(5).normal(25, 4, 60)


def test_the_mean_is_the_mean_of_the_values_and_lies_inside() -> None:
    interval = bootstrap_interval(VALUES)
    assert interval.mean == pytest.approx(VALUES.mean(), abs=1e-12)
    assert interval.low < interval.mean < interval.high
    assert interval.n == 60


def test_for_normal_values_the_interval_is_the_one_of_theory() -> None:
    # The bootstrap's standard error is that of the sample with divisor n; 1000 resamples know the ends to about 5 %.
    reach = norm.ppf(0.975) * VALUES.std() / math.sqrt(60)
    interval = bootstrap_interval(VALUES)
    assert interval.mean - interval.low == pytest.approx(reach, rel=0.15)
    assert interval.high - interval.mean == pytest.approx(reach, rel=0.15)


def test_many_resamples_agree_with_scipy() -> None:
    skewed = np.exp(VALUES / 8)
    ours = bootstrap_interval(skewed, n_resamples=20_000, level=0.9)
    theirs = bootstrap(
        (skewed,), np.mean, n_resamples=20_000, confidence_level=0.9, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    width = theirs.high - theirs.low
    assert abs(ours.low - theirs.low) < 0.02 * width
    assert abs(ours.high - theirs.high) < 0.02 * width


def test_two_values_have_an_interval_that_can_be_counted_out() -> None:
    # Means of two draws from {0, 1}: 0 and 1 with chance 1/4, 0.5 with 1/2: the quantiles 0.4 and 0.6 are 0.5.
    assert bootstrap_interval([0, 1], level=0.2) == Interval(0.5, 0.5, 0.5, 2)
    assert bootstrap_interval([0, 1], level=0.6) == Interval(0.5, 0.0, 1.0, 2)


def test_the_same_values_give_the_same_interval_in_any_order() -> None:
    assert bootstrap_interval(VALUES) == bootstrap_interval(VALUES.copy()) == bootstrap_interval(VALUES[::-1])


def test_another_seed_gives_another_interval_of_the_same_mean() -> None:
    first, second = bootstrap_interval(VALUES), bootstrap_interval(VALUES, seed=1)
    assert first.mean == second.mean
    assert first[1:3] != second[1:3]


def test_more_certainty_is_a_wider_interval() -> None:
    intervals = [bootstrap_interval(VALUES, level=level) for level in (0.5, 0.8, 0.95, 0.99)]
    assert [i.low for i in intervals] == sorted((i.low for i in intervals), reverse=True)
    assert [i.high for i in intervals] == sorted(i.high for i in intervals)


def test_a_single_value_is_its_own_interval() -> None:
    assert bootstrap_interval([27.3]) == Interval(27.3, 27.3, 27.3, 1)


def test_memory_does_not_grow_with_the_resamples() -> None:
    # 20,000 values and 1000 resamples held at once would be 160 MB
    values = np.arange(20_000.0)
    tracemalloc.start()
    bootstrap_interval(values)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2e6


def test_a_paired_difference_is_sure_where_two_averages_are_not() -> None:
    # The second method is 0.3 worse in every picture, give or take 0.1; pictures differ by 4.
    worse = VALUES - 0.3 + np.random.default_rng(0).normal(0, 0.1, 60)
    difference = paired_difference(VALUES, worse)
    assert difference.mean == pytest.approx((VALUES - worse).mean(), abs=1e-12)
    assert 0.2 < difference.low < difference.high < 0.4
    assert bootstrap_interval(VALUES).low < bootstrap_interval(worse).high


def test_a_paired_difference_turns_round_with_its_sides() -> None:
    other = VALUES + np.sin(np.arange(60))
    there, back = paired_difference(VALUES, other), paired_difference(other, VALUES)
    assert there.mean == -back.mean
    assert there.low == pytest.approx(-back.high, abs=0.05)


def test_paired_values_of_different_length_are_refused() -> None:
    with pytest.raises(InputError, match="same pictures, got 3 and 2"):
        paired_difference([1, 2, 3], [1, 2])


def test_infinite_values_are_capped_and_counted() -> None:
    values, n = capped([20.0, math.inf, 100.0, math.inf])
    np.testing.assert_array_equal(values, [20, 100, 100, 100])
    assert n == 2


def test_values_above_the_cap_are_capped_too() -> None:
    values, n = capped([104.0, 30.0], cap=60.0)
    np.testing.assert_array_equal(values, [60, 30])
    assert n == 1


def test_capping_leaves_the_given_values_alone() -> None:
    given = np.array([math.inf, 1.0])
    capped(given)
    assert given[0] == math.inf


@pytest.mark.parametrize("function", [bootstrap_interval, capped])
def test_nan_and_nothing_are_refused(function: object) -> None:
    with pytest.raises(InputError, match="got 1 NaN"):
        function([1.0, math.nan])  # type: ignore[operator]
    with pytest.raises(InputError, match="at least one number"):
        function([])  # type: ignore[operator]
    with pytest.raises(InputError, match="at least one number"):
        function([[1.0, 2.0]])  # type: ignore[operator]


def test_infinite_values_cannot_be_averaged() -> None:
    with pytest.raises(InputError, match=r"got 1 infinite; put them through capped\(\)"):
        bootstrap_interval([30.0, math.inf])
    with pytest.raises(InputError, match="got 1 infinite"):
        paired_difference([30.0, math.inf], [1.0, math.inf])


def test_impossible_options_are_refused() -> None:
    with pytest.raises(InputError, match="n_resamples must be at least 1, got 0"):
        bootstrap_interval([1.0], n_resamples=0)
    for level in (0.0, 1.0, math.nan):
        with pytest.raises(InputError, match="between 0 and 1"):
            bootstrap_interval([1.0], level=level)


@pytest.mark.parametrize(("k", "n", "low", "high"), [(17, 40, 0.2851, 0.5780), (34, 40, 0.7093, 0.9294)])
def test_wilsons_interval_of_the_slides_fooling_rates(k: int, n: int, low: float, high: float) -> None:
    # The ends solve (p - k/n)^2 = z^2 p (1 - p) / n.
    interval = wilson_interval(k, n)
    assert (interval.mean, interval.n) == (k / n, n)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-4)
    for p in interval[1:3]:
        assert (p - k / n) ** 2 == pytest.approx(norm.ppf(0.975) ** 2 * p * (1 - p) / n, rel=1e-9)


def test_wilsons_interval_of_none_and_all_ends_at_0_and_1() -> None:
    # k = 0: high = z^2 / (n + z^2), with z^2 = 3.8415: 0.2775 of 10
    assert wilson_interval(0, 10)[:3] == pytest.approx((0, 0, 0.27753), abs=1e-5)
    assert wilson_interval(10, 10)[:3] == pytest.approx((1, 1 - 0.27753, 1), abs=1e-5)


@pytest.mark.parametrize(("k", "n"), [(-1, 5), (6, 5), (0, 0)])
def test_an_impossible_share_is_refused(k: int, n: int) -> None:
    with pytest.raises(InputError, match="0 <= k <= n"):
        wilson_interval(k, n)


def test_every_name_of_the_door_is_there() -> None:
    names = [name for name in dir(retouch.metrics) if not name.startswith("_")]
    assert {"psnr", "fid", "edge_ratio", "paired_difference", "read_joints"} <= set(names)
    assert all(hasattr(retouch.metrics, name) for name in names)
    assert retouch.metrics.bootstrap_interval is bootstrap_interval
    with pytest.raises(AttributeError, match="psmr"):
        retouch.metrics.psmr  # noqa: B018
