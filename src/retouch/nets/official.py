"""Published networks under their authors' own weights: built, loaded, and compared with what the authors' code gave.

`check_fixture` takes a folder with the authors' constructor arguments, weights, inputs and outputs, and returns the
largest difference. Weights are read from safetensors only: nothing in a file is ever run.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from retouch.arrays.types import AnyArray
from retouch.errors import UsageError, WeightsError, unknown_name
from retouch.nets import checkpoints
from retouch.nets.checkpoints.fixture import Config, Fixture, flat_tensors

_MISFITS = (RuntimeError, LookupError, ValueError, StopIteration, AttributeError, TypeError)
"""What renaming keys and turning tensors may stumble over where they are not the authors'."""


def build(name: str, config: Config) -> nn.Module:
    """Return the network of a fixture, in evaluation mode, with its initial weights.

    Parameters
    ----------
    name : str
        Of the fixture, such as "lama-generator".
    config : mapping
        The content of its `config.json`; constructor arguments stand under "ctor". Of what is left out the published
        value is taken, if there is one.

    Raises
    ------
    UsageError
        If there is no such network; the nearest name is suggested.
    """
    return find_fixture(name).build({"ctor": {}} | dict(config)).eval()


def load_official(
    net: nn.Module, state: Mapping[str, Tensor], *, convert: Callable[[Any], Mapping[str, Tensor]] | None = None
) -> nn.Module:
    """Put the authors' weights into one of our networks and return it.

    Parameters
    ----------
    net : nn.Module
    state : mapping
        The authors' state dict; float16 values become float32.
    convert : callable, optional
        From the names of the state to ours; by default the network's own `convert_official`, if it has one.

    Raises
    ------
    WeightsError
        If a key is missing or left over, a shape is another, or a weight is no finite number.
    """
    wide = {key: value.float() if value.is_floating_point() else value for key, value in state.items()}
    to_ours = getattr(net, "convert_official", dict) if convert is None else convert
    _check_finite(wide)
    try:
        net.load_state_dict(to_ours(wide), strict=True)
    except _MISFITS as error:
        words = " ".join(str(error).split())
        raise WeightsError(f"these weights are not those of {type(net).__name__}: {words[:300]}") from error
    return net


def check_fixture(folder: str | os.PathLike[str]) -> float:
    """Build, load and run one fixture and return the largest absolute difference from the authors' outputs.

    Parameters
    ----------
    folder : path
        With `config.json`, `inputs.npz`, `outputs.npz` and, unless it is a pure function, `weights.safetensors`.

    Returns
    -------
    float
        To be held against `tolerance_abs` of the config.

    Raises
    ------
    UsageError
        If the fixture's name is unknown.
    WeightsError
        If its weights are not those of our network, or outputs differ in number or shape.
    """
    place = Path(folder)
    config: dict[str, Any] = json.loads((place / "config.json").read_text())
    fixture = find_fixture(config["name"])
    net = build(config["name"], config)
    if (place / "weights.safetensors").exists():
        load_official(net, load_file(place / "weights.safetensors"))
    inputs = {name: torch.from_numpy(array) for name, array in _read_arrays(place / "inputs.npz").items()}
    with torch.no_grad():
        ours = [tensor.numpy() for tensor in flat_tensors(fixture.run(net, inputs, config))]
    return _largest_difference(ours, _read_arrays(place / "outputs.npz"), config["name"])


def find_fixture(name: str) -> Fixture:
    """Return the fixture of that name; with another number at its end it is a further example of the same network.

    Raises
    ------
    UsageError
        If there is none; the nearest name is suggested.

    Examples
    --------
    >>> find_fixture("partialconv2d-17") == find_fixture("partialconv2d-0")
    True
    """
    fixtures = all_fixtures()
    stem = re.sub(r"-\d+m?$", "", name)
    for known in (name, f"{stem}-0", stem):
        if known in fixtures:
            return fixtures[known]
    raise UsageError(unknown_name("published network", name, fixtures))


@cache
def all_fixtures() -> dict[str, Fixture]:
    """Return every published network by name, gathered from the tables of `retouch.nets.checkpoints`."""
    found: dict[str, Fixture] = {}
    for info in pkgutil.walk_packages(checkpoints.__path__, f"{checkpoints.__name__}."):
        found |= getattr(importlib.import_module(info.name), "FIXTURES", {})
    return dict(sorted(found.items()))


def _check_finite(state: Mapping[str, Tensor]) -> None:
    for name, value in state.items():
        if not value.is_meta and not bool(value.isfinite().all()):
            raise WeightsError(f"weights must be finite numbers, {name[:100]} holds others; train or fetch them again")


def _read_arrays(path: Path) -> dict[str, AnyArray]:
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _largest_difference(ours: list[AnyArray], theirs: Mapping[str, AnyArray], name: str) -> float:
    if len(ours) != len(theirs):
        raise WeightsError(f"{name} gives {len(ours)} outputs, the authors' code {len(theirs)}")
    largest = 0.0
    for mine, (label, expected) in zip(ours, theirs.items(), strict=True):
        if mine.shape != expected.shape:
            raise WeightsError(f"{name} gives {label} of shape {mine.shape}, the authors' code {expected.shape}")
        difference = np.abs(mine.astype(np.float64) - expected.astype(np.float64))
        largest = max(largest, float(difference.max(initial=0.0)))
    return largest
