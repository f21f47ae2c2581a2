"""Lines drawn by the user cut a hole and what is around it into areas, so that each side is filled from its own side.

Source: this project, for the "boundary line drawn by the user" of a doctoral thesis on structure-first inpainting and
object removal, Sec. 5.4 (where wall and floor meet behind what is removed); the thesis gives no method.

A line does two things. Its sides become areas, which borrow from themselves alone, and whose structure is interpolated
apart, so that it has its edge where the line runs. But an edge of a photograph is more than the place where two areas
meet: a skirting board, a shadow, a blur of a pixel or two. Therefore a seam along the line, as broad as a patch, may
borrow from anywhere: there patches that straddle the same edge elsewhere fit best.

People draw a little beyond the hole and not to the picture's border. So the ends of each stroke are continued straight
until they meet another stroke or leave the picture. A stroke that closes on itself has no ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float, Int, Int32
from scipy import ndimage, sparse, spatial
from scipy.sparse import csgraph

from retouch.arrays.regions import bounding_box, dilate_mask
from retouch.arrays.types import Mask

_LEAST_REACH_PX = 64  # around a hole: the least context that patches get
_SEAM_PX = 4  # to either side of the line: half a patch of 7 px, and one for the blur of the edge
_DIRECTION_PX = 24  # of a stroke's end, by which its direction is told: a hand trembles over fewer
_LEAST_LEAN = 0.25  # of these pixels' middle from the end, as a share of their extent; less is no end but a bend
_NEXT_TO = 1.5  # pixels touch, at corners too


class Areas(NamedTuple):
    """What lines make of a picture.

    Attributes
    ----------
    areas : (H, W) int32
        1 and up in the areas that the lines cut out, 0 far from the holes that they cross and in other holes.
    seam : (H, W) bool
        Along the lines.
    """

    areas: Int32[np.ndarray, "H W"]
    seam: Mask


def cut_by_lines(lines: Mask, mask: Mask) -> Areas | None:
    """Return the areas into which lines cut the holes that they cross and what is known around them.

    Known pixels are near up to the longer side of what is crossed, or 64 px.

    Parameters
    ----------
    lines : (H, W) bool
        Strokes, of any width.
    mask : (H, W) bool
        True where a pixel is missing.

    Returns
    -------
    Areas, or None where no stroke touches a hole.

    Examples
    --------
    >>> mask = np.zeros((40, 40), bool)
    >>> mask[10:30, 10:30] = True
    >>> lines = np.zeros((40, 40), bool)
    >>> lines[20, 5:35] = True
    >>> cut = cut_by_lines(lines, mask)
    >>> cut.areas[[0, 19, 21, 39], 20].tolist(), cut.seam[[16, 17, 24, 25], 20].tolist()
    ([1, 1, 2, 2], [False, True, True, False])
    """
    _, holes = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
    crossed = mask & np.isin(holes, np.unique(holes[lines & mask]))
    if not crossed.any():
        return None
    core = bounding_box(crossed)
    reach = max(_LEAST_REACH_PX, core.height, core.width)
    box = core.grown(reach, reach, (mask.shape[0], mask.shape[1]))
    near = dilate_mask(crossed[box.slices], reach) & (crossed | ~mask)[box.slices]
    areas, seam = np.zeros(mask.shape, np.int32), np.zeros_like(mask)
    areas[box.slices] = _cut(near, _continued(np.ascontiguousarray(lines[box.slices])))
    seam[box.slices] = dilate_mask(find_meetings(areas[box.slices]), _SEAM_PX - 1)
    return Areas(areas, seam)


def _cut(near: Mask, cuts: Mask) -> Int32[np.ndarray, "H W"]:
    """Return the parts into which cuts divide a place; the pixels of a cut go to the nearest part."""
    # Parts are 4-connected: a line whose pixels touch at corners only still divides them.
    _, parts = cv2.connectedComponents((near & ~cuts).view(np.uint8), connectivity=4)
    nearest = ndimage.distance_transform_edt(parts == 0, return_distances=False, return_indices=True)
    return np.where(near, parts[tuple(nearest)], 0).astype(np.int32)


def find_meetings(areas: Int32[np.ndarray, "H W"]) -> Mask:
    """Return the pixels beside which another area begins.

    >>> find_meetings(np.array([[1, 1, 2, 2, 0, 1]], np.int32)).tolist()
    [[False, True, True, False, False, False]]
    """
    meet = np.zeros(areas.shape, bool)
    for one, other in (
        ((slice(1, None),), (slice(None, -1),)),
        ((slice(None), slice(1, None)), (slice(None), slice(-1))),
    ):
        differ = (areas[one] != areas[other]) & (areas[one] > 0) & (areas[other] > 0)
        meet[one] |= differ
        meet[other] |= differ
    return meet


def _continued(lines: Mask) -> Mask:
    """Return the strokes with their ends continued."""
    n_strokes, strokes = cv2.connectedComponents(lines.view(np.uint8), connectivity=8)
    cuts = lines.copy()
    for stroke in range(1, n_strokes):
        for end, direction in _ends(np.argwhere(strokes == stroke)):
            _continue(cuts, strokes, stroke, end, direction)
    return cuts


def _ends(pixels: Int[np.ndarray, "n 2"]) -> Iterator[tuple[Int[np.ndarray, " 2"], Float[np.ndarray, " 2"]]]:
    """Yield the ends of a stroke, two or more where it branches, and where each points to.

    The first end is as far as can be, along the stroke, from any pixel; the others are farther from it than all beside.
    """
    pairs = spatial.cKDTree(pixels).query_pairs(_NEXT_TO, output_type="ndarray")
    shape = (len(pixels), len(pixels))
    steps = sparse.coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape).tocsr()
    first = int(csgraph.dijkstra(steps, directed=False, indices=0, unweighted=True).argmax())
    distance = csgraph.dijkstra(steps, directed=False, indices=first, unweighted=True)
    farthest_beside = np.zeros(len(pixels))
    for one, other in (pairs.T, pairs.T[::-1]):
        np.maximum.at(farthest_beside, one, distance[other])
    tips = np.flatnonzero(distance >= farthest_beside)
    taken: list[int] = []
    for tip in [first, *tips[np.argsort(-distance[tips], kind="stable")].tolist()]:
        is_beside = np.square(pixels - pixels[tip]).sum(axis=1) <= _DIRECTION_PX**2
        if is_beside[taken].any() or (tip != first and (distance[is_beside] > distance[tip]).any()):
            continue
        taken.append(tip)
        lean = pixels[tip] - pixels[is_beside].mean(axis=0)
        if np.hypot(*lean) > _LEAST_LEAN * np.hypot(*np.ptp(pixels[is_beside], axis=0)):
            yield pixels[tip], lean


def _continue(
    cuts: Mask,
    strokes: Int32[np.ndarray, "H W"],
    stroke: int,
    end: Int[np.ndarray, " 2"],
    direction: Float[np.ndarray, " 2"],
) -> None:
    """Draw on from an end, in place, up to another stroke or the picture's border."""
    step = direction / np.abs(direction).max()
    reach = np.arange(1, max(cuts.shape) + 1)
    rows, columns = (np.rint(start + reach * part).astype(int) for start, part in zip(end, step, strict=True))
    inside = (rows >= 0) & (rows < cuts.shape[0]) & (columns >= 0) & (columns < cuts.shape[1])
    rows, columns = rows[inside], columns[inside]
    met = np.flatnonzero((strokes[rows, columns] != 0) & (strokes[rows, columns] != stroke))
    last = met[0] if len(met) else len(rows)
    cuts[rows[:last], columns[:last]] = True
