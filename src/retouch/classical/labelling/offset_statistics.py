"""Statistics of patch offsets: the hole is a mosaic of shifted copies of the picture, cut where it shows least.

Source: K. He, J. Sun, "Statistics of patch offsets for image completion", ECCV 2012, and "Image completion approaches
using the statistics of similar patches", IEEE Trans. PAMI 36(12), 2014: dominant offsets, a labelling by graph cuts on
a small picture, offsets refined as the picture grows, gradient-domain fusion at the end.

Departures
----------
- The small picture is halved until no side is above 256 px, not a fixed quarter.
- On each larger scale whole segments move by a pixel (the paper lets pixels move apart), and then the seams between
  segments move by up to two: both are graphs of a few nodes, where one of all pixels would take most of the time.
- Missing pixels that no offset leads out of the hole start with the nearest known pixel. All of them keep it where the
  picture must be halved and damage is so dense that no smaller pixel would be known.
- Fusion fits the mosaic to the border of the hole; along seams inside, its own steps stay.

For the offsets and the energy see dominant_offsets.py and expansion.py.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Int64, UInt8

from retouch.arrays.checks import check_pair, without_garbage
from retouch.arrays.compositing import composite
from retouch.arrays.poisson import blend_poisson
from retouch.arrays.threads import n_threads
from retouch.arrays.types import Image, Mask, Progress, ignore_progress
from retouch.classical.exemplar.guided import as_colour
from retouch.classical.labelling.dominant_offsets import cover_hole, find_dominant_offsets
from retouch.classical.labelling.expansion import Energy, Labelling, label, move
from retouch.classical.labelling.matching import MOST_SIDE_PX
from retouch.classical.nearest import inpaint_nearest
from retouch.errors import InputError

_STEPS = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if (down, right) != (0, 0)]
_SEAM_MOVES = [(0, 2), (2, 0), (0, -2), (-2, 0), (0, 1), (1, 0), (0, -1), (-1, 0)]
_MATCHED, _LABELLED, _ALL = 40, 90, 100  # per cent of the work


class Scale(NamedTuple):
    """A picture in 8 bits, (H, W, 3), and which of its pixels are known."""

    picture: UInt8[np.ndarray, "H W C"]
    known: Bool[np.ndarray, "H W"]


def inpaint_offset_statistics(
    image: Image,
    mask: Mask,
    *,
    n_offsets: int = 60,
    sweeps: int = 3,
    fusion: bool = True,
    rng: np.random.Generator | None = None,
    progress: Progress = ignore_progress,
) -> Image:
    """Fill the hole with shifted copies of the picture, by the shifts that occur most in it.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Picture to repair; values under the mask are never read.
    mask : (H, W) bool
        True where a pixel is missing. An all-False mask returns a copy.
    n_offsets : int
        How many of the most frequent offsets are used, 1 to 200.
    sweeps : int
        How often each of them is tried at most, 1 or more.
    fusion : bool
        Whether the level of the copies is fitted to the border of the hole (Poisson blending). Without it every filled
        pixel equals some known one.
    rng : numpy.random.Generator, optional
        Not used: nothing here is random.
    progress : callable, optional
        Called as progress(done, 100).

    Returns
    -------
    (H, W, C) float32, range [0, 1]
        Known pixels are bit-equal.

    Raises
    ------
    InputError
        If the pair fails `check_pair` or an option is out of range.

    Notes
    -----
    Half of the time goes into the patches of the small picture, whatever the hole is. It repeats what is regular, such
    as facades and tiles, in whole pieces and undistorted. Copies are shifted only: perspective, curved or irregular
    scenes get pieces that do not fit, cut where it shows least.

    Examples
    --------
    >>> stripes = np.tile(np.repeat([0.2, 0.8], 4), (48, 6)).astype(np.float32)[:, :, None]
    >>> hole = np.zeros((48, 48), bool)
    >>> hole[18:30, 18:30] = True
    >>> bool(np.abs(inpaint_offset_statistics(stripes, hole) - stripes).max() < 1e-5)
    True
    """
    check_pair(image, mask)
    if not 1 <= n_offsets <= 200:  # noqa: PLR2004 - each is a graph cut
        raise InputError(f"n_offsets must be 1 to 200, got {n_offsets}")
    if sweeps < 1:
        raise InputError(f"sweeps must be at least 1, got {sweeps}")
    if not mask.any():
        progress(0, 0)
        return image.copy()
    known = without_garbage(image, mask)
    scales = build_scales(known, mask)
    if not scales[-1].known.any():
        return inpaint_nearest(image, mask, progress=progress)
    labelling = label_smallest(scales[-1], (n_offsets, sweeps), progress)
    for coarse, fine in zip(scales[:0:-1], scales[-2::-1], strict=True):
        labelling = refine(labelling, coarse, fine)
    places, offsets = np.argwhere(mask), labelling.offsets
    result = known.copy()
    result[mask] = known[tuple((places + offsets).T)]
    if fusion:
        result = composite(image, np.clip(fuse(result, known, mask, offsets), 0, 1), mask)
    progress(_ALL, _ALL)
    return result


def build_scales(known: Image, mask: Mask) -> list[Scale]:
    """Return the picture from large to small: halved until no side is above 256 px.

    A smaller pixel is known where all below it are, so that what is copied in small can be copied in large.
    """
    scales = [Scale(np.rint(as_colour(np.clip(known, 0, 1)) * 255).astype(np.uint8), ~mask)]
    while max(scales[-1].known.shape) > MOST_SIDE_PX:
        picture, whole = scales[-1]
        odd = [(0, side % 2) for side in whole.shape]
        even = np.pad(picture, (*odd, (0, 0)), mode="edge")
        size = (even.shape[1] // 2, even.shape[0] // 2)
        blocks = np.pad(whole, odd, mode="edge").reshape(size[1], 2, size[0], 2)
        halved = cv2.resize(even, size, interpolation=cv2.INTER_AREA).reshape(size[1], size[0], -1)
        scales.append(Scale(halved, np.asarray(blocks.all(axis=(1, 3)))))
    return scales


def label_smallest(scale: Scale, how: tuple[int, int], progress: Progress = ignore_progress) -> Labelling:
    """Return the offsets of the smallest scale's missing pixels.

    Parameters
    ----------
    scale : Scale
        Sides up to 256 px.
    how : (int, int)
        Most offsets and most sweeps.
    progress : callable
        Called in per cent, up to 90.
    """
    n_offsets, sweeps = how
    with ThreadPoolExecutor(n_threads()) as pool:
        offsets = find_dominant_offsets(*scale, n_offsets, pool, lambda k, n: progress(_MATCHED * k // n, _ALL))
    offsets = cover_hole(~scale.known, scale.known, offsets)
    energy = Energy(*scale)
    labelling = label(energy, _first_offsets(energy, scale.known, offsets))
    share, n_moves = (_LABELLED - _MATCHED), sweeps * max(len(offsets), 1)
    for sweep in range(sweeps):
        before = labelling.energy
        for k, offset in enumerate(offsets):
            labelling = move(energy, labelling, np.broadcast_to(offset, energy.places.shape))
            progress(_MATCHED + share * (sweep * len(offsets) + k + 1) // n_moves, _ALL)
        if labelling.energy == before:
            break
    return labelling


def _first_offsets(
    energy: Energy, known: Bool[np.ndarray, "H W"], offsets: Int64[np.ndarray, "k 2"]
) -> Int64[np.ndarray, "n 2"]:
    """Return for each missing pixel the first offset that leads to a known one, or that of the nearest known pixel."""
    from scipy.ndimage import distance_transform_edt  # noqa: PLC0415 - a tenth of a second to import

    nearest = distance_transform_edt(~known, return_distances=False, return_indices=True)
    first: Int64[np.ndarray, "n 2"] = (
        nearest[:, energy.places[:, 0], energy.places[:, 1]].T.astype(np.int64) - energy.places
    )
    for offset in offsets[::-1]:
        first = np.where(energy.are_known(energy.places + offset)[:, None], offset, first)
    return first


def refine(labelling: Labelling, coarse: Scale, fine: Scale) -> Labelling:
    """Return the offsets of a scale twice as large: doubled, then moved by single pixels where that costs less."""
    energy = Energy(*fine)
    doubled = np.zeros((*coarse.known.shape, 2), np.int64)
    doubled[~coarse.known] = 2 * labelling.offsets
    parents = energy.places // 2
    # The last row or column of an odd side has no second pixel below its parent.
    targets = np.minimum(energy.places + doubled[parents[:, 0], parents[:, 1]], np.array(fine.known.shape) - 1)
    offsets = targets - energy.places
    refined, groups = label(energy, offsets), segment(offsets)
    for step in _STEPS:
        refined = move(energy, refined, offsets + np.array(step), groups)
    for down, right in _SEAM_MOVES:
        refined = move(energy, refined, _from_neighbours(refined.offsets, energy, fine.known.shape, (down, right)))
    return refined


def segment(offsets: Int64[np.ndarray, "n 2"]) -> Int64[np.ndarray, " n"]:
    """Return a number for each pixel that those of the same offset share."""
    _, groups = np.unique(offsets, axis=0, return_inverse=True)
    return groups.reshape(-1).astype(np.int64)


def _from_neighbours(
    offsets: Int64[np.ndarray, "n 2"], energy: Energy, shape: tuple[int, ...], step: tuple[int, int]
) -> Int64[np.ndarray, "n 2"]:
    """Return the offset of the missing pixel one step away from each, or its own where there is none."""
    rows, columns = energy.places.T
    field = np.zeros((*shape, 2), np.int64)
    missing = np.zeros(shape, bool)
    field[rows, columns], missing[rows, columns] = offsets, True
    there = np.clip(energy.places + np.array(step), 0, np.array(shape) - 1).T
    return np.where(missing[tuple(there)][:, None], field[tuple(there)], offsets)


def fuse(mosaic: Image, known: Image, mask: Mask, offsets: Int64[np.ndarray, "n 2"]) -> Image:
    """Return the mosaic fitted to the known pixels around it, by what the copies show where these are.

    Parameters
    ----------
    mosaic : (H, W, C) float32
        The picture with its hole filled by copies.
    known : (H, W, C) float32
        The picture without them.
    mask : (H, W) bool
    offsets : (n, 2) int64
        Where each missing pixel was copied from, in raster order.
    """
    source, places = mosaic.copy(), np.argwhere(mask)
    for step in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        ring = places + np.array(step)
        inside = ((ring >= 0) & (ring < mask.shape)).all(axis=1)
        ring, there = ring[inside], (ring + offsets)[inside]
        usable = ((there >= 0) & (there < mask.shape)).all(axis=1) & ~mask[tuple(ring.T)]
        ring, there = ring[usable], there[usable]
        whole = ~mask[tuple(there.T)]
        source[tuple(ring[whole].T)] = known[tuple(there[whole].T)]
    return blend_poisson(source, known, mask)
