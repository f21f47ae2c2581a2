"""Means over few seeds, with the interval of the mean by Student's distribution.

Source: Student (W. S. Gosset), "The Probable Error of a Mean", Biometrika 6, 1908. With three seeds the interval is
4.3 standard errors wide to either side: three runs cannot tell small differences from chance, and should not seem to.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import NamedTuple

from scipy.special import stdtrit

LEVEL = 0.95
HOLDS, WITHIN, WITHIN_REVERSED, REVERSED = "holds", "same way, within noise", "other way, within noise", "reversed"
"""What an interval says of a claim: above 0, on either side of 0 with its mean above or below, below 0."""
ONE_SEED, NOT_MEASURED = "one seed only", "not measured"


class MeanInterval(NamedTuple):
    """A mean and half the width of its interval; the width of a single value is not known (NaN)."""

    mean: float
    half: float
    n: int


def mean_interval(values: Sequence[float]) -> MeanInterval:
    """Return the mean of independent values, at least one, and its interval of 95 %.

    >>> found = mean_interval([1.0, 2.0, 3.0])  # deviation 1, t = 4.303 for 2 degrees: 4.303 / sqrt(3)
    >>> found.mean, round(found.half, 3), found.n
    (2.0, 2.484, 3)
    """
    n = len(values)
    if n == 1:
        return MeanInterval(values[0], math.nan, 1)
    t = float(stdtrit(n - 1, (1 + LEVEL) / 2))
    return MeanInterval(fmean(values), t * stdev(values) / math.sqrt(n), n)


def paired_interval(first: Mapping[str, float], second: Mapping[str, float]) -> MeanInterval | None:
    """Return the mean of first minus second over the seeds that both have, with its interval; None without any.

    >>> paired_interval({"0": 20.0, "1": 30.0}, {"0": 19.0, "1": 29.0, "2": 9.0})
    MeanInterval(mean=1.0, half=0.0, n=2)
    """
    seeds = [seed for seed in first if seed in second]
    return mean_interval([first[seed] - second[seed] for seed in seeds]) if seeds else None


def judge(difference: MeanInterval | None) -> str:
    """Say what an interval of a difference means for the claim that it is above 0.

    >>> judge(MeanInterval(0.5, 0.2, 3)), judge(MeanInterval(-0.1, 0.2, 3))
    ('holds', 'other way, within noise')
    """
    if difference is None:
        return NOT_MEASURED
    if math.isnan(difference.half):
        return ONE_SEED
    if difference.mean - difference.half > 0:
        return HOLDS
    if difference.mean + difference.half < 0:
        return REVERSED
    return WITHIN if difference.mean > 0 else WITHIN_REVERSED
