"""A network of the catalogue written as an ONNX file that says what it is, after it was held against torch.

torch is imported when an export is asked for, and nowhere else in this room.
"""

from __future__ import annotations

import gc
import importlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from retouch.arrays.threads import n_threads
from retouch.arrays.types import AnyArray
from retouch.errors import MissingExtraError, UsageError, WeightsError
from retouch.io.atomic import atomic_write
from retouch.io.weights.state_dicts import file_sha256
from retouch.nets.catalogue.listing import find_net, find_preset
from retouch.runtime.cards import FIELD, Card
from retouch.runtime.memory import PeakMemory, return_freed_memory
from retouch.runtime.session import Net

STORAGES = ("float32", "float16")
DEFAULT_TOLERANCE = 1e-4
_INSTALL = "pip install 'retouch[train]'"
_MEASURED_PX = (128, 256, 384)
_LEAST_BYTES_PER_PIXEL = 64.0


@dataclass(frozen=True)
class ExportOrder:
    """What to export.

    Attributes
    ----------
    name : str
        Of the catalogue of networks.
    checkpoint : str or None
        The weights; None for those that the network starts with, from seed 0.
    out : str
        Where the ONNX file goes.
    preset : str
        The size of the network; empty for the first one that the checkpoint fits, or "full" without a checkpoint.
    storage : str
        One of `STORAGES`.
    tolerance : float
        The largest difference from torch that is let through.
    strip_prefix : str
        Taken off the names in the checkpoint.
    part : str
        Which of several state dicts in the checkpoint.
    licence, source : str
        Of the weights; they are written into the file.
    """

    name: str
    checkpoint: str | None
    out: str
    preset: str = ""
    storage: str = "float32"
    tolerance: float = DEFAULT_TOLERANCE
    strip_prefix: str = ""
    part: str = ""
    licence: str = ""
    source: str = ""


def export_net(order: ExportOrder) -> Card:
    """Write a network as an ONNX file and return its card.

    Parameters
    ----------
    order : ExportOrder

    Returns
    -------
    Card
        With the differences, the receptive field and the memory that were measured.

    Raises
    ------
    UsageError
        If the network, the preset or the storage is unknown, or the network has no ONNX form.
    WeightsError
        If the checkpoint is not the network's, or ONNX Runtime gives other pictures than torch.
    MissingExtraError
        If torch, onnx or onnxscript is not installed.
    FileError
        If the file cannot be written; what was there is still there.

    Notes
    -----
    Takes seconds to a minute, and memory for a few copies of the weights.
    """
    info = find_net(order.name)
    if order.preset:
        find_preset(info, order.preset)
    if order.storage not in STORAGES:
        raise UsageError(f"weights are stored as {' or '.join(STORAGES)}, got '{order.storage}'")
    drawing = _door().draw_graph(info, order)
    card = Card(
        net=info.name,
        preset=drawing.preset,
        task=info.task,
        multiple=info.multiple,
        least_px=info.least_px,
        radius_px=drawing.radius_px,
        storage=order.storage,
        weights_sha256=file_sha256(order.checkpoint) if order.checkpoint else "",
        licence=order.licence,
        source=order.source,
    )
    with tempfile.TemporaryDirectory() as folder:
        net = _opened(drawing.model, Path(folder) / "whole.onnx")
        card = replace(card, difference=_difference(net, drawing.samples))
        if not card.difference <= order.tolerance:
            raise WeightsError(
                f"the exported '{info.name}' differs from torch by {card.difference:.2g}, and {order.tolerance:.2g} is "
                "allowed; nothing was written; raise --tolerance if that is good enough"
            )
        card = _with_memory(card, net, drawing.samples[0][0])
        if order.storage != STORAGES[0]:
            drawing.model = _door().halve_weights(drawing.model)
            halved = _opened(drawing.model, Path(folder) / "halved.onnx")
            card = replace(card, storage_difference=_difference(halved, drawing.samples))
    atomic_write(order.out, _door().with_fact(drawing.model, FIELD, card.to_json()))
    return card


