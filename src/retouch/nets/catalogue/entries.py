"""What a line of the catalogue of networks says.

A line names its builders by dotted paths, so that reading it imports no torch. Inputs and outputs are written as people
would: "image 3xHxW, mask 1xHxW" are two arrays with a batch of one before them, whose height and width are free; a
number is a length that the network fixes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

INPAINT, DENOISE, RESTORE, SEMANTIC = "inpaint", "denoise", "restore", "semantic"
VIDEO, DETECT, GENERATE, JUDGE = "video", "detect", "generate", "judge"
TASKS = (INPAINT, DENOISE, RESTORE, SEMANTIC, VIDEO, DETECT, GENERATE, JUDGE)
"""What networks do: the first two are methods of fill and denoise once they are exported."""

_DROPPED = "_"


class Preset(NamedTuple):
    """One size of a network.

    Attributes
    ----------
    name : str
        "full" as published, "tiny" for experiments at 64 px, others as their authors released them.
    build : str
        Dotted path "module:function" of what builds it.
    n_parameters : int
        Trainable numbers.
    inputs : str
        Names and shapes of what it takes.
    arguments : tuple of (str, value)
        Handed to the builder by name.
    """

    name: str
    build: str
    n_parameters: int
    inputs: str
    arguments: tuple[tuple[str, Any], ...] = ()


class NetInfo(NamedTuple):
    """One line of the catalogue.

    Attributes
    ----------
    name : str
        What people type.
    task : str
        One of `TASKS`.
    summary, paper : str
        One sentence on what it does, and where it is published.
    presets : tuple of Preset
        "full" first.
    outputs : str
        Names of the tensors it gives, in their order; "_" is left out of an export.
    multiple : int
        Sides of the picture that it was made for are multiples of this; others are mirrored up inside.
    least_px : int
        The least side it was made for.
    no_export : str
        Why there is no ONNX form; empty where there is one.
    adapter : str
        Dotted path of a module that stands between the named tensors and the network, where its forward takes
        something else.
    """

    name: str
    task: str
    summary: str
    paper: str
    presets: tuple[Preset, ...]
    outputs: str = "picture"
    multiple: int = 1
    least_px: int = 1
    no_export: str = ""
    adapter: str = ""


def read_axes(text: str) -> dict[str, tuple[int | str, ...]]:
    """Return names and axes, with the batch of one in front; a letter where any length does, the same for the same.

    >>> read_axes("points Px2, labels P, density")
    {'points': (1, 'P', 2), 'labels': (1, 'P'), 'density': (1,)}
    """
    axes: dict[str, tuple[int | str, ...]] = {}
    for part in text.split(", "):
        name, _, sides = part.partition(" ")
        axes[name] = (1, *(int(side) if side.isdigit() else side for side in sides.split("x") if side))
    return axes


def kept_outputs(text: str) -> dict[int, str]:
    """Return the names of the outputs that an export keeps, by their place.

    >>> kept_outputs("_, picture")
    {1: 'picture'}
    """
    return {place: name for place, name in enumerate(text.split(", ")) if name != _DROPPED}
