"""How a published network is built from its authors' arguments and fed: what `retouch.nets.official` needs of it.

A fixture is a folder with `config.json` (the authors' constructor arguments), `weights.safetensors` (under the authors'
keys), `inputs.npz` and `outputs.npz`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

Config: TypeAlias = Mapping[str, Any]
"""The content of `config.json`; the constructor arguments stand under "ctor"."""

Inputs: TypeAlias = Mapping[str, Tensor]
"""Tensors by name, in the order of the authors' forward call."""


def call_in_order(net: nn.Module, inputs: Inputs, config: Config) -> Any:
    """Call a net with its inputs in order."""
    return net(*inputs.values())


def build_nothing(config: Config) -> nn.Module:
    """Return an empty module: a pure function has no weights."""
    return nn.Module()


@dataclass(frozen=True)
class Fixture:
    """One published network or function.

    Attributes
    ----------
    build : callable
        `build(config) -> nn.Module`, one of our classes from the authors' arguments.
    run : callable
        `run(net, inputs, config) -> outputs`, nested sequences or mappings of tensors in the authors' order. What is
        laid out otherwise in the fixture (NHWC, another polarity) is converted here, in both directions.
    """

    build: Callable[[Config], nn.Module] = build_nothing
    run: Callable[[nn.Module, Inputs, Config], Any] = call_in_order


def flat_tensors(outputs: Any) -> Iterator[Tensor]:
    """Yield the tensors of nested sequences and mappings, depth first; numbers become tensors.

    >>> [tensor.item() for tensor in flat_tensors([torch.tensor(1), (2, {"x": 3})])]
    [1, 2, 3]
    """
    if isinstance(outputs, Mapping):
        outputs = list(outputs.values())
    if isinstance(outputs, Sequence):
        for item in outputs:
            yield from flat_tensors(item)
    else:
        yield torch.as_tensor(outputs)
