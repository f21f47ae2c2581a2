"""Contradictions in a recipe, found before anything is built; each is told with what to do."""

from __future__ import annotations

from collections.abc import Iterator

from retouch.errors import UsageError, unknown_name
from retouch.nets.catalogue.listing import find_net, find_preset
from retouch.training.recipes.settings import OptimiserSettings, Recipe
from retouch.training.steps.contract import Kind

_DEFAULT = OptimiserSettings()
_WITH_BETAS = ("adam", "adamw")


def check_recipe(recipe: Recipe, kind: Kind) -> None:
    """Refuse what contradicts itself.

    Raises
    ------
    UsageError
        Naming the first contradiction.
    """
    _check_names(recipe, kind)
    for fault in (*_run_faults(recipe), *_role_faults(recipe, kind), *_data_faults(recipe)):
        raise UsageError(fault)
    for role, optimiser in recipe.optimisers.items():
        for fault in _optimiser_faults(f"optimisers.{role}", optimiser, recipe.run.steps):
            raise UsageError(fault)


def _check_names(recipe: Recipe, kind: Kind) -> None:
    roles = (*kind.roles, *kind.optional_roles)
    for role, net in recipe.networks.items():
        if role not in roles:
            raise UsageError(unknown_name(f"role of a network for kind '{kind.name}'", role, roles))
        find_preset(find_net(net.name), net.preset)
    for role in recipe.optimisers:
        if role not in recipe.networks:
            raise UsageError(
                f"optimisers.{role} moves a network, and there is no networks.{role}; add it or leave it out"
            )
    for phase in recipe.phases:
        for role in phase.trains:
            if role not in recipe.optimisers:
                known = ", ".join(recipe.optimisers)
                raise UsageError(f"phase '{phase.name}' trains '{role}', which has no optimiser; name some of: {known}")


def _role_faults(recipe: Recipe, kind: Kind) -> Iterator[str]:
    for role in kind.roles:
        if role not in recipe.networks:
            yield f"kind '{kind.name}' needs a network of the role '{role}', and there is none; add networks.{role}"
    for role, net in recipe.networks.items():
        if role not in recipe.optimisers and not net.weights:
            yield (
                f"networks.{role} has neither an optimiser nor weights, so it would stay as it starts; add "
                f"optimisers.{role}, or set networks.{role}.weights"
            )
    if not recipe.optimisers:
        yield "a recipe must have an optimiser for at least one network, and has none; add optimisers.ROLE"
    if recipe.data.kind not in kind.data:
        yield f"kind '{kind.name}' takes data of the kinds {', '.join(kind.data)}, got data.kind = '{recipe.data.kind}'"


def _run_faults(recipe: Recipe) -> Iterator[str]:
    run = recipe.run
    for name in ("steps", "batch", "accumulate"):
        if getattr(run, name) < 1:
            yield f"run.{name} must be 1 or more, got {getattr(run, name)}"
    names = (
        "seed",
        "clip_norm",
        "validation_pictures",
        "validate_every",
        "checkpoint_every",
        "sheet_every",
        "log_every",
    )
    for name in names:
        if getattr(run, name) < 0:
            yield f"run.{name} must not be negative, got {getattr(run, name)}; 0 switches off what can be"
    if not 0 <= run.ema_decay < 1:
        yield f"run.ema_decay must be in [0, 1), got {run.ema_decay}; 0 keeps no average"
    for phase in recipe.phases:
        if phase.steps < 1 or not phase.trains:
            yield f"phase '{phase.name}' must have 1 step or more and train something; correct it or leave it out"
    total = sum(phase.steps for phase in recipe.phases)
    if total > run.steps:
        yield f"the phases take {total} steps together and run.steps is {run.steps}; lengthen the run or shorten them"


def _data_faults(recipe: Recipe) -> Iterator[str]:
    data, damage = recipe.data, recipe.damage
    if data.size_px < 1 or data.channels not in (1, 3):
        yield f"data needs size_px of 1 or more and channels of 1 or 3, got {data.size_px} and {data.channels}"
    for name in ("validation_share", "max_corrupt_share"):
        if not 0 <= getattr(data, name) < 1:
            yield f"data.{name} must be in [0, 1), got {getattr(data, name)}"
    if data.workers < 0 or data.cache_mb < 0:
        yield f"data.workers and data.cache_mb must not be negative, got {data.workers} and {data.cache_mb}"
    if data.short_px and data.resize != "short":
        yield f'data.short_px counts for resize = "short", got resize = "{data.resize}"; leave one of them out'
    if 0 < data.short_px < data.size_px:
        yield f"data.short_px must be at least size_px = {data.size_px}, got {data.short_px}"
    if damage.curriculum == "noise" and data.kind in ("fill", "guesses"):
        yield f'damage.curriculum = "noise" makes no holes, and data.kind = "{data.kind}" fills some; take "denoise"'
    if damage.curriculum == "masks" and not damage.root:
        yield 'damage.curriculum = "masks" takes them from a folder; set damage.root'
    if damage.root and damage.curriculum != "masks":
        yield f'damage.root counts for curriculum = "masks", got "{damage.curriculum}"; leave one of them out'
    if any(share < 0 for share in damage.families.values()):
        yield "damage.families must have shares of 0 or more, got a negative one"
    for low, high in damage.bins:
        if not 0 <= low < high <= 1:
            yield f"damage.bins must be pairs of shares, low below high, got [{low}, {high}]"


def _optimiser_faults(where: str, settings: OptimiserSettings, n_steps: int) -> Iterator[str]:
    if settings.lr <= 0 or settings.weight_decay < 0 or settings.last_lr < 0:
        yield (
            f"{where} must have lr above 0, weight_decay and last_lr of 0 or more, got {settings.lr}, "
            f"{settings.weight_decay} and {settings.last_lr}"
        )
    if not all(0 <= beta < 1 for beta in settings.betas) or not 0 <= settings.momentum < 1:
        yield f"{where} must have betas and momentum in [0, 1), got {settings.betas} and {settings.momentum}"
    if settings.method in _WITH_BETAS and settings.momentum:
        yield f'{where}.momentum is not for method = "{settings.method}", which has betas; leave it out'
    if settings.method not in _WITH_BETAS and settings.betas != _DEFAULT.betas:
        yield f'{where}.betas are not for method = "{settings.method}", which has momentum; leave them out'
    if settings.milestones and settings.schedule != "steps":
        yield f'{where}.milestones are for schedule = "steps", got "{settings.schedule}"; leave one of them out'
    if settings.schedule == "steps" and not settings.milestones:
        yield f'{where}.schedule = "steps" needs milestones; add them'
    if list(settings.milestones) != sorted(set(settings.milestones)):
        yield f"{where}.milestones must rise, got {list(settings.milestones)}"
    if settings.last_lr and settings.schedule != "cosine":
        yield f'{where}.last_lr is for schedule = "cosine", got "{settings.schedule}"; leave one of them out'
    if settings.schedule == "cosine" and settings.last_lr > settings.lr:
        yield f"{where}.last_lr must be at most lr = {settings.lr}, got {settings.last_lr}"
    if settings.warmup_steps < 0 or (settings.warmup_steps and settings.warmup_steps >= n_steps):
        yield f"{where}.warmup_steps must be below run.steps = {n_steps} and not negative, got {settings.warmup_steps}"
