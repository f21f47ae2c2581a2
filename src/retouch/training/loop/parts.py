"""What moves during a run, put together; gathered for a checkpoint and brought back from one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from retouch.errors import InputError
from retouch.training.data.stream import Stream
from retouch.training.loop.moving.averages import Averages
from retouch.training.loop.moving.schedules import build_optimiser
from retouch.training.loop.moving.updating import Updater
from retouch.training.loop.processes import Processes
from retouch.training.recipes.settings import Recipe
from retouch.training.steps.contract import Training
from retouch.training.steps.listing import find_kind, load_named


@dataclass(frozen=True, eq=False)
class Parts:
    """The moving parts of a run, by role where there are several."""

    recipe: Recipe
    processes: Processes
    stream: Stream
    networks: Mapping[str, nn.Module]
    training: Training
    optimisers: Mapping[str, torch.optim.Optimizer]
    averages: Averages
    updater: Updater


def assemble(
    recipe: Recipe, networks: Mapping[str, nn.Module], stream: Stream, processes: Processes, training: Any = None
) -> Parts:
    """Put networks on the device and build what moves them.

    Parameters
    ----------
    recipe : Recipe
    networks : mapping by role
    stream : Stream
    processes : Processes
    training : Training, optional
        By default that of the recipe's kind.
    """
    for net in networks.values():
        net.to(processes.device)
        if recipe.run.channels_last:
            net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if training is None:
        training = load_named(find_kind(recipe.kind).build)(networks, recipe.loss)
    optimisers = {
        role: build_optimiser(settings, (w for w in networks[role].parameters() if w.requires_grad))
        for role, settings in recipe.optimisers.items()
    }
    averages = Averages({role: networks[role] for role in optimisers}, recipe.run.ema_decay)
    updater = Updater(
        networks,
        optimisers,
        averages,
        processes,
        clip_norm=recipe.run.clip_norm,
        n_parts=recipe.run.accumulate,
    )
    return Parts(recipe, processes, stream, networks, training, optimisers, averages, updater)


def gather(parts: Parts) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return what a checkpoint must keep: tensors by name, and the rest in plain types."""
    tensors: dict[str, Tensor] = {}
    for role, net in parts.networks.items():
        if role in parts.optimisers:  # the others never move
            tensors |= {f"networks/{role}/{name}": tensor for name, tensor in net.state_dict().items()}
    for role, averages in parts.averages.tensors.items():
        tensors |= {f"averages/{role}/{name}": tensor for name, tensor in averages.items()}
    numbers: dict[str, Any] = {}
    for role, optimiser in parts.optimisers.items():
        kept, numbers[role] = _taken_apart(optimiser)
        tensors |= {f"optimisers/{role}/{name}": tensor for name, tensor in kept.items()}
    return tensors, {
        "optimisers": numbers,
        "average_updates": dict(parts.averages.n_updates),
        "stream": parts.stream.state_dict(),
        **({"training": parts.training.state_dict()} if hasattr(parts.training, "state_dict") else {}),
    }


def restore(parts: Parts, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
    """Bring everything back to a checkpoint.

    Raises
    ------
    InputError
        If the checkpoint is of other networks.
    """
    try:
        for role in parts.optimisers:
            parts.networks[role].load_state_dict(_under(tensors, f"networks/{role}/"))
            _put_together(parts.optimisers[role], _under(tensors, f"optimisers/{role}/"), state["optimisers"][role])
        for role, averages in parts.averages.tensors.items():
            for name, tensor in _under(tensors, f"averages/{role}/").items():
                averages[name].copy_(tensor)
    except (RuntimeError, KeyError, ValueError) as error:
        words = " ".join(str(error).split())[:300]
        raise InputError(
            f"the checkpoint is not of these networks: {words}; start a new run in another folder"
        ) from error
    parts.averages.n_updates.update(state["average_updates"])
    parts.stream.load_state_dict(state["stream"])
    if hasattr(parts.training, "load_state_dict"):
        parts.training.load_state_dict(state["training"])


def _taken_apart(optimiser: torch.optim.Optimizer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors of an optimiser under "PARAMETER/NAME", and the other values in the same way."""
    tensors: dict[str, Tensor] = {}
    numbers: dict[str, Any] = {}
    for index, values in optimiser.state_dict()["state"].items():
        for name, value in values.items():
            (tensors if isinstance(value, Tensor) else numbers)[f"{index}/{name}"] = value
    return tensors, numbers


def _put_together(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]) -> None:
    state: dict[int, dict[str, Any]] = {}
    for place, value in {**numbers, **tensors}.items():
        index, _, name = place.partition("/")
        state.setdefault(int(index), {})[name] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def _under(tensors: Mapping[str, Tensor], start: str) -> dict[str, Tensor]:
    return {name.removeprefix(start): tensor for name, tensor in tensors.items() if name.startswith(start)}
