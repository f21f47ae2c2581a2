"""Exported networks opened and run by ONNX Runtime on the processor, without torch.

What a file takes and gives is held against what the caller expects before anything is run.
Departure: tensors outside the file (`NAME.onnx.data`, as the exporter writes large ones) are read by ONNX Runtime from
the folder of the model only; they must be hashed and shipped with it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float32

from retouch.arrays.threads import n_threads
from retouch.arrays.types import AnyArray
from retouch.errors import InputError, WeightsError
from retouch.io.wording import fault, shown

Shapes: TypeAlias = Mapping[str, tuple[int | None, ...]]
"""Names and shapes of inputs or outputs; None where any length must do."""

_N_KEPT = 2
_ERRORS_ONLY = 3
_FLOAT = "tensor(float)"


class Net:
    """An exported network.

    Attributes
    ----------
    path : Path
    inputs, outputs : dict of str to tuple of int or None
        Names and shapes as the file states them, None where any length does.
    facts : dict of str to str
        What the file says about itself.
    """

    def __init__(self, path: Path, threads: int) -> None:
        import onnxruntime as runtime  # noqa: PLC0415 - a fifth of a second, which most commands do without

        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # cores are for others meanwhile
        options.enable_cpu_mem_arena = False  # it would keep what the largest picture took
        try:
            self._session: Any = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            self.facts: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        except Exception as error:  # the runtime has an exception for each of its faults, without a common root
            raise WeightsError(f"cannot open the network {shown(path)}: {fault(error)}; get the file again") from error
        self.path = path
        self.inputs = _shapes(self._session.get_inputs(), path)
        self.outputs = _shapes(self._session.get_outputs(), path)

    def run(self, **arrays: Float32[np.ndarray, ...]) -> dict[str, Float32[np.ndarray, ...]]:
        """Return what the network makes of its inputs, each by its name.

        Parameters
        ----------
        **arrays : float32
            One for each input, of the shape stated in `inputs`.

        Raises
        ------
        InputError
            If an input is missing or unknown, has another shape, or the network cannot use one of that size.
        """
        if set(arrays) != set(self.inputs):
            raise InputError(f"{shown(self.path)} takes {_listed(self.inputs)}, got {', '.join(arrays) or 'nothing'}")
        for name, array in arrays.items():
            if not _fits(array.shape, self.inputs[name]):
                raise InputError(f"{shown(self.path)} takes {_listed(self.inputs)}, got {name} of shape {array.shape}")
        feeds = {name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items()}
        try:
            results: list[AnyArray] = self._session.run(list(self.outputs), feeds)
        except Exception as error:  # as above
            sizes = ", ".join("x".join(map(str, array.shape)) for array in arrays.values())
            raise InputError(f"{shown(self.path)} cannot work on {sizes}: {fault(error)}; try another size") from error
        return dict(zip(self.outputs, results, strict=True))


def open_net(path: str | os.PathLike[str], inputs: Shapes | None = None, outputs: Shapes | None = None) -> Net:
    """Return the network in an ONNX file; the same one again while the file is unchanged.

    Parameters
    ----------
    path : path
        The file, from the weight store or anywhere else.
    inputs, outputs : mapping of str to tuple, optional
        What the caller will give and wants back: all names, and a shape for each with None where the file must not
        fix the length. A caller that leaves them out looks at `Net.inputs` and `Net.outputs` itself.

    Raises
    ------
    WeightsError
        If the file is missing, is no network, or takes or gives something else.

    Notes
    -----
    The network uses as many threads as `RETOUCH_THREADS` says when it is opened. A model from an unknown hand may ask
    for any amount of memory and time while it runs: open what comes with a hash that you trust.
    """
    try:
        facts = Path(path).stat()
    except (OSError, ValueError) as error:
        raise WeightsError(f"cannot open the network {shown(path)}: {fault(error)}; name an ONNX file") from error
    if not Path(path).is_file():
        raise WeightsError(f"cannot open the network {shown(path)}: it is not a file; name an ONNX file")
    net = _opened(Path(path).resolve(), (facts.st_size, facts.st_mtime_ns), n_threads())
    for what, found, wanted in (("takes", net.inputs, inputs), ("gives", net.outputs, outputs)):
        if wanted is None:
            continue
        if set(found) != set(wanted) or not all(_serves(found[name], wanted[name]) for name in wanted):
            raise WeightsError(
                f"the network {shown(path)} {what} {_listed(found)}, and not {_listed(wanted)}; it is another net "
                "or another export"
            )
    return net


@lru_cache(maxsize=_N_KEPT)
def _opened(path: Path, _stamp: tuple[int, int], threads: int) -> Net:
    return Net(path, threads)


def _shapes(items: list[Any], path: Path) -> dict[str, tuple[int | None, ...]]:
    """Return names and shapes; names of free lengths become None."""
    for item in items:
        if item.type != _FLOAT:
            raise WeightsError(f"the network {shown(path)} has {item.name} as {item.type}; export it with {_FLOAT}")
    return {item.name: tuple(n if isinstance(n, int) and n > 0 else None for n in item.shape) for item in items}


def _serves(found: tuple[int | None, ...], wanted: tuple[int | None, ...]) -> bool:
    """Tell whether a file's shape does what is wanted; a length that the file leaves free does everything."""
    return len(found) == len(wanted) and all(n is None or n == m for n, m in zip(found, wanted, strict=True))


def _fits(shape: tuple[int, ...], stated: tuple[int | None, ...]) -> bool:
    return len(shape) == len(stated) and all(m is None or n == m for n, m in zip(shape, stated, strict=True))


def _listed(shapes: Shapes) -> str:
    r"""Write names and shapes for people.

    >>> _listed({"x": (1, 3, None, None)})
    'x 1x3x?x?'
    """
    words = (f"{name} {'x'.join('?' if n is None else str(n) for n in shape)}" for name, shape in shapes.items())
    return ", ".join(words) or "nothing"
