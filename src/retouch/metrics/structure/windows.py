"""Windows that slide over a picture: weighted means, and local variances from them.

Source: Z. Wang, A. Bovik, H. Sheikh, E. Simoncelli, "Image Quality Assessment: From Error Visibility to Structural
Similarity", IEEE Trans. Image Processing 13(4), 2004, Eqs. 14-16. Departures: none.

Both windows are separable, so a mean costs two passes; that over equal weights costs the same for every size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float

from retouch.errors import InputError, unknown_name

KINDS = ("gaussian", "uniform")
PADDINGS = ("valid", "zero")


@dataclass(frozen=True)
class Window:
    """A square window of weights that sum to 1.

    Attributes
    ----------
    kind : {"gaussian", "uniform"}
        Whether weights fall off from the centre or are all equal.
    size : int
        Side in pixels, odd.
    sigma : float
        Width of the Gaussian in pixels; not used by a uniform window.
    padding : {"valid", "zero"}
        Keep only places where the window lies inside the picture, or put zeros around it and keep all.

    Raises
    ------
    InputError
        If one of them is otherwise.
    """

    kind: str = "gaussian"
    size: int = 11
    sigma: float = 1.5
    padding: str = "valid"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(unknown_name("window", self.kind, KINDS))
        if self.padding not in PADDINGS:
            raise InputError(unknown_name("padding", self.padding, PADDINGS))
        if self.size < 1 or self.size % 2 == 0:
            raise InputError(f"window_size must be odd, so that a window has a middle pixel, got {self.size}")
        if not self.sigma > 0:
            raise InputError(f"sigma must be above 0 pixels, got {self.sigma}")

    @property
    def margin(self) -> int:
        """Rows and columns that `smooth` leaves out on each side."""
        return self.size // 2 if self.padding == "valid" else 0

    def smooth(self, planes: Float[np.ndarray, "H W C"]) -> Float[np.ndarray, "h w C"]:
        """Return the weighted mean around each pixel; h = H - 2 margin, w = W - 2 margin.

        >>> Window("uniform", 3).smooth(np.arange(9.0).reshape(3, 3, 1))
        array([[[4.]]])
        """
        height, width, _ = planes.shape
        margin = self.margin
        means = self._padded_means(planes).reshape(planes.shape)  # cv2 drops the last axis of a grey picture
        return means[margin : height - margin, margin : width - margin]  # Eq. 14

    def _padded_means(self, planes: Float[np.ndarray, "H W C"]) -> np.ndarray:
        """Return the means over the whole picture with zeros around it."""
        if self.kind == "uniform":
            return cv2.boxFilter(planes, cv2.CV_64F, (self.size, self.size), borderType=cv2.BORDER_CONSTANT)
        from_middle = np.arange(self.size) - self.size // 2
        weights = np.exp(-0.5 * (from_middle / self.sigma) ** 2)
        weights /= weights.sum()
        return cv2.sepFilter2D(planes, cv2.CV_64F, weights, weights, borderType=cv2.BORDER_CONSTANT)


class Moments(NamedTuple):
    """Means, variances and covariance of two pictures in the window around each pixel, all (h, w, C)."""

    mean_x: Float[np.ndarray, "h w C"]
    mean_y: Float[np.ndarray, "h w C"]
    variance_x: Float[np.ndarray, "h w C"]
    variance_y: Float[np.ndarray, "h w C"]
    covariance: Float[np.ndarray, "h w C"]


def local_moments(x: Float[np.ndarray, "H W C"], y: Float[np.ndarray, "H W C"], window: Window) -> Moments:
    """Return the moments of two pictures; variances are biased and may fall below 0 by rounding.

    >>> step = np.array([[0.0, 0.0, 3.0]] * 3)[:, :, None]  # a third of the pixels is 3: mean 1, variance 2
    >>> moments = local_moments(step, -step, Window("uniform", 3))
    >>> [round(float(moment[0, 0, 0]), 9) for moment in moments]
    [1.0, -1.0, 2.0, 2.0, -2.0]
    """
    mean_x, mean_y = window.smooth(x), window.smooth(y)
    variance_x = window.smooth(x * x) - mean_x * mean_x  # Eq. 15, squared
    variance_y = window.smooth(y * y) - mean_y * mean_y
    covariance = window.smooth(x * y) - mean_x * mean_y  # Eq. 16
    return Moments(mean_x, mean_y, variance_x, variance_y, covariance)


def mean_pool(planes: Float[np.ndarray, "H W C"], factor: int) -> Float[np.ndarray, "h w C"]:
    """Return the means of blocks of factor x factor pixels; rows and columns that fill no block are left out.

    >>> mean_pool(np.arange(15.0).reshape(3, 5, 1), 2)[:, :, 0]
    array([[3., 5.]])
    """
    n_rows, n_columns = planes.shape[0] // factor, planes.shape[1] // factor
    whole = planes[: n_rows * factor, : n_columns * factor]
    return np.asarray(whole.reshape(n_rows, factor, n_columns, factor, -1).mean(axis=(1, 3)))
