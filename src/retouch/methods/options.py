"""A method's keyword-only parameters are its options: on the command line, in a form and in a recipe.

The hooks `rng`, `progress` and `budget_bytes` are none: whoever calls the method gives them.

Name, type and default are read from the function's signature, the sentence of help from its numpydoc section
"Parameters", so that nothing is written twice.
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Literal

import numpy as np

from retouch.errors import UsageError, unknown_name
from retouch.methods.catalogue import Entry, load_method

_HOOKS = ("rng", "progress", "budget_bytes")
_NUMBER_TYPES: tuple[type, ...] = (bool, int, float, str)
_SECTION = re.compile(r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-{3,}\n|\Z)", re.MULTILINE | re.DOTALL)
_PARAMETER = re.compile(r"^(\w[\w, ]*?) :[^\n]*\n((?:[ ]+[^\n]*\n?|\n)*)", re.MULTILINE)
_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@dataclass(frozen=True)
class Option:
    """One option of a method.

    Attributes
    ----------
    name : str
    kinds : tuple of type
        What its value may be, among bool, int, float, str and NoneType; numpy.ndarray for a whole array, which only
        the Python door can hand in.
    default : object
    choices : tuple of str
        The allowed words; empty where any value of the kinds is taken.
    sentence : str
        Its description.
    """

    name: str
    kinds: tuple[type, ...]
    default: Any
    choices: tuple[str, ...]
    sentence: str

    @property
    def is_text(self) -> bool:
        """Whether the value can be written on a command line."""
        return any(kind in _NUMBER_TYPES for kind in self.kinds)

    @property
    def expected(self) -> str:
        """What a value must be, in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        names = {bool: "true or false", int: "a whole number", float: "a number", str: "a word", np.ndarray: "an array"}
        return " or ".join(names.get(kind, "none") for kind in self.kinds)


@cache
def options_of(info: Entry) -> tuple[Option, ...]:
    """Return the options of a method, of whichever catalogue, in the order of its signature."""
    return read_options(load_method(info))


def read_options(function: Callable[..., Any]) -> tuple[Option, ...]:
    """Return the keyword-only parameters of a function, without the hooks and what is bound already."""
    bound: Iterable[str] = ()
    if isinstance(function, partial):
        bound, function = function.keywords, function.func
    sentences = _read_sentences(inspect.getdoc(function) or "")
    hints = typing.get_type_hints(function)
    options = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.name not in (*_HOOKS, *bound):
            kinds, choices = _read_kinds(hints[parameter.name])
            sentence = sentences.get(parameter.name, "")
            options.append(Option(parameter.name, kinds, parameter.default, choices, sentence))
    return tuple(options)


def parse_options(info: Entry, pairs: Iterable[str]) -> dict[str, Any]:
    """Read options of a method as they are typed, "name=value" each (see `parse_pairs`)."""
    return parse_pairs(options_of(info), pairs, f"method '{info.name}'")


def parse_pairs(options: Iterable[Option], pairs: Iterable[str], owner: str) -> dict[str, Any]:
    """Read options as they are typed, "name=value" each.

    Parameters
    ----------
    options : iterable of Option
        Those that there are.
    pairs : iterable of str
    owner : str
        Whose options they are, for the message.

    Raises
    ------
    UsageError
        If an option is unknown (the nearest name is suggested), is not of the form name=value, or its value is of
        the wrong type.

    Examples
    --------
    >>> parse_pairs([Option("patch_size", (int,), 7, (), "")], ["patch_size=9"], "method 'x'")
    {'patch_size': 9}
    """
    known = {option.name: option for option in options if option.is_text}
    parsed = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise UsageError(f"an option must be written name=value, got '{pair}'")
        parsed[name.strip()] = _parse_value(_find(known, name.strip(), owner), text.strip(), owner)
    return parsed


def check_options(info: Entry, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that Python code handed in, checked.

    Raises
    ------
    UsageError
        If an option is unknown or its value is of the wrong type.
    """
    return check_values(options_of(info), values, f"method '{info.name}'")


def check_values(options: Iterable[Option], values: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """Return values of options, checked; `owner` says in the message whose options they are.

    Raises
    ------
    UsageError
        If an option is unknown or its value is of the wrong type.
    """
    known = {option.name: option for option in options}
    return {name: _check_value(_find(known, name, owner), value, owner) for name, value in values.items()}


def _find(known: Mapping[str, Option], name: str, owner: str) -> Option:
    if name in known:
        return known[name]
    if not known:
        raise UsageError(f"{owner} takes no options, got '{name}'")
    raise UsageError(f"{owner}: {unknown_name('option', name, known)}")


def _parse_value(option: Option, text: str, owner: str) -> Any:
    """Turn text into the first kind that fits, from the narrowest to the widest."""
    if type(None) in option.kinds and text.lower() == "none":
        return None
    if bool in option.kinds and text.lower() in _WORDS:
        return _WORDS[text.lower()]
    for kind in (int, float):
        if kind in option.kinds:
            try:
                return kind(text)
            except ValueError:
                continue
    if str in option.kinds and (not option.choices or text in option.choices):
        return text
    raise UsageError(f"option '{option.name}' of {owner} must be {option.expected}, got '{text}'")


def _check_value(option: Option, value: Any, owner: str) -> Any:
    """Return the value, as a Python number where numpy handed in one of its own."""
    if isinstance(value, np.generic):
        value = value.item()
    wanted = (*option.kinds, int) if float in option.kinds else option.kinds
    right = isinstance(value, wanted) and (bool in option.kinds or not isinstance(value, bool))
    if not right or (option.choices and value is not None and value not in option.choices):
        given = f"an array of shape {value.shape}" if isinstance(value, np.ndarray) else repr(value)
        raise UsageError(f"option '{option.name}' of {owner} must be {option.expected}, got {given}")
    return value


def _read_kinds(hint: Any) -> tuple[tuple[type, ...], tuple[str, ...]]:
    """Split a type hint into plain types and the words of a Literal."""
    if typing.get_origin(hint) is Literal:
        return (str,), typing.get_args(hint)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        parts = [_read_kinds(part) for part in typing.get_args(hint)]
        return tuple(k for kinds, _ in parts for k in kinds), tuple(c for _, choices in parts for c in choices)
    return (hint if hint in (*_NUMBER_TYPES, type(None)) else np.ndarray,), ()


def _read_sentences(docstring: str) -> dict[str, str]:
    """Return the description of each parameter of a numpydoc docstring."""
    section = _SECTION.search(docstring)
    found = {}
    for head in _PARAMETER.finditer(section[1] if section else ""):
        text = " ".join(head[2].split())
        found.update(dict.fromkeys(re.split(r",\s*", head[1]), text))
    return found
