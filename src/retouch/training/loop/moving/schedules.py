"""Optimisers of recipes, and learning rates as functions of the step alone, so that nothing of them needs keeping."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import nn

from retouch.training.recipes.settings import OptimiserSettings


def build_optimiser(settings: OptimiserSettings, weights: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """Return the optimiser that the settings describe."""
    kept = list(weights)
    lr, decay = settings.lr, settings.weight_decay
    match settings.method:
        case "adam":
            return torch.optim.Adam(kept, lr=lr, betas=settings.betas, weight_decay=decay)
        case "adamw":
            return torch.optim.AdamW(kept, lr=lr, betas=settings.betas, weight_decay=decay)
        case "sgd":
            return torch.optim.SGD(kept, lr=lr, momentum=settings.momentum, weight_decay=decay)
        case "rmsprop":
            return torch.optim.RMSprop(kept, lr=lr, momentum=settings.momentum, weight_decay=decay)


def lr_at(settings: OptimiserSettings, step: int, n_steps: int) -> float:
    """Return the learning rate of a step of the run, the first is 0.

    >>> settings = OptimiserSettings(lr=1.0, schedule="steps", milestones=(10,), gamma=0.1, warmup_steps=4)
    >>> [lr_at(settings, step, 20) for step in (0, 3, 9, 10)]
    [0.25, 1.0, 1.0, 0.1]
    >>> cosine = OptimiserSettings(lr=1.0, schedule="cosine", last_lr=0.2)
    >>> [round(lr_at(cosine, step, 5), 3) for step in (0, 2, 4)]  # the last step has the last rate
    [1.0, 0.6, 0.2]
    """
    if step < settings.warmup_steps:
        return settings.lr * (step + 1) / settings.warmup_steps
    match settings.schedule:
        case "constant":
            return settings.lr
        case "steps":
            return float(settings.lr * settings.gamma ** sum(step >= milestone for milestone in settings.milestones))
        case "cosine":
            first = settings.warmup_steps
            share = (step - first) / max(n_steps - 1 - first, 1)
            return settings.last_lr + (settings.lr - settings.last_lr) * (1 + math.cos(math.pi * share)) / 2
