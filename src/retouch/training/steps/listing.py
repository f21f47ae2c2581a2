"""All kinds of training in one table, found by name."""

from __future__ import annotations

import importlib
from typing import Any

from retouch.errors import UsageError, unknown_name
from retouch.training.steps.contract import Kind
from retouch.training.steps.inpainting_listing import INPAINTING_KINDS
from retouch.training.steps.task_listing import TASK_KINDS

KINDS: tuple[Kind, ...] = (*INPAINTING_KINDS, *TASK_KINDS)


def kind_names() -> tuple[str, ...]:
    """Return the names of all kinds of training in the order of the table.

    >>> "gdn" in kind_names()
    True
    """
    return tuple(kind.name for kind in KINDS)


def find_kind(name: str) -> Kind:
    """Return the line of that name.

    Raises
    ------
    UsageError
        If there is no such kind; the nearest name is suggested.

    >>> find_kind("deepfill_v1").roles
    ('generator', 'critic', 'local_critic')
    """
    for kind in KINDS:
        if kind.name == name:
            return kind
    raise UsageError(unknown_name("kind of training", name, kind_names()))


def load_named(path: str) -> Any:
    """Return what a line's dotted path "module:Name" stands for: the class of a training or of its settings.

    >>> load_named("retouch.training.batch:Batch").__name__
    'Batch'
    """
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)
