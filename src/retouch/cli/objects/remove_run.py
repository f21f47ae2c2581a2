"""`retouch remove`: open, find, take off or fill, write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from retouch.cli.fill_settings import FillSettings, read_request
from retouch.cli.inspecting.several_fills import candidate_paths, check_candidates
from retouch.cli.objects.results import ResultOrder, check_outputs, write_mask
from retouch.cli.objects.target_reading import TargetOrder, in_flags, read_target
from retouch.cli.outputs import STREAM
from retouch.cli.picture_files import open_input, tell, write_picture
from retouch.cli.progress_bar import progress_bar
from retouch.errors import InputError, UsageError
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
    _check_files(order)
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


def _check_files(order: RemoveOrder) -> None:
    result, marks = order.result, order.fill.marks
    if STREAM in marks:
        raise UsageError("guidance, lines and sketch must be files, got '-'; only the picture or the mask is a stream")
    sources = [order.target.mask, order.target.watermark, *marks]
    check_outputs(result, *sources)
    check_candidates(result.out, order.n_candidates, [result.image, *sources])
    paths = candidate_paths(result.out, order.n_candidates)
    if result.save_mask and Path(result.save_mask) in [Path(path) for path in paths]:
        raise UsageError(
            f"a candidate and the mask must not be one file, got {result.save_mask} for both; name another"
        )


def _tell(order: ResultOrder, removal: Removal) -> None:
    notes, report = removal.picture.notes, removal.report
    sentences = [in_flags(sentence) for sentence in removal.status]
    if order.explain:
        found = [finding.sentence() for finding in removal.findings]
        sentences = [*notes, *found, *sentences, *(report.sentences() if report else ())]
    done = {} if report is None else {"report": report.to_dict()}
    facts = {"image": order.image, "out": order.out, "notes": list(notes), "provenance": removal.provenance, **done}
    tell(order.beside, dict.fromkeys(sentences), facts if order.json else None)
