"""Tables of TOML read into frozen dataclasses: unknown keys and values of another type are refused, with the place.

The annotations of a dataclass say what may stand in its table: str, int, float, bool, Literal, tuple, Mapping, Any and
further dataclasses. A whole number may stand for a float, and true is no number.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from retouch.errors import UsageError, unknown_name

_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def read_table(kind: type, table: Any, where: str = "") -> Any:
    """Return a dataclass with the values of a table.

    Parameters
    ----------
    kind : type
        A dataclass.
    table : mapping
        As tomllib gives it.
    where : str
        Its name in messages, such as "networks.generator".

    Raises
    ------
    UsageError
        If a key is unknown or missing, or a value is of another type.

    Examples
    --------
    >>> from retouch.training.recipes.settings import RunSettings
    >>> read_table(RunSettings, {"steps": 5, "ema_decay": 0}, "run").ema_decay
    0.0
    >>> read_table(RunSettings, {"stepps": 5}, "run")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    retouch.errors.UsageError: unknown key in run 'stepps'; did you mean 'steps'? Known: steps, batch, ...
    """
    given = _as_mapping(table, where)
    types_of = get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}
    for key in given:
        if key not in known:
            raise UsageError(unknown_name(f"key in {where or 'the recipe'}", str(key), known))
    for name, field in known.items():
        if name not in given and field.default is MISSING and field.default_factory is MISSING:
            raise UsageError(f"{where or 'the recipe'} must say '{name}', and does not; add it")
    return kind(**{key: read_value(types_of[key], value, _inside(where, key)) for key, value in given.items()})


def read_value(kind: Any, value: Any, where: str) -> Any:
    """Return a value as its annotation wants it.

    >>> read_value(tuple[float, float], [0, 0.9], "betas")
    (0.0, 0.9)
    >>> read_value(int, True, "run.steps")
    Traceback (most recent call last):
    retouch.errors.UsageError: run.steps must be a whole number, got true
    """
    origin = get_origin(kind)
    if kind is Any:
        read = value
    elif is_dataclass(kind):
        read = read_table(kind, value, where)  # type: ignore[arg-type]
    elif origin is Literal:
        read = _read_choice(get_args(kind), value, where)
    elif origin is tuple:
        read = _read_array(get_args(kind), value, where)
    elif origin in (Union, types.UnionType):
        read = read_value(next(part for part in get_args(kind) if part is not type(None)), value, where)
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        of, table = get_args(kind)[1], _as_mapping(value, where)
        read = {key: read_value(of, item, _inside(where, key)) for key, item in table.items()}
    else:
        read = _read_plain(kind, value, where)
    return read


def _read_plain(kind: Any, value: Any, where: str) -> Any:
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is kind:
        return value
    raise UsageError(f"{where} must be {_WORDS.get(kind, kind)}, got {_shown(value)}")


def _read_choice(choices: tuple[Any, ...], value: Any, where: str) -> Any:
    if any(type(value) is type(choice) and value == choice for choice in choices):
        return value
    raise UsageError(unknown_name(f"value of {where}", str(value), [str(choice) for choice in choices]))


def _read_array(kinds: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise UsageError(f"{where} must be a list in brackets, got {_shown(value)}")
    if len(kinds) == 2 and kinds[1] is Ellipsis:  # noqa: PLR2004 - tuple[X, ...]
        kinds = kinds[:1] * len(value)
    if len(kinds) != len(value):
        raise UsageError(f"{where} must have {len(kinds)} values, got {len(value)}")
    return tuple(
        read_value(kind, item, f"{where}[{i}]") for i, (kind, item) in enumerate(zip(kinds, value, strict=True))
    )


def _as_mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(f"{where or 'the recipe'} must be a table, got {_shown(value)}")
    return value


def _inside(where: str, key: str) -> str:
    return f"{where}.{key}" if where else str(key)


def _shown(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)[:100]
