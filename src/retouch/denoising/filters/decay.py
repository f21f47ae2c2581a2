"""A falling exponential for kernels, made of sums and products alone: loops over it run in vector registers.

Source: own. exp(-t) = exp(-t / 16)^16, with the Taylor series up to t^6 for t / 16 <= 1 and four squarings.
Departures: what is below exp(-16), 1.1e-7, is 0, which is the rounding of a sum of weights near 1.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

_TAYLOR = tuple(np.float32(1 / factor) for factor in (1, -1, 2, -6, 24, -120, 720))
_C0, _C1, _C2, _C3, _C4, _C5, _C6 = _TAYLOR
_SIXTEENTH, _MOST = np.float32(1 / 16), np.float32(16)


@njit(cache=True, nogil=True, inline="always")
@no_type_check
def decay(t):
    """Return exp(-t) of a float32 of 0 or more, to 1e-6, mostly rounding.

    >>> round(float(decay(np.float32(1))), 6), float(decay(np.float32(16.5)))
    (0.367879, 0.0)
    """
    s = min(t, _MOST) * _SIXTEENTH
    root = _C0 + s * (_C1 + s * (_C2 + s * (_C3 + s * (_C4 + s * (_C5 + s * _C6)))))
    root *= root
    root *= root
    root *= root
    root *= root
    return root if t < _MOST else np.float32(0)
