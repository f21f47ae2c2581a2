"""Options of a kind of data: taken by name, with the type of their default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from retouch.errors import InputError, UsageError, unknown_name

_Value = TypeVar("_Value", str, int, float, bool)
_STREAM = ("validation_root", "split_by")
_DRAWINGS = ("pictures", "seed", "most", "frames")


def take(options: Mapping[str, Any], name: str, default: _Value) -> _Value:
    """Return an option, or its default.

    Raises
    ------
    InputError
        If it has another type than the default; a whole number is also taken for a decimal one.

    >>> take({"frames": 5}, "frames", 9), take({}, "frames", 9)
    (5, 9)
    """
    value = options.get(name, default)
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not type(default):
        wanted = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}[type(default)]
        raise InputError(f"data.options.{name} must be {wanted}, got {value!r}")
    return value


def check_names(options: Mapping[str, Any], known: Iterable[str], *, is_drawn: bool) -> None:
    """Refuse options that nobody reads: those of the kind, of the stream, and of drawings are known.

    Raises
    ------
    UsageError
        If there is another; the nearest known name is suggested.
    """
    names = [*known, *_STREAM, *(_DRAWINGS if is_drawn else ())]
    for name in options:
        if name not in names:
            raise UsageError(unknown_name("option of the data", name, sorted(names)))


def choose(options: Mapping[str, Any], name: str, known: tuple[str, ...]) -> str:
    """Return an option that is one of some words, the first of them by default.

    Raises
    ------
    UsageError
        If it is none of them; the nearest is suggested.
    """
    value = take(options, name, known[0])
    if value not in known:
        raise UsageError(unknown_name(f"value of data.options.{name}", value, known))
    return value
