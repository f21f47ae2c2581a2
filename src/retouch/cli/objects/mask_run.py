"""`retouch mask`: open, find, write the mask."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retouch.arrays.regions import mask_ratio
from retouch.cli.objects.results import check_mask_name, write_mask
from retouch.cli.objects.target_reading import TargetOrder, in_flags, read_target
from retouch.cli.outputs import STREAM, check_not_input, check_writable
from retouch.cli.picture_files import read_source, tell, write_picture
from retouch.errors import InputError, UsageError
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.reading import open_image
from retouch.io.pictures.writing import format_for
from retouch.tasks.provenance import findings_to_dicts, target_to_dict
from retouch.tasks.targeting.overlay import draw_overlay
from retouch.tasks.targeting.targets import Targets, find_targets


@dataclass(frozen=True)
class MaskOrder:
    """What was typed."""

    image: str
    out: str
    target: TargetOrder
    preview: str | None
    max_pixels: int
    explain: bool
    json: bool


def run_mask(order: MaskOrder) -> None:
    """Carry out the command; what can be refused without reading a pixel is refused first.

    Raises
    ------
    InputError
        If nothing was found; no file is written then.
    """
    target = read_target(order.target)
    _check_files(order)
    picture = open_image(read_source(order.image), max_pixels=order.max_pixels)
    if order.preview:
        format_for(order.preview, picture)
    targets = find_targets(picture, target)
    if not targets.mask.any():
        raise InputError(f"nothing was found and no file was written: {'; '.join(map(in_flags, targets.status))}")
    write_mask(targets.mask, order.out)
    if order.preview:
        write_picture(draw_overlay(picture, targets.mask), order.preview, quality=None, keep_metadata=False)
    facts = {"image": order.image, "out": order.out, **_facts(picture, targets), "target": target_to_dict(target)}
    tell(order.out, _sentences(order, targets), facts if order.json else None)


def _check_files(order: MaskOrder) -> None:
    check_mask_name(order.out)
    inputs = [source for source in (order.image, order.target.mask, order.target.watermark) if source]
    if order.image == STREAM == order.target.mask:
        raise UsageError("only one of the picture and the mask can come from standard input; give a file for the other")
    check_not_input(order.out, inputs)
    if order.preview:
        if order.preview == STREAM or Path(order.preview) == Path(order.out):
            raise UsageError(f"the preview must go to a file of its own, got '{order.preview}'; name another")
        check_not_input(order.preview, inputs)
        check_writable(order.preview)


def _sentences(order: MaskOrder, targets: Targets) -> list[str]:
    """Return what was looked for in vain, which is always said, and on request what was found."""
    share = f"{mask_ratio(targets.mask):.2%}".replace("%", " %")
    found = [*(finding.sentence() for finding in targets.findings), f"the mask covers {share} of the picture"]
    return [*map(in_flags, targets.status), *(found if order.explain else ())]


def _facts(picture: Picture, targets: Targets) -> dict[str, Any]:
    return {
        "width": picture.size[0],
        "height": picture.size[1],
        "mask_ratio": round(mask_ratio(targets.mask), 6),
        "found": findings_to_dicts(targets.findings),
        "status": list(targets.status),
    }
