"""What was done to a picture, as plain JSON: enough to do it again to the same bytes.

Departure from a full record: a mask, a mark or a picture that was handed in as an array and not by its path is named by
the SHA-256 of its values only; keep the mask that comes with the result.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from importlib.metadata import version
from typing import Any

import numpy as np

from retouch.arrays.regions import Box
from retouch.arrays.types import AnyArray
from retouch.errors import InputError
from retouch.methods.crop_run import FillRequest
from retouch.tasks.targeting.found import Finding
from retouch.tasks.targeting.target import Corners, Point, Target

_POINTS = ("at", "not_at")
_APART = ("options", "marks")
_COMPARED = (bool, int, float, str, tuple, type(None))
_BY_PATH = ("model", "labels", "watermark", "watermark_from", "mask")


def target_to_dict(target: Target) -> dict[str, Any]:
    """Return the parts of a target that were given, points as x, y and boxes as x0, y0, x1, y1.

    >>> target_to_dict(Target(at=[(4, 9)]))
    {'at': [[9, 4]]}
    """
    given = ((field.name, getattr(target, field.name), field.default) for field in fields(target))
    return {name: _plain(name, value) for name, value, default in given if not _is_same(value, default)}


def target_of(record: Mapping[str, Any]) -> Target:
    """Return the target that `target_to_dict` wrote.

    Raises
    ------
    InputError
        If a part of it was handed in as an array, which a record does not keep.

    >>> target_of({"at": [[9, 4]]}).at
    ((4, 9),)
    """
    values = dict(record)
    for name in _BY_PATH:
        if isinstance(values.get(name), Mapping):
            raise InputError(f"the {name} was not given by its path, so its record cannot be repeated; give its file")
    for name in _POINTS:
        if name in values:
            values[name] = [(row, col) for col, row in values[name]]
    for name in ("boxes", "region"):
        if name in values:
            values[name] = [_box(one) for one in values[name]] if name == "boxes" else _box(values[name])
    return Target(**values)


def request_to_dict(request: FillRequest) -> dict[str, Any]:
    """Return the settings of a fill as plain types; arrays, and the marks that led it, by their hash."""
    plain = {field.name: getattr(request, field.name) for field in fields(request) if field.name not in _APART}
    options = {name: _named(value) for name, value in request.options.items()}
    marks = {name: _named(value) for name, value in vars(request.marks).items() if value is not None}
    return {**plain, "options": options, **({"marks": marks} if marks else {})}


def record_of(task: str, picture: AnyArray, mask: AnyArray, **facts: Any) -> dict[str, Any]:
    """Return the record of a task: the version, hashes of what came in and of the mask, and the facts."""
    return {"retouch": version("retouch"), "task": task, "image": _named(picture), "mask": _named(mask), **facts}


def findings_to_dicts(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return findings as plain types."""
    return [finding.to_dict() for finding in findings]


def _is_same(value: Any, default: Any) -> bool:
    """Tell whether a part of a target is as it is by default; pictures are never."""
    return isinstance(value, _COMPARED) and isinstance(default, _COMPARED) and value == default


def _plain(name: str, value: Any) -> Any:
    if name in _POINTS:
        return [_xy(point) for point in value]
    if name == "boxes":
        return [_corners(box) for box in value]
    if name == "region":
        return _corners(value)
    if name == "watermark_from" and isinstance(value, Sequence) and not isinstance(value, str):
        return {"n_pictures": len(value)}
    return list(value) if isinstance(value, tuple) else _named(value)


def _named(value: Any) -> Any:
    """Return plain values and paths as they are, everything else by the hash of its bytes."""
    if value is None or isinstance(value, bool | int | float | str | dict):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    data = value if isinstance(value, bytes) else np.ascontiguousarray(value).tobytes()
    return {"sha256": hashlib.sha256(data).hexdigest()}


def _xy(point: Point) -> list[int]:
    return [point[1], point[0]]


def _corners(box: Corners) -> list[int]:
    return [box[1], box[0], box[3], box[2]]


def _box(corners: Sequence[int]) -> Box:
    left, top, right, bottom = corners
    return Box(top, left, bottom, right)
