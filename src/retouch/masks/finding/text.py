"""Text and captions, letter by letter, with their outline and shadow, without weights.

Source: this project, from the parts that `glyphs` and `lines` name. A caption is of one colour and one height. Each
colour on which thin pixels crowd is tried: its parts are grouped to lines, and a line is worth the number of its
letters, times how far they stand out, times the share of them on one base line, times the squared shares of its pixels
that are of exactly that colour and of its surroundings that are not. The colour and height whose lines are worth most
are the caption's style, and others nearly as good are styles too. Each style is then looked for once more beside and
between its lines, and last come outline and shadow: pixels around the letters that crowd on a colour of their own.

Blind to text whose colour changes within a line, to lines that rise or fall, and to letters below about 7 px.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float32

from retouch.arrays.regions import Box, dilate_mask
from retouch.arrays.types import Image, Mask
from retouch.masks.finding.glyphs import Glyph, find_glyphs, near_colour, shared_colours, thin_contrast
from retouch.masks.finding.limits import check_search, limited
from retouch.masks.finding.lines import Line, group_lines

_GROWN_PX = 2
_BORDER_THIN = 0.06
_LEAST_GAIN = 0.2  # of the share of an outline's colour beside the letters over that farther away
_N_COLOURS = 12
_LEAST_THIN = 0.1
_EXACT = 0.02  # of the style's colour, in the farthest channel: an opaque caption has hardly any other
_CLEAR = 0.16  # of the style's colour: the surroundings are farther
_MOST_COUNTED = 12.0  # letters of a line
_SECOND_STYLE = 0.35  # of the worth of the best
_SAME_HEIGHT = 1.4
_REACH = 8.0  # heights of a line: how far from a known line more of its style is looked for


class FoundText(NamedTuple):
    """The mask of all letters, a box around each line, and why nothing is masked where nothing is."""

    mask: Mask
    lines: tuple[Box, ...]
    reason: str


class Style(NamedTuple):
    """Lines of one colour and about one height, and what they are worth."""

    colour: Float32[np.ndarray, " C"]
    lines: tuple[Line, ...]
    worth: float

    @property
    def height(self) -> float:
        """Median height of its lines in pixels."""
        return float(np.median([line.height for line in self.lines]))


def find_text(
    image: Image, *, sensitivity: float = 0.5, region: Box | None = None, most_share: float = 0.4
) -> FoundText:
    """Return a mask that covers captions: their letters, outline and shadow, grown by 2 px.

    Parameters
    ----------
    image : (H, W, 1 or 3) float32, range [0, 1]
    sensitivity : float, range [0, 1]
        0 masks only what is certainly text, 1 also what is hardly better than chance. At 0.5, meant for a picture that
        has a caption, photographs without one have 5 % of their pixels masked in the mean of 13, a third at worst.
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
    Costs about 0.15 s for 256 x 256 pixels, in proportion to the pixels.

    Examples
    --------
    >>> find_text(np.zeros((20, 20, 1), np.float32)).reason
    'no text was found: raise sensitivity or name a region'
    """
    box = check_search(image, sensitivity, region, most_share)
    part = np.ascontiguousarray(image[box.slices])
    thin = thin_contrast(part, widest_stroke_px(part.shape[0], part.shape[1]))
    styles = find_styles(part, thin, 2 * 10 ** (-2.6 * sensitivity))
    if not styles:
        return FoundText(np.zeros(image.shape[:2], bool), (), "no text was found: raise sensitivity or name a region")
    found = limited(draw_styles(part, thin, styles), box, image.shape[:2], most_share)
    lines = sorted(_moved(line.box, box) for style in styles for line in style.lines)
    return FoundText(found.mask, () if found.reason else tuple(lines), found.reason)


def draw_styles(part: Image, thin: Float32[np.ndarray, "H W"], styles: Sequence[Style]) -> Mask:
    """Return the mask of all that styles show in a picture, with outline and shadow, grown by 2 px."""
    letters = np.zeros(part.shape[:2], bool)
    for style in styles:
        own = _letters(part, thin, style)
        letters |= own | _surround(part, own, style.height)
    return dilate_mask(letters, _GROWN_PX)


def widest_stroke_px(height: int, width: int) -> int:
    """Return how wide a stroke may be in a picture: a fortieth of its shorter side, 5 px at least."""
    return max(5, min(height, width) // 40)


def _moved(line: Box, part: Box) -> Box:
    """Return a box of the part of the picture as one of the whole picture."""
    return Box(line.top + part.top, line.left + part.left, line.bottom + part.top, line.right + part.left)


def find_styles(part: Image, thin: Float32[np.ndarray, "H W"], least_worth: float) -> list[Style]:
    """Return the best style, and those nearly as good; none where the best is worth too little."""
    styles = []
    for colour in shared_colours(part, np.where(thin > _LEAST_THIN, thin**2, 0), _N_COLOURS):
        near = near_colour(part, colour) & (thin > _LEAST_THIN)
        lines = group_lines(find_glyphs(near))
        worths = np.array([_worth(part, thin, near, colour, line) for line in lines])
        style = _best_height(colour, lines, worths)
        if style is not None:
            styles.append(style)
    best = max((style.worth for style in styles), default=0.0)
    return [style for style in styles if style.worth >= max(least_worth, _SECOND_STYLE * best)]


def _best_height(colour: Float32[np.ndarray, " C"], lines: Sequence[Line], worths: np.ndarray) -> Style | None:
    """Return the lines of about one height that are together worth most."""
    best: Style | None = None
    heights = np.array([line.height for line in lines])
    for height in heights:
        alike = (heights >= height / _SAME_HEIGHT) & (heights <= height * _SAME_HEIGHT)
        worth = float(worths[alike].sum())
        if best is None or worth > best.worth:
            worthy = alike & (worths >= 0.05 * worths[alike].max())
            best = Style(colour, tuple(line for line, kept in zip(lines, worthy, strict=True) if kept), worth)
    return best


def _worth(
    part: Image,
    thin: Float32[np.ndarray, "H W"],
    near: Bool[np.ndarray, "H W"],
    colour: Float32[np.ndarray, " C"],
    line: Line,
) -> float:
    around = line.box.grown(3, 3, (near.shape[0], near.shape[1])).slices
    own = near[around]
    apart = np.abs(part[around] - colour).max(axis=2)
    beside = cv2.distanceTransform((~own).astype(np.uint8), cv2.DIST_L2, 3)
    ring = (beside > 1.2) & (beside < 3)  # noqa: PLR2004 - past the antialiased border, short of the next letter
    exact = float((apart[own] < _EXACT).mean())
    clear = float((apart[ring] > _CLEAR).mean()) if ring.any() else 0.0
    stands_out = float(thin[around][own].mean())
    return (exact * clear) ** 2 * line.order * min(line.n_letters, _MOST_COUNTED) * stands_out


def _letters(part: Image, thin: Float32[np.ndarray, "H W"], style: Style) -> Bool[np.ndarray, "H W"]:
    """Return all that is of the style's colour and thin, in its lines and in parts like its letters near them."""
    shape = (part.shape[0], part.shape[1])
    height = style.height
    near = near_colour(part, style.colour) & (thin > _LEAST_THIN)
    exact = near_colour(part, style.colour, 2 * _EXACT)
    places = [line.box for line in style.lines]
    hull = places[0]
    for place in places[1:]:
        hull = hull.united(place)
    block = hull.grown(round(_REACH * height), round(_REACH * height), shape)
    radius = float(np.median([line.radius_px for line in style.lines]))
    places += [
        Box(*glyph[:4])
        for glyph in find_glyphs(near)
        if _is_alike(glyph, height, radius, block) and exact[glyph.top : glyph.bottom, glyph.left : glyph.right].any()
    ]
    areas = np.zeros(shape, bool)
    for place in places:
        areas[place.grown(round(0.35 * height), round(1.2 * height), shape).slices] = True
    wide = near_colour(part, style.colour, 0.3) & (thin > _BORDER_THIN)  # with the antialiased border
    letters: Bool[np.ndarray, "H W"] = wide & areas
    return letters


