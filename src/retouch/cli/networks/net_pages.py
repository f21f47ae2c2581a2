"""`retouch nets`: the catalogue of networks as people and programs read it."""

from __future__ import annotations

import json as jsons

from retouch.nets.catalogue.entries import TASKS, NetInfo
from retouch.nets.catalogue.listing import NETS, find_net


def show_nets(*, json: bool) -> str:
    """Return the table of all networks, by what they do."""
    if json:
        return jsons.dumps([_facts(info) for info in NETS], indent=2) + "\n"
    longest = max(len(info.name) for info in NETS)
    blocks = []
    for task in TASKS:
        lines = [f"  {info.name:<{longest}}  {info.summary}\n" for info in NETS if info.task == task]
        blocks.append("".join([f"{task}\n", *lines]))
    return "\n".join(blocks)


def show_net(name: str, *, json: bool) -> str:
    """Return the page of one network: its sizes, what goes in and out, where it is from, whether it is exported."""
    info = find_net(name)
    if json:
        return jsons.dumps(_facts(info), indent=2) + "\n"
    lines = [info.name, f"  {info.summary}", f"  Task: {info.task}", f"  Source: {info.paper}"]
    lines.append(f"  Gives: {info.outputs.replace('_, ', '').replace(', _', '')}")
    lines.append(f"  Export: {'no, ' + info.no_export if info.no_export else 'retouch export ' + info.name}")
    lines.append("  Presets:")
    lines += [f"    {p.name:<16} {p.n_parameters:>12,} parameters; takes {p.inputs}" for p in info.presets]
    return "\n".join(lines) + "\n"


def _facts(info: NetInfo) -> dict[str, object]:
    facts: dict[str, object] = {name: getattr(info, name) for name in ("name", "task", "summary", "paper", "outputs")}
    presets = {
        preset.name: {"parameters": preset.n_parameters, "inputs": preset.inputs, "build": preset.build}
        for preset in info.presets
    }
    return {**facts, "no_export": info.no_export, "presets": presets}
