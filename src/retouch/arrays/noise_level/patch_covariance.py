"""The covariance of the small patches of a picture: what estimators of noise by principal components rest on."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float64

_PATCHES_AT_ONCE = 50_000

Plane = Float[np.ndarray, "H W"]
Patches = Float64[np.ndarray, "N P"]


def patch_covariance(
    plane: Plane, side: int, stride: int, chosen: Bool[np.ndarray, "R C"] | None = None
) -> tuple[Float64[np.ndarray, "P P"], int]:
    """Return the covariance matrix of the patches of one channel, and over how many it was taken.

    Parameters
    ----------
    plane : (H, W) float
    side : int
        Patches are side x side pixels, P of them.
    stride : int
        Step from patch to patch, along rows and columns.
    chosen : (R, C) bool or None
        Which of the patches count, by their place in steps of `stride`; None takes all.

    Returns
    -------
    (P, P) float64, int
        Of fewer than two patches the matrix is zero.

    Notes
    -----
    Patches are gathered a band of rows at a time, so that memory does not grow with the picture.

    Examples
    --------
    Columns of zeros and ones: each pixel of a patch is 1 with a chance of a half, so that its variance is a quarter.

    >>> stripes = np.tile(np.float32([0, 1]), (5, 3))
    >>> covariance, n = patch_covariance(stripes[:, :5], side=2, stride=1)
    >>> n, covariance[0].tolist()
    (16, [0.25, -0.25, 0.25, -0.25])
    """
    windows = np.lib.stride_tricks.sliding_window_view(plane, (side, side))[::stride, ::stride]
    centre = float(plane.mean())
    total, products = np.zeros(side**2), np.zeros((side**2, side**2))
    n_patches = 0
    rows_at_once = max(1, _PATCHES_AT_ONCE // windows.shape[1])
    for top in range(0, len(windows), rows_at_once):
        band = windows[top : top + rows_at_once].reshape(-1, side**2)
        if chosen is not None:
            band = band[chosen[top : top + rows_at_once].ravel()]
        patches = band.astype(np.float64) - centre
        total += patches.sum(axis=0)
        products += patches.T @ patches
        n_patches += len(patches)
    if n_patches < 2:  # noqa: PLR2004 - of one patch there is no variance
        return np.zeros_like(products), n_patches
    mean = total / n_patches
    return products / n_patches - np.outer(mean, mean), n_patches


def eigenvalues(covariance: Float64[np.ndarray, "P P"]) -> Float64[np.ndarray, " P"]:
    """Return the variances along the principal components, the least first; rounding can leave none below 0."""
    values: Float64[np.ndarray, " P"] = np.linalg.eigvalsh(covariance).clip(0)
    return values
