"""How near a filled picture comes to the truth, and whether it left the rest alone."""

from __future__ import annotations

import math

import numpy as np

from benchmarks.engines import Hole, Pixels

WHITE = 255.0


def mean_square_error(truth: Pixels, filled: Pixels) -> float:
    """Return the mean of the squared differences on the 0-255 scale."""
    difference = truth.astype(np.float64) - filled
    return float(np.mean(difference * difference))


def psnr(truth: Pixels, filled: Pixels) -> float:
    """Return the peak signal-to-noise ratio in dB; infinite for equal pictures."""
    error = mean_square_error(truth, filled)
    return math.inf if error == 0 else 10 * math.log10(WHITE * WHITE / error)


def hole_psnr(truth: Pixels, filled: Pixels, mask: Hole) -> float:
    """Return the PSNR in dB over the missing pixels only."""
    return psnr(truth[mask], filled[mask])


def count_changed_known(truth: Pixels, filled: Pixels, mask: Hole) -> int:
    """Count the pixels outside the mask that differ in any channel."""
    return int(np.count_nonzero((truth != filled).any(axis=2) & ~mask))
