"""Exported networks found by file or by name in the weight store, with their cards, and told apart by what they do."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retouch.arrays.types import AnyArray, Image
from retouch.errors import WeightsError
from retouch.io.wording import shown
from retouch.runtime.cards import Card, read_card
from retouch.runtime.session import Net, open_net
from retouch.runtime.store import WeightStore

SUFFIX = ".onnx"
_PICTURE_AXES = 4


@dataclass(frozen=True)
class Exported:
    """A network ready to run.

    Attributes
    ----------
    net : Net
    card : Card
    picture_input : str
        The name of its first input, a picture.
    """

    net: Net
    card: Card
    picture_input: str

    @property
    def channels(self) -> int:
        """Channels of the picture that it takes: 1 or 3."""
        return self.net.inputs[self.picture_input][1] or 1

    @property
    def fixed_sides(self) -> tuple[int, int] | None:
        """Height and width that the network fixes; None where any do."""
        height, width = self.net.inputs[self.picture_input][2:]
        return None if height is None or width is None else (height, width)

    def run(self, **arrays: AnyArray) -> Image:
        """Return the picture that the network makes of arrays (1, C, H, W), as (H, W, C) float32.

        Raises
        ------
        WeightsError
            If a value of it is no number.
        """
        result = self.net.run(**arrays)["picture"][0]
        if not np.isfinite(result).all():
            raise WeightsError(f"the network {shown(self.net.path)} gives values that are no numbers; get it again")
        return np.ascontiguousarray(result.transpose(1, 2, 0), np.float32)


def find_exported(name: str) -> Path:
    """Return the file of an exported network.

    Parameters
    ----------
    name : str
        Of weights in the store, or the path of an ONNX file.

    Raises
    ------
    WeightsError
        If there is neither, or what is in the store is damaged.
    """
    path = Path(name)
    return path if path.suffix.lower() == SUFFIX or os.sep in name else WeightStore().path_of(name)


def open_exported(name: str, task: str, picture_input: str, others: Collection[str] = ()) -> Exported:
    """Open an exported network that does a task.

    Parameters
    ----------
    name : str
        As for `find_exported`.
    task : str
        That of its card.
    picture_input : str
        What the picture must be called that goes in.
    others : collection of str
        Further inputs that the caller can give.

    Raises
    ------
    WeightsError
        If there is no such network, it does another task, or wants something else.
    """
    path = find_exported(name)
    net = open_net(path)
    card = read_card(net.facts, path)
    if card.task != task:
        raise WeightsError(f"the network {shown(path)} is for the task '{card.task}', and '{task}' was asked for")
    unknown = set(net.inputs) - {picture_input, *others}
    if unknown or picture_input not in net.inputs or "picture" not in net.outputs:
        words = ", ".join(sorted(unknown)) or "no picture"
        raise WeightsError(f"the network {shown(path)} takes {words}, which cannot be given here; use it from Python")
    shapes = (net.inputs[picture_input], net.outputs["picture"])
    if any(len(shape) != _PICTURE_AXES for shape in shapes) or net.inputs[picture_input][1] not in (1, 3):
        raise WeightsError(f"the network {shown(path)} takes no grey or RGB picture; it is another export")
    return Exported(net, card, picture_input)


def to_batch(image: Image) -> AnyArray:
    """Return (1, C, H, W) of (H, W, C)."""
    return image.transpose(2, 0, 1)[None]
