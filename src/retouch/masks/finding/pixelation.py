"""Pixelation: the size and offset of its blocks, and where they are.

Source: this project. A window of b x b pixels is a block where it is even, the windows one pixel to either side of it
are not both even (as they are inside a larger block), nor those above and below, and eight of nine windows b pixels
apart are even. In a pixelated part such windows stand on one grid; elsewhere they are rare and stand anywhere. So the
size is the one whose windows cover the largest area on one grid, the larger one in doubt.
Departures from the autocorrelation of gradients in the specification: that has peaks at all multiples of the size, and
a textured surrounding drowns it where the pixelated part is small.

A strongly compressed
JPEG has even blocks of 8 x 8 of its own and cannot be told from pixelation there.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float32
from scipy import ndimage

from retouch.arrays.regions import Box, bounding_box
from retouch.arrays.types import Image, Mask
from retouch.masks.finding.limits import check_search, limited

_SMALLEST_PX, _LARGEST_PX = 3, 64
_LEAST_CROWD = 0.5  # share of the windows of a size that must stand on one grid
_FEWEST_BLOCKS = 6
_FEWEST_NEIGHBOURS = 8  # even ones, itself included, of nine on the same grid
_EXACT = 1e-4  # half a level of 12 bit: blocks are even but for rounding
_MOST_GRIDS = 4
_CLEARLY_MORE = 4  # of the area: inside a block the windows of half its size are blocks too
_NOTHING = "no pixelation was found: raise sensitivity or name a region"


class PixelGrid(NamedTuple):
    """A pixelated part: block lines run through rows `row_offset` + n b and columns `column_offset` + n b."""

    box: Box
    block_px: int
    row_offset: int
    column_offset: int


class FoundPixelation(NamedTuple):
    """The mask of all pixelated parts, their grids, and why nothing is masked where nothing is."""

    mask: Mask
    grids: tuple[PixelGrid, ...]
    reason: str


def find_pixelation(
    image: Image, *, sensitivity: float = 0.5, region: Box | None = None, most_share: float = 1.0
) -> FoundPixelation:
    """Return a mask of the pixelated parts of a picture, whole blocks only, and their grids.

    Parameters
    ----------
    image : (H, W, 1 or 3) float32, range [0, 1]
    sensitivity : float, range [0, 1]
        How uneven a block may be: not at all up to 0.5, as in lossless files, by 8 levels of 255 at 1, for files that
        were compressed.
    region : Box or None
        Where to look; None for everywhere.
    most_share : float, range (0, 1]
        Largest share of the picture to mask; more is refused with a reason.

    Returns
    -------
    FoundPixelation
        Offsets are 0 to b - 1, in pixels of the picture. Up to four parts with grids of their own are told apart.

    Raises
    ------
    InputError
        If the picture or an option is not as above.

    Notes
    -----
    Costs 2 s for a megapixel of colour.

    Examples
    --------
    >>> blocks = np.random.default_rng(0).random((6, 6, 1)).astype(np.float32)
    >>> find_pixelation(np.kron(blocks, np.ones((4, 4, 1), np.float32))).grids
    (PixelGrid(box=Box(top=0, left=0, bottom=24, right=24), block_px=4, row_offset=0, column_offset=0),)
    """
    box = check_search(image, sensitivity, region, most_share)
    part = np.ascontiguousarray(image[box.slices])
    found = np.zeros(part.shape[:2], bool)
    grids: list[PixelGrid] = []
    tolerance = 16 * max(sensitivity - 0.5, 0.0) / 255 + _EXACT
    windows = {b: _blocks_of_size(part, b, tolerance) for b in _sizes(part)}
    for _ in range(_MOST_GRIDS):
        grid = _strongest_grid(windows, found)
        if grid is None:
            break
        own = _region_of(part, windows[grid[0]], grid, tolerance) & ~found
        if own.sum() < _FEWEST_BLOCKS * grid[0] ** 2:
            break
        found |= own
        grids.append(_placed(own, grid, box))
    mask, reason = limited(found, box, image.shape[:2], most_share)
    return FoundPixelation(mask, () if reason else tuple(grids), reason or ("" if grids else _NOTHING))


def _sizes(part: Image) -> range:
    return range(_SMALLEST_PX, min(_LARGEST_PX, min(part.shape[:2]) // 3) + 1)


def _placed(own: Mask, grid: tuple[int, int, int], box: Box) -> PixelGrid:
    """Return a grid in pixels of the whole picture."""
    block_px, row, column = grid
    inner = bounding_box(own)
    outer = Box(inner.top + box.top, inner.left + box.left, inner.bottom + box.top, inner.right + box.left)
    return PixelGrid(outer, block_px, (row + box.top) % block_px, (column + box.left) % block_px)


def _blocks_of_size(part: Image, block_px: int, tolerance: float) -> Bool[np.ndarray, "H W"]:
    """Tell of each window's first pixel whether the window is a block."""
    even = np.ones(part.shape[:2], bool)
    for c in range(part.shape[2]):
        even &= _range(np.ascontiguousarray(part[:, :, c]), block_px) <= tolerance
    even[part.shape[0] - block_px + 1 :] = False
    even[:, part.shape[1] - block_px + 1 :] = False
    left, right = _shifted(even, 0, -1), _shifted(even, 0, 1)
    above, below = _shifted(even, -1, 0), _shifted(even, 1, 0)
    neighbours = sum(
        _shifted(even, *step).astype(np.uint8) for step in itertools.product((-block_px, 0, block_px), repeat=2)
    )
    blocks: Bool[np.ndarray, "H W"] = even & ~(left & right) & ~(above & below) & (neighbours >= _FEWEST_NEIGHBOURS)
    return blocks


