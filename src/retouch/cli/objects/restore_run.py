"""`retouch restore photo`: open, repair, write."""

from __future__ import annotations

from dataclasses import dataclass

from retouch.cli.fill_settings import FillSettings, read_request
from retouch.cli.objects.results import ResultOrder, check_outputs, write_mask
from retouch.cli.objects.target_reading import in_flags, read_box, read_share
from retouch.cli.picture_files import open_input, tell, write_picture
from retouch.cli.progress_bar import progress_bar
from retouch.tasks.photo_repair import MOST_DAMAGE, Repair, RepairedPhoto, repair_picture


@dataclass(frozen=True)
class RestoreOrder:
    """What was typed."""

    scratches: bool
    sensitivity: float
    all_damage: bool
    region: str | None
    max_area: str | None
    denoise_share: float
    fade: bool
    fill: FillSettings
    result: ResultOrder


def run_restore_photo(order: RestoreOrder) -> None:
    """Carry out the command; what can be refused without reading a pixel is refused first."""
    repair, request, result = _read_repair(order), read_request(order.fill, order.result.max_pixels), order.result
    check_outputs(result)
    picture = open_input(result.image, result.out, result.max_pixels)
    with progress_bar("repairing") as progress:
        repaired = repair_picture(picture, repair, request, progress)
    write_picture(repaired.picture, result.out, quality=result.quality, keep_metadata=result.keep_metadata)
    if result.save_mask:
        write_mask(repaired.mask, result.save_mask)
    _tell(result, repaired)


def _read_repair(order: RestoreOrder) -> Repair:
    return Repair(
        scratches=order.scratches,
        sensitivity=order.sensitivity,
        all_damage=order.all_damage,
        region=None if order.region is None else read_box(order.region, "--region"),
        most_share=read_share(order.max_area) or MOST_DAMAGE,
        denoise_share=order.denoise_share,
        fade=order.fade,
    )


def _tell(order: ResultOrder, repaired: RepairedPhoto) -> None:
    """Say what each step did, always: only so does one learn that nothing was found."""
    notes, report = repaired.picture.notes, repaired.report
    more = [*notes, *(report.sentences() if report else ())] if order.explain else []
    done = {} if report is None else {"report": report.to_dict()}
    facts = {"image": order.image, "out": order.out, "notes": list(notes), "provenance": repaired.provenance, **done}
    tell(order.beside, [*map(in_flags, repaired.status), *more], facts if order.json else None)
