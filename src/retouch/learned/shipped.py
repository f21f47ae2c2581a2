"""The networks that ship with the package: files beside this one, each with a card of its own in words."""

from __future__ import annotations

from pathlib import Path

from retouch.errors import WeightsError
from retouch.runtime.exported import Exported, open_exported

TASK, PICTURE = "inpaint", "guess"
STRUCTURE, THIN = "structure", "thin"
"""Names of what ships: for broad holes, and for scratches and text."""

_FOLDER = Path(__file__).with_name("weights")


def open_corrector(name: str) -> Exported:
    """Open a network that corrects a fill.

    Parameters
    ----------
    name : str
        One of the shipped ones, or what `retouch.runtime.exported.find_exported` takes.

    Raises
    ------
    WeightsError
        If there is no such network, or it does something else.
    """
    shipped = _FOLDER / f"{name}.onnx"
    if name in (STRUCTURE, THIN):
        if not shipped.is_file():
            raise WeightsError(f"the shipped network '{name}' is missing; install retouch again")
        name = str(shipped)
    return open_exported(name, TASK, PICTURE, ("mask",))
