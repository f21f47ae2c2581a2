"""What a folder of outputs holds: counts by state, and whether every output is still the one that was written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from retouch.errors import InputError
from retouch.jobs.journal import DONE, Journal, Row
from retouch.jobs.planning.items import output_path
from retouch.jobs.running.work import file_hash


@dataclass(frozen=True)
class Status:
    """How far the latest run is.

    Attributes
    ----------
    counts : mapping of str to int
        Items waiting, done and failed.
    failed : tuple of Row
    """

    counts: dict[str, int]
    failed: tuple[Row, ...]

    @property
    def n_items(self) -> int:
        """All of them."""
        return sum(self.counts.values())


def read_status(journal: Journal) -> Status:
    """Return the status of the latest run."""
    return Status(journal.counts(), tuple(journal.rows(state="failed")))


def wrong_outputs(journal: Journal, out: Path) -> list[tuple[str, str]]:
    """Return the name of each output that is not as it was written, and what is wrong with it."""
    wrong = []
    for row in journal.rows(state=DONE):
        path = output_path(out, row.name)
        if not path.exists():
            wrong.append((row.name, "it is gone"))
            continue
        try:
            if file_hash(path) != row.output_sha:
                wrong.append((row.name, "its bytes are others than were written"))
        except InputError as error:
            wrong.append((row.name, str(error)))
    return wrong
