"""Networks ready to run: built once for each weights file and process, run by ONNX Runtime on the processor."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float, Float32

from retouch.arrays.threads import n_threads
from retouch.arrays.types import AnyArray
from retouch.errors import InputError, WeightsError
from retouch.io.weights.extras import import_extra
from retouch.io.weights.state_dicts import file_sha256, read_state_dict
from retouch.io.wording import shown

Build: TypeAlias = Callable[[Mapping[str, AnyArray]], bytes]
"""From a state dict to an ONNX model; raises WeightsError where the weights are of another net."""

_N_KEPT = 4  # networks of up to 100 MB each
_ERRORS_ONLY = 3
_GREY, _RGB = 1, 3


class Network:
    """A network that takes pictures and gives arrays.

    Attributes
    ----------
    sha256 : str
        Hash of the weights file it was built from.
    """

    def __init__(self, model: bytes, sha256: str, threads: int) -> None:
        runtime = import_extra("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = _ERRORS_ONLY
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # cores are for others meanwhile
        options.enable_cpu_mem_arena = False  # it would keep what the largest picture took
        self._session: Any = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._inputs = [item.name for item in self._session.get_inputs()]
        self.sha256 = sha256

    def run(self, *pictures: Float[np.ndarray, "_ _ C"]) -> list[Float32[np.ndarray, ...]]:
        """Return what the network makes of pictures: (H, W, C) in [0, 1], RGB, or grey that is taken three times.

        Raises
        ------
        InputError
            If a picture has neither one nor three channels.
        """
        feeds = {name: _planes(picture) for name, picture in zip(self._inputs, pictures, strict=True)}
        outputs: list[Float32[np.ndarray, ...]] = self._session.run(None, feeds)
        return outputs


def open_network(path: str | os.PathLike[str] | None, build: Build, needed: str) -> Network:
    """Return the network that `build` makes of a weights file; the same one again while the file is unchanged.

    Parameters
    ----------
    path : path or None
        The file; without one there is no network, and nothing stands in for it.
    build : callable
        What makes an ONNX model of the state dict.
    needed : str
        Which file the measure needs and how to name it: the end of every message about weights.

    Raises
    ------
    WeightsError
        If the file is missing or damaged, or its weights are of another net.
    MissingExtraError
        If the extra `perceptual` is not installed.
    """
    if path is None:
        raise WeightsError(f"no weights were given; {needed}")
    try:
        facts = Path(path).stat()
    except OSError as error:
        raise WeightsError(f"there is no weights file {shown(path)}; {needed}") from error
    try:
        return _built(Path(path).resolve(), (facts.st_size, facts.st_mtime_ns), build, n_threads())
    except WeightsError as error:
        raise WeightsError(f"{error}; {needed}") from error


@lru_cache(maxsize=_N_KEPT)
def _built(path: Path, _stamp: tuple[int, int], build: Build, threads: int) -> Network:
    weights = read_state_dict(path)
    try:
        model = build(weights)
    except WeightsError as error:
        raise WeightsError(f"cannot use the weights {shown(path)}: {error}") from error
    return Network(model, file_sha256(path), threads)


def _planes(picture: Float[np.ndarray, "H W C"]) -> Float32[np.ndarray, "1 3 H W"]:
    """Return a picture as networks take it."""
    n_channels = picture.shape[2]
    if n_channels not in (_GREY, _RGB):
        raise InputError(f"a picture must have 1 or 3 channels for this measure, got {n_channels}")
    planes = np.broadcast_to(picture.transpose(2, 0, 1), (_RGB, *picture.shape[:2]))
    return np.ascontiguousarray(planes, np.float32)[None]
