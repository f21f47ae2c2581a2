"""`retouch methods`: the catalogue as people and programs read it."""

from __future__ import annotations

import json as jsons
import textwrap
from typing import Any

from retouch.methods.catalogue import AUTO, CATALOGUE, MethodInfo, find_method

_AUTO_SUMMARY = "Chooses for each hole by its shape: interpolation where it is thin, patches where it is broad."
_WIDTH = 100


def show_list(*, json: bool) -> str:
    """Return the table of all methods."""
    if json:
        return jsons.dumps([_facts(info) for info in CATALOGUE], indent=2) + "\n"
    longest = max(len(info.name) for info in CATALOGUE)
    lines = [(AUTO, _AUTO_SUMMARY), *((info.name, info.summary) for info in CATALOGUE)]
    return "".join(f"{name:<{longest}}  {summary}\n" for name, summary in lines)


def show_method(name: str, *, json: bool) -> str:
    """Return the page of one method: what it does, where it is from, where it fails, its options."""
    from retouch.methods.options import options_of  # noqa: PLC0415 - numpy, which the list does without

    if name == AUTO:
        return jsons.dumps({"name": AUTO, "summary": _AUTO_SUMMARY}) + "\n" if json else f"{AUTO}\n  {_AUTO_SUMMARY}\n"
    info = find_method(name)
    options = options_of(info)
    if json:
        described = [
            {
                "name": option.name,
                "expected": option.expected,
                "default": option.default,
                "on_command_line": option.is_text,
                "description": option.sentence,
            }
            for option in options
        ]
        return jsons.dumps({**_facts(info), "options": described}, indent=2) + "\n"
    heads = [info.name, f"  {info.summary}", f"  Kind: {info.kind}", f"  Source: {info.paper}"]
    lines = [*heads, f"  Limits: {info.limits.words}", "  Options:" if options else "  Options: none"]
    for option in options:
        where = "" if option.is_text else " (from Python only)"
        lines.append(f"    {option.name}={option.default}  {option.expected}{where}")
        lines += textwrap.wrap(option.sentence, _WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 8)
    return "\n".join(lines) + "\n"


def _facts(info: MethodInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "kind": info.kind,
        "summary": info.summary,
        "paper": info.paper,
        "limits": info.limits.words,
    }