def check_weights(name: str, arrays: Mapping[str, AnyArray], *, column_order: bool = False) -> str:
    """Hold a state dict against the networks of that name, and return the preset that it belongs to.

    Parameters
    ----------
    name : str
        Of the catalogue of networks.
    arrays : mapping of str to array
    column_order : bool
        Whether sub-images are in MATLAB's order.

    Raises
    ------
    UsageError
        If there is no such network.
    WeightsError
        If keys or shapes are those of no preset.
    MissingExtraError
        If torch is not installed.
    """
    preset, _ = _door().fit_weights(find_net(name), arrays, column_order=column_order)
    found: str = preset.name
    return found


def _door() -> Any:
    try:
        return importlib.import_module("retouch.nets.export.door")
    except ImportError as error:
        raise MissingExtraError(f"this needs the package {error.name}; run: {_INSTALL}") from error


def _opened(model: Any, path: Path) -> Net:
    path.write_bytes(model.SerializeToString())
    return Net(path, n_threads())


def _difference(net: Net, samples: Sequence[tuple[dict[str, AnyArray], list[AnyArray]]]) -> float:
    """Return the largest difference from what torch gave; infinity where a shape is another or a value no number."""
    largest = 0.0
    for inputs, expected in samples:
        for ours, theirs in zip(net.run(**inputs).values(), expected, strict=True):
            if ours.shape != theirs.shape or not np.isfinite(ours - theirs).all():
                return float("inf")
            largest = max(largest, float(np.abs(ours - theirs).max(initial=0.0)))
    return largest


def _with_memory(card: Card, net: Net, sample: dict[str, AnyArray]) -> Card:
    """Return the card with the memory of a call: a bytes for each pixel and b for its square, fitted to three sizes."""
    name = next(iter(net.inputs))
    if net.inputs[name][-2:] != (None, None):
        n_pixels = int(np.prod(sample[name].shape[-2:]))
        used = _bytes_of_call(net, sample)
        return card if used is None else replace(card, bytes_per_pixel=max(used / n_pixels, _LEAST_BYTES_PER_PIXEL))
    counts, bytes_used = [], []
    for side in _MEASURED_PX:
        px = -(-max(side, card.least_px) // card.multiple) * card.multiple
        used = _bytes_of_call(net, {key: _enlarged(array, net.inputs[key], px) for key, array in sample.items()})
        if used is None:
            return card
        counts.append(float(px * px))
        bytes_used.append(used)
    pixels = np.array(counts)
    squared, linear = np.linalg.lstsq(np.stack([pixels**2, pixels], axis=1), np.array(bytes_used), rcond=None)[0]
    if squared <= 0 or card.radius_px is not None:
        squared, linear = 0.0, 0.0
    least = np.maximum(np.array(bytes_used) - squared * pixels**2, 0) / pixels  # no measured call may need more
    linear = max(linear, least.max(), _LEAST_BYTES_PER_PIXEL)
    return replace(card, bytes_per_pixel=float(linear), bytes_per_square=float(squared))


def _enlarged(array: AnyArray, shape: tuple[int | None, ...], px: int) -> AnyArray:
    lengths = [px if n is None else m for n, m in zip(shape, array.shape, strict=True)]
    return np.zeros(lengths, np.float32)


def _bytes_of_call(net: Net, inputs: dict[str, AnyArray]) -> float | None:
    """Return by how much a call raises the memory of this process; None where the system does not tell."""
    net.run(**inputs)
    gc.collect()
    return_freed_memory()
    with PeakMemory() as idle:
        pass
    with PeakMemory() as busy:
        net.run(**inputs)
    if idle.peak_mb is None or busy.peak_mb is None:
        return None
    return max(busy.peak_mb - idle.peak_mb, 0.0) * 1e6
