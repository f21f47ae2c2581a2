"""The opponent colours of CBM3D: one plane for what the channels share, two for their differences.

Source: K. Dabov, A. Foi, V. Katkovnik, K. Egiazarian, "Color image denoising via sparse 3D collaborative filtering with
grouping constraint in luminance-chrominance space", ICIP 2007, section 2.
Departures: the two differences are not moved into [0, 1], as nothing here depends on where a plane's zero is.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64

_OPPONENT = np.array([[1 / 3, 1 / 3, 1 / 3], [1 / 2, 0, -1 / 2], [1 / 4, -1 / 2, 1 / 4]])
_RGB = np.linalg.inv(_OPPONENT)


def to_opponent(planes: Float32[np.ndarray, "3 H W"]) -> Float32[np.ndarray, "3 H W"]:
    """Return luminance and the two differences.

    >>> to_opponent(np.float32([[[1]], [[0]], [[0]]])).ravel().round(3)
    array([0.333, 0.5  , 0.25 ], dtype=float32)
    """
    return _mix(_OPPONENT, planes)


def to_rgb(planes: Float32[np.ndarray, "3 H W"]) -> Float32[np.ndarray, "3 H W"]:
    """Undo `to_opponent`."""
    return _mix(_RGB, planes)


def opponent_covariance(covariance: Float32[np.ndarray, "3 3 L L"]) -> Float32[np.ndarray, "3 L L"]:
    """Return the autocovariance of the noise in each opponent plane, from that between R, G and B.

    White noise of variance 1 in each of the three has variances 1/3, 1/2 and 3/8 here:

    >>> opponent_covariance(np.eye(3, dtype=np.float32)[:, :, None, None]).ravel().round(3)
    array([0.333, 0.5  , 0.375], dtype=float32)
    """
    return np.asarray(np.einsum("pc,pd,cdyx->pyx", _OPPONENT, _OPPONENT, covariance), np.float32)


def _mix(matrix: Float64[np.ndarray, "3 3"], planes: Float32[np.ndarray, "3 H W"]) -> Float32[np.ndarray, "3 H W"]:
    mixed = matrix.astype(np.float32) @ planes.reshape(3, -1)
    return np.asarray(mixed.reshape(planes.shape), np.float32)
