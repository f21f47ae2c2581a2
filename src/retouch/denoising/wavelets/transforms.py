"""Wavelet transforms of a plane: decimated, with symmetric borders, and undecimated, one level at a time.

Source: S. Mallat, "A theory for multiresolution signal decomposition: the wavelet representation", IEEE Trans. Pattern
Analysis and Machine Intelligence 11(7), 1989 (filter, keep every second value); M. Holschneider, R. Kronland-Martinet,
J. Morlet, P. Tchamitchian, "A real-time algorithm for signal analysis with the help of the wavelet transform",
Wavelets, Springer, 1989 (a trous: keep all values, and spread the taps instead).
Departures: beyond the border the plane is mirrored, edge pixel included. The decimated transform keeps the coefficients
that the mirrored part adds, (L - 1) / 2 for each axis and level, so that orthogonal filters of any length come back
exactly. The undecimated one pads nothing: every step leaves out what it cannot know, and the caller pads once by
`reach`.

A level is (smooth, details): the plane of half the resolution and the three of what it lacks, high along the rows,
along the columns and along both. L is the number of taps, `spread` the distance between them.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from retouch.denoising.wavelets.filter_banks import high_pass

Plane: TypeAlias = Float[np.ndarray, "_ _"]
Taps: TypeAlias = Float[np.ndarray, " _"]
Details: TypeAlias = tuple[Plane, Plane, Plane]


def split(plane: Plane, low: Taps) -> tuple[Plane, Details]:
    """Return one level of the decimated transform.

    Examples
    --------
    >>> smooth, _ = split(np.ones((4, 4)), np.array([1, 1]) / np.sqrt(2))
    >>> smooth.round(6).tolist()
    [[2.0, 2.0], [2.0, 2.0]]
    """
    high = high_pass(low)
    smooth, rough = _decimate(plane, low, 0), _decimate(plane, high, 0)
    details = (_decimate(smooth, high, 1), _decimate(rough, low, 1), _decimate(rough, high, 1))
    return _decimate(smooth, low, 1), details


def join(smooth: Plane, details: Details, low: Taps, shape: tuple[int, int]) -> Plane:
    """Return the plane of that shape whose level is given."""
    high = high_pass(low)
    upper = _expand(smooth, low, 1, shape[1]) + _expand(details[0], high, 1, shape[1])
    lower = _expand(details[1], low, 1, shape[1]) + _expand(details[2], high, 1, shape[1])
    return np.asarray(_expand(upper, low, 0, shape[0]) + _expand(lower, high, 0, shape[0]))


def _decimate(plane: Plane, taps: Taps, axis: int) -> Plane:
    """Convolve along an axis and keep every second value, with the border mirrored."""
    n_taps = len(taps)
    margins = [(0, 0), (0, 0)]
    margins[axis] = (n_taps - 2, n_taps - 1)
    padded = np.moveaxis(np.pad(plane, margins, mode="symmetric"), axis, 0)
    n_kept = (plane.shape[axis] + n_taps - 1) // 2
    out = np.zeros((n_kept, padded.shape[1]), plane.dtype)
    for k, tap in enumerate(taps):
        out += plane.dtype.type(tap) * padded[k : k + 2 * n_kept - 1 : 2]
    return np.moveaxis(out, 0, axis)


def _expand(plane: Plane, taps: Taps, axis: int, length: int) -> Plane:
    """Undo `_decimate`: zeros between the values, the taps the other way round, and the mirrored part cut off."""
    values, n_taps = np.moveaxis(plane, axis, 0), len(taps)
    spread = np.zeros((2 * len(values) + n_taps - 2, values.shape[1]), plane.dtype)
    for k, tap in enumerate(taps):
        spread[k : k + 2 * len(values) - 1 : 2] += plane.dtype.type(tap) * values
    return np.moveaxis(spread[n_taps - 2 : n_taps - 2 + length], 0, axis)


def reach(n_taps: int, n_levels: int) -> int:
    """Return by how many pixels a plane must be padded on each side for that many undecimated levels.

    >>> reach(4, 2)  # 3 steps of 1 pixel and 3 of 2
    9
    """
    return (n_taps - 1) * ((1 << n_levels) - 1)


def split_fully(plane: Plane, low: Taps, spread: int) -> tuple[Plane, Details]:
    """Return one level of the undecimated transform, smaller by (L - 1) spread along each axis."""
    high = high_pass(low)
    smooth, rough = _slide(plane, low, spread, 0), _slide(plane, high, spread, 0)
    details = (_slide(smooth, high, spread, 1), _slide(rough, low, spread, 1), _slide(rough, high, spread, 1))
    return _slide(smooth, low, spread, 1), details


def join_fully(smooth: Plane, details: Details, low: Taps, spread: int) -> Plane:
    """Return the mean of what decimated transforms of all shifts would give, smaller by (L - 1) spread again."""
    back, forth = low[::-1], high_pass(low)[::-1]
    upper = _slide(smooth, back, spread, 1) + _slide(details[0], forth, spread, 1)
    lower = _slide(details[1], back, spread, 1) + _slide(details[2], forth, spread, 1)
    return np.asarray(_slide(upper, back, spread, 0) + _slide(lower, forth, spread, 0))


def _slide(plane: Plane, taps: Taps, spread: int, axis: int) -> Plane:
    """Correlate along an axis with taps that stand `spread` apart, divided by sqrt(2); only whole windows count."""
    n_kept = plane.shape[axis] - (len(taps) - 1) * spread
    out = np.zeros((n_kept, plane.shape[1]) if axis == 0 else (plane.shape[0], n_kept), plane.dtype)
    for k, tap in enumerate(taps / np.sqrt(2)):
        window = slice(k * spread, k * spread + n_kept)
        out += plane.dtype.type(tap) * (plane[window] if axis == 0 else plane[:, window])
    return out


def noise_gains(low: Taps, n_levels: int) -> list[tuple[float, float, float]]:
    """Return, for each undecimated level, the standard deviation that unit white noise has in its three details.

    >>> [[round(gain, 4) for gain in level] for level in noise_gains(np.array([1, 1]) / np.sqrt(2), 2)]
    [[0.5, 0.5, 0.5], [0.25, 0.25, 0.25]]
    """
    gains, smooth = [], np.ones(1)
    for level in range(n_levels):
        spread_low, spread_high = (_spread_taps(taps, 2**level) for taps in (low, high_pass(low)))
        rough = np.convolve(smooth, spread_high)
        smooth = np.convolve(smooth, spread_low)
        s, r = float(np.linalg.norm(smooth)), float(np.linalg.norm(rough))
        gains.append((s * r, r * s, r * r))
    return gains


def _spread_taps(taps: Taps, spread: int) -> Taps:
    out = np.zeros((len(taps) - 1) * spread + 1)
    out[::spread] = taps / np.sqrt(2)
    return out
