"""A smoke of any recipe: the same networks, losses and phases for two tiny steps on drawn pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from retouch.nets.catalogue.entries import read_axes
from retouch.nets.catalogue.listing import find_net, find_preset
from retouch.training.recipes.settings import (
    DamageSettings,
    DataSettings,
    NetSettings,
    PhaseSettings,
    Recipe,
    RunSettings,
)

SIZE_PX = 32
STEPS, BATCH = 2, 2
_PICTURES = 12
_DRAWN = "synthetic:"
_SETS_OF_DATA = {
    "fill": "toy_faces",
    "guesses": "toy_faces",
    "denoise": "toy_textures",
    "pairs": "toy_rain",
    "labels": "toy_scenes",
    "things": "toy_shapes",
    "clips": "toy_clips",
    "boxes": "toy_shapes",
}
_SETS_OF_KINDS = {"clicked_masks": "toy_shapes", "pointrend": "toy_shapes", "deblurgan": "toy_blur"}
_OF_FILES = (
    "validation_root",
    "maps",
    "images",
    "annotations",
    "damaged",
    "clean",
    "class_map",
    "split",
    "densities",
    "members",
    "store",
)
"""Data options that name files or say how to read them."""
_OF_FEATURES = ("perceptual_weight", "style_weight", "feature_weight", "content_weight")
_MOST_NUMBERED = 2
"""Phases "stage_1", "stage_2", ... beyond this are left out: a small network has fewer stages."""
_FEW_PARAMETERS = 30_000
"""Networks of so many numbers are small enough as they are."""
_N_AXES = 4
_FEATURES = ("region", "coarse", "fine")
"""Inputs that are not of the size of a picture."""


def smoke_of(recipe: Recipe) -> Recipe:
    """Return a recipe that takes two steps, or one for each phase if these are more, with pictures of about 32 px.

    Large networks are of the preset "tiny" where there is one, and all start from nothing. Terms that need the
    weights of a backbone are left out.
    """
    networks = {role: _small(net) for role, net in recipe.networks.items()}
    phases = tuple(replace(phase, steps=1) for phase in recipe.phases if _is_kept(phase))
    data = replace(_drawn(recipe, _side(networks)), channels=_channels(recipe, networks))
    return replace(
        recipe,
        networks=networks,
        optimisers={role: replace(o, warmup_steps=0) for role, o in recipe.optimisers.items()},
        data=data,
        damage=_damage(recipe.damage),
        run=_short(recipe.run, max(STEPS, len(phases))),
        phases=phases,
        loss=_without_backbone(recipe.loss),
    )


def _small(net: NetSettings) -> NetSettings:
    info = find_net(net.name)
    is_small = find_preset(info, net.preset).n_parameters <= _FEW_PARAMETERS
    has_tiny = any(preset.name == "tiny" for preset in info.presets)
    return replace(net, preset="tiny" if has_tiny and not is_small else net.preset, weights="")


def _is_kept(phase: PhaseSettings) -> bool:
    number = re.fullmatch(r".*_(\d+)", phase.name)
    return number is None or int(number[1]) <= _MOST_NUMBERED


def _side(networks: Mapping[str, NetSettings]) -> int:
    """Return a side that all networks take: a fixed one, or the least multiple of at least 32 px."""
    side, fixed = SIZE_PX, [0]
    for net in networks.values():
        info = find_net(net.name)
        side = max(side, -(-info.least_px // info.multiple) * info.multiple, info.multiple)
        fixed += [n for shape in _pictures(net) for n in shape[2:] if isinstance(n, int)]
    return max(fixed) or side


def _channels(recipe: Recipe, small: Mapping[str, NetSettings]) -> int:
    """Return how many channels the first network takes, if it took those of the data in its larger size."""
    role = next(iter(recipe.networks))
    before, after = (_pictures(net) for net in (recipe.networks[role], small[role]))
    is_told = "channels" in small[role].arguments
    if before and after and not is_told and before[0][1] == recipe.data.channels:
        return int(after[0][1])
    return recipe.data.channels


def _pictures(net: NetSettings) -> list[tuple[int | str, ...]]:
    """Return the axes of the pictures and maps that a network takes."""
    axes = read_axes(find_preset(find_net(net.name), net.preset).inputs)
    return [shape for name, shape in axes.items() if len(shape) == _N_AXES and name not in _FEATURES]


def _drawn(recipe: Recipe, side: int) -> DataSettings:
    data = recipe.data
    options: dict[str, Any] = {name: value for name, value in data.options.items() if name not in _OF_FILES}
    if "guess" in options:
        options["guess"] = {**options["guess"], "drawn_px": side, "store": "", "variants": 1}
    drawings = _SETS_OF_KINDS.get(recipe.kind, _SETS_OF_DATA[data.kind])
    return replace(
        data,
        root=data.root if data.root.startswith(_DRAWN) else _DRAWN + drawings,
        layout="folder",
        size_px=side,
        short_px=0,
        validation_share=0.25,
        cache_mb=16,
        workers=0,
        options={**options, "pictures": _PICTURES},
    )


def _damage(damage: DamageSettings) -> DamageSettings:
    if damage.curriculum == "masks":
        return replace(damage, curriculum="families", root="", families={"brush": 1.0})
    return damage


def _short(run: RunSettings, n_steps: int) -> RunSettings:
    return replace(
        run,
        steps=n_steps,
        batch=BATCH,
        accumulate=1,
        precision="fp32",
        validation_pictures=2,
        validate_every=n_steps,
        checkpoint_every=n_steps,
        sheet_every=n_steps,
        log_every=1,
    )


def _without_backbone(loss: Any) -> Any:
    if not any(field.name == "backbone" for field in fields(loss)):
        return loss
    off: dict[str, Any] = {field.name: 0.0 for field in fields(loss) if field.name in _OF_FEATURES}
    for field in fields(loss):
        if getattr(loss, field.name) == "backbone":  # where pixels can stand for features
            off[field.name] = "pixels"
    return replace(loss, backbone="", **off)
