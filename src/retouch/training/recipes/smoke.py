"""A smoke of any recipe: the same networks, losses and phases for two tiny steps on drawn pictures."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from retouch.nets.catalogue.entries import read_axes
from retouch.nets.catalogue.listing import find_net, find_preset
from retouch.training.recipes.settings import DamageSettings, DataSettings, NetSettings, Recipe, RunSettings

SIZE_PX = 32
STEPS, BATCH = 2, 2
_PICTURES = 12
_SETS = {
    "fill": "toy_faces",
    "guesses": "toy_faces",
    "denoise": "toy_textures",
    "pairs": "toy_prints",
    "labels": "toy_scenes",
    "clips": "toy_clips",
    "boxes": "toy_shapes",
}
_OF_FILES = ("validation_root", "maps", "images", "annotations", "damaged", "clean", "class_map", "split", "densities")
"""Data options that name files or say how to read them."""
_OF_FEATURES = ("perceptual_weight", "style_weight", "feature_weight", "content_weight")


def smoke_of(recipe: Recipe) -> Recipe:
    """Return a recipe that takes two steps, or one for each phase if these are more, with pictures of about 32 px.

    Networks are of the preset "tiny" where there is one, and start from nothing. Terms that need the weights of a
    backbone are left out.
    """
    networks = {role: _small(net) for role, net in recipe.networks.items()}
    phases = tuple(replace(phase, steps=1) for phase in recipe.phases)
    return replace(
        recipe,
        networks=networks,
        optimisers={role: replace(o, warmup_steps=0) for role, o in recipe.optimisers.items()},
        data=_drawn(recipe.data, _side(networks)),
        damage=_damage(recipe.damage),
        run=_short(recipe.run, max(STEPS, len(phases))),
        phases=phases,
        loss=_without_backbone(recipe.loss),
    )


def _small(net: NetSettings) -> NetSettings:
    presets = [preset.name for preset in find_net(net.name).presets]
    return replace(net, preset="tiny" if "tiny" in presets else net.preset, weights="")


def _side(networks: dict[str, NetSettings]) -> int:
    """Return a side that all networks take: a fixed one, or the least multiple of at least 32 px."""
    side = SIZE_PX
    for net in networks.values():
        info = find_net(net.name)
        axes = read_axes(find_preset(info, net.preset).inputs)
        fixed = [n for shape in axes.values() if len(shape) == 4 for n in shape[2:] if isinstance(n, int)]  # noqa: PLR2004
        if fixed:
            return max(fixed)
        side = max(side, -(-info.least_px // info.multiple) * info.multiple, info.multiple)
    return side


def _drawn(data: DataSettings, side: int) -> DataSettings:
    options: dict[str, Any] = {name: value for name, value in data.options.items() if name not in _OF_FILES}
    if "guess" in options:
        options["guess"] = {**options["guess"], "drawn_px": side, "store": "", "variants": 1}
    return replace(
        data,
        root=f"synthetic:{_SETS[data.kind]}",
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
    off = {field.name: 0.0 for field in fields(loss) if field.name in _OF_FEATURES}
    return replace(loss, backbone="", **off)
