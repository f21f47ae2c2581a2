"""Captions burnt into the frames of a clip, as subtitles are.

Source: S. Escalera et al., "ChaLearn Looking at People: Inpainting and Denoising Challenges", Springer 2019, track 2:
one to three lines, mostly at the bottom, of varied size and colour, with outline or shadow, on no box, a transparent or
an opaque one. Departures: numbers of our own; the font is the scalable one inside Pillow, in Latin letters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float32
from PIL import Image, ImageDraw, ImageFont

from retouch.errors import MissingExtraError

_PHRASES = (
    "the old river is on my way home and we never said a word about those years",
    "look, again! No. Yes? what remember tomorrow captain everything waiting winter (laughs) Anna Peter 1924",
)
_WORDS = tuple(word for phrase in _PHRASES for word in phrase.split())
_SMALLEST_FONT_PX = 6
_LINE = 1.25
_BOTTOM_SHARE = 0.8
_BOX_SHARES = (0.5, 0.3, 0.2)
_WHITE_SHARE, _YELLOW_SHARE = 0.55, 0.25


@dataclass(frozen=True)
class Caption:
    """A caption as an overlay: `ink` (H, W, 3) in [0, 1] is laid over a frame, each pixel by `alpha` (H, W)."""

    ink: Float32[np.ndarray, "H W 3"]
    alpha: Float32[np.ndarray, "H W"]

    def burn(self, frame: Float32[np.ndarray, "*T H W 3"]) -> Float32[np.ndarray, "*T H W 3"]:
        """Return the frame with the caption on it; where `alpha` is 0 it is unchanged."""
        return np.asarray(frame + self.alpha[..., None] * (self.ink - frame), np.float32)

    @property
    def mask(self) -> Bool[np.ndarray, "H W"]:
        """Return where it covers anything."""
        return self.alpha > 0


def draw_caption(height: int, width: int, rng: np.random.Generator) -> Caption:
    """Draw a caption of random words.

    The font is 5 to 13 % of the height, 6 px at least.
    """
    font_px = max(_SMALLEST_FONT_PX, round(height * rng.uniform(0.05, 0.13)))
    font = _font(font_px)
    n_lines = min(int(rng.integers(1, 4)), max(1, int(0.45 * height / (_LINE * font_px))))
    lines = [_random_line(width, font, rng) for _ in range(n_lines)]
    tall = n_lines * _LINE * font_px
    room = max(0.0, height - tall)
    top = room * (rng.uniform(0.9, 1.0) if rng.random() < _BOTTOM_SHARE else rng.uniform(0.0, 0.1))
    ink, letters = _letters(lines, font, (height, width), top, rng)
    box_alpha = (0.0, rng.uniform(0.4, 0.7), 1.0)[int(rng.choice(3, p=_BOX_SHARES))]
    alpha = letters.copy()
    if box_alpha > 0:
        widest = max(font.getlength(line) for line in lines)
        rows = slice(max(0, int(top)), min(height, int(np.ceil(top + tall + 1))))
        cols = slice(max(0, int((width - widest) / 2 - 2)), min(width, int(np.ceil((width + widest) / 2 + 2))))
        alpha[rows, cols] = letters[rows, cols] + (1 - letters[rows, cols]) * box_alpha
        share = letters / np.maximum(alpha, 1e-6)  # how much of what covers the frame is letters, the rest is black box
        ink = ink * share[..., None]
    return Caption(ink.astype(np.float32), alpha.astype(np.float32))


def _letters(
    lines: list[str],
    font: ImageFont.FreeTypeFont,
    shape: tuple[int, int],
    top: float,
    rng: np.random.Generator,
) -> tuple[Float32[np.ndarray, "H W 3"], Float32[np.ndarray, "H W"]]:
    """Return colour and cover of letters with an outline."""
    colour, outline_px = _random_colour(rng), int(rng.choice([0, 1, 1, 2])) if font.size > _SMALLEST_FONT_PX else 0
    drawn = [Image.new("L", (shape[1], shape[0])) for _ in range(2)]
    for picture, stroke_px in zip(drawn, (0, outline_px), strict=True):
        pen = ImageDraw.Draw(picture)
        for number, line in enumerate(lines):
            left = (shape[1] - font.getlength(line)) / 2
            pen.text((left, top + number * _LINE * font.size), line, fill=255, font=font, stroke_width=stroke_px)
    inner, outer = (np.asarray(picture, np.float32) / 255 for picture in drawn)
    cover = np.maximum(inner, outer)
    return (inner / np.maximum(cover, 1e-6))[..., None] * np.array(colour, np.float32), cover


def _random_colour(rng: np.random.Generator) -> tuple[float, float, float]:
    chance = rng.random()
    if chance < _WHITE_SHARE:
        return 1.0, 1.0, 1.0
    if chance < _WHITE_SHARE + _YELLOW_SHARE:
        return 1.0, 0.9, 0.15
    red, green, blue = rng.uniform(0.3, 1.0, 3)
    return float(red), float(green), float(blue)


def _random_line(width: int, font: ImageFont.FreeTypeFont, rng: np.random.Generator) -> str:
    """Return random words, one at least, that together are as long as a drawn share of the width."""
    longest = rng.uniform(0.45, 0.92) * width
    words = [_WORDS[int(number)] for number in rng.integers(len(_WORDS), size=14)]
    line = words[0]
    for word in words[1:]:
        if font.getlength(f"{line} {word}") > longest:
            break
        line = f"{line} {word}"
    return line


@lru_cache(maxsize=64)
def _font(size_px: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size_px)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise MissingExtraError("captions need a Pillow built with FreeType; run: pip install --force-reinstall pillow")
    return font
