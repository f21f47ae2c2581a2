"""Burnt-in captions: rendered glyphs with an outline, a little dilated, like subtitles or a watermark to be removed.

Source: this project: glyphs + outline, dilated by 1-2 px. The font is the scalable one inside Pillow, so that no font
file is needed; it holds Latin letters only.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from retouch.arrays.regions import dilate_mask
from retouch.arrays.types import Mask
from retouch.errors import InputError
from retouch.masks.canvas import blank_canvas, finish_mask

_PHRASES = (
    "the old house by the river where we were children",
    "a quiet Sunday morning in the garden of summer light",
    "remember the last winter in the mountain road, 1924",
    "Anna and Peter at the new harbour, 12:30",
    "(laughs) yes, never again on this street! looking back home?",
)
_WORDS = [word for phrase in _PHRASES for word in phrase.split()]
_LINE_SPACING = 1.3
_SMALLEST_FONT_PX = 6


def draw_text(height: int, width: int, rng: np.random.Generator, *, caption: str = "", n_lines: int = 0) -> Mask:
    r"""Draw lines of centred text with an outline, mostly at the bottom of the picture, else at the top or between.

    The font is 1/12 to 1/8 of S = min(H, W) high (6 px at least), the outline 1/16 of the font (1 px at least), and
    all of it is dilated by 1 or 2 px. What does not fit into the picture is cut off at its border.

    Parameters
    ----------
    height, width : int
        Size of the picture in pixels, 1 x 1 and up.
    rng : numpy.random.Generator
        Source of every random choice.
    caption : str
        The text to draw, lines separated by "\n"; empty for random words.
    n_lines : int, 1 or more, or 0
        Number of lines of random words, at most what the height holds; 0 draws it uniformly from 1-3. Not used with
        a caption of one's own.

    Raises
    ------
    InputError
        If `n_lines` is negative.
    """
    if n_lines < 0:
        raise InputError(f"n_lines must be 1 or more, or 0 for a random number, got {n_lines}")
    canvas = blank_canvas(height, width)
    font_px = max(_SMALLEST_FONT_PX, round(min(height, width) * rng.uniform(1 / 12, 1 / 8)))
    font = _font(font_px)
    n_lines = min(n_lines or int(rng.integers(1, 4)), max(1, int(height / (_LINE_SPACING * font_px))))
    lines = caption.split("\n") if caption else [_random_line(width, font, rng) for _ in range(n_lines)]
    drawn = _render(lines, font, (height, width), _random_top(height, len(lines) * _LINE_SPACING * font_px, rng))
    canvas[dilate_mask(drawn, int(rng.integers(1, 3)))] = 1
    return finish_mask(canvas, rng)


@lru_cache(maxsize=32)
def _font(size_px: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size_px)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise InputError("text masks need a Pillow built with FreeType; install Pillow from its wheel")
    return font


def _random_line(width: int, font: ImageFont.FreeTypeFont, rng: np.random.Generator) -> str:
    """Return random words, one at least, that together are as long as a drawn share of the width."""
    longest = rng.uniform(0.5, 0.9) * width
    line = str(rng.choice(_WORDS))
    while font.getlength(longer := f"{line} {rng.choice(_WORDS)}") <= longest:
        line = longer
    return line


def _random_top(height: int, block_px: float, rng: np.random.Generator) -> float:
    """Return the first row of a block of text: bottom 60 %, top 20 %, anywhere 20 %; 4 % of the height kept clear."""
    room = max(0.0, height - block_px)
    clear = min(0.04 * height, room / 2)
    places = (room - clear, clear, rng.uniform(clear, max(clear, room - clear)))
    return float(places[rng.choice(3, p=(0.6, 0.2, 0.2))])


def _render(lines: list[str], font: ImageFont.FreeTypeFont, shape: tuple[int, int], top: float) -> Mask:
    """Render centred lines of text with an outline, without antialiasing."""
    picture = PillowImage.new("1", (shape[1], shape[0]))
    pen = ImageDraw.Draw(picture)
    outline_px = max(1, round(font.size / 16))
    for i, line in enumerate(lines):
        left = (shape[1] - font.getlength(line)) / 2
        pen.text((left, top + i * _LINE_SPACING * font.size), line, fill=1, font=font, stroke_width=outline_px)
    return np.array(picture, dtype=np.bool_)
