"""Where the detail of a hole comes from: attention between blocks, or offsets of single small pixels.

Source: Z. Yi, Q. Tang, S. Azizi, D. Jang, Z. Xu: "Contextual Residual Aggregation for Ultra High-Resolution Image
Inpainting", CVPR 2020, Sec. 3.2 (mixing of blocks); the cosines and the softmax of them as in J. Yu et al., "Generative
image inpainting with contextual attention", CVPR 2018, Sec. 4.1; C. Barnes et al., "PatchMatch", SIGGRAPH 2009.

Departures
----------
- Where no net gives the attention, blocks of the filled picture are compared, after its mean colour is taken off.
  Cosines of colours themselves are all near one: every block would be mixed into every other and no detail be left.
- Offsets copy the detail of single small pixels, unmixed: grain stays as strong as it is, which mixing would weaken.

    (h, w, D)    cells: what lies below each small pixel
    A (K, r, c)  attention: shares of the K = r c blocks of the small picture in each block
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float32, Int64

from retouch.arrays.threads import n_threads
from retouch.arrays.types import AnyArray, Image
from retouch.classical.exemplar.level_run import LevelRun, Settings
from retouch.classical.exemplar.levels import Level
from retouch.errors import InputError

Mixture: TypeAlias = Callable[[Float32[np.ndarray, "h w D"]], Float32[np.ndarray, "h w D"]]
"""A linear map of cells to cells: what each cell gets from the known ones."""

_HALF = 3  # of the patches that are compared for offsets, rounded down
_ROUNDS = 3
_SHORTEST = np.float32(1e-4)


def mix_blocks(
    cells: Float32[np.ndarray, "h w D"], attention: Float32[np.ndarray, "K r c"]
) -> Float32[np.ndarray, "h w D"]:
    """Return for each block of cells the mixture of all blocks that attention asks for.

    Parameters
    ----------
    cells : (h, w, D) float32
        h and w are the same multiple of r and c.
    attention : (K, r, c) float32
        Shares of the K = r c blocks, row by row: `attend_blocks`, or one picture of a net's.

    Raises
    ------
    InputError
        If the cells do not divide into the blocks of the attention.
    """
    n_blocks, n_rows, n_columns = attention.shape
    block = cells.shape[0] // n_rows
    if cells.shape[:2] != (n_rows * block, n_columns * block) or n_blocks != n_rows * n_columns:
        raise InputError(
            f"attention of shape {attention.shape} must have a share for each of its blocks and divide "
            f"{cells.shape[0]}x{cells.shape[1]} small pixels evenly; give shrink the side of a block as multiple"
        )
    blocks = to_cells(cells, block).reshape(n_blocks, -1)
    mixed = attention.reshape(n_blocks, -1).T @ blocks  # Sec. 3.2: A times the residual
    return from_cells(mixed.reshape(n_rows, n_columns, -1), block)


def copy_cells(cells: Float32[np.ndarray, "h w D"], places: Int64[np.ndarray, "h w 2"]) -> Float32[np.ndarray, "h w D"]:
    """Return at each place the cell of another: row and column of `find_offsets`."""
    copied: Float32[np.ndarray, "h w D"] = cells[places[:, :, 0], places[:, :, 1]]
    return copied


def attend_blocks(
    filled: Image, whole: Bool[np.ndarray, "h w"], block_px: int, *, sharpness: float = 10.0
) -> Float32[np.ndarray, "K r c"]:
    """Return which known blocks look like each block of a filled picture: a softmax of cosines.

    Parameters
    ----------
    filled : (h, w, C) float32
        h and w multiples of `block_px`.
    whole : (h, w) bool
        Where the picture was known: only blocks of such pixels are mixed.
    block_px : int
    sharpness : float
        Factor of the cosines before the softmax; 10 is contextual attention's.

    Returns
    -------
    (K, r, c) float32
        Shares that sum to one over the first axis, or zeros where no block is known.
    """
    blocks = to_cells(filled - filled.mean(axis=(0, 1)), block_px)  # (r, c, block_px^2 C)
    n_rows, n_columns = blocks.shape[:2]
    flat = blocks.reshape(n_rows * n_columns, -1)
    directions = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), _SHORTEST)
    usable = to_cells(whole[:, :, None], block_px).all(axis=2).ravel()
    scores = np.exp(np.float32(sharpness) * (directions @ directions.T - 1)) * usable[:, None]
    shares = scores / np.maximum(scores.sum(axis=0), np.finfo(np.float32).tiny)
    attention: Float32[np.ndarray, "K r c"] = shares.astype(np.float32).reshape(-1, n_rows, n_columns)
    return attention


def find_offsets(filled: Image, whole: Bool[np.ndarray, "h w"], rng: np.random.Generator) -> Int64[np.ndarray, "h w 2"]:
    """Return for each pixel that was not known the known one whose surroundings look most like its own.

    Parameters
    ----------
    filled : (h, w, C) float32
    whole : (h, w) bool
        Where the picture was known.
    rng : numpy.random.Generator

    Returns
    -------
    (h, w, 2) int64
        Row and column; a pixel's own where it was known, or no patch of known pixels exists.
    """
    own = np.argwhere(np.ones_like(whole)).reshape(*whole.shape, 2)
    level = Level(filled, ~whole, whole)
    with ThreadPoolExecutor(n_threads()) as pool:
        run = LevelRun(level, Settings(_HALF, (), ()), _HALF, pool)
        if not run.possible:
            return own
        run.start(filled.copy(), None, rng)
        for _ in range(_ROUNDS):
            run.search(rng, thorough=True)
    # No patch is centred at the picture's border: a pixel there goes with the nearest patch that holds it.
    centres = np.clip(own, _HALF, np.array(whole.shape) - 1 - _HALF)
    places = run.field[centres[:, :, 0], centres[:, :, 1]] + own - centres
    return np.where(whole[:, :, None], own, places)


def to_cells(array: AnyArray, side: int) -> AnyArray:
    """Lay the side x side pixels below each cell behind one another: (h side, w side, C) to (h, w, side^2 C).

    >>> to_cells(np.arange(4.0).reshape(2, 2, 1), 2).tolist()
    [[[0.0, 1.0, 2.0, 3.0]]]
    """
    height, width, n_channels = array.shape
    split = array.reshape(height // side, side, width // side, side, n_channels)
    cells: AnyArray = split.transpose(0, 2, 1, 3, 4).reshape(height // side, width // side, side**2 * n_channels)
    return cells


def from_cells(cells: AnyArray, side: int) -> AnyArray:
    """Undo `to_cells`."""
    height, width = cells.shape[:2]
    split = cells.reshape(height, width, side, side, -1)
    array: AnyArray = split.transpose(0, 2, 1, 3, 4).reshape(height * side, width * side, -1)
    return array
