"""What a fill did: one line for each crop, for --json and --explain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from retouch.arrays.regions import Box


@dataclass(frozen=True)
class GuidanceReport:
    """What marks of the user did.

    Attributes
    ----------
    n_restricted : int
        Filled pixels that borrowed from their own label only.
    n_free : int
        Filled pixels whose label no patch at hand carries: they borrowed from anywhere.
    unserved : tuple of int
        The labels of the latter.
    """

    n_restricted: int
    n_free: int
    unserved: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        return {
            "restricted_pixels": self.n_restricted,
            "fallback_pixels": self.n_free,
            "labels_without_patches": list(self.unserved),
        }

    def sentences(self) -> list[str]:
        """Return what was obeyed, and what could not be."""
        obeyed = f"marks: {self.n_restricted} missing pixels borrowed from their own label or area only"
        return [*([obeyed] if self.n_restricted else []), *self.warnings()]

    def warnings(self) -> list[str]:
        """Return what could not be obeyed."""
        if not self.n_free:
            return []
        why = f"no whole known patch carries label or area {', '.join(map(str, self.unserved))}"
        return [f"marks: {why}, so {self.n_free} missing pixels borrowed from anywhere"]


def united(parts: Iterable[GuidanceReport | None]) -> GuidanceReport | None:
    """Return one account of several crops, None where none had marks.

    >>> united([GuidanceReport(5, 1, (3,)), None, GuidanceReport(2, 0, ())])
    GuidanceReport(n_restricted=7, n_free=1, unserved=(3,))
    """
    given = [part for part in parts if part is not None]
    if not given:
        return None
    unserved = sorted({label for part in given for label in part.unserved})
    return GuidanceReport(sum(p.n_restricted for p in given), sum(p.n_free for p in given), tuple(unserved))


@dataclass(frozen=True)
class CropReport:
    """One call of a method.

    Attributes
    ----------
    box : Box
        The part of the picture that the method was shown.
    core : Box
        The bounding box of the pixels that were filled.
    n_filled : int
        Number of these pixels.
    method, reason : str
        What filled them, and why it was chosen.
    seconds : float
        Wall time.
    guidance : GuidanceReport or None
    """

    box: Box
    core: Box
    n_filled: int
    method: str
    reason: str
    seconds: float
    guidance: GuidanceReport | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON; boxes as x, y, width, height."""
        return {
            "crop": _to_xywh(self.box),
            "hole": _to_xywh(self.core),
            "filled_pixels": self.n_filled,
            "method": self.method,
            "reason": self.reason,
            "seconds": round(self.seconds, 4),
            "guidance": None if self.guidance is None else self.guidance.to_dict(),
        }


@dataclass(frozen=True)
class FillReport:
    """What one fill did.

    Attributes
    ----------
    method : str
        What was asked for.
    seed : int
    width, height : int
        Size of the picture.
    mask_ratio : float
        Share of missing pixels, 0 to 1.
    seconds : float
        Wall time of everything from the gate to the composite.
    crops : tuple of CropReport
    notes : tuple of str
        Sentences on marks of the user that changed nothing.
    """

    method: str
    seed: int
    width: int
    height: int
    mask_ratio: float
    seconds: float
    crops: tuple[CropReport, ...]
    notes: tuple[str, ...] = ()

    @property
    def guidance(self) -> GuidanceReport | None:
        """What the marks of the user did in all crops together, None where there were none."""
        return united(crop.guidance for crop in self.crops)

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        return {
            "method": self.method,
            "seed": self.seed,
            "width": self.width,
            "height": self.height,
            "mask_ratio": round(self.mask_ratio, 6),
            "seconds": round(self.seconds, 4),
            "guidance": None if self.guidance is None else {**self.guidance.to_dict(), "notes": list(self.notes)},
            "crops": [crop.to_dict() for crop in self.crops],
        }

    def warnings(self) -> list[str]:
        """Return what marks could not do or did not change, which is worth saying unasked."""
        return [*([] if self.guidance is None else self.guidance.warnings()), *self.notes]

    def sentences(self) -> list[str]:
        """Return what was done and why, one sentence for each different choice."""
        if not self.crops:
            return ["the mask is empty: the picture was returned as it is"]
        lines = [f"{self.mask_ratio:.2%} of the picture's {self.width}x{self.height} pixels were missing"]
        for method, reason in dict.fromkeys((crop.method, crop.reason) for crop in self.crops):
            same = [crop for crop in self.crops if (crop.method, crop.reason) == (method, reason)]
            n_pixels, seconds = sum(crop.n_filled for crop in same), sum(crop.seconds for crop in same)
            lines.append(f"{method}: {reason}; {_where(same)}, {n_pixels} pixels in {seconds:.2f} s")
        return [*lines, *([] if self.guidance is None else self.guidance.sentences()), *self.notes]


def _where(crops: list[CropReport]) -> str:
    if len(crops) > 1:
        return f"{len(crops)} crops"
    core = crops[0].core
    return f"one crop of {crops[0].box.width}x{crops[0].box.height} around x={core.left}, y={core.top}"


def _to_xywh(box: Box) -> dict[str, int]:
    return {"x": box.left, "y": box.top, "width": box.width, "height": box.height}
