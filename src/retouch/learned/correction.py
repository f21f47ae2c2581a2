"""A fill corrected by a network that was trained to add what the fill lacks."""

from __future__ import annotations

from functools import partial

import numpy as np

from retouch.arrays.compositing import composite
from retouch.arrays.types import Image, Mask
from retouch.runtime.exported import Exported, open_exported, run_by_channels, to_batch

TASK, GUESS = "inpaint", "guess"


def open_corrector(name: str) -> Exported:
    """Open a network that corrects a fill; name and errors as of `retouch.runtime.exported.open_exported`."""
    return open_exported(name, TASK, GUESS, ("mask",))


def correct_fill(exported: Exported, guess: Image, mask: Mask) -> Image:
    """Return the picture with its fill corrected.

    Parameters
    ----------
    exported : Exported
        Takes "guess" and "mask".
    guess : (H, W, C) float32, range [0, 1]
        The picture with its hole filled.
    mask : (H, W) bool
        True where it was filled.

    Returns
    -------
    (H, W, C) float32, range [0, 1]
        Known pixels are bit-equal.
    """
    corrected = run_by_channels(exported, guess, partial(_run, exported, mask))
    return composite(guess, corrected.clip(0, 1), mask)


def _run(exported: Exported, mask: Mask, guess: Image) -> Image:
    return exported.run(guess=to_batch(guess), mask=to_batch(mask[:, :, None].astype(np.float32)))
