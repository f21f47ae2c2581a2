"""The networks of a run: built from the catalogue, the same for the same seed, with weights to start from."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from retouch.errors import InputError, UsageError, WeightsError, unknown_name
from retouch.io.wording import shown
from retouch.nets.catalogue.entries import Preset
from retouch.nets.catalogue.listing import build_preset, find_net, find_preset
from retouch.nets.export.loading import load_checkpoint
from retouch.training.loop.context import seed_of
from retouch.training.loop.records.checkpoints import STATE, read_checkpoint
from retouch.training.loop.records.places import Places
from retouch.training.recipes.settings import NetSettings, Recipe


def build_networks(recipe: Recipe, warm_start: str = "", *, resumes: bool = False) -> dict[str, nn.Module]:
    """Return the networks of a recipe by role; those without an optimiser take no gradients.

    Parameters
    ----------
    recipe : Recipe
    warm_start : str
        A file of weights for the first network, or the folder of a run for all that it trained; "" for none.
    resumes : bool
        Load the weights of those alone that have no optimiser: a checkpoint holds the others.

    Raises
    ------
    UsageError
        If a network, a preset or an argument is unknown.
    WeightsError
        If weights are not those of the network.
    InputError
        If weights cannot be read.
    """
    networks: dict[str, nn.Module] = {}
    for role, settings in recipe.networks.items():
        networks[role] = _build(role, settings, recipe.run.seed)
        if settings.weights and not (resumes and role in recipe.optimisers):
            load_weights(networks[role], settings.weights, role)
    _warm_up(networks, warm_start)
    for role, net in networks.items():
        if role not in recipe.optimisers:
            net.requires_grad_(requires_grad=False)
    return networks


def _build(role: str, settings: NetSettings, seed: int) -> nn.Module:
    preset = find_preset(find_net(settings.name), settings.preset)
    whole = preset._replace(arguments=(*preset.arguments, *_arguments(preset, settings).items()))
    torch.manual_seed(seed_of(seed, "weights", role))
    try:
        net: nn.Module = build_preset(whole)
    except (TypeError, ValueError) as error:
        if not settings.arguments or isinstance(error, InputError | UsageError):
            raise
        raise UsageError(f"networks.{role}.arguments cannot be used by '{settings.name}': {error}") from error
    return net


def _arguments(preset: Preset, settings: NetSettings) -> dict[str, Any]:
    """Return the further arguments for the builder, lists as tuples; a name that it does not have is refused."""
    module, _, function = preset.build.partition(":")
    parameters = inspect.signature(getattr(importlib.import_module(module), function)).parameters
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    for name in settings.arguments:
        if name not in parameters and not takes_any:
            raise UsageError(unknown_name(f"argument of '{settings.name}', preset {settings.preset}", name, parameters))
    return {name: tuple(item) if isinstance(item, list) else item for name, item in settings.arguments.items()}


def load_weights(net: nn.Module, source: str, role: str) -> None:
    """Put weights into a network.

    Parameters
    ----------
    net : nn.Module
    source : str
        A file, the folder of a checkpoint, or the folder of a run, whose best weights are taken.
    role : str
        Which network of the run it is.

    Raises
    ------
    WeightsError
        If they are not the network's, or the folder has none for this role.
    InputError
        If they cannot be read.
    """
    path = Path(source)
    if not path.is_dir():
        load_checkpoint(net, path)
    elif (path / STATE).exists():
        _load_tensors(net, read_checkpoint(path).tensors, role, path)
    else:
        file = _file_of(path, role)
        if file is None:
            raise WeightsError(f"{shown(path)} has no weights of a network '{role}'; name a file of weights")
        load_checkpoint(net, file)


def _load_tensors(net: nn.Module, tensors: Mapping[str, Tensor], role: str, path: Path) -> None:
    """Load the averages of a checkpoint, or the last weights where there are none."""
    state: dict[str, Tensor] = {}
    for part in ("networks", "averages"):
        start = f"{part}/{role}/"
        state |= {name.removeprefix(start): tensor for name, tensor in tensors.items() if name.startswith(start)}
    try:
        net.load_state_dict(state)
    except RuntimeError as error:
        words = " ".join(str(error).split())[:300]
        raise WeightsError(
            f"the weights of '{role}' in {shown(path)} are not those of this network: {words}"
        ) from error


def _file_of(folder: Path, role: str) -> Path | None:
    places = Places(folder)
    files = (places.weights_of(role, when) for when in ("best", "last"))
    return next((file for file in files if file.exists()), None)


def _warm_up(networks: Mapping[str, nn.Module], warm_start: str) -> None:
    if not warm_start:
        return
    path = Path(warm_start)
    first = next(iter(networks))
    if not path.is_dir() or (path / STATE).exists():
        load_weights(networks[first], warm_start, first)
        return
    known = [role for role in networks if _file_of(path, role) is not None]
    if not known:
        raise WeightsError(f"{shown(path)} has no weights of {', '.join(networks)}; name a file of weights")
    for role in known:
        load_weights(networks[role], warm_start, role)
