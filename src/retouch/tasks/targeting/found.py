"""What a search gives: a mask, an account of what is under it, and why there is nothing where nothing is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from retouch.arrays.regions import Box
from retouch.arrays.types import Mask


class Finding(NamedTuple):
    """One thing that was found.

    Attributes
    ----------
    kind : str
        How: "click", "box", "class", "text", "scratches", "stamp", "pixelation", "watermark" or "mask".
    label : str
        Its class, or a count; empty where there is none.
    box : Box
        Around it, before it is grown.
    score : float or None
        How sure the search is, 0 to 1; None where it does not say.
    area_px : int
        Number of its pixels.
    """

    kind: str
    label: str
    box: Box
    score: float | None
    area_px: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON; the box as x, y, width, height."""
        box = self.box
        return {
            "kind": self.kind,
            "label": self.label,
            "box": {"x": box.left, "y": box.top, "width": box.width, "height": box.height},
            "score": None if self.score is None else round(self.score, 4),
            "area_px": self.area_px,
        }

    def sentence(self) -> str:
        """Return the finding in words.

        >>> Finding("class", "person", Box(2, 1, 5, 4), 0.9, 7).sentence()
        'found class person (0.90): 7 pixels in 3x3 at x=1, y=2'
        """
        name = " ".join(word for word in (self.kind, self.label) if word)
        sure = "" if self.score is None else f" ({self.score:.2f})"
        place = f"{self.box.width}x{self.box.height} at x={self.box.left}, y={self.box.top}"
        return f"found {name}{sure}: {self.area_px} pixels in {place}"


class Found(NamedTuple):
    """What one search, or several together, found.

    Attributes
    ----------
    mask : (H, W) bool
    findings : tuple of Finding
    status : tuple of str
        A sentence for each thing that was looked for in vain.
    """

    mask: Mask
    findings: tuple[Finding, ...]
    status: tuple[str, ...]


def nothing(shape: tuple[int, int], *status: str) -> Found:
    """Return that nothing was found, and why.

    >>> nothing((1, 2), "no text").mask.tolist()
    [[False, False]]
    """
    return Found(np.zeros(shape, bool), (), status)


def united(shape: tuple[int, int], parts: Iterable[Found]) -> Found:
    """Return all that several searches found in one picture of `shape` (H, W)."""
    mask = np.zeros(shape, bool)
    findings: list[Finding] = []
    status: list[str] = []
    for part in parts:
        mask |= part.mask
        findings += part.findings
        status += part.status
    return Found(mask, tuple(findings), tuple(status))
