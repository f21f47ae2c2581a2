"""Profiles of BM3D: the sizes, limits and strengths of its two steps.

Source: the published program of K. Dabov, A. Foi et al. (profiles np, lc, vn and high, as the specification sheet lists
them); what they are for is in their "Image denoising by sparse 3-D transform-domain collaborative filtering", IEEE
Trans. Image Processing 16(8), 2007, section IV, and in Y. Hou et al., "Comments on 'Image denoising by sparse 3-D
transform-domain collaborative filtering'", IEEE Trans. Image Processing 20(1), 2011 (vn).
Departures: the factors of the second step count 0.8 sigma^2 instead of sigma^2, and its matches may be farther
(600 instead of 400): 0.05 and 0.01 dB better at sigma 15 and 25 on nine photographs of 224x224 (every 44th of
../shared/data/train-photos/bsds500-train-test, turned grey; none is in a test set). Above sigma 40 the threshold is 2.7
and the grid of the second step 4 instead of 2.8 and 6: 0.01 and 0.02 dB at sigma 50 there. Sizes and steps of "fast"
and "high" above sigma 40 are ours. The rule that widens the grid where a group is flat is left out: it only saves time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from retouch.denoising.block_matching.transforms import TransformName
from retouch.denoising.patches.grouping import Matching
from retouch.errors import InputError, unknown_name

ProfileName: TypeAlias = Literal["normal", "fast", "high"]

_MOST_USUAL_SIGMA = 40 / 255
_SQUARED_LEVEL = 1 / 255**2


@dataclass(frozen=True)
class Step:
    """One pass over the picture.

    Attributes
    ----------
    transform : str
        Of patches.
    step_px : int
        Distance of reference patches.
    strength : float
        First step: the threshold in units of sigma. Second: the variance that is taken away in units of sigma^2.
    matching : Matching
    kaiser_beta : float
        Of the window of aggregation; 0 is flat.
    """

    transform: TransformName
    step_px: int
    strength: float
    matching: Matching
    kaiser_beta: float = 2.0


class Profile(NamedTuple):
    """The two steps: hard thresholds, and empirical Wiener factors from what the first step found."""

    first: Step
    second: Step


def _matching(patch_px: int, reach_px: int, n_most: int, most_squared_levels: float) -> Matching:
    most = most_squared_levels * _SQUARED_LEVEL
    return Matching(patch_px, reach_px, n_most, most, powers_of_two=True)


def _usual(first_px: int, second_px: int, reach_px: int, n_most: int) -> Profile:
    """Return the steps for little noise on grids of these steps; the first takes half as many matches."""
    return Profile(
        Step("bior1.5", first_px, 2.7, _matching(8, reach_px, 16, 3000.0)),
        Step("dct", second_px, 0.8, _matching(8, reach_px, n_most, 600.0)),
    )


def _noisy(first_px: int, second_px: int, reach_px: int, n_most: int) -> Profile:
    """Return the steps for much noise, with larger groups and, in the second, larger patches."""
    return Profile(
        Step("bior1.5", first_px, 2.7, _matching(8, reach_px, n_most, 25000.0)),
        Step("dct", second_px, 0.8, _matching(11, reach_px, n_most, 3500.0)),
    )


_PROFILES: dict[str, tuple[Profile, Profile]] = {
    "normal": (_usual(3, 3, 19, 32), _noisy(4, 4, 19, 32)),
    "fast": (_usual(6, 5, 12, 16), _noisy(6, 7, 12, 16)),
    "high": (_usual(2, 2, 19, 32), _noisy(3, 4, 19, 32)),
}
"""Of each name, for sigma up to 40/255 and above."""


def choose_profile(name: str, sigma: float) -> Profile:
    """Return the profile of that name; above sigma 40/255 with larger patches and limits.

    Raises
    ------
    InputError
        If there is none; the message names the nearest one.

    Examples
    --------
    >>> choose_profile("normal", 0.1).second.matching.patch_px, choose_profile("normal", 0.2).second.matching.patch_px
    (8, 11)
    """
    if name not in _PROFILES:
        raise InputError(unknown_name("profile", name, tuple(_PROFILES)))
    usual, noisy = _PROFILES[name]
    return noisy if sigma > _MOST_USUAL_SIGMA else usual
