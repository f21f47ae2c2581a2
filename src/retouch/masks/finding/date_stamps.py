"""Date stamps of film and early digital cameras: short lines of red, orange, yellow or white digits in a corner.

Source: this project. Each corner is searched for text (`text`), and a line counts where its colour is that of a stamp;
the longest of one corner must hold as many digits as a date has.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32

from retouch.arrays.regions import Box
from retouch.arrays.types import Image, Mask
from retouch.masks.finding.limits import check_search, limited
from retouch.masks.finding.text import draw_lines, find_lines, moved_box, widest_stroke_px

_CORNER_HEIGHT, _CORNER_WIDTH = 0.25, 0.5  # of the picture
_FEWEST_DIGITS, _MOST_DIGITS = 4.0, 30.0
_LEAST_LIGHT = 0.7  # of the brightest channel
_NOTHING = "no date stamp was found in the corners: raise sensitivity or name a region"


class FoundStamps(NamedTuple):
    """The mask of all stamps, a box around each line, and why nothing is masked where nothing is."""

    mask: Mask
    stamps: tuple[Box, ...]
    reason: str


def find_date_stamps(
    image: Image, *, sensitivity: float = 0.5, region: Box | None = None, most_share: float = 0.05
) -> FoundStamps:
    """Return the mask of the date stamps in the corners of a picture, or anywhere in a region that is named.

    Parameters
    ----------
    image : (H, W, 3 or 1) float32, range [0, 1]
        In a grey one only white stamps are found.
    sensitivity : float, range [0, 1]
        As in `find_text`.
    region : Box or None
        Where the stamp is; None for the four corners, a quarter of the height and half of the width each.
    most_share : float, range (0, 1]
        Largest share of the picture to mask; more is refused with a reason.

    Returns
    -------
    FoundStamps

    Raises
    ------
    InputError
        If the picture or an option is not as above.

    Examples
    --------
    >>> find_date_stamps(np.zeros((40, 60, 3), np.float32)).stamps
    ()
    """
    box = check_search(image, sensitivity, region, most_share)
    shape = (image.shape[0], image.shape[1])
    stroke_px = widest_stroke_px(*shape)
    mask = np.zeros(shape, bool)
    stamps: list[Box] = []
    for corner in _corners(*shape) if region is None else [box]:
        part = np.ascontiguousarray(image[corner.slices])
        lines = [line for line in find_lines(part, stroke_px, sensitivity) if is_stamp_colour(line.colour)]
        if not lines:
            continue
        digits = max(line.candidate.line.n_letters for line in lines)
        if not _FEWEST_DIGITS <= digits <= _MOST_DIGITS:
            continue
        mask[corner.slices] |= draw_lines(part, lines)
        stamps += sorted({moved_box(line.candidate.line.box, corner) for line in lines})
    found = limited(mask, Box(0, 0, *shape), shape, most_share)
    reason = found.reason or ("" if stamps else _NOTHING)
    return FoundStamps(found.mask, () if found.reason else tuple(stamps), reason)


def _corners(height: int, width: int) -> list[Box]:
    """Return the four corners of a picture that stamps stand in, each of one pixel at least."""
    high, wide = max(1, round(_CORNER_HEIGHT * height)), max(1, round(_CORNER_WIDTH * width))
    return [
        Box(top, left, top + high, left + wide)
        for top in sorted({0, height - high})
        for left in sorted({0, width - wide})
    ]


def is_stamp_colour(colour: Float32[np.ndarray, " C"]) -> bool:
    """Tell whether a colour is white, or runs from yellow over orange to red, and is bright.

    Examples
    --------
    >>> [is_stamp_colour(np.array(c, np.float32)) for c in ((1, 0.5, 0.1), (1, 1, 1), (0.1, 0.3, 1))]
    [True, True, False]
    """
    if colour.max() < _LEAST_LIGHT:
        return False
    if len(colour) == 1 or colour.min() >= 0.85 * colour.max():  # white
        return True
    red, green, blue = (float(c) for c in colour)
    return red >= green >= 0.8 * blue and red - blue >= 0.3  # noqa: PLR2004 - a warm colour, clearly
