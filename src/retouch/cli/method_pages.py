"""`retouch methods`: the catalogues of methods and denoisers as people and programs read them."""

from __future__ import annotations

import json as jsons
import textwrap
from typing import Any, TypeAlias

from retouch.errors import UsageError, unknown_name
from retouch.methods.catalogue import AUTO, CATALOGUE, NET_PREFIX, MethodInfo, load_method, method_names
from retouch.methods.denoisers import DENOISERS, DenoiserInfo, denoiser_names, load_denoiser

_AUTO_SUMMARY = "Chooses for each hole by its shape: interpolation where it is thin, patches where it is broad."
_WIDTH = 100

_Info: TypeAlias = MethodInfo | DenoiserInfo


def show_list(*, json: bool) -> str:
    """Return the table of all methods: those that fill, then those that take noise away."""
    if json:
        everything: tuple[_Info, ...] = (*CATALOGUE, *DENOISERS)
        return jsons.dumps([_facts(info) for info in everything], indent=2) + "\n"
    fillers = [(AUTO, _AUTO_SUMMARY), *((info.name, info.summary) for info in CATALOGUE)]
    denoisers = [(info.name, info.summary) for info in DENOISERS]
    longest = max(len(name) for name, _ in (*fillers, *denoisers))
    blocks = []
    for command, lines in (("fill", fillers), ("denoise", denoisers)):
        rows = [f"  {name:<{longest}}  {summary}\n" for name, summary in lines]
        blocks.append("".join([f"retouch {command} --method\n", *rows]))
    return "\n".join(blocks)


def show_method(name: str, *, json: bool) -> str:
    """Return the page of one method: what it does, where it is from, where it fails, its options.

    Where a filling method and a denoiser share the name, both are shown, the filling method first; in JSON the denoiser
    is then the entry "denoiser" of the object.
    """
    if name == AUTO:
        return jsons.dumps({"name": AUTO, "summary": _AUTO_SUMMARY}) + "\n" if json else f"{AUTO}\n  {_AUTO_SUMMARY}\n"
    first, *others = _find_all(name)
    if not json:
        return "\n".join(_page(info) for info in (first, *others))
    more = {"denoiser": _facts_and_options(others[0])} if others else {}
    return jsons.dumps({**_facts_and_options(first), **more}, indent=2) + "\n"


def _find_all(name: str) -> list[_Info]:
    """Return what has that name in either catalogue, at least one."""
    if name.startswith(NET_PREFIX):
        from retouch.methods.networks import info_of_network  # noqa: PLC0415 - ONNX Runtime, which others do without

        return [info_of_network(name)]
    everything: tuple[_Info, ...] = (*CATALOGUE, *DENOISERS)
    found = [info for info in everything if info.name == name]
    if not found:
        raise UsageError(unknown_name("method", name, dict.fromkeys((AUTO, *method_names(), *denoiser_names()))))
    return found


def _page(info: _Info) -> str:
    options = _described_options(info)
    facts = _facts(info)
    heads = [info.name, f"  {info.summary}", f"  Command: retouch {facts['command']}", f"  Kind: {info.kind}"]
    lines = [*heads, f"  Source: {info.paper}", f"  Limits: {facts['limits']}"]
    lines.append("  Options:" if options else "  Options: none")
    for option in options:
        where = "" if option["on_command_line"] else " (from Python only)"
        lines.append(f"    {option['name']}={option['default']}  {option['expected']}{where}")
        lines += textwrap.wrap(option["description"], _WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 8)
    return "\n".join(lines) + "\n"


def _facts_and_options(info: _Info) -> dict[str, Any]:
    return {**_facts(info), "options": _described_options(info)}


def _described_options(info: _Info) -> list[dict[str, Any]]:
    from retouch.methods.options import read_options  # noqa: PLC0415 - numpy, which the list does without

    function = load_method(info) if isinstance(info, MethodInfo) else load_denoiser(info)
    return [
        {
            "name": option.name,
            "expected": option.expected,
            "default": option.default,
            "on_command_line": option.is_text,
            "description": option.sentence,
        }
        for option in read_options(function)
    ]


def _facts(info: _Info) -> dict[str, Any]:
    is_filler = isinstance(info, MethodInfo)
    return {
        "name": info.name,
        "command": "fill" if is_filler else "denoise",
        "kind": info.kind,
        "summary": info.summary,
        "paper": info.paper,
        "limits": info.limits.words if isinstance(info, MethodInfo) else info.limits,
    }
