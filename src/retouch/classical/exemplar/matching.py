"""Kernels of PatchMatch completion: the search for similar patches, and the vote of overlapping ones.

Source: C. Barnes, E. Shechtman, A. Finkelstein, D. Goldman, "PatchMatch: a randomized correspondence algorithm for
structural image editing", SIGGRAPH 2009, section 3; Y. Wexler, E. Shechtman, M. Irani, "Space-time completion of
video", PAMI 29(3), 2007, section 3.2 (vote).

Pictures are compared in 8 bits, which is three times as fast as in floats; votes are cast in float32. Kernels work on a
band of rows and read the rows of other bands from the field as it was before the sweep, so that the result does not
depend on how many threads there are.

    target    (H, W * K) uint8, the picture as estimated so far, K values a pixel
    source    (Hs, W * K) uint8, where patches are borrowed
    field     (H, W, 2) int32, row and column in the source of the patch that each target pixel's patch resembles most
    cost      (H, W) int32, sum of squared differences of the two patches; -1 where no patch is sought
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

_FAR = 2**31 - 1


@njit(cache=True, nogil=True, inline="always")
@no_type_check
def _draw(state, n):
    """Return the next state of a 64-bit xorshift generator and a number from 0 to n - 1."""
    state ^= state << np.uint64(13)
    state ^= state >> np.uint64(7)
    state ^= state << np.uint64(17)
    return state, np.int64((state >> np.uint64(33)) % np.uint64(n))


@njit(cache=True, nogil=True)
@no_type_check
def patch_cost(target, source, shape, at, limit):
    """Return the sum of squared differences of two patches, or any number above `limit` once it is passed.

    `shape` is (rows, values per row) of a patch and `at` the flat positions of the two first values and row strides.
    """
    # Unsigned indices: numba then leaves out its wrap-around test, and the loop runs in vector registers.
    total = np.int32(0)
    t, s = np.uint64(at[0]), np.uint64(at[1])
    for _ in range(shape[0]):
        for i in range(np.uint64(shape[1])):
            difference = np.int32(target[t + i]) - np.int32(source[s + i])
            total += difference * difference
        if total > limit:
            return total
        t += np.uint64(at[2])
        s += np.uint64(at[3])
    return total


@njit(cache=True, nogil=True)
@no_type_check
def _cost_from(pair, allowed, label, sizes, from_t, at, best):
    """Return the cost of borrowing from `at`, or `best` where that may not be done or is no better."""
    sy, sx = at
    if sy < 0 or sy >= allowed.shape[0] or sx < 0 or sx >= allowed.shape[1] or allowed[sy, sx] < 0:
        return best
    if label > 0 and allowed[sy, sx] != label:
        return best
    half, n_values, stride = sizes
    shape = (2 * half + 1, (2 * half + 1) * n_values)
    from_s = (sy - half) * stride + (sx - half) * n_values
    return min(patch_cost(pair[0], pair[1], shape, (from_t, from_s, stride, stride), best), best)


@njit(cache=True, nogil=True)
@no_type_check
def search_band(  # noqa: PLR0917 - a numba kernel takes plain arrays and numbers
    target, source, wanted, allowed, field, before, cost, band, half, n_values, forward, radius, seed
):
    """Improve the field of one band of rows by propagation and random search, in place.

    Parameters
    ----------
    target, source : (H, W * K), (Hs, W * K) uint8
    wanted : (H, W) int32
        Label of each target patch, 0 for any source, -1 where none is sought.
    allowed : (Hs, W) int32
        Label of each source patch, -1 where a patch may not be borrowed.
    field, before : (H, W, 2) int32
        The field, and a copy from before the sweep for the rows of other bands.
    cost : (H, W) int32
    band : (int, int)
        First row and the row after the last.
    half, n_values : int
        Half the patch's side, rounded down, and K.
    forward : bool
        Whether the sweep runs downwards and to the right, or the other way.
    radius : int
        Largest distance of the random search in pixels; it is halved until it is below 1.
    seed : int
        Of this band in this sweep.
    """
    height, width = wanted.shape
    pair = (target.reshape(-1), source.reshape(-1))
    stride = width * n_values
    sizes = (half, n_values, stride)
    step = 1 if forward else -1
    state = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0x2545F4914F6CDD1D)
    first, last = (band[0], band[1]) if forward else (band[1] - 1, band[0] - 1)
    for y in range(first, last, step):
        for x in range(half if forward else width - half - 1, width - half if forward else half - 1, step):
            label = wanted[y, x]
            if label < 0:
                continue
            from_t = (y - half) * stride + (x - half) * n_values
            best_y, best_x, best = field[y, x, 0], field[y, x, 1], cost[y, x]
            for ny, nx in ((y - step, x), (y, x - step)):  # propagation from the row and column just done
                if 0 <= ny < height and 0 <= nx < width and wanted[ny, nx] >= 0:
                    near = field if band[0] <= ny < band[1] else before
                    sy, sx = near[ny, nx, 0] + y - ny, near[ny, nx, 1] + x - nx
                    found = _cost_from(pair, allowed, label, sizes, from_t, (sy, sx), best)
                    if found < best:
                        best_y, best_x, best = sy, sx, found
            reach = radius
            while reach >= 1 and best > 0:  # random search around the best so far
                state, dy = _draw(state, 2 * reach + 1)
                state, dx = _draw(state, 2 * reach + 1)
                sy, sx = best_y + dy - reach, best_x + dx - reach
                reach //= 2
                found = _cost_from(pair, allowed, label, sizes, from_t, (sy, sx), best)
                if found < best:
                    best_y, best_x, best = sy, sx, found
            field[y, x, 0], field[y, x, 1], cost[y, x] = best_y, best_x, best


@njit(cache=True, nogil=True)
@no_type_check
def measure_band(target, source, wanted, field, cost, band, half, n_values):  # noqa: PLR0917 - as above
    """Measure the cost of the field as it is, for one band of rows, in place."""
    width = wanted.shape[1]
    flat_t, flat_s = target.reshape(-1), source.reshape(-1)
    stride = width * n_values
    shape = (2 * half + 1, (2 * half + 1) * n_values)
    for y in range(band[0], band[1]):
        for x in range(half, width - half):
            if wanted[y, x] >= 0:
                from_t = (y - half) * stride + (x - half) * n_values
                from_s = (field[y, x, 0] - half) * stride + (field[y, x, 1] - half) * n_values
                cost[y, x] = patch_cost(flat_t, flat_s, shape, (from_t, from_s, stride, stride), _FAR)


@njit(cache=True, nogil=True, fastmath=True)
@no_type_check
def vote_band(picture, source, mask, field, weight, band, half, vote_px):  # noqa: PLR0917 - as above
    """Set each missing pixel of a band to the weighted mean of what the overlapping patches say (Wexler Eq. 5).

    Parameters
    ----------
    picture : (H, W, K) float32
        Changed in place under the mask, where any patch votes.
    source : (Hs, W, K) float32
    mask : (H, W) bool
    field : (H, W, 2) int32
    weight : (H, W) float32
        Of the patch around each pixel; 0 where none was sought.
    band : (int, int)
    half, vote_px : int
        Half the patch's side, rounded down, and how far from a pixel the patches that vote are centred at most.
    """
    height, width, n_values = picture.shape
    total = np.zeros(n_values, np.float32)
    for y in range(band[0], band[1]):
        for x in range(width):
            if not mask[y, x]:
                continue
            total[:] = 0
            weights = np.float32(0)
            # Beside the picture's border, where no patch is centred, the nearest ones vote.
            cy, cx = min(max(y, half), height - 1 - half), min(max(x, half), width - 1 - half)
            for py in range(max(cy - vote_px, y - half, 0), min(cy + vote_px, y + half, height - 1) + 1):
                for px in range(max(cx - vote_px, x - half, 0), min(cx + vote_px, x + half, width - 1) + 1):
                    w = weight[py, px]
                    if w > 0:
                        sy, sx = field[py, px, 0] + y - py, field[py, px, 1] + x - px
                        for k in range(n_values):
                            total[k] += w * source[sy, sx, k]
                        weights += w
            if weights > 0:
                for k in range(n_values):
                    picture[y, x, k] = total[k] / weights
