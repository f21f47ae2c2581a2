"""Orthogonal wavelets with compact support: Daubechies' db2 to db8, and her least asymmetric ones, sym4 to sym8.

Source: I. Daubechies, "Ten Lectures on Wavelets", SIAM, 1992, section 6.1 (the product filter and its spectral factors)
and section 8.1.1 (the choice of roots that comes nearest to a linear phase).
Departures: none. The filters are computed from the roots, not kept as tables; they are orthonormal to 1e-10. Of several
orders that mirror each other, any may come out, which changes no result but by a mirrored picture.

For N vanishing moments the product filter is ((1 + z) / 2)^(2N) times a polynomial P of degree N - 1 in
y = (2 - z - 1 / z) / 4. Each root of P gives two roots z and 1 / z; the low pass takes one of them.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from math import comb
from typing import Literal, TypeAlias, get_args

import numpy as np
from jaxtyping import Complex, Float

WaveletName: TypeAlias = Literal[
    "db2", "db3", "db4", "db5", "db6", "db7", "db8", "sym4", "sym5", "sym6", "sym7", "sym8"
]
WAVELETS: tuple[WaveletName, ...] = get_args(WaveletName)


@cache
def low_pass(name: WaveletName) -> Float[np.ndarray, " L"]:
    """Return the 2 N taps of the scaling filter, with sum sqrt(2) and energy 1.

    Examples
    --------
    db2 is (1 + sqrt 3, 3 + sqrt 3, 3 - sqrt 3, 1 - sqrt 3) / (4 sqrt 2):

    >>> low_pass("db2").round(4).tolist()
    [0.483, 0.8365, 0.2241, -0.1294]
    """
    n_moments = int(name[-1])
    groups = _root_groups(n_moments)
    if name.startswith("db"):
        return _taps(n_moments, np.concatenate([inside for inside, _ in groups]))
    choices = (_taps(n_moments, np.concatenate(choice)) for choice in product(*groups))
    return min(choices, key=_asymmetry)


def high_pass(low: Float[np.ndarray, " L"]) -> Float[np.ndarray, " L"]:
    """Return the wavelet filter that is orthogonal to a low pass and all its even shifts.

    >>> high_pass(np.array([0.6, 0.8])).tolist()
    [0.8, -0.6]
    """
    signs = np.where(np.arange(len(low)) % 2, -1.0, 1.0)
    return np.asarray(low[::-1] * signs)


def _root_groups(n_moments: int) -> list[tuple[Complex[np.ndarray, " r"], Complex[np.ndarray, " r"]]]:
    """Return the roots inside the unit circle and the ones outside, in groups of one or of a conjugate pair."""
    factors = [comb(n_moments - 1 + k, k) for k in range(n_moments)]
    groups = []
    for root in np.roots(factors[::-1]):
        if root.imag < -1e-12:  # noqa: PLR2004 - its conjugate comes too
            continue
        half = 1 - 2 * complex(root)
        z = half + np.sqrt(half**2 - 1)
        z = z if abs(z) < 1 else 1 / z
        inside = np.array([z] if abs(root.imag) < 1e-12 else [z, z.conjugate()])  # noqa: PLR2004 - as above
        groups.append((inside, 1 / inside))
    return groups


def _taps(n_moments: int, roots: Complex[np.ndarray, " r"]) -> Float[np.ndarray, " L"]:
    taps = np.poly(np.concatenate([np.full(n_moments, -1.0), roots])).real
    return np.asarray(taps * (np.sqrt(2) / taps.sum()))


def _asymmetry(taps: Float[np.ndarray, " L"]) -> float:
    """Return how far the phase is from a straight line, over the frequencies that the filter lets through."""
    frequencies = np.linspace(0, np.pi, 256, endpoint=False)
    response = np.exp(-1j * np.outer(frequencies, np.arange(len(taps)))) @ taps
    phase = np.unwrap(np.angle(response))
    slope = (phase @ frequencies) / (frequencies @ frequencies)
    return float(np.sum(np.abs(response) ** 2 * (phase - slope * frequencies) ** 2))
