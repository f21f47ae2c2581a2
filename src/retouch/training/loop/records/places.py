"""The folder of a run.

run.json               what is trained: recipe, hashes, versions, and the sessions so far
metrics.jsonl          a line for each report of the training and each validation
board/                 the same for TensorBoard
sheets/step-NUMBER.png pictures: what went in, what was painted, the truth, the error four times as strong
checkpoints/           step-NUMBER/ with tensors.safetensors and state.json: the last two and the best
weights.safetensors    the first network at its best: for use, and to start from
best/, last/           ROLE.safetensors: every network at its best, and as it was last
failed-batch.json      where a run broke off because a loss was no number
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from retouch.errors import FileError, UsageError
from retouch.io.wording import fault, shown


@dataclass(frozen=True)
class Places:
    """Where things lie in the folder of a run."""

    folder: Path

    @property
    def run(self) -> Path:
        """What is trained."""
        return self.folder / "run.json"

    @property
    def metrics(self) -> Path:
        """One line for each report."""
        return self.folder / "metrics.jsonl"

    @property
    def board(self) -> Path:
        """Files of TensorBoard."""
        return self.folder / "board"

    @property
    def checkpoints(self) -> Path:
        """One folder for each."""
        return self.folder / "checkpoints"

    @property
    def weights(self) -> Path:
        """The first network at its best."""
        return self.folder / "weights.safetensors"

    @property
    def failed_batch(self) -> Path:
        """What the run broke off at."""
        return self.folder / "failed-batch.json"

    def sheet(self, step: int) -> Path:
        """Return the sheet of a step."""
        return self.folder / "sheets" / f"step-{step:06d}.png"

    def weights_of(self, role: str, when: str) -> Path:
        """Return the weights of a network, "best" or "last"."""
        return self.folder / when / f"{role}.safetensors"

    def open(self, *, resume: bool) -> None:
        """Make the folder, or see that it holds a run to go on with.

        Raises
        ------
        UsageError
            If it holds something and `resume` is not asked for, or holds no run.
        FileError
            If it cannot be made.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            found = sorted(path.name for path in self.folder.iterdir())
        except OSError as error:
            raise FileError(f"cannot write {shown(self.folder)}: {fault(error)}; name another folder") from error
        if found and not self.run.exists():
            raise UsageError(
                f"{shown(self.folder)} holds other files, such as {found[0]}; name an empty or a new folder"
            )
        if found and not resume:
            raise UsageError(f"{shown(self.folder)} holds a run; add --resume to go on with it, or name another folder")