def _is_alike(glyph: Glyph, height: float, radius_px: float, block: Box) -> bool:
    """Tell whether a part has about the height and stroke of a style and lies in its block."""
    inside = block.top <= glyph.top and glyph.bottom <= block.bottom
    inside &= block.left <= glyph.left and glyph.right <= block.right
    return inside and 0.35 * height <= glyph.height <= 1.8 * height and glyph.radius_px <= 1.8 * radius_px + 0.5


def _surround(part: Image, letters: Bool[np.ndarray, "H W"], height: float) -> Bool[np.ndarray, "H W"]:
    """Return the outline or shadow of letters: the colour that crowds beside them and not farther away."""
    reach = max(3.0, 0.25 * height)
    distance = cv2.distanceTransform((~letters).astype(np.uint8), cv2.DIST_L2, 5)
    ring = (distance > 1.2) & (distance <= 2.5)  # noqa: PLR2004 - past the antialiased border, inside an outline
    far = (distance > 2 * reach) & (distance <= 4 * reach)
    for tone in shared_colours(part, ring.astype(np.float32), 1):
        near = near_colour(part, tone, 0.1)
        gain = near[ring].mean() - (near[far].mean() if far.any() else 0.0)
        if gain > _LEAST_GAIN:
            outline: Bool[np.ndarray, "H W"] = near_colour(part, tone, 0.25) & (distance <= reach)
            return outline
    return np.zeros(letters.shape, bool)
