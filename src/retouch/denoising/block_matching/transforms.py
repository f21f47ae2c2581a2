"""Transforms of patches as small matrices: the cosine transform and the biorthogonal spline wavelet bior1.5.

Source: K. Dabov, A. Foi, V. Katkovnik, K. Egiazarian, "Image denoising by sparse 3-D transform-domain collaborative
filtering", IEEE Trans. Image Processing 16(8), 2007, section IV (which transforms); A. Cohen, I. Daubechies, J.-C.
Feauveau, "Biorthogonal bases of compactly supported wavelets", Comm. Pure and Applied Mathematics 45, 1992 (bior1.5).
Departures: none. As in the published program, the wavelet has full depth and periodic borders, and its rows are scaled
to unit length, so that white noise has the same variance in each coefficient.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Float, Float32

from retouch.errors import InputError

TransformName: TypeAlias = Literal["dct", "bior1.5"]

_DETAIL = np.array([1.0, -1.0]) / np.sqrt(2)
_AVERAGE = np.sqrt(2) * np.array([3, -3, -22, 22, 128, 128, 22, -22, -3, 3]) / 256


class Transform(NamedTuple):
    """The transform of a patch X as A X A', and the way back.

    Attributes
    ----------
    forward : (N, N) float32
        A; its rows have unit length.
    inverse : (N, N) float32
        The inverse of A.
    """

    forward: Float32[np.ndarray, "N N"]
    inverse: Float32[np.ndarray, "N N"]


def make_transform(name: TransformName, patch_px: int) -> Transform:
    """Return a transform of patches of a size.

    Raises
    ------
    InputError
        If there is no such transform of that size: the wavelet needs a power of two.

    Examples
    --------
    >>> make_transform("dct", 2).forward.round(3)
    array([[ 0.707,  0.707],
           [ 0.707, -0.707]], dtype=float32)
    """
    if name == "bior1.5" and patch_px & (patch_px - 1):
        raise InputError(f"patch_px must be a power of two for bior1.5, got {patch_px}")
    forward = _cosines(patch_px) if name == "dct" else _wavelet(patch_px)
    return Transform(forward.astype(np.float32), np.linalg.inv(forward).astype(np.float32))


def _cosines(n: int) -> Float[np.ndarray, "N N"]:
    """Return the orthonormal cosine transform, DCT-II."""
    k, x = np.mgrid[:n, :n]
    rows: Float[np.ndarray, "N N"] = np.cos(np.pi * k * (2 * x + 1) / (2 * n)) * np.sqrt(2 / n)
    rows[0] /= np.sqrt(2)
    return rows


def _wavelet(n: int) -> Float[np.ndarray, "N N"]:
    """Return bior1.5 of full depth, its rows scaled to unit length."""
    rows = np.eye(n)
    length = n
    while length > 1:
        rows[:length] = _split(length) @ rows[:length]
        length //= 2
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def _split(n: int) -> Float[np.ndarray, "n n"]:
    """Return one level of the wavelet: n / 2 averages, then n / 2 details, borders periodic."""
    rows = np.zeros((n, n))
    for i in range(n // 2):
        np.add.at(rows[i], (2 * i - len(_AVERAGE) // 2 + 1 + np.arange(len(_AVERAGE))) % n, _AVERAGE)
        rows[n // 2 + i, 2 * i : 2 * i + 2] = _DETAIL
    return rows
