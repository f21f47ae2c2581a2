"""The grain of noise: how much a value and its neighbours, and the channels, share of it, told from flat windows.

Source: own. What neighbours share is averaged over the windows that swing least; `flat_windows` says why those hold
noise alone. Dark and light places are asked apart, as cameras have more noise in some of them: windows are put in five
groups by their mean, and a group whose flattest windows do not swing alike holds texture and is left out.
Departures: none. Windows with clipped values are left out as in `clipping`.

R    (C, C, L, L)   [c, d, m + dy, m + dx]: mean product of a value of channel c and one of channel d that lies dy below
                    and dx to the right, m = (L - 1) / 2
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64
from numpy.lib.stride_tricks import sliding_window_view

from retouch.arrays.checks import check_noisy
from retouch.arrays.noise_level.clipping import unclipped_patches
from retouch.arrays.types import Image

_SIDE_PX, _STEP_PX = 16, 4
_MOST_PX = 7  # of a distance; grain of cameras ends after 3 to 5 px
_GROUPS, _SHARE = 5, 0.05
_LOW, _HIGH, _ALIKE = 0.02, 0.12, 1.3  # quantiles of a group's deviations, and their ratio where it is noise
_LEAST_WINDOWS = 40
_N_OF_PLANE = 3


class Grain(NamedTuple):
    """What the flat windows of a picture say of its noise.

    Attributes
    ----------
    sigma : float
        Root of the mean variance over channels, and over dark and light places.
    covariance : (C, C, 15, 15) float32
        R of the module's head, with a mean variance of sigma^2.
    """

    sigma: float
    covariance: Float32[np.ndarray, "C C L L"]

    @property
    def by_channel(self) -> tuple[float, ...]:
        """Standard deviation of the noise in each channel."""
        variances = np.diagonal(self.covariance[:, :, _MOST_PX, _MOST_PX])
        return tuple(np.sqrt(variances).tolist())


def find_grain(image: Image) -> Grain | None:
    """Return the level and the covariance of noise that neighbours or channels share.

    Parameters
    ----------
    image : (H, W, C) float32

    Returns
    -------
    Grain or None
        None where no part of the picture is flat, or it is too small: 40 windows of 16x16 are needed.

    Raises
    ------
    InputError
        If the picture fails `check_noisy`.

    Examples
    --------
    A blur over two neighbours makes them share half of their noise:

    >>> white = 0.1 * np.random.default_rng(0).standard_normal((160, 161, 1))
    >>> grain = find_grain(((white[:, 1:] + white[:, :-1]) / 2).astype(np.float32))
    >>> middle = grain.covariance[0, 0, 7]
    >>> bool(0.4 < middle[8] / middle[7] < 0.5), bool(abs(middle[9] / middle[7]) < 0.1)
    (True, True)
    """
    check_noisy(image, 0.0)
    if min(image.shape[:2]) < _SIDE_PX:
        return None
    windows, means = _flat_part(image)
    if len(windows) < _LEAST_WINDOWS:
        return None
    variances = (windows**2).sum(axis=(2, 3)).mean(axis=1) / (_SIDE_PX**2 - _N_OF_PLANE)
    groups = np.array_split(np.argsort(means, kind="stable"), _GROUPS)
    found = [_covariance(windows[_flattest(variances, group)]) for group in groups if _are_alike(variances[group])]
    if not found:
        return None
    covariance = np.mean(found, axis=0)
    variance = float(np.trace(covariance[:, :, _MOST_PX, _MOST_PX])) / len(covariance)
    return Grain(math.sqrt(variance), covariance.astype(np.float32)) if variance > 0 else None


def _flat_part(image: Image) -> tuple[Float64[np.ndarray, "n C s s"], Float64[np.ndarray, " n"]]:
    """Return windows without clipped values, less the plane that fits each best, and the mean of each."""
    views = sliding_window_view(image, (_SIDE_PX, _SIDE_PX), axis=(0, 1))[::_STEP_PX, ::_STEP_PX]
    chosen = np.ones(views.shape[:2], bool)
    for channel in range(image.shape[2]):
        inside = unclipped_patches(image[:, :, channel], _SIDE_PX, _STEP_PX)
        if inside is not None:
            chosen &= inside
    windows = views[chosen].astype(np.float64)
    means = windows.mean(axis=(2, 3), keepdims=True)
    windows -= means
    slope = np.arange(_SIDE_PX) - (_SIDE_PX - 1) / 2
    slope /= math.sqrt(float(slope @ slope) * _SIDE_PX)
    down, right = slope[:, None], slope[None, :]
    for ramp in (down, right):
        windows -= (windows * ramp).sum(axis=(2, 3), keepdims=True) * ramp
    return windows, means.mean(axis=(1, 2, 3))


def _are_alike(variances: Float64[np.ndarray, " n"]) -> bool:
    low, high = np.sqrt(np.quantile(variances, [_LOW, _HIGH]))
    return bool(0 < high <= _ALIKE * low)


def _flattest(variances: Float64[np.ndarray, " n"], group: np.ndarray) -> np.ndarray:
    return group[np.argsort(variances[group], kind="stable")[: max(4, int(len(group) * _SHARE))]]


def _covariance(windows: Float64[np.ndarray, "n C s s"]) -> Float64[np.ndarray, "C C L L"]:
    """Return R of windows of mean 0: mean products at each distance, by transforms with room for all distances."""
    padded = (_SIDE_PX + _MOST_PX,) * 2
    spectra = np.fft.rfft2(windows, s=padded)
    powers = np.einsum("ncyx,ndyx->cdyx", spectra.conj(), spectra) / len(windows)
    products = np.roll(np.fft.irfft2(powers, s=padded), (_MOST_PX, _MOST_PX), axis=(2, 3))
    n_pairs = _SIDE_PX - np.abs(np.arange(-_MOST_PX, _MOST_PX + 1))
    size = 2 * _MOST_PX + 1
    return np.asarray(products[:, :, :size, :size] / (n_pairs[:, None] * n_pairs))
