"""`retouch inspect`: open, judge, draw, tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from retouch.arrays.types import Mask
from retouch.cli.outputs import STREAM, check_not_input, check_writable
from retouch.cli.picture_files import open_input, read_source, tell, write_picture
from retouch.cli.progress_bar import progress_bar
from retouch.errors import UsageError
from retouch.io.pictures.mask_files import read_mask
from retouch.io.pictures.picture import Picture
from retouch.tasks.inspecting.door import Inspection, inspect_picture, judged_image
from retouch.tasks.inspecting.drawing import heat_in_grey, heat_over

_TOLD = 5
_NO_FILE = "the terminal"


@dataclass(frozen=True)
class InspectOrder:
    """What was typed."""

    image: str
    mask: str | None
    out: str | None
    overlay: bool
    invert_mask: bool
    max_pixels: int
    overwrite: bool
    json: bool


def run_inspect(order: InspectOrder) -> None:
    """Carry out the command; what can be refused without reading a pixel is refused first."""
    _check(order)
    picture = open_input(order.image, order.out or STREAM, order.max_pixels)
    mask = _read_mask(order, picture)
    with progress_bar("inspecting") as progress:
        inspection = inspect_picture(picture, mask, progress)
    if order.out is not None:
        write_picture(_drawn(order, picture, inspection), order.out, quality=None, keep_metadata=False)
    _tell(order, picture, inspection)


def _check(order: InspectOrder) -> None:
    if order.image == STREAM == order.mask:
        raise UsageError("only one of the picture and the mask can come from standard input; give a file for the other")
    if order.overlay and order.out is None:
        raise UsageError("--overlay draws the map over the picture; say where it goes with -o HEAT")
    if order.invert_mask and order.mask is None:
        raise UsageError("--invert-mask needs a mask; give --mask MASK")
    if order.out is not None:
        sources = [source for source in (order.image, order.mask) if source]
        check_not_input(order.out, sources[1:] if order.overwrite else sources)
        check_writable(order.out)


def _read_mask(order: InspectOrder, picture: Picture) -> Mask | None:
    if order.mask is None:
        return None
    return read_mask(
        read_source(order.mask), shape=picture.shape, invert=order.invert_mask, max_pixels=order.max_pixels
    )


def _drawn(order: InspectOrder, picture: Picture, inspection: Inspection) -> Picture:
    """Return the drawing, without anything of the picture's file but its format where that can hold it."""
    heat = inspection.heat
    return Picture.from_array(heat_over(judged_image(picture), heat) if order.overlay else heat_in_grey(heat))


def _tell(order: InspectOrder, picture: Picture, inspection: Inspection) -> None:
    score, (width, height) = inspection.score, picture.size
    facts: dict[str, Any] = {"image": order.image, "mask": order.mask, "out": order.out, "width": width}
    facts |= {"height": height, "notes": list(picture.notes), **score.to_dict()}
    lines = [f"mean {score.mean:.3f}, worst part {score.worst:.3f}, hot pixels {score.hot_share:.1%}"]
    for part in score.parts[:_TOLD]:
        box = part.box
        lines.append(f"{part.heat:.3f} in {part.area_px} pixels, {box.width}x{box.height} at x={box.left}, y={box.top}")
    if len(score.parts) > _TOLD:
        lines.append(f"and {len(score.parts) - _TOLD} more parts")
    tell(order.out or _NO_FILE, () if order.json else lines, facts if order.json else None)
