"""The folder of an evaluation.

plan.json       what was evaluated: fixed lists with hashes, protocol, settings
items.jsonl     the journal, a line for each picture and method
scores.csv      the same as a table
summary.json    means, intervals, differences, published figures, failures
report.html     all of it to read, with pictures
results/        METHOD/CONDITION/NUMBER-PICTURE.png
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retouch.errors import FileError, UsageError
from retouch.evaluation.cases.pictures import EVALUATION_MARK
from retouch.io.atomic import atomic_write


@dataclass(frozen=True)
class Places:
    """Where things lie in the folder of an evaluation."""

    folder: Path

    @property
    def plan(self) -> Path:
        """What was evaluated."""
        return self.folder / "plan.json"

    @property
    def journal(self) -> Path:
        """One line for each picture and method."""
        return self.folder / EVALUATION_MARK

    @property
    def scores(self) -> Path:
        """One line for each picture and method, as a table."""
        return self.folder / "scores.csv"

    @property
    def summary(self) -> Path:
        """Means and intervals."""
        return self.folder / "summary.json"

    @property
    def report(self) -> Path:
        """The page to read."""
        return self.folder / "report.html"

    @property
    def results(self) -> Path:
        """The repaired pictures."""
        return self.folder / "results"

    def open_for(self, plan: dict[str, Any]) -> None:
        """Make the folder, or go on in it if it holds the same evaluation.

        Raises
        ------
        UsageError
            If it holds another one, or other files.
        FileError
            If it cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            found = sorted(path.name for path in self.folder.iterdir())
        except OSError as error:
            raise FileError(f"cannot write {self.folder}: {error.strerror or error}; name another folder") from error
        if found and not self.plan.exists():
            raise UsageError(f"{self.folder} holds other files, such as {found[0]}; name an empty or a new folder")
        if self.plan.exists():
            self._check_same(plan)
        atomic_write(self.plan, (json.dumps(plan, indent=1) + "\n").encode())

    def _check_same(self, plan: dict[str, Any]) -> None:
        try:
            before = json.loads(self.plan.read_text())
        except ValueError as error:
            raise UsageError(f"{self.plan} is damaged; name another folder") from error
        different = [key for key, value in plan.items() if key not in _FREE and before.get(key) != value]
        if different:
            raise UsageError(
                f"{self.folder} holds another evaluation (other {', '.join(different)}); name another folder"
            )


_FREE = ("methods", "dataset", "fingerprint")
"""What may change when an evaluation goes on: methods may be added."""
