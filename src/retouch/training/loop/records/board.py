"""Scalars and sheets for TensorBoard, where it is installed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from retouch.arrays.types import AnyArray


class Board:
    """A writer of TensorBoard's files that does nothing where TensorBoard is absent.

    Parameters
    ----------
    folder : Path
    step : int
        Where the run goes on: TensorBoard hides what an earlier session wrote after it.
    """

    def __init__(self, folder: Path, step: int = 0) -> None:
        self._writer: Any = None
        self.absence = ""
        try:
            from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - it is optional, and slow to import
        except ImportError:
            self.absence = "TensorBoard is not installed, so metrics.jsonl and sheets/ are all there is to see"
            return
        self._writer = SummaryWriter(str(folder), purge_step=step + 1 if step else None, flush_secs=30)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Write numbers by name."""
        if self._writer is not None:
            for name, value in values.items():
                self._writer.add_scalar(name, value, step)

    def picture(self, step: int, name: str, pixels: AnyArray) -> None:
        """Write a picture (H, W, 3) uint8."""
        if self._writer is not None:
            self._writer.add_image(name, pixels, step, dataformats="HWC")

    def close(self) -> None:
        """Bring everything to the disk."""
        if self._writer is not None:
            self._writer.close()
