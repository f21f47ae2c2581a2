"""Text, markers and the frame of an SVG: plain strings, every text escaped.

Source: K. Wong, Points of view: color blindness, Nature Methods 8, 2011 (hues that colour-blind readers tell apart).
Departures: the hues are moved to lightnesses that stand out at 3:1 or more from a white page and from a dark one
(#15181c), so that one picture serves both; the black is left out. Simulated protanopia, deuteranopia and tritanopia
(Machado et al., 2009) leave the first six at least 10 units of CIELAB apart. Colour is never alone: each series has
its own marker and dash too.

A browser sets the text, and nobody can ask it for widths here: they are estimated from what common sans-serif fonts
have in common, on the wide side.
"""

from __future__ import annotations

import math
import textwrap
import unicodedata
from dataclasses import dataclass
from html import escape

MINUS, TIMES = "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}"
COLOURS = ("#006BB2", "#DD6508", "#009B78", "#C565B4", "#806A20", "#379ADB", "#7A7A7A", "#C02C4A")
DASHES = ("", "7 3", "2 3", "9 3 2 3", "5 2 1 2 1 2")
FONT_PX = 12.0
LINE_PX = 16.0
_NARROW, _WIDE, _OTHER = 0.33, 0.92, 0.6  # widths of letters in units of the font size
_NARROW_LETTERS = frozenset("fijlrtI.,:;|!'()[]/ \"-")
_WIDE_LETTERS = frozenset("mwMW@%")
_R = 3.6  # half the size of a marker, px
_FONTS = "system-ui, Segoe UI, Helvetica, Arial, sans-serif"
# svg:root is the picture only where it is the whole document, so this changes no page that holds it
_FOLLOW_READER = "<style>svg:root{color:#1c1e21}@media (prefers-color-scheme:dark){svg:root{color:#e6e8ea}}</style>"
_SHAPES = (  # a disc, and then polygons in units of the half size
    None,
    ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    ((0, -1.2), (1.1, 0.9), (-1.1, 0.9)),
    ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
    ((0, 1.2), (1.1, -0.9), (-1.1, -0.9)),
    ((-0.4, -1.2), (0.4, -1.2), (0.4, -0.4), (1.2, -0.4), (1.2, 0.4), (0.4, 0.4), (0.4, 1.2), (-0.4, 1.2), (-0.4, 0.4),
     (-1.2, 0.4), (-1.2, -0.4), (-0.4, -0.4)),
    ((0, -1.3), (0.35, -0.4), (1.25, -0.4), (0.55, 0.2), (0.8, 1.1), (0, 0.6), (-0.8, 1.1), (-0.55, 0.2),
     (-1.25, -0.4), (-0.35, -0.4)),
)  # fmt: skip


@dataclass(frozen=True)
class Look:
    """How one series is told from the others: colour, dash and marker."""

    colour: str
    dash: str
    shape: int

    def stroke(self) -> str:
        """Return the attributes of its line."""
        dashes = f' stroke-dasharray="{self.dash}"' if self.dash else ""
        return f'fill="none" stroke="{self.colour}" stroke-width="1.8" stroke-linejoin="round"{dashes}'

    def marker(self, x: float, y: float, name: str = "") -> str:
        """Return its marker at a place; `name` is shown while the pointer rests on it."""
        inner = f"<title>{escaped(name)}</title>" if name else ""
        corners = _SHAPES[self.shape]
        if corners is None:
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_R}" fill="{self.colour}">{inner}</circle>'
        points = " ".join(f"{x + _R * dx:.1f},{y + _R * dy:.1f}" for dx, dy in corners)
        return f'<polygon points="{points}" fill="{self.colour}">{inner}</polygon>'


def look(index: int) -> Look:
    """Return the look of series number `index`; 280 are distinct, and any seven in a row in both colour and marker.

    >>> look(0).colour == look(8).colour, look(0).shape == look(8).shape
    (True, False)
    """
    return Look(COLOURS[index % len(COLOURS)], DASHES[index % len(DASHES)], index % len(_SHAPES))


def escaped(words: str) -> str:
    r"""Return a text as it may stand in XML and HTML, in quotes too; what cannot be shown becomes U+FFFD.

    >>> escaped('<a href="x">'), escaped("two\nlines\x00")
    ('&lt;a href=&quot;x&quot;&gt;', 'two lines\ufffd')
    """
    words = " ".join(words.split())
    return escape("".join(letter if letter.isprintable() else "\ufffd" for letter in words))


def text_width_px(text: str, size_px: float = FONT_PX) -> float:
    """Return about how wide a text will be, rather too wide than too narrow."""
    return size_px * sum(_letter_width(letter) for letter in text)


def wrap_text(text: str, width_px: float, size_px: float = FONT_PX) -> list[str]:
    """Return the lines of a text that fit into a width, broken between words and, where one is too long, inside it.

    >>> wrap_text("the share of missing pixels", 100.0)
    ['the share of', 'missing pixels']
    """
    text = " ".join(text.split())
    if text_width_px(text, size_px) <= width_px:
        return [text] if text else []
    mean_width = text_width_px(text, size_px) / len(text)
    return textwrap.wrap(text, max(1, math.floor(width_px / mean_width)), break_on_hyphens=False)


def shorten_text(text: str, width_px: float) -> str:
    """Return a text cut to a width, with an ellipsis in its middle where something is left out."""
    if text_width_px(text) <= width_px:
        return text
    kept = len(text) - 1
    while kept > 1 and text_width_px(_without_middle(text, kept)) > width_px:
        kept -= 1
    return _without_middle(text, kept)


def text(x: float, y: float, words: str, *, anchor: str = "start", size_px: float = FONT_PX, more: str = "") -> str:
    """Return one line of text in the colour of the text around the picture."""
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size_px:g}" text-anchor="{anchor}"'
    return f'<text {place} fill="currentColor"{more}>{escaped(words)}</text>'


def svg(size: tuple[float, float], names: tuple[str, str], parts: list[str], background: str | None) -> str:
    """Return a whole SVG.

    Parameters
    ----------
    size : (float, float)
        Width and height in pixels; a narrower place shrinks the picture.
    names : (str, str)
        What a screen reader says: title and description.
    parts : list of str
    background : str or None
        A colour behind everything, with dark text on it. None is transparent: inside a page the text takes the
        page's colour, and a file of its own follows the reader's light or dark setting.
    """
    width, height = (f"{number:.0f}" for number in size)
    behind = (
        _FOLLOW_READER if background is None else f'<rect width="100%" height="100%" fill="{escaped(background)}"/>'
    )
    ink = "" if background is None else ' color="#1c1e21"'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" font-family="{_FONTS}"{ink} style="max-width:100%;height:auto">'
    )
    words = [f"<title>{escaped(names[0])}</title>", f"<desc>{escaped(names[1])}</desc>"]
    return "\n".join([head, *words, behind, *parts, "</svg>\n"])


def _letter_width(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    if unicodedata.combining(letter):
        return 0.0
    if letter in _NARROW_LETTERS:
        return _NARROW
    return _WIDE if letter in _WIDE_LETTERS else _OTHER


def _without_middle(text: str, kept: int) -> str:
    return f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"
