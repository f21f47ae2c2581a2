"""Checkpoints of any kind put into a network of the catalogue, key by key and shape by shape."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from retouch.arrays.types import AnyArray
from retouch.errors import WeightsError
from retouch.io.weights.state_dicts import has_column_order, read_state_dict
from retouch.io.wording import shown
from retouch.nets.official import load_official


def load_checkpoint(net: nn.Module, path: str | os.PathLike[str], *, strip_prefix: str = "") -> nn.Module:
    """Put a checkpoint into a network and return it.

    Parameters
    ----------
    net : nn.Module
        Of the catalogue.
    path : path
        Our own names, or those of the authors' checkpoint; any kind that `read_state_dict` takes.
    strip_prefix : str
        Taken off all names first.

    Raises
    ------
    WeightsError
        If the file cannot be used, a key is missing or left over, a shape is another, or a weight is not finite.
    """
    state = read_state_dict(path, strip_prefix=strip_prefix)
    try:
        return load_arrays(net, state, column_order=has_column_order(path))
    except WeightsError as error:
        raise WeightsError(f"cannot use the weights {shown(Path(path))}: {error}") from error


def load_arrays(net: nn.Module, state: Mapping[str, AnyArray], *, column_order: bool = False) -> nn.Module:
    """Put a state dict of arrays into a network and return it.

    Parameters
    ----------
    net : nn.Module
    state : mapping of str to array
        Under our own names or the authors'.
    column_order : bool
        Whether sub-images are in MATLAB's order, as in a file of MatConvNet.

    Raises
    ------
    WeightsError
        As for `load_checkpoint`.
    """
    tensors = {key: torch.from_numpy(np.array(array)) for key, array in state.items()}
    reorder = getattr(net, "convert_column_order", None)
    if column_order and reorder is not None:
        tensors = reorder(tensors)
    bodies = [module for module in net.modules() if hasattr(module, "convert_official")]
    if set(tensors) == set(net.state_dict()):
        load_official(net, tensors, convert=dict)
    elif len(bodies) > 1 and bodies[0] is not net:
        _share_out(bodies, tensors)
    else:  # authors release the body, which ours wraps for pictures in [0, 1]
        load_official(next(iter(bodies), net), tensors)
    for name, parameter in net.named_parameters():
        if not bool(parameter.isfinite().all()):
            raise WeightsError(f"weights must be finite numbers, {name} holds others; train or fetch them again")
    return net


def _share_out(bodies: Sequence[nn.Module], state: Mapping[str, Tensor]) -> None:
    """Give each body of several that share a checkpoint what is its own; nothing may be left over."""
    rest = dict(state)
    for body in bodies:
        wanted = set(body.state_dict())
        own = {key: value for key, value in state.items() if set(_converted(body, {key: value})) <= wanted}
        rest = {key: value for key, value in rest.items() if key not in own}
        load_official(body, own)
    if rest:
        raise WeightsError(f"no part of the network has these keys: {', '.join(list(rest)[:5])}")


def _converted(body: nn.Module, state: dict[str, Tensor]) -> dict[str, Tensor]:
    converted: dict[str, Tensor] = body.convert_official(state)  # type: ignore[operator]
    return converted
