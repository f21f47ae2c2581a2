"""`retouch compare`: how near one picture comes to another."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retouch.cli.outputs import check_not_input, check_writable, write_bytes
from retouch.errors import UsageError
from retouch.evaluation.cases.pictures import read_8_bits
from retouch.evaluation.door import Comparison, compare
from retouch.evaluation.ruler.label_scoring import LabelScore, judges_labels, score_labels, split_column
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.writing import encode
from retouch.metrics.catalogue import find_metric

_AMPLIFIED = 4  # errors of a few levels would look black


@dataclass(frozen=True)
class CompareOrder:
    """What was typed."""

    reference: str
    result: str
    mask: str | None
    invert_mask: bool
    protocol: str
    metrics: tuple[str, ...]
    weights: Mapping[str, str]
    error_map: str | None
    json: bool


def run_compare(order: CompareOrder) -> None:
    """Carry out the command."""
    if judges_labels(order.metrics):
        _compare_labels(order)
        return
    if order.error_map:
        _check_error_map(order.error_map, order)
    found = compare(
        order.reference,
        order.result,
        mask=order.mask,
        invert_mask=order.invert_mask,
        protocol=order.protocol,
        metrics=order.metrics,
        weights=order.weights,
    )
    if order.error_map:
        write_bytes(order.error_map, _draw_error(order.reference, order.result))
    sys.stdout.write(_as_json(order, found) if order.json else _as_text(found))


def _compare_labels(order: CompareOrder) -> None:
    if order.error_map:
        raise UsageError("an error map is drawn of two pictures, not of labels; leave --error-map out")
    scores = score_labels(order.metrics, order.reference, order.result, mask=order.mask, invert_mask=order.invert_mask)
    if order.json:
        facts = {"reference": order.reference, "result": order.result, "mask": order.mask}
        sys.stdout.write(json.dumps({**facts, "scores": _without_nan(scores)}) + "\n")
    else:
        sys.stdout.write("".join(_label_lines(column, value) for column, value in scores.items()))


def _label_lines(column: str, value: LabelScore) -> str:
    """Return a line with a number and what it is, or more lines for a measure that is a table."""
    info = find_metric(split_column(column)[0])
    if isinstance(value, float):
        return f"{column}  {value:.{info.digits}f}  {info.summary}\n"
    rows = zip(value["labels"], value["matrix"], strict=True) if "matrix" in value else value.items()
    return f"{column}  {info.summary}\n" + "".join(f"  {name:<8} {_plain(one)}\n" for name, one in rows)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(f"{count:>8}" for count in value)
    if isinstance(value, float):
        return "-" if math.isnan(value) else f"{value:.4f}"
    return str(value)


def _without_nan(scores: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, value in scores.items():
        plain[name] = _without_nan(value) if isinstance(value, dict) else value
        if isinstance(value, float) and math.isnan(value):
            plain[name] = None
    return plain


def _check_error_map(path: str, order: CompareOrder) -> None:
    if Path(path).suffix.lower() != ".png":
        raise UsageError(f"an error map is written as PNG, so its name must end in .png, got '{path}'")
    check_not_input(path, [order.reference, order.result, *([order.mask] if order.mask else [])])
    check_writable(path)


def _draw_error(reference: str, result: str) -> bytes:
    difference = np.abs(read_8_bits(Path(reference)).astype(np.int16) - read_8_bits(Path(result)))
    return encode(Picture.from_array(np.minimum(difference * _AMPLIFIED, 255).astype(np.uint8)))


def _as_text(found: Comparison) -> str:
    lines = []
    for measure in found.measures:
        column, info = measure.column, measure.info
        if column in found.scores.values:
            value = f"{found.scores.values[column]:.{info.digits}f} {info.unit}".rstrip()
        else:
            value = f"not measured: {found.scores.unscored[column]}"
        lines.append((column, value, measure.sentence()))
    widths = [max(len(line[i]) for line in lines) for i in range(2)]
    table = "".join(f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c}\n" for a, b, c in lines)
    return f"{table}One pair, {_depth(found)}; protocol {found.protocol.name}: {found.protocol.source}.\n"


def _depth(found: Comparison) -> str:
    return "rounded to 8 bits" if found.protocol.in_8_bits else "not rounded, clipped to [0, 1]"


def _as_json(order: CompareOrder, found: Comparison) -> str:
    facts = {
        "reference": order.reference,
        "result": order.result,
        "mask": order.mask,
        "protocol": found.protocol.name,
        "values": _depth(found),
        "scores": {name: None if math.isinf(value) else value for name, value in found.scores.values.items()},
        "infinite": [name for name, value in found.scores.values.items() if math.isinf(value)],
        "unscored": found.scores.unscored,
        "measures": {measure.column: measure.sentence() for measure in found.measures},
    }
    return json.dumps(facts) + "\n"
