"""Label maps and boxes from files, for the measures of this folder.

A label map is a grey picture whose values are the labels. Boxes are JSON, one entry for each picture, places as
everywhere in files x to the right and y downwards:

    [{"boxes": [[left, top, right, bottom], ...], "labels": [1, ...], "ignored": [false, ...]}, ...]    true objects
    [{"boxes": [[left, top, right, bottom], ...], "labels": [1, ...], "scores": [0.9, ...]}, ...]       detections
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.errors import InputError
from retouch.io.pictures.reading import open_image
from retouch.io.wording import fault, shown
from retouch.metrics.labels.detections import Detections, Objects

_FORM = '[{"boxes": [[left, top, right, bottom], ...], "labels": [1, ...]}, ...]'
_TO_ROWS = [1, 0, 3, 2]  # (left, top, right, bottom) to (top, left, bottom, right)


def read_label_map(path: str | os.PathLike[str]) -> AnyArray:
    """Read a label map.

    Returns
    -------
    (H, W) uint8 or uint16

    Raises
    ------
    InputError, LimitError
        As `open_image`; also if it is not a grey picture of whole numbers.
    """
    pixels = open_image(path).pixels
    if pixels.shape[2] != 1 or pixels.dtype.kind != "u":
        raise InputError(f"a label map must be a grey picture whose values are the labels, but {shown(path)} is not")
    return pixels[:, :, 0]


def read_objects(path: str | os.PathLike[str]) -> list[Objects]:
    """Read the true objects of some pictures from a JSON file; "ignored" may be left out.

    Raises
    ------
    InputError
        If the file cannot be read or has another form.
    """
    return [
        Objects(_boxes(entry, path), _numbers(entry, "labels", np.int64, path), _ignored(entry, path))
        for entry in _entries(path)
    ]


def read_detections(path: str | os.PathLike[str]) -> list[Detections]:
    """Read what was detected in some pictures from a JSON file.

    Raises
    ------
    InputError
        If the file cannot be read or has another form.
    """
    return [
        Detections(
            _boxes(entry, path),
            _numbers(entry, "labels", np.int64, path),
            _numbers(entry, "scores", np.float64, path),
        )
        for entry in _entries(path)
    ]


def _entries(path: str | os.PathLike[str]) -> list[Any]:
    try:
        entries = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"cannot read {shown(path)}: {fault(error)}; give a JSON file such as {_FORM}") from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InputError(
            f"boxes must be a list with one entry for each picture, but {shown(path)} is not; give {_FORM}"
        )
    return entries


def _boxes(entry: dict[str, Any], path: str | os.PathLike[str]) -> AnyArray:
    boxes = _numbers(entry, "boxes", np.float64, path)
    if boxes.size and (boxes.ndim != 2 or boxes.shape[1] != len(_TO_ROWS)):  # noqa: PLR2004 - (N, 4)
        raise InputError(f"a box must be [left, top, right, bottom], which not all in {shown(path)} are")
    return boxes.reshape(-1, len(_TO_ROWS))[:, _TO_ROWS]


def _ignored(entry: dict[str, Any], path: str | os.PathLike[str]) -> AnyArray | None:
    return _numbers(entry, "ignored", np.bool_, path) if "ignored" in entry else None


def _numbers(entry: dict[str, Any], key: str, kind: type[np.generic], path: str | os.PathLike[str]) -> AnyArray:
    try:
        array = np.array(entry[key])
        return array.astype(kind, casting="same_kind" if array.size else "unsafe")
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(f"cannot read the {key} in {shown(path)}; give them as {_FORM}") from error
