"""One item of bulk work, and a plan of many."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from retouch.errors import UsageError
from retouch.jobs.planning.settings import FILL, REMOVE, Settings

HIDDEN = ".retouch"
"""The folder in the output folder where journal, lock and report lie."""


@dataclass(frozen=True)
class Item:
    """One picture to do.

    Attributes
    ----------
    name : str
        Of the output, relative to the output folder, with '/' between folders; no two items share one.
    source : str
        The picture, an absolute path.
    mask : str or None
        Its mask, an absolute path.
    settings : Settings
    problem : str
        Why it cannot be done, where that is known before it is read; else empty.
    """

    name: str
    source: str
    mask: str | None
    settings: Settings
    problem: str = ""


@dataclass(frozen=True)
class Plan:
    """What a run is to do.

    Attributes
    ----------
    items : tuple of Item
        In the order in which they are done.
    left_out : mapping of str to int
        How many files of each suffix are no pictures, and so no items.
    """

    items: tuple[Item, ...]
    left_out: dict[str, int] = field(default_factory=dict)


def check_needs(settings: Settings, *, has_mask: bool) -> None:
    """Refuse a task that lacks its mask, or has no use for one.

    Raises
    ------
    UsageError
    """
    if settings.task == FILL and not has_mask:
        raise UsageError("fill needs masks: give --masks (column mask in a manifest), or --task remove with a finder")
    if settings.task == REMOVE and not (has_mask or settings.find):
        raise UsageError("remove needs masks or a finder: give --masks, --text, --scratches, --stamp or --pixelation")
    if settings.task not in (FILL, REMOVE) and has_mask:
        raise UsageError(f"{settings.task} takes no masks; leave --masks out, or choose --task fill")


def output_path(folder: Path, name: str) -> Path:
    """Return where an item's output goes."""
    return folder.joinpath(*name.split("/"))
