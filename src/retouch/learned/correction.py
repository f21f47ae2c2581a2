"""A fill corrected by a network that was trained to add what the fill lacks."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from retouch.arrays.compositing import composite
from retouch.arrays.types import Image, Mask
from retouch.errors import WeightsError
from retouch.runtime.exported import Exported, open_exported, run_by_channels, to_batch

TASK, GUESS = "inpaint", "guess"

SHIPPED = "structure"
"""The name of the network that comes with the package; its card in words lies beside its file."""

_SHIPPED_FILE = Path(__file__).parent / "weights" / f"{SHIPPED}.onnx"


def open_corrector(name: str) -> Exported:
    """Open a network that corrects a fill.

    Parameters
    ----------
    name : str
        `SHIPPED`, a name in the weight store, or the path of an ONNX file.

    Raises
    ------
    WeightsError
        If there is no such network, or it is damaged or does something else.
    """
    if name == SHIPPED:
        if not _SHIPPED_FILE.is_file():
            raise WeightsError("the network that comes with retouch is missing; install retouch again")
        name = str(_SHIPPED_FILE)
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
