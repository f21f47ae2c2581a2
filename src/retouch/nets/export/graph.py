"""A network of torch written as an ONNX graph, and its weights stored in half the bytes.

The exporter is torch's newer one (dynamo), which alone writes real Fourier transforms. Pictures keep a free height and
width. All tensors stay inside the one file: what the exporter would put beside it could be lost or exchanged.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from retouch.arrays.types import AnyArray
from retouch.errors import MissingExtraError, WeightsError
from retouch.io.wording import fault
from retouch.nets.catalogue.entries import NetInfo, kept_outputs

_OPSET = 18
_EXTRA_PX = {"H": 5, "W": 11}
"""Sides of the example are no multiples, and not equal: the graph must hold the padding, and no accident of the two."""
_SMALL = 64  # numbers: what is below stays as it is, since nothing is gained
_FLOAT, _HALF = 1, 10  # onnx.TensorProto.FLOAT and FLOAT16
_LARGEST_HALF = float(np.finfo(np.float16).max)


def example_tensors(
    info: NetInfo, axes: Mapping[str, tuple[int | str, ...]], sides: Mapping[str, int], seed: int = 0
) -> dict[str, Tensor]:
    """Return inputs in [0, 1] of the given free lengths; masks are 1 in a square in the middle and 0 around it.

    Parameters
    ----------
    info : NetInfo
    axes : mapping
        Of `read_axes`.
    sides : mapping of letter to int
        Lengths of the free axes.
    seed : int
    """
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, shape in axes.items():
        lengths = [n if isinstance(n, int) else sides[n] for n in shape]
        is_mask = name in ("mask", "masks")
        tensors[name] = _centre_hole(lengths) if is_mask else torch.rand(lengths, generator=generator)
    return tensors


def example_sides(info: NetInfo, axes: Mapping[str, tuple[int | str, ...]], add: int = 0) -> dict[str, int]:
    """Return lengths for the free axes, at which the network can be tried; `add` makes others of them."""
    letters = {n for shape in axes.values() for n in shape if isinstance(n, str)}
    least = max(info.least_px, 2 * info.multiple, 32)
    return {letter: least + _EXTRA_PX[letter] + add if letter in _EXTRA_PX else 3 + abs(add) for letter in letters}


def _centre_hole(lengths: list[int]) -> Tensor:
    mask = torch.zeros(lengths)
    rows, columns = (slice(length * 3 // 8, length * 5 // 8) for length in lengths[-2:])
    mask[..., rows, columns] = 1
    return mask


def to_graph(net: nn.Module, info: NetInfo, axes: Mapping[str, tuple[int | str, ...]]) -> Any:
    """Return the network as an `onnx.ModelProto`.

    Parameters
    ----------
    net : nn.Module
        Of `adapt`, with its weights.
    info : NetInfo
    axes : mapping
        Of `read_axes`: names, fixed lengths, and letters of free ones.

    Raises
    ------
    MissingExtraError
        If onnx or onnxscript is not installed.
    WeightsError
        If torch cannot write it as a graph.
    """
    _check_installed()
    example = example_tensors(info, axes, example_sides(info, axes))
    free = tuple(
        {i: torch.export.Dim.DYNAMIC for i, n in enumerate(shape) if isinstance(n, str)} for shape in axes.values()
    )
    with _quiet():
        try:
            program = torch.onnx.export(
                net,
                tuple(example.values()),
                dynamo=True,
                dynamic_shapes=(free,),  # forward takes *tensors
                input_names=list(axes),
                output_names=list(kept_outputs(info.outputs).values()),
                opset_version=_OPSET,
                verbose=False,
            )
        except Exception as error:  # the exporter has dozens of its own, and passes on what a forward raises
            raise WeightsError(f"torch cannot write '{info.name}' as a graph: {fault(error)}") from error
    if program is None:
        raise WeightsError(f"torch cannot write '{info.name}' as a graph")
    return program.model_proto


def halve_weights(model: Any) -> Any:
    """Return a copy of a graph whose weights are stored in half precision and widened again when it is opened.

    The work is done in single precision as before. What would overflow, and what is small, stays as it is.
    """
    import onnx  # noqa: PLC0415 - with the extra only

    halved = onnx.ModelProto()
    halved.CopyFrom(model)
    casts = []
    for tensor in halved.graph.initializer:
        if tensor.data_type != _FLOAT:
            continue
        values: AnyArray = onnx.numpy_helper.to_array(tensor)
        if values.size < _SMALL or np.abs(values).max(initial=0.0) > _LARGEST_HALF:
            continue
        name = tensor.name
        tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        casts.append(onnx.helper.make_node("Cast", [f"{name}_half"], [name], name=f"{name}_wide", to=_FLOAT))
    nodes = list(halved.graph.node)
    del halved.graph.node[:]
    halved.graph.node.extend([*casts, *nodes])
    return halved


def with_fact(model: Any, name: str, text: str) -> bytes:
    """Return the bytes of an ONNX file whose metadata hold this text and nothing else."""
    del model.metadata_props[:]
    entry = model.metadata_props.add()
    entry.key, entry.value = name, text
    data: bytes = model.SerializeToString()
    return data


def _check_installed() -> None:
    try:
        import onnx  # noqa: F401, PLC0415
        import onnxscript  # noqa: F401, PLC0415
    except ImportError as error:
        raise MissingExtraError(
            f"an export needs the package {error.name}; run: pip install 'retouch[train]'"
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter from telling of packages that are not installed and of its own deprecated parts."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
