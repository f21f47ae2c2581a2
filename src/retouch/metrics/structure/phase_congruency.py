"""Phase congruency: how far the waves that make up a place of a picture agree in phase, as they do at edges and lines.

Source: P. Kovesi, "Image Features From Phase Congruency", Videre 1(3), 1999 (log-Gabor filters, noise threshold, weight
for the spread of frequencies); orientations are pooled as in L. Zhang, L. Zhang, X. Mou, D. Zhang, "FSIM: A Feature
Similarity Index for Image Quality Assessment", IEEE Trans. Image Processing 20(8), 2011. Departures: two habits of the
programs behind published values are kept though no formula has them: the threshold is divided by 1.7, and the
frequencies of a side of odd length n are stretched by n / (n - 1). The energy of noise in the filters is summed over
frequencies (Parseval), which is the same number without a transform.

spectrum     (H, W) complex, Fourier transform of the picture
radial       (4, H, W) log-Gabor filters over the distance from frequency 0, one per scale
angular      (4, H, W) Gaussians over the angle, one per orientation
responses    (4, H, W) complex, one per scale: real part from the even filter, imaginary part from the odd one
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Complex, Float
from scipy import fft

_N_SCALES, _N_ORIENTATIONS = 4, 4
LEAST_WAVELENGTH_PX = 6
_WAVELENGTH_RATIO = 2.0
_SIGMA_ON_FREQUENCY = 0.55
_ANGLE_ON_SIGMA = 1.2  # steps between orientations per standard deviation of an angular filter
_CUTOFF, _ORDER = 0.45, 15  # Butterworth filter that takes the corners of the spectrum away
_NOISE_DEVIATIONS = 2.0
_THRESHOLD_DIVISOR = 1.7
_SPREAD_CUTOFF, _SPREAD_GAIN = 0.5, 10.0
_EPSILON = 1e-4


class FilterBank(NamedTuple):
    """The filters for one size of picture.

    Attributes
    ----------
    radial, angular : (4, H, W)
        A filter is the product of one of each.
    noise_gains : (4,)
        For each orientation, the noise energy over all scales per power of the noise at the finest.
    """

    radial: Float[np.ndarray, "4 H W"]
    angular: Float[np.ndarray, "4 H W"]
    noise_gains: tuple[float, ...]


def phase_congruency(grey: Float[np.ndarray, "H W"], *, spread_weight: bool = True) -> Float[np.ndarray, "H W"]:
    """Return the phase congruency of each pixel, pooled over orientations.

    Parameters
    ----------
    grey : (H, W) float64, range [0, 255]
        The picture; its opposite edges are taken to touch.
    spread_weight : bool
        Lower the value where few frequencies take part, by Kovesi's sigmoid with cut-off 0.5 and gain 10. The
        published FSIM does without.

    Returns
    -------
    (H, W) float64, range [0, 1]
        1 where all frequencies agree; 0 in flat places and where noise would do as much. Contrast does not matter.

    Notes
    -----
    Costs 17 Fourier transforms. The filters of the last two sizes are kept: 64 bytes for each pixel.

    Examples
    --------
    >>> step = np.repeat([[0.0, 200.0]], 32, axis=1).repeat(16, axis=0)  # edges beside columns 31 and 63
    >>> congruency = phase_congruency(step)
    >>> sorted(np.argsort(congruency[0])[-4:].tolist()), bool(congruency[0, 16] < 0.01)
    ([0, 31, 32, 63], True)
    """
    bank = filter_bank(*grey.shape)
    spectrum = fft.fft2(grey)
    energy, amplitude = np.zeros_like(grey), np.full_like(grey, _EPSILON)
    for angular, gain in zip(bank.angular, bank.noise_gains, strict=True):
        responses = fft.ifft2(spectrum * bank.radial * angular)
        amplitudes = np.abs(responses)
        power = _noise_power(amplitudes[0]) * gain
        clear = np.maximum(_local_energy(responses) - _noise_threshold(power), 0)
        energy += clear * _spread_weight(amplitudes) if spread_weight else clear
        amplitude += amplitudes.sum(axis=0)
    return np.asarray(energy / amplitude)


@lru_cache(maxsize=2)
def filter_bank(height: int, width: int) -> FilterBank:
    """Return the filters for a picture of this size; do not write into them."""
    rows, columns = _frequencies(height)[:, None], _frequencies(width)[None, :]
    distance, angle = np.hypot(rows, columns), np.arctan2(-rows, columns)
    radial, angular = _radial_filters(distance), _angular_filters(angle)
    return FilterBank(radial, angular, tuple(_noise_gain(radial, one) for one in angular))


def _frequencies(length: int) -> Float[np.ndarray, " n"]:
    """Return cycles per pixel, -1/2 to 1/2, in the order of the Fourier transform; odd lengths reach both ends."""
    stretch = length / (length - 1) if length % 2 and length > 1 else 1.0
    return np.fft.fftfreq(length) * stretch


def _radial_filters(distance: Float[np.ndarray, "H W"]) -> Float[np.ndarray, "4 H W"]:
    """Return Gaussians over the logarithm of the frequency, without the frequency 0 and the corners."""
    low_pass = 1 / (1 + (distance / _CUTOFF) ** (2 * _ORDER))
    scales = np.arange(_N_SCALES)[:, None, None]
    wavelengths = LEAST_WAVELENGTH_PX * _WAVELENGTH_RATIO**scales
    nonzero = np.where(distance > 0, distance, 1)
    deviations = np.log(nonzero * wavelengths) / math.log(_SIGMA_ON_FREQUENCY)
    return np.where(distance > 0, np.exp(-(deviations**2) / 2) * low_pass, 0)


def _angular_filters(angle: Float[np.ndarray, "H W"]) -> Float[np.ndarray, "4 H W"]:
    """Return Gaussians over the angle to each orientation; they are all but 0 in the opposite direction."""
    step = math.pi / _N_ORIENTATIONS
    orientations = step * np.arange(_N_ORIENTATIONS)[:, None, None]
    apart = np.abs((angle - orientations + math.pi) % (2 * math.pi) - math.pi)
    return np.asarray(np.exp(-((apart * _ANGLE_ON_SIGMA / step) ** 2) / 2))


def _noise_gain(radial: Float[np.ndarray, "4 H W"], angular: Float[np.ndarray, "H W"]) -> float:
    """Return the energy of all even filters summed, per energy of the finest filter."""
    both = radial.sum(axis=0) * angular
    even = (both + np.roll(both[::-1, ::-1], (1, 1), axis=(0, 1))) / 2  # the mean of a frequency and its opposite
    return float(np.sum(even**2) / np.sum((radial[0] * angular) ** 2))


def _noise_power(finest: Float[np.ndarray, "H W"]) -> float:
    """Return the mean square of the finest amplitudes if all were noise: squares of a Rayleigh law, by their median."""
    return float(np.median(finest)) ** 2 / math.log(2)


def _noise_threshold(power: float) -> float:
    """Return mean plus two standard deviations of the energy that noise makes (Rayleigh law)."""
    tau = math.sqrt(power)
    mean, deviation = tau * math.sqrt(math.pi / 2), tau * math.sqrt(2 - math.pi / 2)
    return (mean + _NOISE_DEVIATIONS * deviation) / _THRESHOLD_DIVISOR


def _local_energy(responses: Complex[np.ndarray, "4 H W"]) -> Float[np.ndarray, "H W"]:
    """Return the sum over scales of A (cos d - |sin d|), d being the distance from the mean phase."""
    total = responses.sum(axis=0)
    strength = np.abs(total)
    mean_phase = total / (strength + _EPSILON)
    across = responses.imag * mean_phase.real - responses.real * mean_phase.imag
    return np.asarray(strength**2 / (strength + _EPSILON) - np.abs(across).sum(axis=0))


def _spread_weight(amplitudes: Float[np.ndarray, "4 H W"]) -> Float[np.ndarray, "H W"]:
    """Return a weight between 0 and 1 that rises with the share of frequencies that take part."""
    effective = amplitudes.sum(axis=0) / (amplitudes.max(axis=0) + _EPSILON)
    spread = (effective - 1) / (_N_SCALES - 1)
    return np.asarray(1 / (1 + np.exp(_SPREAD_GAIN * (_SPREAD_CUTOFF - spread))))
