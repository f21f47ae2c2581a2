"""A target as it is typed: points x,y, boxes x0,y0,x1,y1 and shares such as 30%."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from retouch.arrays.regions import Box
from retouch.cli.outputs import STREAM
from retouch.cli.picture_files import read_source
from retouch.errors import UsageError
from retouch.tasks.targeting.target import FINDERS, Target

_FLAGS = {
    "most_share": "--max-area",
    "sensitivity": "--sensitivity",
    "name a region": "name a --region",
    "all_damage (--all-damage)": "--all-damage",
    "(not_at; --not-at X,Y)": "(--not-at X,Y)",
}
_NUMBER = r"\s*(-?\d+)\s*"
_PERCENT = 100.0


@dataclass(frozen=True, kw_only=True)
class TargetOrder:
    """What was typed; see `Target` for what each means."""

    at: tuple[str, ...]
    not_at: tuple[str, ...]
    boxes: tuple[str, ...]
    find: tuple[str, ...]
    watermark: str | None
    watermark_from: str | None
    classes: tuple[str, ...]
    model: str | None
    labels: str | None
    mask: str | None
    sensitivity: float
    region: str | None
    max_area: str | None
    grow: int | None
    protect_neighbours: bool
    all_but: bool
    invert: bool


def target_order(typed: Mapping[str, Any]) -> TargetOrder:
    """Return the part of a command's parameters, by their names, that says what is meant."""
    repeated: dict[str, Any] = {name: tuple(typed[name] or ()) for name in ("at", "not_at", "classes")}
    alone = {field.name: typed[field.name] for field in fields(TargetOrder) if field.name in typed}
    find = tuple(name for name in FINDERS if typed[name])
    return TargetOrder(**{**alone, **repeated, "boxes": tuple(typed["box"] or ()), "find": find})


def read_target(order: TargetOrder) -> Target:
    """Return the target that was typed.

    Raises
    ------
    UsageError
        If a part cannot be read, or the whole makes no target.
    """
    return Target(
        at=[read_point(text, "--at") for text in order.at],
        not_at=[read_point(text, "--not-at") for text in order.not_at],
        boxes=[read_box(text, "--box") for text in order.boxes],
        find=order.find,
        classes=order.classes,
        model=order.model,
        labels=order.labels,
        watermark=order.watermark,
        watermark_from=order.watermark_from,
        mask=read_source(order.mask) if order.mask == STREAM else order.mask,
        sensitivity=order.sensitivity,
        region=None if order.region is None else read_box(order.region, "--region"),
        most_share=read_share(order.max_area),
        grow_px=order.grow,
        protect_neighbours=order.protect_neighbours,
        all_but=order.all_but,
        invert=order.invert,
    )


def read_point(text: str, flag: str) -> tuple[int, int]:
    """Return (row, col) of x,y.

    >>> read_point("30,4", "--at")
    (4, 30)
    """
    match = re.fullmatch(rf"{_NUMBER},{_NUMBER}", text)
    if match is None:
        raise UsageError(f"{flag} must be a point x,y in whole pixels, such as 320,240, got '{text}'")
    return int(match[2]), int(match[1])


def read_box(text: str, flag: str) -> Box:
    """Return the box of x0,y0,x1,y1; x1 and y1 are the first pixels beyond it.

    >>> read_box("1,2,30,40", "--box")
    Box(top=2, left=1, bottom=40, right=30)
    """
    match = re.fullmatch(",".join([_NUMBER] * 4), text)
    if match is None or int(match[3]) <= int(match[1]) or int(match[4]) <= int(match[2]):
        raise UsageError(f"{flag} must be a box x0,y0,x1,y1 in whole pixels with x0 < x1 and y0 < y1, got '{text}'")
    left, top, right, bottom = (int(number) for number in match.groups())
    return Box(top, left, bottom, right)


def in_flags(sentence: str) -> str:
    """Return a sentence on a search with the flags of the command line for the words of Python.

    >>> in_flags("no text was found: raise sensitivity or name a region")
    'no text was found: raise --sensitivity or name a --region'
    """
    for word, flag in _FLAGS.items():
        sentence = sentence.replace(word, flag)
    return sentence


def read_share(text: str | None) -> float | None:
    """Return a share of 0 to 1 of 30% or 0.3.

    >>> read_share("30%"), read_share("0.3"), read_share(None)
    (0.3, 0.3, None)
    """
    if text is None:
        return None
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*(%?)\s*", text)
    share = float(match[1]) / (_PERCENT if match[2] else 1.0) if match else 0.0
    if not 0 < share <= 1:
        raise UsageError(f"--max-area must be a share such as 30% or 0.3, above 0 and at most 1, got '{text}'")
    return share
