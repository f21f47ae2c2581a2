"""`retouch metrics`: what can be measured, and by which conventions."""

from __future__ import annotations

import json as json_format
from typing import Any

from retouch.evaluation.ruler.protocols import PROTOCOLS, Protocol
from retouch.metrics.catalogue import METRICS, MetricInfo, find_metric


def show_metrics(*, json: bool) -> str:
    """Return one line for each metric."""
    if json:
        return json_format.dumps([_facts(info) for info in METRICS]) + "\n"
    longest = max(len(info.name) for info in METRICS)
    lines = [f"{info.name:<{longest}}  {info.summary}\n" for info in METRICS]
    hint = "Add _hole for the missing pixels only where a metric allows it: see 'retouch metrics NAME'.\n"
    return "".join(lines) + "\n" + hint


def show_metric(name: str, *, json: bool) -> str:
    """Return what a metric is, in a few lines."""
    info = find_metric(name)
    if json:
        return json_format.dumps(_facts(info)) + "\n"
    rows = {
        "what": info.summary,
        "source": info.paper,
        "judges": {"pair": "two pictures", "set": "two sets of pictures", "labels": "labels, boxes, masks or joints"}[
            info.kind
        ],
        "better": info.better,
        "unit": info.unit or "none",
        "in the hole": f"yes, as {info.name}_hole" if info.in_hole else "no",
        "weights": info.weights or "none",
    }
    return f"{info.name}\n" + "".join(f"  {key:<12} {value}\n" for key, value in rows.items())


def show_protocols(*, json: bool) -> str:
    """Return each protocol with everything that it fixes."""
    if json:
        return json_format.dumps([_protocol_facts(protocol) for protocol in PROTOCOLS]) + "\n"
    return "\n".join(_protocol_page(protocol) for protocol in PROTOCOLS)


def _protocol_page(protocol: Protocol) -> str:
    lines = [protocol.name, f"  after     {protocol.source}"]
    lines += [f"  {measure.column:<16} {measure.sentence()}" for measure in (*protocol.measures, *protocol.optional)]
    if protocol.prepare:
        lines.append(f"  pictures  {protocol.prepare}")
    if protocol.most_missing < 1:
        lines.append(f"  leaves out pictures with more than {protocol.most_missing:.0%} missing")
    if protocol.note:
        lines.append(f"  note      {protocol.note}")
    return "\n".join(lines) + "\n"


def _facts(info: MetricInfo) -> dict[str, Any]:
    return {name: value for name, value in info._asdict().items() if name != "build"}


def _protocol_facts(protocol: Protocol) -> dict[str, Any]:
    return {
        "name": protocol.name,
        "source": protocol.source,
        "measures": [measure.to_dict() for measure in protocol.measures],
        "optional": [measure.to_dict() for measure in protocol.optional],
        "in_8_bits": protocol.in_8_bits,
        "most_missing": protocol.most_missing,
        "prepare": protocol.prepare,
        "note": protocol.note,
    }
