"""`retouch mask-make`: draw a mask of a family and write it as PNG."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from retouch.cli.outputs import STREAM, check_writable, write_bytes
from retouch.errors import UsageError
from retouch.io.pictures.mask_files import encode_mask
from retouch.masks.families import FAMILIES, find_family
from retouch.masks.sampler import parse_bin, sample_mask
from retouch.methods.options import parse_pairs, read_options


@dataclass(frozen=True)
class MaskMakeOrder:
    """What was typed."""

    family: str
    size: str
    out: str
    ratio_bin: str | None
    seed: int
    index: int
    options: tuple[str, ...]


def run_mask_make(order: MaskMakeOrder) -> None:
    """Carry out the command."""
    family = find_family(order.family)
    width, height = _parse_size(order.size)
    options = parse_pairs(read_options(family.draw), order.options, f"mask family '{family.name}'")
    ratio_bin = parse_bin(order.ratio_bin) if order.ratio_bin else None
    if order.out != STREAM and Path(order.out).suffix.lower() != ".png":
        raise UsageError(f"a mask is written as PNG, so its name must end in .png, got '{order.out}'")
    check_writable(order.out)
    mask = sample_mask(
        order.family, height, width, ratio_bin=ratio_bin, seed=order.seed, index=order.index, options=options
    )
    write_bytes(order.out, encode_mask(mask))


def list_families() -> str:
    """Return one line for each family."""
    longest = max(len(family.name) for family in FAMILIES)
    return "".join(f"{family.name:<{longest}}  {family.summary}\n" for family in FAMILIES)


def _parse_size(text: str) -> tuple[int, int]:
    """Read WxH."""
    match = re.fullmatch(r"([1-9]\d{0,5})[xX]([1-9]\d{0,5})", text.strip())
    if match is None:
        raise UsageError(f"a size must be written WIDTHxHEIGHT in pixels, such as 640x480, got '{text}'")
    return int(match[1]), int(match[2])
