"""What the commands on things have in common: how to fill, where the result and its mask go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retouch.arrays.types import Mask
from retouch.cli.outputs import STREAM, check_not_input, check_writable, write_bytes
from retouch.errors import UsageError
from retouch.io.pictures.mask_files import encode_mask
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


@dataclass(frozen=True)
class ResultOrder:
    """What comes in and what goes out, as it is typed."""

    image: str
    out: str
    save_mask: str | None
    max_pixels: int
    quality: int | None
    keep_metadata: bool
    overwrite: bool
    explain: bool
    json: bool

    @property
    def beside(self) -> str:
        """What the account must not be mixed with: standard output where picture or mask goes there, else the file."""
        return STREAM if self.save_mask == STREAM else self.out


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


def check_outputs(order: ResultOrder, *sources: str | None) -> None:
    """Refuse outputs that cannot be written, or are an input; `sources` are read besides the picture."""
    given = [source for source in sources if source]
    if order.image == STREAM in given:
        raise UsageError("only one of the picture and the mask can come from standard input; give a file for the other")
    if given:
        check_not_input(order.out, given)
    if not order.overwrite:
        check_not_input(order.out, [order.image])
    check_writable(order.out)
    if order.save_mask is not None:
        check_mask_name(order.save_mask)
        check_not_input(order.save_mask, [order.image, *given])
        if Path(order.save_mask) == Path(order.out):
            raise UsageError(f"the result and its mask must not be one file, got {order.out} for both; name another")


def check_mask_name(out: str) -> None:
    """Refuse a name under which no mask can be written."""
    if out != STREAM and Path(out).suffix.lower() != ".png":
        raise UsageError(f"a mask is written as PNG, so its name must end in .png, got '{out}'")
    check_writable(out)


def write_mask(mask: Mask, out: str) -> None:
    """Write a mask as PNG, white where it is True."""
    write_bytes(out, encode_mask(mask))
