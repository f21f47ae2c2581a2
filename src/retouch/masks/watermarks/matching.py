"""Finding a known mark in a picture: matched features, a homography within limits, and a refinement below a pixel.

Source: D. G. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60(2), 2004 (features);
M. A. Fischler, R. C. Bolles, "Random sample consensus", Comm. ACM 24(6), 1981; G. D. Evangelidis, E. Z. Psarakis,
"Parametric image alignment using enhanced correlation coefficient maximization", PAMI 30(10), 2008 (refinement).

Departures
----------
- The two nearest features are looked for exactly, not by FLANN's random trees: a mark has a few hundred features, which
  takes a fraction of the time of finding them, and the result does not hang on chance.
- A place is believed by how its edges agree with those of the picture (`edge_matching`), which holds for translucent
  marks too; where no features match, the same measure is searched over scales, turns and shifts.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float32, Float64

from retouch.arrays.colour import to_grey
from retouch.arrays.regions import Box, dilate_mask
from retouch.arrays.types import Image, Mask
from retouch.masks.finding.limits import check_search, limited
from retouch.masks.watermarks.edge_matching import (
    EdgePoints,
    agreement,
    directions,
    edge_points,
    moved,
    search_edges,
)
from retouch.masks.watermarks.marks import Mark, over_level, place_mark

_RATIO = 0.75
_FEWEST_MATCHES = 8
_RANSAC_PX = 3.0
_AREA_RATIOS = (0.01, 9.0)
_SEEN_OPACITY = 0.05
_GROWN_PX = 2
_SURE = 0.7  # agreement from which on a place found by features is not looked for again by edges
_FARTHEST_REFINED = 0.06  # of the mark's longer side: where ECC moves a corner farther it has run away
_NOTHING = "the mark was not found: check that it is the same drawing, raise sensitivity or name a region"


class PlacedMark(NamedTuple):
    """One mark found: mark (x, y, 1) to picture (x, y, 1), its corners as (row, col), and how far its edges agree."""

    homography: Float64[np.ndarray, "3 3"]
    corners: Float64[np.ndarray, "4 2"]
    agreement: float


class FoundMarks(NamedTuple):
    """The mask of all marks found, each place, and why nothing is masked where nothing is."""

    mask: Mask
    marks: tuple[PlacedMark, ...]
    reason: str


def find_mark(
    image: Image,
    mark: Mark,
    *,
    most_marks: int = 8,
    sensitivity: float = 0.5,
    region: Box | None = None,
    most_share: float = 0.6,
) -> FoundMarks:
    """Return where a known mark lies in a picture, and the mask of what it covers, grown by 2 px.

    Parameters
    ----------
    image : (H, W, 1 or 3) float32, range [0, 1]
    mark : Mark
        The mark as it was drawn, see `mark_of`.
    most_marks : int, 1 and up
        Stop after so many; of a tiled mark all may be wanted.
    sensitivity : float, range [0, 1]
        At 0 edges must agree by 0.6, at 0.5 by 0.4, at 1 by 0.2 of a perfect fit.
    region : Box or None
        Where to look; None for everywhere.
    most_share : float, range (0, 1]
        Largest share of the picture to mask; more is refused with a reason.

    Returns
    -------
    FoundMarks
        With no marks and an empty mask where the mark is not there.

    Raises
    ------
    InputError
        If the picture or an option is not as above.

    Notes
    -----
    Where features match it costs about what SIFT costs, 0.1 s for 512 x 512; else 2 s for the search over edges, which
    knows scales of 0.35 to 2.4 and turns of 24 degrees to either side, and shows one mark at a time.
    """
    box = check_search(image, sensitivity, region, most_share)
    grey, drawn = _clearest_plane(image[box.slices], mark)
    least = 0.6 - 0.4 * sensitivity
    places = _by_features(grey, drawn, least, most_marks)
    if not places or (len(places) == 1 and places[0][1] < _SURE):
        places = max(places, _by_edges(grey, drawn, least, most_marks), key=lambda found: sum(p[1] for p in found))
    shift = np.array([[1.0, 0, box.left], [0, 1, box.top], [0, 0, 1]])
    marks = tuple(_placed(shift @ homography, drawn.shape, score) for homography, score in places)
    covered = np.zeros(image.shape[:2], bool)
    for placed in marks:
        covered |= place_mark(mark, placed.homography, (image.shape[0], image.shape[1])).opacity > _SEEN_OPACITY
    mask, reason = limited(dilate_mask(covered, _GROWN_PX)[box.slices], box, image.shape[:2], most_share)
    return FoundMarks(mask, () if reason else marks, reason or ("" if marks else _NOTHING))


def _clearest_plane(part: Image, mark: Mark) -> tuple[Float32[np.ndarray, "H W"], Float32[np.ndarray, "h w"]]:
    """Return luma or the one channel, of picture and mark, in which the mark stands out most from the picture's median.

    A red mark on grey is hardly seen in luma.
    """
    colour = mark.colour if mark.colour.shape[2] == part.shape[2] else to_grey(mark.colour)
    planes = [(to_grey(part)[:, :, 0], to_grey(colour)[:, :, 0])]
    if part.shape[2] == colour.shape[2]:
        planes += [(part[:, :, c], colour[:, :, c]) for c in range(part.shape[2])]
    drawn = [
        (np.ascontiguousarray(plane), over_level(own, mark.opacity, float(np.median(plane)))) for plane, own in planes
    ]
    return max(drawn, key=lambda pair: float(np.abs(np.diff(pair[1], axis=0)).sum() + np.abs(np.diff(pair[1])).sum()))


_Places = list[tuple[Float64[np.ndarray, "3 3"], float]]


def _by_features(
    grey: Float32[np.ndarray, "H W"], drawn: Float32[np.ndarray, "h w"], least: float, most_marks: int
) -> _Places:
    """Return the places where features match, after taking away those of the marks already found."""
    own_at, own = _features(drawn)
    at, described = _features(grey)
    points, field = edge_points(drawn), directions(grey)
    places: _Places = []
    while len(places) < most_marks and len(own_at) >= _FEWEST_MATCHES and len(at) >= _FEWEST_MATCHES:
        first, second = _matched(own, described)
        homography = _consensus(own_at[first], at[second], drawn.shape)
        if homography is None:
            break
        homography = _refined(grey, drawn, points, field, homography)
        score = agreement(points, field, homography)
        if score < least:
            break
        places.append((homography, score))
        outside = ~_inside(homography, drawn.shape, at)
        at, described = at[outside], described[outside]
    return places


def _by_edges(
    grey: Float32[np.ndarray, "H W"], drawn: Float32[np.ndarray, "h w"], least: float, most_marks: int
) -> _Places:
    """Return the places where edges agree, each taken out of the picture before the next is looked for."""
    points, field, left = edge_points(drawn), directions(grey), grey.copy()
    places: _Places = []
    while len(places) < most_marks:
        homography = search_edges(drawn, left, field)
        homography = _refined(grey, drawn, points, field, homography)
        score = agreement(points, field, homography)
        if score < least or not _is_sane(homography, drawn.shape):
            break
        places.append((homography, score))
        corners = np.rint(_corners(homography, drawn.shape)).astype(np.int32)
        left, field = left.copy(), field.copy()
        cv2.fillConvexPoly(left, corners, float(np.median(grey)))
        cv2.fillConvexPoly(field, corners, (0.0, 0.0))
    return places


def _features(
    grey: Float32[np.ndarray, "H W"],
) -> tuple[Float64[np.ndarray, "n 2"], Float32[np.ndarray, "n 128"]]:
    """Return SIFT features of the locally equalised picture: their (x, y) and their descriptors."""
    levels = cv2.createCLAHE(clipLimit=3.0, tileGridSize=(4, 4)).apply(np.rint(grey.clip(0, 1) * 255).astype(np.uint8))
    keypoints, described = cv2.SIFT.create(contrastThreshold=0.02).detectAndCompute(levels, None)
    if described is None:
        return np.zeros((0, 2)), np.zeros((0, 128), np.float32)
    return np.array([k.pt for k in keypoints], np.float64), described


def _matched(own: Float32[np.ndarray, "n 128"], others: Float32[np.ndarray, "m 128"]) -> tuple[list[int], list[int]]:
    """Return the pairs whose best match is clearly nearer than the second."""
    pairs = [p for p in cv2.BFMatcher(cv2.NORM_L2).knnMatch(own, others, k=2) if len(p) == 2]  # noqa: PLR2004
    good = [best for best, second in pairs if best.distance < _RATIO * second.distance]
    return [m.queryIdx for m in good], [m.trainIdx for m in good]


def _consensus(
    own: Float64[np.ndarray, "n 2"], there: Float64[np.ndarray, "n 2"], shape: tuple[int, ...]
) -> Float64[np.ndarray, "3 3"] | None:
    """Return the homography that most matches agree on, or None where too few do or it is no possible view."""
    if len(own) < _FEWEST_MATCHES:
        return None
    homography, inliers = cv2.findHomography(own, there, cv2.RANSAC, _RANSAC_PX)
    if homography is None or inliers.sum() < _FEWEST_MATCHES or not _is_sane(homography, shape):
        return None
    found: Float64[np.ndarray, "3 3"] = homography
    return found


def _is_sane(homography: Float64[np.ndarray, "3 3"], shape: tuple[int, ...]) -> bool:
    """Tell whether the moved mark is convex, not mirrored, and of a possible size."""
    if not np.isfinite(homography).all():
        return False
    corners = _corners(homography, shape)
    sides = np.roll(corners, -1, axis=0) - corners
    after = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * after[:, 1] - sides[:, 1] * after[:, 0]
    area = cv2.contourArea(corners.astype(np.float32))
    return bool(np.all(turns > 0).all() and _AREA_RATIOS[0] < area / (shape[0] * shape[1]) < _AREA_RATIOS[1])


def _refined(
    grey: Float32[np.ndarray, "H W"],
    drawn: Float32[np.ndarray, "h w"],
    points: EdgePoints,
    field: Float32[np.ndarray, "H W 2"],
    homography: Float64[np.ndarray, "3 3"],
) -> Float64[np.ndarray, "3 3"]:
    """Return the homography after ECC, unless that has not made the edges agree better, or has run away."""
    inside = cv2.warpPerspective(np.ones(drawn.shape, np.uint8), homography, grey.shape[::-1])
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 50, 1e-5)
    try:
        _, matrix = cv2.findTransformECC(
            drawn, grey, homography.astype(np.float32), cv2.MOTION_HOMOGRAPHY, stop, inside, 5
        )
    except cv2.error:  # it does not converge on a mark that is hardly seen
        return homography
    refined = matrix.astype(np.float64)
    if not _is_sane(refined, drawn.shape):
        return homography
    farthest = np.linalg.norm(_corners(refined, drawn.shape) - _corners(homography, drawn.shape), axis=1).max()
    better = agreement(points, field, refined) > agreement(points, field, homography)
    return refined if better and farthest <= _FARTHEST_REFINED * max(drawn.shape) else homography


def _corners(homography: Float64[np.ndarray, "3 3"], shape: tuple[int, ...]) -> Float64[np.ndarray, "4 2"]:
    """Return the corners (x, y) of the moved mark, clockwise from its top left."""
    right, bottom = shape[1] - 1.0, shape[0] - 1.0
    return moved(homography, np.array([[0, 0], [right, 0], [right, bottom], [0, bottom]]))


def _inside(
    homography: Float64[np.ndarray, "3 3"], shape: tuple[int, ...], points: Float64[np.ndarray, "n 2"]
) -> np.ndarray:
    """Tell of each point (x, y) of the picture whether the moved mark covers it."""
    back = moved(np.linalg.inv(homography), points)
    within: np.ndarray = np.all((back >= 0) & (back <= (shape[1] - 1, shape[0] - 1)), axis=1)
    return within


def _placed(homography: Float64[np.ndarray, "3 3"], shape: tuple[int, ...], score: float) -> PlacedMark:
    homography = homography / homography[2, 2]
    return PlacedMark(homography, _corners(homography, shape)[:, ::-1].copy(), score)
