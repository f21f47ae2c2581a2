"""Exported networks found by file or by name in the weight store, with their cards, and told apart by what they do."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from retouch.arrays.types import AnyArray, Image
from retouch.errors import WeightsError
from retouch.io.wording import shown
from retouch.runtime.cards import Card, read_card
from retouch.runtime.session import Net, open_net
from retouch.runtime.store import WeightStore

SUFFIX = ".onnx"
_CHANNELS = (1, 3)
_Shape: TypeAlias = tuple[int | None, ...]


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
    def fixed_px(self) -> int | None:
        """The side of the squares that the network takes; None where it takes pictures of any size."""
        return self.net.inputs[self.picture_input][2]

    def run(self, **arrays: AnyArray) -> Image:
        """Return the picture that the network makes of arrays (1, C, H, W), as (H, W, C) float32.

        Raises
        ------
        WeightsError
            If a value of it is no number, or it has another size than the picture that went in.
        """
        result, given = self.net.run(**arrays)["picture"], arrays[self.picture_input]
        if result.shape != given.shape:
            sizes = " for ".join("x".join(map(str, array.shape)) for array in (result, given))
            raise WeightsError(f"the network {shown(self.net.path)} gives {sizes}; it is another export")
        if not np.isfinite(result).all():
            raise WeightsError(f"the network {shown(self.net.path)} gives values that are no numbers; get it again")
        return np.ascontiguousarray(result[0].transpose(1, 2, 0), np.float32)


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
    if not _is_picture(net.inputs[picture_input]) or not _goes_with(net, picture_input):
        raise WeightsError(
            f"the network {shown(path)} takes no grey or RGB pictures of any size, or of one square, with what belongs "
            "to them; it is another export"
        )
    return Exported(net, card, picture_input)


def run_by_channels(exported: Exported, image: Image, run: Callable[[Image], Image]) -> Image:
    """Return what the network makes of a picture of any number of channels.

    Parameters
    ----------
    exported : Exported
    image : (H, W, C) float32
    run : callable
        Takes and gives pictures of as many channels as the network.

    Returns
    -------
    (H, W, C) float32
        Where the numbers of channels differ, each channel is shown by itself as a grey picture, to a network of colour
        as three equal channels of whose results the mean is taken.
    """
    if image.shape[2] == exported.channels:
        return run(image)
    greys = (np.repeat(image[:, :, [i]], exported.channels, axis=2) for i in range(image.shape[2]))
    return np.concatenate([run(grey).mean(axis=2, keepdims=True) for grey in greys], axis=2)


def to_batch(image: Image) -> AnyArray:
    """Return (1, C, H, W) of (H, W, C)."""
    return image.transpose(2, 0, 1)[None]


def _is_picture(shape: _Shape) -> bool:
    return len(shape) == 4 and shape[0] in (1, None) and shape[1] in _CHANNELS and shape[2] == shape[3]  # noqa: PLR2004


def _goes_with(net: Net, picture_input: str) -> bool:
    """Tell whether the other inputs and the output have the shapes that belong to the picture."""
    _, channels, height, width = net.inputs[picture_input]
    for name, shape in net.inputs.items():
        whole = (1, 1, 1, 1) if name == "sigma" else (1, channels if name == picture_input else 1, height, width)
        if not _allows(shape, whole):
            return False
    return _allows(net.outputs["picture"], (1, channels, None, None))


def _allows(stated: _Shape, given: _Shape) -> bool:
    """Tell whether a file that states this shape can be given, or give, arrays of that one; None is any length."""
    return len(stated) == len(given) and all(
        n is None or m is None or n == m for n, m in zip(stated, given, strict=True)
    )
