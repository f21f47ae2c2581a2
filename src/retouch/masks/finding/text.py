"""Text and captions, letter by letter, with their outline and shadow, without a network.

Source: this project, from the parts that `candidates`, `scores` and `lines` name. Lines that thin parts make are
scored; those that score high are text, and so are those that score less where they stand near one of these and have its
colour and height. Of two lines at one place with different colours the better one is text: the other is the gaps
between its letters. A line's letters are drawn as what is near its colour and stands out as it does, between and beside
its parts as well; last come outline and shadow: a colour that crowds around the letters and not farther away.

Blind to text whose colour changes within a line, and to letters below about 6 px. Fences, branches and windows in a row
may look like text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool

from retouch.arrays.regions import Box, dilate_mask
from retouch.arrays.types import Image, Mask
from retouch.masks.finding.candidates import Candidate, candidate_lines
from retouch.masks.finding.glyphs import find_glyphs, near_colour, shared_colours
from retouch.masks.finding.limits import check_search, limited
from retouch.masks.finding.scores import Scored, scored

_GROWN_PX = 2
_LEAST_GAIN = 0.35  # of the share of an outline's colour beside the letters over that farther away
_LEAST_SURE, _MOST_SURE_LESS = 2.5, 8.0  # of score: what is text at sensitivity 0, and how far 1 lowers that
_BELOW_BEST = 5.0  # of score: a line that is this much worse than the best one is no text
_LOWER = 1.5  # of score, for a line beside one that is text
_SAME_HEIGHT = 1.6
_SAME_COLOUR = 0.15
_OTHER_COLOUR = 0.25
_CLEARLY_BETTER = 1.0  # of score
_MOST_COVERED = 0.5  # of a line's box by a better line of another colour
_LINES_APART, _WORDS_APART = 2.5, 3.0  # times the height of a line


class FoundText(NamedTuple):
    """The mask of all letters, a box around each line, and why nothing is masked where nothing is."""

    mask: Mask
    lines: tuple[Box, ...]
    reason: str


def find_text(
    image: Image, *, sensitivity: float = 0.5, region: Box | None = None, most_share: float = 0.4
) -> FoundText:
    """Return a mask that covers captions: their letters, outline and shadow, grown by 2 px.

    Parameters
    ----------
    image : (H, W, 1 or 3) float32, range [0, 1]
    sensitivity : float, range [0, 1]
        0 masks only what is certainly text, 1 also what is hardly better than chance. At 0.5, meant for a picture that
        has a caption, half of the photographs without one have something masked, 4 % of their pixels in the mean.
    region : Box or None
        Where to look; None for everywhere.
    most_share : float, range (0, 1]
        Largest share of the picture to mask; more is refused with a reason.

    Returns
    -------
    FoundText
        Mask (H, W) bool, boxes of the lines in pixels of the picture, and the reason of an empty mask, else "".

    Raises
    ------
    InputError
        If the picture or an option is not as above.

    Notes
    -----
    Costs about 0.4 s for 256 x 256 pixels and 3 s for 1280 x 720: with the pixels, and with how much in them looks like
    letters.

    Examples
    --------
    >>> find_text(np.zeros((20, 20, 1), np.float32)).reason
    'no text was found: raise sensitivity or name a region'
    """
    box = check_search(image, sensitivity, region, most_share)
    part = np.ascontiguousarray(image[box.slices])
    lines = find_lines(part, widest_stroke_px(part.shape[0], part.shape[1]), sensitivity)
    if not lines:
        return FoundText(np.zeros(image.shape[:2], bool), (), "no text was found: raise sensitivity or name a region")
    found = limited(draw_lines(part, lines), box, image.shape[:2], most_share)
    boxes = sorted({moved_box(line.candidate.line.box, box) for line in lines})
    return FoundText(found.mask, () if found.reason else tuple(boxes), found.reason)


def find_lines(part: Image, stroke_px: int, sensitivity: float) -> list[Scored]:
    """Return the lines of text in a part of a picture, the best first; one may be there several times."""
    lines = sorted((scored(part, c) for c in candidate_lines(part, stroke_px)), key=lambda line: -line.score)
    least = max(_LEAST_SURE - _MOST_SURE_LESS * sensitivity, lines[0].score - _BELOW_BEST) if lines else 0.0
    kept: list[Scored] = []
    for line in (line for line in lines if line.score > least - _LOWER):
        if not any(_is_gap_of(line, better) for better in kept):
            kept.append(line)
    sure = [line for line in kept if line.score > least]
    return sure + [line for line in kept[len(sure) :] if any(_goes_with(line, other) for other in sure)]


def draw_lines(part: Image, lines: Sequence[Scored]) -> Mask:
    """Return the mask of the letters of lines, with outline and shadow, grown by 2 px."""
    letters = np.zeros(part.shape[:2], bool)
    for line in lines:
        letters |= _letters(part, line)
    height = float(np.median([line.candidate.line.height for line in lines]))
    return dilate_mask(letters | _surround(part, letters, height), _GROWN_PX)


def letters_within(image: Image, places: Mask) -> Mask:
    """Return the mask of letters, outline and shadow in places of which it is known that text stands there.

    Parameters
    ----------
    image : (H, W, 1 or 3) float32, range [0, 1]
    places : (H, W) bool
        Lines or blocks of text. One in which no letters are found is masked whole.

    Returns
    -------
    (H, W) bool
        Grown by 2 px, inside the places grown by as much.

    Examples
    --------
    >>> places = np.zeros((20, 20), bool)
    >>> places[5:9, 3:17] = True
    >>> np.array_equal(letters_within(np.zeros((20, 20, 1), np.float32), places), places)
    True
    """
    letters = np.zeros(places.shape, bool)
    n_parts, labels, stats, _ = cv2.connectedComponentsWithStats(places.astype(np.uint8), connectivity=8)
    for i in range(1, n_parts):
        left, top, width, height = (int(value) for value in stats[i, :4])
        place = Box(top, left, top + height, left + width)
        around = place.grown(height, height, (places.shape[0], places.shape[1])).slices
        part, own = np.ascontiguousarray(image[around]), labels[around] == i
        lines = [line for line in find_lines(part, max(5, height // 4), 1.0) if _is_inside(line, own)]
        letters[around] |= draw_lines(part, lines) & dilate_mask(own, _GROWN_PX) if lines else own
    return letters


def _is_inside(line: Scored, places: Mask) -> bool:
    """Tell whether most of the strokes of a line stand in places of text."""
    glyphs = line.candidate.line.glyphs
    inside = sum(g.n_pixels for g in glyphs if places[(g.top + g.bottom) // 2, (g.left + g.right) // 2])
    return inside > 0.7 * sum(g.n_pixels for g in glyphs)


def widest_stroke_px(height: int, width: int) -> int:
    """Return how wide a stroke may be in a picture: a fortieth of its shorter side, 5 px at least."""
    return max(5, min(height, width) // 40)


def moved_box(line: Box, part: Box) -> Box:
    """Return a box of a part of the picture as one of the whole picture.

    Examples
    --------
    >>> moved_box(Box(1, 2, 3, 4), Box(10, 20, 30, 40))
    Box(top=11, left=22, bottom=13, right=24)
    """
    return Box(line.top + part.top, line.left + part.left, line.bottom + part.top, line.right + part.left)


def _is_gap_of(line: Scored, better: Scored) -> bool:
    """Tell whether a line lies mostly on a clearly better one and has another colour."""
    own, other = line.candidate.line.box, better.candidate.line.box
    shared = max(0, min(own.bottom, other.bottom) - max(own.top, other.top))
    shared *= max(0, min(own.right, other.right) - max(own.left, other.left))
    return (
        shared > _MOST_COVERED * own.height * own.width
        and better.score - line.score > _CLEARLY_BETTER
        and bool(np.abs(line.colour - better.colour).max() > _OTHER_COLOUR)
    )


def _goes_with(line: Scored, other: Scored) -> bool:
    """Tell whether a line has the colour and height of another and stands near it."""
    height, own = other.candidate.line.height, line.candidate.line.height
    if not height / _SAME_HEIGHT < own < height * _SAME_HEIGHT:
        return False
    if np.abs(line.colour - other.colour).max() >= _SAME_COLOUR:
        return False
    rows, columns = round(_LINES_APART * height), round(_WORDS_APART * height)
    one, two = line.candidate.line.box, other.candidate.line.box
    near_rows = one.top < two.bottom + rows and two.top < one.bottom + rows
    return near_rows and one.left < two.right + columns and two.left < one.right + columns


def _letters(part: Image, line: Scored) -> Bool[np.ndarray, "H W"]:
    """Return the strokes of a line: its own, and what is like them beside and between its parts."""
    candidate, shape = line.candidate, (part.shape[0], part.shape[1])
    high, wide = round(0.35 * candidate.line.height), round(1.2 * candidate.line.height)
    area, own = np.zeros(shape, bool), np.zeros(shape, bool)
    for glyph in candidate.line.glyphs:
        box = Box(*glyph[:4])
        area[box.grown(high, wide, shape).slices] = True
        own[box.slices] |= candidate.strokes[box.slices]
    for box in _words_beside(candidate):
        area[box.grown(high, high, shape).slices] = True
    tolerance = min(max(0.55 * line.contrast, 0.08), 0.3)  # less than half way to the ground: with the soft border
    alike = near_colour(part, line.colour, tolerance) & (candidate.contrast > max(0.2 * line.contrast, 0.05))
    stands_out = near_colour(part, line.colour, 0.8 * line.contrast)
    stands_out &= candidate.contrast > max(0.5 * line.contrast, 0.05)
    letters: Bool[np.ndarray, "H W"] = (own | alike | stands_out) & area
    return letters


def _words_beside(candidate: Candidate) -> list[Box]:
    """Return the boxes of parts as high as a line that stand in it, a word's space away: words of one letter."""
    line, height = candidate.line, candidate.line.height
    shape = (candidate.strokes.shape[0], candidate.strokes.shape[1])
    around = line.box.grown(round(1.5 * height), round(_WORDS_APART * height), shape)
    parts = (moved_box(Box(*g[:4]), around) for g in find_glyphs(candidate.strokes[around.slices]))
    slack = 0.35 * height
    return [
        part
        for part in parts
        if part.height >= height / _SAME_HEIGHT
        and line.box.top - slack <= part.top
        and part.bottom <= line.box.bottom + slack
    ]


def _surround(part: Image, letters: Bool[np.ndarray, "H W"], height: float) -> Bool[np.ndarray, "H W"]:
    """Return the outline or shadow of letters: the colour that crowds beside them and not farther away."""
    reach = max(3.0, 0.2 * height)
    distance = cv2.distanceTransform((~letters).astype(np.uint8), cv2.DIST_L2, 5)
    ring = (distance > 1.2) & (distance <= 2.5)  # noqa: PLR2004 - past the antialiased border, inside an outline
    far = (distance > reach + 1) & (distance <= 2 * reach + 1)  # between the lines too, where a box is no outline
    for tone in shared_colours(part, ring.astype(np.float32), 1):
        near = near_colour(part, tone, 0.1)
        gain = near[ring].mean() - (near[far].mean() if far.any() else 0.0)
        if gain > _LEAST_GAIN:
            outline: Bool[np.ndarray, "H W"] = near_colour(part, tone, 0.25) & (distance <= reach)
            return outline
    return np.zeros(letters.shape, bool)
