"""`retouch fill`: open, fill, write."""

from __future__ import annotations

from dataclasses import dataclass

from retouch.arrays.regions import dilate_mask
from retouch.arrays.types import Mask
from retouch.cli.fill_settings import FillSettings, read_request
from retouch.cli.inspecting.several_fills import ONE_FILL, SeveralFills, check_several, run_several
from retouch.cli.outputs import STREAM, check_not_input, check_writable
from retouch.cli.picture_files import open_input, read_source, tell, write_picture
from retouch.cli.progress_bar import progress_bar
from retouch.errors import UsageError
from retouch.io.pictures.mask_files import read_mask
from retouch.io.pictures.picture import Picture
from retouch.methods.fill import FillResult, fill_picture


@dataclass(frozen=True)
class MaskOrder:
    """Where the mask comes from: a file, or the picture's alpha; `dilate` in pixels."""

    path: str | None
    from_alpha: bool
    invert: bool
    dilate: int


@dataclass(frozen=True)
class FillOrder:
    """What was typed."""

    image: str
    out: str
    mask: MaskOrder
    fill: FillSettings
    max_pixels: int
    quality: int | None
    keep_metadata: bool
    overwrite: bool
    explain: bool
    json: bool
    several: SeveralFills = ONE_FILL


def run_fill(order: FillOrder) -> None:
    """Carry out the command; what can be refused without reading a pixel is refused first."""
    _check_files(order)
    request = read_request(order.fill, order.max_pixels)
    check_several(order, order.several)
    picture = open_input(order.image, order.out, order.max_pixels)
    mask = _read_mask(order, picture)
    if order.several:
        run_several(order, order.several, picture, mask, request)
        return
    with progress_bar("filling") as progress:
        result = fill_picture(picture, mask, request, progress)
    finished = result.picture.with_opaque(mask) if order.mask.from_alpha else result.picture
    write_picture(finished, order.out, quality=order.quality, keep_metadata=order.keep_metadata)
    _tell(order, result)


def _check_files(order: FillOrder) -> None:
    if (order.mask.path is None) == (not order.mask.from_alpha):
        raise UsageError("fill needs one mask: give either --mask MASK or --mask-from-alpha")
    if order.image == STREAM == order.mask.path:
        raise UsageError("only one of the picture and the mask can come from standard input; give a file for the other")
    if STREAM in order.fill.marks:
        raise UsageError("guidance, lines and sketch must be files, got '-'; only the picture or the mask is a stream")
    check_not_input(order.out, order.fill.marks)
    if order.mask.path:
        check_not_input(order.out, [order.mask.path])
    if not order.overwrite:
        check_not_input(order.out, [order.image])
    check_writable(order.out)


def _read_mask(order: FillOrder, picture: Picture) -> Mask:
    if order.mask.path is None:
        mask = picture.transparent_mask()
        mask = ~mask if order.mask.invert else mask
    else:
        mask = read_mask(
            read_source(order.mask.path), shape=picture.shape, invert=order.mask.invert, max_pixels=order.max_pixels
        )
    return dilate_mask(mask, order.mask.dilate) if order.mask.dilate else mask


def _tell(order: FillOrder, result: FillResult) -> None:
    notes, report = result.picture.notes, result.report
    facts = {"image": order.image, "out": order.out, "notes": list(notes), **report.to_dict()}
    lines = (*notes, *report.sentences()) if order.explain else report.warnings()
    tell(order.out, lines, facts if order.json else None)