def _shifted(even: Bool[np.ndarray, "H W"], rows: int, columns: int) -> Bool[np.ndarray, "H W"]:
    """Return for each pixel what is so many rows and columns after it; False beyond the border."""
    height, width = even.shape
    result = np.zeros(even.shape, bool)
    result[max(-rows, 0) : height - max(rows, 0), max(-columns, 0) : width - max(columns, 0)] = even[
        max(rows, 0) : height - max(-rows, 0), max(columns, 0) : width - max(-columns, 0)
    ]
    return result


def _range(plane: Float32[np.ndarray, "H W"], block_px: int) -> Float32[np.ndarray, "H W"]:
    """Return the largest less the smallest value of the window that starts at each pixel."""
    window = np.ones((block_px, block_px), np.uint8)
    spread: Float32[np.ndarray, "H W"] = cv2.dilate(plane, window, anchor=(0, 0)) - cv2.erode(
        plane, window, anchor=(0, 0)
    )
    return spread


def _strongest_grid(windows: dict[int, Bool[np.ndarray, "H W"]], found: Mask) -> tuple[int, int, int] | None:
    """Return block size and offsets of the grid on which the largest area of blocks stands."""
    best, largest = None, 0
    for block_px, blocks in reversed(windows.items()):  # the corners of a block are blocks of its parts' size as well
        rows, columns = np.nonzero(blocks & ~found)
        counts = np.bincount((rows % block_px) * block_px + columns % block_px, minlength=block_px**2)
        most = int(counts.max())
        if most >= _FEWEST_BLOCKS and most >= _LEAST_CROWD * len(rows) and most * block_px**2 > _CLEARLY_MORE * largest:
            best, largest = (block_px, *divmod(int(counts.argmax()), block_px)), most * block_px**2
    return best


def _region_of(
    part: Image, blocks: Bool[np.ndarray, "H W"], grid: tuple[int, int, int], tolerance: float
) -> Bool[np.ndarray, "H W"]:
    """Return the pixels of the even cells of a grid that are blocks or stand between blocks."""
    block_px, row, column = grid
    rows, columns = _starts(part.shape[0], block_px, row), _starts(part.shape[1], block_px, column)
    high = np.maximum.reduceat(np.maximum.reduceat(part, rows, axis=0), columns, axis=1)
    low = np.minimum.reduceat(np.minimum.reduceat(part, rows, axis=0), columns, axis=1)
    even = (high - low).max(axis=2) <= tolerance
    seeds = ndimage.binary_dilation(blocks[np.ix_(rows, columns)], np.ones((3, 3), bool))  # blocks lie inside a part
    cells = even & ndimage.binary_closing(np.pad(seeds, 2), np.ones((3, 3), bool))[2:-2, 2:-2]
    beside = ndimage.binary_dilation(cells, np.ones((3, 3), bool))
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):  # cells that the picture's border cuts
        cells[edge] |= even[edge] & beside[edge]
    heights, widths = np.diff([*rows, part.shape[0]]), np.diff([*columns, part.shape[1]])
    region: Bool[np.ndarray, "H W"] = np.repeat(np.repeat(cells, heights, axis=0), widths, axis=1)
    return region


def _starts(length: int, block_px: int, offset: int) -> np.ndarray:
    """Return where the cells of a grid begin, a cut first one at 0 included."""
    starts = np.arange(offset, length, block_px)
    return starts if offset == 0 else np.concatenate([[0], starts])
