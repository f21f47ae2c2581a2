"""The fill front of Criminisi's method: which missing pixel's patch is to be filled next.

Source: A. Criminisi, P. Perez, K. Toyama, "Region filling and object removal by exemplar-based image inpainting", IEEE
Trans. Image Processing 13(9), 2004, Sec. III-A (Eq. numbers on their lines).

Departures
----------
- The data term has a floor of 0.001: it is 0 wherever the surroundings are flat, and then the order would be that of
  the pixels' rows and not that of their confidence.
- The gradient of a patch is the largest one whose four neighbours are known, not one at the front itself, which the
  hole would make.
- Only priorities that a filled patch can have changed are computed again: those at most two patch halves and a pixel
  away from it.

    C(p)   confidence: 1 where known, 0 where missing, and in between where filled
    D(p)   data term: how strongly an isophote runs into the front at p
    P(p)   priority, C D on the front and -1 elsewhere
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from jaxtyping import Bool, Float32
from numba import njit

from retouch.arrays.regions import Box

LEAST_DATA = 1e-3


@njit(cache=True, nogil=True)
@no_type_check
def measure_gradients(grey, unknown, box, gradients):
    """Set in one box the central differences of pixels whose four neighbours are known, and 0 elsewhere.

    Parameters
    ----------
    grey : (H, W) float32
    unknown : (H, W) bool
    box : (int, int, int, int)
    gradients : (H, W, 2) float32
        Differences along rows and columns, changed in place.
    """
    height, width = grey.shape
    for y in range(box[0], box[2]):
        for x in range(box[1], box[3]):
            gradients[y, x] = 0
            if y == 0 or x == 0 or y == height - 1 or x == width - 1 or unknown[y, x]:
                continue
            if unknown[y - 1, x] or unknown[y + 1, x] or unknown[y, x - 1] or unknown[y, x + 1]:
                continue
            gradients[y, x, 0] = (grey[y + 1, x] - grey[y - 1, x]) / 2
            gradients[y, x, 1] = (grey[y, x + 1] - grey[y, x - 1]) / 2


@njit(cache=True, nogil=True)
@no_type_check
def _is_front(unknown, y, x):
    """Whether a missing pixel has a known one beside it."""
    height, width = unknown.shape
    return unknown[y, x] and (
        (y > 0 and not unknown[y - 1, x])
        or (x > 0 and not unknown[y, x - 1])
        or (y + 1 < height and not unknown[y + 1, x])
        or (x + 1 < width and not unknown[y, x + 1])
    )


@njit(cache=True, nogil=True)
@no_type_check
def _normal(unknown, y, x):
    """Return the unit normal of the front at a pixel, 0 where it has none; outside the picture the border goes on."""
    height, width = unknown.shape
    down, right = 0.0, 0.0
    for i in range(-1, 2):
        for j in range(-1, 2):
            if unknown[min(max(y + i, 0), height - 1), min(max(x + j, 0), width - 1)]:
                down += i * (2 - abs(j))
                right += j * (2 - abs(i))
    length = np.sqrt(down * down + right * right)
    return (down / length, right / length) if length > 0 else (0.0, 0.0)


@njit(cache=True, nogil=True)
@no_type_check
def measure_priorities(unknown, confidence, gradients, half, box, priority):
    """Set the priorities in one box.

    Parameters
    ----------
    unknown : (H, W) bool
    confidence : (H, W) float32
    gradients : (H, W, 2) float32
        As `measure_gradients` leaves them.
    half : int
        Half the patch's side, rounded down.
    box : (int, int, int, int)
    priority : (H, W) float32
        Changed in place.
    """
    height, width = unknown.shape
    for y in range(box[0], box[2]):
        for x in range(box[1], box[3]):
            priority[y, x] = -1
            if not _is_front(unknown, y, x):
                continue
            top, bottom = max(y - half, 0), min(y + half + 1, height)
            left, right = max(x - half, 0), min(x + half + 1, width)
            total, steepest, down, across = 0.0, -1.0, 0.0, 0.0
            for i in range(top, bottom):
                for j in range(left, right):
                    total += confidence[i, j]
                    along_rows, along_columns = gradients[i, j, 0], gradients[i, j, 1]
                    steepness = along_rows * along_rows + along_columns * along_columns
                    if steepness > steepest:
                        steepest, down, across = steepness, along_rows, along_columns
            share = total / ((bottom - top) * (right - left))  # Sec. III-A: C(p)
            normal = _normal(unknown, y, x)
            data = abs(down * normal[1] - across * normal[0])  # Sec. III-A: D(p); alpha = 1, as white is 1
            priority[y, x] = share * max(data, LEAST_DATA)  # Eq. 1


class Front:
    """Confidence and priorities while the hole is filled.

    Attributes
    ----------
    unknown : (H, W) bool
        What is still missing.
    confidence : (H, W) float32
    priority : (H, W) float32
        -1 where a pixel is known or not at the front.
    """

    def __init__(self, grey: Float32[np.ndarray, "H W"], unknown: Bool[np.ndarray, "H W"], half: int) -> None:
        self.unknown = unknown.copy()
        self.confidence: Float32[np.ndarray, "H W"] = (~unknown).astype(np.float32)
        self.priority: Float32[np.ndarray, "H W"] = np.full(unknown.shape, -1, np.float32)
        self._grey, self._half = grey.copy(), half
        self._gradients = np.zeros((*unknown.shape, 2), np.float32)
        self._measure(Box(0, 0, *self._shape))

    @property
    def _shape(self) -> tuple[int, int]:
        return self.unknown.shape[0], self.unknown.shape[1]

    def next_centre(self) -> tuple[int, int]:
        """Return the pixel of the highest priority; of equal ones, the first."""
        row, column = divmod(int(self.priority.argmax()), self._shape[1])
        return row, column

    def fill(self, box: Box, at: tuple[int, int], grey: Float32[np.ndarray, "h w"]) -> None:
        """Take the missing pixels of a box as filled, with the confidence of the patch at `at`.

        Parameters
        ----------
        box : Box
        at : (int, int)
            Centre of the patch that the box is, as far as it lies in the picture.
        grey : (h, w) float32
            The box's grey values, with the new ones.
        """
        missing = self.unknown[box.slices]
        around = box.slices
        self.confidence[around][missing] = np.float32(self.confidence[around].mean())  # Sec. III-C: C(q) = C(p)
        self._grey[around] = grey
        self.unknown[around] = False
        self._measure(box)

    def _measure(self, box: Box) -> None:
        """Measure again what a change in a box can have changed."""
        measure_gradients(self._grey, self.unknown, box.grown(1, 1, self._shape), self._gradients)
        reach = self._half + 1  # a priority depends on gradients up to half a patch away, and these on their neighbours
        touched = box.grown(reach, reach, self._shape)
        measure_priorities(self.unknown, self.confidence, self._gradients, self._half, touched, self.priority)
