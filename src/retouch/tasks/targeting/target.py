"""What is to be removed: things that are pointed at, things that are named, a mark, a mask; all of it is united.

Points are (row, col) and boxes (top, left, bottom, right), half-open, as everywhere inside; the command line has x,y.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retouch.arrays.regions import Box
from retouch.errors import UsageError, unknown_name

if TYPE_CHECKING:
    import os

    from retouch.methods.kinds import AnyPicture

Point = tuple[int, int]
"""(row, col)."""

Corners = tuple[int, int, int, int]
"""(top, left, bottom, right), half-open."""

TEXT = "text"
FINDERS = (TEXT, "scratches", "stamp", "pixelation")
"""What can be looked for by name without a model."""

_NOTHING_NAMED = (
    "say what is meant: a click (at), a box, something to find, a class with its model, a watermark or a mask"
)


@dataclass(frozen=True, kw_only=True)
class Target:
    """What is to be removed.

    Attributes
    ----------
    at : sequence of (row, col)
        Clicks, each on a thing; several clicks on one thing of many colours are united.
    not_at : sequence of (row, col)
        Clicks on what must stay.
    boxes : sequence of (top, left, bottom, right)
        Each tight around one thing.
    find : sequence of str
        "text", "scratches", "stamp" (date stamps in the corners), "pixelation".
    classes : sequence of str
        Classes of the model, such as "person": all things of these classes.
    model, labels : path or None
        An exported network, and a text file with its classes, one a line. YOLOX, SSD, FSSD and MPSSD see all things;
        with 80 or 20 classes and no file they have those of COCO or VOC. MobileSAM answers clicks. With these clicks
        ask the model; without, anything with a border is found. A detector of text with a differentiable-binarization
        head, or the word "rapidocr" for that of the extra `text`, finds text in place of the built-in search.
    watermark : picture or None
        The mark as it was drawn; its alpha is its opacity.
    watermark_from : path of a folder, or sequence of pictures, or None
        Pictures of one size that carry the same mark at the same place.
    mask : picture or None
        White where something is to go.
    sensitivity : float, range [0, 1]
        0 finds only what is certain, 1 all that may be.
    region : (top, left, bottom, right) or None
        Nothing outside is touched.
    most_share : float, range (0, 1], or None
        What covers more of the picture is refused with a reason; None for the limit of each search.
    grow_px : int or None
        How far things are grown, so that no rim stays; None follows the size of the picture (7x7 at 640x480). What is
        found by name is grown by its search already, and by this on top where it is given.
    protect_neighbours : bool
        Keep the growth off other things: what `not_at` clicks on, and with a model all it sees.
    all_but : bool
        Remove all that the model sees, of `classes` where given, except what is clicked on.
    invert : bool
        Take all that was not found.

    Raises
    ------
    UsageError
        If nothing is named, a name is unknown, a number is out of range, or a part lacks what it needs.

    Examples
    --------
    >>> Target(at=[(120, 80)], boxes=[(0, 0, 9, 9)]).boxes
    (Box(top=0, left=0, bottom=9, right=9),)
    """

    at: Sequence[Point] = ()
    not_at: Sequence[Point] = ()
    boxes: Sequence[Corners] = ()
    find: Sequence[str] = ()
    classes: Sequence[str] = ()
    model: str | os.PathLike[str] | None = None
    labels: str | os.PathLike[str] | None = None
    watermark: AnyPicture | None = None
    watermark_from: str | os.PathLike[str] | Sequence[Any] | None = None
    mask: AnyPicture | None = None
    sensitivity: float = 0.5
    region: Corners | None = None
    most_share: float | None = None
    grow_px: int | None = None
    protect_neighbours: bool = False
    all_but: bool = False
    invert: bool = False

    def __post_init__(self) -> None:
        """Bring sequences into one form and refuse what no picture could make right."""
        self._set(at=_points(self.at, "at"), not_at=_points(self.not_at, "not_at"))
        self._set(
            boxes=tuple(_box(box) for box in self.boxes), region=None if self.region is None else _box(self.region)
        )
        self._set(find=_words(self.find, "find"), classes=_words(self.classes, "classes"))
        self._check_names()
        self._check_model()
        self._check_numbers()

    @property
    def region_box(self) -> Box | None:
        """The region."""
        return None if self.region is None else Box(*self.region)

    @property
    def seeks_things(self) -> bool:
        """Whether a click, a box or a class is given."""
        return bool(self.at or self.boxes or self.classes or self.all_but)

    @property
    def searches(self) -> bool:
        """Whether anything has to be looked for in the picture; a mask alone has not."""
        return bool(self.seeks_things or self.find or self.not_at) or self._has_mark

    @property
    def _has_mark(self) -> bool:
        return self.watermark is not None or self.watermark_from is not None

    def _check_names(self) -> None:
        for name in self.find:
            if name not in FINDERS:
                raise UsageError(unknown_name("search", name, FINDERS))
        if not (self.seeks_things or self.find or self._has_mark or self.mask is not None):
            raise UsageError(_NOTHING_NAMED)

    def _check_model(self) -> None:
        if "" in self.classes:
            raise UsageError("the class is empty; give a name such as person")
        if self.model is None and self.classes:
            raise UsageError(
                f"to find the class '{self.classes[0]}' a model is needed; give an exported YOLOX or SSD (--model FILE)"
            )
        if self.model is None and self.all_but:
            raise UsageError(
                "to take all but one thing a model must see all; give an exported YOLOX or SSD (--model FILE)"
            )
        if self.model is None and self.labels is not None:
            raise UsageError("labels name the classes of a model; give the model too (--model FILE)")
        if self.all_but and not self.at:
            raise UsageError("to take all but one thing, click on the one that stays (at; --at X,Y)")

    def _check_numbers(self) -> None:
        if not 0 <= self.sensitivity <= 1:
            raise UsageError(
                f"sensitivity must be 0 (only what is certain) to 1 (all that may be), got {self.sensitivity}"
            )
        if self.most_share is not None and not 0 < self.most_share <= 1:
            raise UsageError(
                f"most_share must be above 0 and at most 1, the largest share to take, got {self.most_share}"
            )
        if self.grow_px is not None and self.grow_px < 0:
            raise UsageError(f"the growth must be 0 or more pixels, got {self.grow_px}")

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)


def _points(points: Iterable[Any], name: str) -> tuple[Point, ...]:
    try:
        return tuple((int(row), int(col)) for row, col in points)
    except (TypeError, ValueError, OverflowError) as error:
        raise UsageError(f"{name} must be a sequence of points (row, col), got {points!r}") from error


def _box(box: Iterable[Any]) -> Box:
    try:
        top, left, bottom, right = (int(edge) for edge in box)
    except (TypeError, ValueError, OverflowError) as error:
        raise UsageError(f"a box must be (top, left, bottom, right) in pixels, got {box!r}") from error
    if top >= bottom or left >= right:
        raise UsageError(f"a box (top, left, bottom, right) must have top < bottom and left < right, got {box!r}")
    return Box(top, left, bottom, right)


def _words(words: Sequence[str], name: str) -> tuple[str, ...]:
    """Return words as a tuple; one word alone is a sequence of letters, and hardly meant."""
    if isinstance(words, str):
        raise UsageError(f"{name} must be a sequence of names such as ['{words}'], got the text '{words}'")
    return tuple(str(word).strip() for word in words)
