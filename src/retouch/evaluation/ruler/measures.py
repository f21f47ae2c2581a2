"""One measure of a protocol: a metric with its settings, its region and its colour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from retouch.errors import UsageError
from retouch.metrics.catalogue import PAIR, SET, MetricInfo, find_metric, metric_names

FULL, HOLE = "full", "hole"
RGB, GREY_601, GREY_709 = "rgb", "grey_601", "grey_709"
_HOLE_SUFFIX = "_hole"
_COLOUR_WORDS = {RGB: "colour as it is", GREY_601: "grey (BT.601)", GREY_709: "grey (BT.709)"}
_REGION_WORDS = {FULL: "whole picture", HOLE: "missing pixels only"}


@dataclass(frozen=True)
class Measure:
    """A metric with everything that its figure depends on.

    Attributes
    ----------
    metric : str
        A name of the catalogue of metrics.
    region : str
        "full" or "hole".
    colour : str
        "rgb", "grey_601" or "grey_709": what the pictures are turned into first.
    options : mapping
        Of the metric.
    words : str
        Its settings in words, where options do not speak for themselves.
    """

    metric: str
    region: str = FULL
    colour: str = RGB
    options: Mapping[str, Any] = field(default_factory=dict)
    words: str = ""

    @property
    def column(self) -> str:
        """Name in tables and files: "psnr", "psnr_hole"."""
        return self.metric + (_HOLE_SUFFIX if self.region == HOLE else "")

    @property
    def info(self) -> MetricInfo:
        """The catalogue's line of the metric."""
        return find_metric(self.metric)

    @property
    def of_set(self) -> bool:
        """Whether it judges all pictures together."""
        return self.info.kind == SET

    def sentence(self) -> str:
        """Return how the figure comes about."""
        where = (_REGION_WORDS[self.region],) if self.info.kind == PAIR else ()
        parts = (self.words or self.info.summary.rstrip("."), *where, _COLOUR_WORDS[self.colour])
        return "; ".join(part for part in parts if part)

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON; what the figure depends on, for comparing plans."""
        return {
            "column": self.column,
            "metric": self.metric,
            "region": self.region,
            "colour": self.colour,
            "options": dict(self.options),
        }


def read_column(column: str) -> Measure:
    """Return the standard measure of a name such as "psnr" or "psnr_hole".

    Raises
    ------
    UsageError
        If there is no such metric, it judges labels and not pictures, or it cannot be restricted to the hole.
    """
    in_hole = column not in metric_names() and column.endswith(_HOLE_SUFFIX)
    info = find_metric(column.removesuffix(_HOLE_SUFFIX) if in_hole else column)
    if info.kind not in (PAIR, SET):
        raise UsageError(
            f"metric '{info.name}' judges {info.kind}, not pictures; "
            f"use 'retouch compare' on two files of them, or retouch.metrics.{info.name}"
        )
    if in_hole and not info.in_hole:
        raise UsageError(f"metric '{info.name}' looks at whole pictures only; ask for '{info.name}'")
    return Measure(info.name, HOLE if in_hole else FULL)
