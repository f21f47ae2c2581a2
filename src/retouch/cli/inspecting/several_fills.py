"""`retouch fill --candidates N` and `--repair`: several fills of one hole, written and told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retouch.arrays.types import Mask
from retouch.cli.outputs import STREAM, check_not_input, check_writable
from retouch.cli.picture_files import tell, write_picture
from retouch.cli.progress_bar import progress_bar
from retouch.errors import UsageError
from retouch.io.pictures.picture import Picture
from retouch.methods.catalogue import AUTO
from retouch.methods.crop_run import FillRequest
from retouch.tasks.inspecting.candidates import MOST, Candidate, fill_candidates
from retouch.tasks.inspecting.judges import DEFAULT_JUDGE
from retouch.tasks.inspecting.repair import Repair, repair_worst

if TYPE_CHECKING:
    from retouch.cli.fill_run import FillOrder

_TURNS = ("method", "seed")
"""Of a request, what differs from candidate to candidate."""


@dataclass(frozen=True)
class SeveralFills:
    """How many fills are wanted, and whether one is repaired."""

    candidates: int = 1
    repair: bool = False

    def __bool__(self) -> bool:
        """Whether there is more to do than one fill."""
        return self.candidates != 1 or self.repair


ONE_FILL = SeveralFills()


def check_several(order: FillOrder, wanted: SeveralFills) -> None:
    """Refuse what cannot be done before a pixel is read.

    Raises
    ------
    UsageError
        If both are asked for, the number is none, or several pictures would go to standard output or over an input.
    FileError
        If a file cannot be written.
    """
    if wanted.repair and wanted.candidates != 1:
        raise UsageError("--candidates and --repair cannot go together; repair the fill that you choose")
    check_candidates(order.out, wanted.candidates, [order.image, order.mask.path, *order.fill.marks])


def check_candidates(out: str, n: int, sources: Iterable[str | None]) -> None:
    """Refuse a number of candidates that is none, and names under which they cannot be written.

    Raises
    ------
    UsageError
        If the number is none, or several pictures would go to standard output or over one of the `sources`.
    FileError
        If a file cannot be written.
    """
    if not 1 <= n <= MOST:
        raise UsageError(f"--candidates must be 1 to {MOST}, got {n}")
    if n != 1 and out == STREAM:
        raise UsageError("several candidates need names: give -o FILE, beside which the others are written")
    given = [source for source in sources if source]
    for path in candidate_paths(out, n)[1:]:
        check_not_input(path, given)
        check_writable(path)


def candidate_paths(out: str, n: int) -> list[str]:
    """Return the name of the best, and beside it those of the others.

    >>> candidate_paths("a/b.png", 3)
    ['a/b.png', 'a/b-2.png', 'a/b-3.png']
    """
    path = Path(out)
    return [out, *(str(path.with_name(f"{path.stem}-{rank}{path.suffix}")) for rank in range(2, n + 1))]


def run_several(order: FillOrder, wanted: SeveralFills, picture: Picture, mask: Mask, request: FillRequest) -> None:
    """Fill as it is wanted, write and tell."""
    if wanted.repair:
        with progress_bar("repairing") as progress:
            repaired = repair_worst(picture, mask, request=request, progress=progress)
        _write(order, repaired.picture, mask, order.out)
        _tell_repair(order, repaired)
        return
    methods = None if request.method == AUTO else (request.method,)
    how = {field.name: getattr(request, field.name) for field in fields(request) if field.name not in _TURNS}
    with progress_bar("filling") as progress:
        found = fill_candidates(
            picture, mask, wanted.candidates, methods=methods, seed=request.seed, progress=progress, **how
        )
    paths = candidate_paths(order.out, len(found))
    for candidate, path in zip(found, paths, strict=True):
        _write(order, candidate.picture, mask, path)
    _tell_candidates(order, found, paths)


def _write(order: FillOrder, picture: Picture, mask: Mask, path: str) -> None:
    finished = picture.with_opaque(mask) if order.mask.from_alpha else picture
    write_picture(finished, path, quality=order.quality, keep_metadata=order.keep_metadata)


def _tell_candidates(order: FillOrder, found: Sequence[Candidate], paths: Sequence[str]) -> None:
    rows: list[dict[str, Any]] = [
        {"rank": rank, "out": path, **candidate.to_dict()}
        for rank, (candidate, path) in enumerate(zip(found, paths, strict=True), 1)
    ]
    lines = [f"{row['rank']}: {row['score']:.3f} by {row['method']}, seed {row['seed']}, {row['out']}" for row in rows]
    more = {"judge": DEFAULT_JUDGE, "candidates": rows}
    _tell(order, found[0].picture, found[0].report, lines, more)


def _tell_repair(order: FillOrder, repaired: Repair) -> None:
    facts = repaired.to_dict()
    lines = [
        f"artefact score {score:.3f}" + (f" after round {number}" if number else " of the first fill")
        for number, score in enumerate(facts["scores"])
    ]
    _tell(order, repaired.picture, repaired.report, lines, {"repair": facts})


def _tell(order: FillOrder, picture: Picture, report: Any, lines: Sequence[str], more: dict[str, Any]) -> None:
    facts = {"image": order.image, "out": order.out, "notes": list(picture.notes), **report.to_dict(), **more}
    told = (*picture.notes, *report.sentences(), *lines) if order.explain else report.warnings()
    tell(order.out, told, facts if order.json else None)
