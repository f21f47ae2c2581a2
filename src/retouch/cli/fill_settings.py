"""How to fill, as it is typed: shared by all commands that fill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from retouch.errors import UsageError
from retouch.methods.catalogue import AUTO, find_method
from retouch.methods.crop_run import FillRequest
from retouch.methods.marks import read_marks
from retouch.methods.options import parse_options
from retouch.methods.planning.memory import parse_memory


@dataclass(frozen=True)
class FillSettings:
    """How to fill, as it is typed."""

    method: str
    options: tuple[str, ...]
    seed: int
    max_memory: str
    guidance: str | None = None
    lines: str | None = None
    sketch: str | None = None
    seam: bool = True
    grain: bool = False

    @property
    def marks(self) -> list[str]:
        """The files that lead the fill."""
        return [path for path in (self.guidance, self.lines, self.sketch) if path is not None]


def read_request(settings: FillSettings, max_pixels: int) -> FillRequest:
    """Return how to fill; maps that lead the fill are read here.

    Raises
    ------
    UsageError
        If the method, an option or the amount of memory cannot be read.
    InputError
        If a map cannot be read.
    """
    if settings.method == AUTO and settings.options:
        raise UsageError(f"method '{AUTO}' takes no options, got '{settings.options[0]}'; name one with --method")
    options: dict[str, Any] = {}
    if settings.method != AUTO:
        options = parse_options(find_method(settings.method), settings.options)
    marks = read_marks(settings.guidance, settings.lines, settings.sketch, max_pixels=max_pixels)
    memory = parse_memory(settings.max_memory)
    return FillRequest(settings.method, options, settings.seed, memory, settings.seam, settings.grain, marks)
