"""`retouch remove`: open, find, take off or fill, write."""

from __future__ import annotations

from dataclasses import dataclass

from retouch.cli.inspecting.several_fills import candidate_paths
from retouch.cli.objects.results import FillSettings, ResultOrder, check_outputs, read_request, write_mask
from retouch.cli.objects.target_reading import TargetOrder, in_flags, read_target
from retouch.cli.outputs import STREAM, check_not_input, check_writable
from retouch.cli.picture_files import open_input, tell, write_picture
from retouch.cli.progress_bar import progress_bar
from retouch.errors import InputError, UsageError
from retouch.tasks.inspecting.candidates import MOST
from retouch.tasks.removal import Removal, remove_from_picture


@dataclass(frozen=True)
class RemoveOrder:
    """What was typed."""

    target: TargetOrder
    fill: FillSettings
    result: ResultOrder
    n_candidates: int


def run_remove(order: RemoveOrder) -> None:
    """Carry out the command; what can be refused without reading a pixel is refused first.

    Raises
    ------
    InputError
        If nothing was found; no file is written then.
    """
    target, result, n_candidates = read_target(order.target), order.result, order.n_candidates
    check_outputs(result, order.target.mask, order.target.watermark, order.fill.guidance, order.fill.lines)
    _check_candidates(order)
    request = read_request(order.fill, result.max_pixels)
    picture = open_input(result.image, result.out, result.max_pixels)
    with progress_bar("filling") as progress:
        removal = remove_from_picture(picture, target, request, progress, n_candidates=n_candidates)
    if not removal.mask.any():
        raise InputError(f"nothing was found and no file was written: {'; '.join(map(in_flags, removal.status[:-1]))}")
    pictures = (removal.picture, *removal.others)
    for one, path in zip(pictures, candidate_paths(result.out, len(pictures)), strict=True):
        write_picture(one, path, quality=result.quality, keep_metadata=result.keep_metadata)
    if result.save_mask:
        write_mask(removal.mask, result.save_mask)
    _tell(result, removal)


def _check_candidates(order: RemoveOrder) -> None:
    if not 1 <= order.n_candidates <= MOST:
        raise UsageError(f"--candidates must be 1 to {MOST}, got {order.n_candidates}")
    if order.n_candidates > 1 and order.result.out == STREAM:
        raise UsageError("several candidates need names: give -o FILE, beside which the others are written")
    for path in candidate_paths(order.result.out, order.n_candidates)[1:]:
        check_not_input(path, [order.result.image])
        check_writable(path)


def _tell(order: ResultOrder, removal: Removal) -> None:
    notes, report = removal.picture.notes, removal.report
    sentences = [in_flags(sentence) for sentence in removal.status]
    if order.explain:
        found = [finding.sentence() for finding in removal.findings]
        sentences = [*notes, *found, *sentences, *(report.sentences() if report else ())]
    done = {} if report is None else {"report": report.to_dict()}
    facts = {"image": order.image, "out": order.out, "notes": list(notes), "provenance": removal.provenance, **done}
    tell(order.out, sentences, facts if order.json else None)
