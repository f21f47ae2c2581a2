"""What the commands on things have in common: where the result and its mask go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from retouch.arrays.types import Mask
from retouch.cli.outputs import STREAM, check_not_input, check_writable, write_bytes
from retouch.errors import UsageError
from retouch.io.pictures.mask_files import encode_mask


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
