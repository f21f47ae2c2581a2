"""The types that every room shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Image: TypeAlias = npt.NDArray[np.float32]
"""(H, W, C) float32, range [0, 1], RGB or grey (C = 1); values under a mask are never read."""

Mask: TypeAlias = npt.NDArray[np.bool_]
"""(H, W) bool, True where a pixel is missing."""

AnyArray: TypeAlias = npt.NDArray[Any]
"""An array as a user hands it in, before the gate."""

Progress: TypeAlias = Callable[[int, int], None]
"""Called as progress(done, total) with 0 <= done <= total; may raise Cancelled to stop the work."""


def ignore_progress(done: int, total: int) -> None:
    """Progress hook that does nothing: the default of every method."""
