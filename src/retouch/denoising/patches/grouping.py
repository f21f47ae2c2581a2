"""Block matching: for each reference patch the patches around it that resemble it most.

Source: K. Dabov, A. Foi, V. Katkovnik, K. Egiazarian, "Image denoising by sparse 3-D transform-domain collaborative
filtering", IEEE Trans. Image Processing 16(8), 2007, Eqs. 2 and 3 (the distance and the group).
Departures: the distance is the mean over the values of a patch, of all channels alike, so that limits mean the same
for any patch and for grey and colour.

All candidates of one row are measured side by side, which fills the vector registers, and the row is given up where a
few lines of the patches show that none of them is near enough.

planes   (C, H, W) float32, the picture
group    the patches that belong to one reference, itself first, then by distance, then in raster order
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float32, Int, Int32
from numba import njit

from retouch.arrays import threads
from retouch.errors import InputError

_REFERENCES_PER_BAND = 256
_LINES_PER_TEST = 4
_LANES = 8  # of a vector register: a row is measured in full ones, as single values beside them take as long


@dataclass(frozen=True)
class Matching:
    """What counts as a match.

    Attributes
    ----------
    patch_px : int
        Side of a patch.
    reach_px : int
        How far a match may lie from its reference, up, down, left and right.
    n_most : int
        Most patches in a group, its reference included.
    most_distance : float
        Largest mean squared difference per value; infinity takes the `n_most` nearest however far they are.
    step_px : int
        Only matches at multiples of this from the reference are tried.
    powers_of_two : bool
        Whether a group is cut to a power of two.
    """

    patch_px: int
    reach_px: int
    n_most: int
    most_distance: float = float("inf")
    step_px: int = 1
    powers_of_two: bool = False

    @property
    def numbers(self) -> tuple[int, int, int, bool]:
        """Side of a patch, reach, step and whether groups are cut to powers of two, as the kernel takes them."""
        return self.patch_px, self.reach_px, self.step_px, self.powers_of_two


class Groups(NamedTuple):
    """The group of each of R references, n = `n_most` places each.

    Attributes
    ----------
    tops, lefts : (R, n) int32
        Corners of the patches. Places beyond the count repeat the reference.
    distances : (R, n) float32
        Mean squared difference per value; infinity beyond the count.
    counts : (R,) int32
        Patches in each group, 1 or more.
    """

    tops: Int32[np.ndarray, "R n"]
    lefts: Int32[np.ndarray, "R n"]
    distances: Float32[np.ndarray, "R n"]
    counts: Int32[np.ndarray, " R"]


def reference_grid(length: int, patch_px: int, step_px: int) -> Int[np.ndarray, " R"]:
    """Return where patches begin along one axis: every `step_px`, and the last place where one fits.

    Raises
    ------
    InputError
        If no patch fits or the step is below 1.

    Examples
    --------
    >>> reference_grid(16, 8, 3)
    array([0, 3, 6, 8])
    """
    if step_px < 1 or not 1 <= patch_px <= length:
        raise InputError(f"a patch must be 1 to {length} pixels and the step at least 1, got {patch_px} and {step_px}")
    last = length - patch_px
    return np.append(np.arange(0, last, step_px), last)


def empty_groups(n_references: int, n_most: int) -> Groups:
    """Return groups for `match_band` to fill."""
    shape = (n_references, n_most)
    places = (np.empty(shape, np.int32), np.empty(shape, np.int32))
    return Groups(*places, np.empty(shape, np.float32), np.empty(n_references, np.int32))


def find_groups(
    image: Float32[np.ndarray, "H W C"],
    tops: Int[np.ndarray, " R"],
    lefts: Int[np.ndarray, " R"],
    matching: Matching,
    n_threads: int | None = None,
) -> Groups:
    """Return the most similar patches of each reference patch.

    Parameters
    ----------
    image : (H, W, C) float32
        Finite.
    tops, lefts : (R,) int
        Corners of the reference patches, in pairs.
    matching : Matching
    n_threads : int, optional
        RETOUCH_THREADS if not given; the result is the same for any number.

    Returns
    -------
    Groups
        12 bytes for each of the R n places: work in strips where that is much.

    Raises
    ------
    InputError
        If a reference does not lie inside the picture, or a number of `matching` is below 1 (reach and distance: 0).

    Notes
    -----
    About 15 microseconds for a grey patch of 8x8 in a window of 39x39.

    Examples
    --------
    In rows that repeat every 4 pixels, the patch at 0 has its like at 4:

    >>> stripes = np.tile(np.float32([0, 0, 1, 1]), (2, 2))[:, :, None]
    >>> groups = find_groups(stripes, np.array([0]), np.array([0]), Matching(2, 4, 3))
    >>> groups.lefts.tolist(), groups.distances.tolist()
    ([[0, 4, 1]], [[0.0, 0.0, 0.5]])
    """
    _check(image, tops, lefts, matching)
    planes = np.ascontiguousarray(np.moveaxis(image, 2, 0))
    groups = empty_groups(len(tops), matching.n_most)
    corners = (np.ascontiguousarray(tops, np.int64), np.ascontiguousarray(lefts, np.int64))

    def match(band: tuple[int, int]) -> None:
        match_band(planes, *corners, band, matching.numbers, matching.most_distance, *groups)

    with ThreadPoolExecutor(n_threads or threads.n_threads()) as pool:
        for _ in pool.map(match, _bands(len(tops))):
            pass
    return groups


def _bands(n: int) -> Iterator[tuple[int, int]]:
    for first in range(0, n, _REFERENCES_PER_BAND):
        yield first, min(first + _REFERENCES_PER_BAND, n)


def _check(
    image: Float32[np.ndarray, "H W C"], tops: Int[np.ndarray, " R"], lefts: Int[np.ndarray, " R"], matching: Matching
) -> None:
    """Refuse what would make the kernel read outside the picture."""
    least = min(matching.patch_px, matching.step_px, matching.n_most)
    if least < 1 or matching.reach_px < 0 or not matching.most_distance >= 0:
        raise InputError(f"patch, step and number of matches must be at least 1, reach and distance 0, got {matching}")
    for name, corners, length in (("tops", tops, image.shape[0]), ("lefts", lefts, image.shape[1])):
        last = length - matching.patch_px
        if corners.size and not (corners.min() >= 0 and corners.max() <= last):
            raise InputError(f"{name} of patches of {matching.patch_px} px must be 0 to {last}, got {corners}")


@njit(cache=True, nogil=True, fastmath={"contract"})
@no_type_check
def _add_line(total, n, picture, at_reference, at_candidate, patch_px):
    """Add the squared differences of one line of the reference patch to those of `n` candidates side by side."""
    # Unsigned indices: numba then leaves out its wrap-around test, and the loops run in vector registers.
    reference, candidate = np.uint64(at_reference), np.uint64(at_candidate)
    for j in range(np.uint64(0), np.uint64(patch_px // 4 * 4), np.uint64(4)):
        p0, p1 = picture[reference + j], picture[reference + j + np.uint64(1)]
        p2, p3 = picture[reference + j + np.uint64(2)], picture[reference + j + np.uint64(3)]
        for k in range(np.uint64(n)):
            at = candidate + j + k
            d0, d1 = p0 - picture[at], p1 - picture[at + np.uint64(1)]
            d2, d3 = p2 - picture[at + np.uint64(2)], p3 - picture[at + np.uint64(3)]
            total[k] += (d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3)
    for j in range(np.uint64(patch_px // 4 * 4), np.uint64(patch_px)):
        p0 = picture[reference + j]
        for k in range(np.uint64(n)):
            d0 = p0 - picture[candidate + j + k]
            total[k] += d0 * d0


@njit(cache=True, nogil=True)
@no_type_check
def _measure_row(total, n, picture, strides, at_reference, at_candidate, shape, limit):  # noqa: PLR0917 - as below
    """Write the summed squared differences to `n` candidates side by side; say whether any is below `limit`.

    `strides` are those of channels and lines, `shape` is (channels, side of a patch). Where the answer is no, the sums
    may be those of a part of the patches.
    """
    last = at_candidate + (shape[0] - 1) * strides[0] + (shape[1] - 1) * (strides[1] + 1)
    n_measured = min(-(-n // _LANES) * _LANES, len(picture) - last)
    total[:n_measured] = 0
    n_near, n_lines = 0, 0
    for c in range(shape[0]):
        for i in range(shape[1]):
            offset = c * strides[0] + i * strides[1]
            _add_line(total, n_measured, picture, at_reference + offset, at_candidate + offset, shape[1])
            n_lines += 1
            if n_lines % _LINES_PER_TEST == 0 or n_lines == shape[0] * shape[1]:
                n_near = 0
                for k in range(n):
                    n_near += total[k] < limit
                if n_near == 0:
                    return False
    return n_near > 0


@njit(cache=True, nogil=True)
@no_type_check
def _insert(distances, tops, lefts, count, distance, top, left):
    """Insert a match behind those that are as near, dropping the last if there is no place."""
    place = min(count, len(distances) - 1)
    while distances[place - 1] > distance:
        distances[place], tops[place], lefts[place] = distances[place - 1], tops[place - 1], lefts[place - 1]
        place -= 1
    distances[place], tops[place], lefts[place] = distance, top, left


@njit(cache=True, nogil=True)
@no_type_check
def match_band(  # noqa: PLR0917 - a numba kernel takes plain arrays and numbers
    planes, reference_tops, reference_lefts, band, numbers, most_distance, tops, lefts, distances, counts
):
    """Find the groups of references band[0] to band[1] - 1, in place.

    Parameters
    ----------
    planes : (C, H, W) float32
    reference_tops, reference_lefts : (R,) int64
    band : (int, int)
    numbers : (int, int, int, bool)
        `Matching.numbers`.
    most_distance : float
    tops, lefts, distances, counts : arrays
        As in `Groups`.
    """
    patch_px, reach_px, step_px, powers_of_two = numbers
    n_channels, height, width = planes.shape
    picture, strides, shape = planes.reshape(-1), (height * width, width), (n_channels, patch_px)
    n_most = tops.shape[1]
    n_values = np.float32(n_channels * patch_px * patch_px)
    farthest = np.nextafter(np.float32(most_distance * n_values), np.float32(np.inf))
    total = np.empty(2 * reach_px + 1 + _LANES, np.float32)
    for r in range(band[0], band[1]):
        top, left = reference_tops[r], reference_lefts[r]
        tops[r], lefts[r], distances[r] = top, left, np.inf
        distances[r, 0] = -1  # no candidate comes before the reference
        count, limit = 1, (farthest if n_most > 1 else np.float32(-1))
        first_y, first_x = (
            top - min(top, reach_px) // step_px * step_px,
            left - min(left, reach_px) // step_px * step_px,
        )
        n_x = min(left + reach_px, width - patch_px) - first_x + 1
        for y in range(first_y, min(top + reach_px, height - patch_px) + 1, step_px):
            at = y * width + first_x
            if not _measure_row(total, n_x, picture, strides, top * width + left, at, shape, limit):
                continue
            for k in range(0, n_x, step_px):
                if total[k] < limit and not (y == top and first_x + k == left):
                    _insert(distances[r], tops[r], lefts[r], count, total[k], y, first_x + k)
                    count = min(count + 1, n_most)
                    if count == n_most:
                        limit = distances[r, n_most - 1]
        if powers_of_two:
            kept = 1
            while 2 * kept <= count:
                kept *= 2
            tops[r, kept:], lefts[r, kept:], distances[r, kept:] = top, left, np.inf
            count = kept
        distances[r, 0] = 0
        for k in range(1, count):
            distances[r, k] /= n_values
        counts[r] = count
