"""A manifest: one row an item, as JSON Lines or CSV, each with its own options; refused as a whole or taken as a whole.

image   the picture, required; relative paths count from the manifest's folder
mask    its mask
out     the output's name below the output folder; by default the path of the image below the manifest's folder
others  the fields of `Settings`; an empty cell keeps what the command line says

Options are an object in JSON Lines ({"patch_size": 9}) and name=value;name=value in CSV; `find` is a list or a;b.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePosixPath
from typing import Any

from retouch.errors import InputError, RetouchError, UsageError, unknown_name
from retouch.io.wording import fault
from retouch.jobs.planning.items import HIDDEN, Item, Plan, check_needs
from retouch.jobs.planning.settings import Settings

_PLACES = ("image", "mask", "out")
_FIELDS = {field.name: str(field.type) for field in fields(Settings)}
COLUMNS = (*_PLACES, *_FIELDS)
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")


@dataclass(frozen=True)
class _Row:
    """One row, its number as editors count lines."""

    manifest: Path
    number: int
    values: Mapping[str, Any]

    def refuse(self, column: str, reason: str) -> UsageError:
        return UsageError(f"{self.manifest} row {self.number}, column {column}: {reason}")


def plan_manifest(manifest: Path, defaults: Settings) -> Plan:
    """Return the items of a manifest.

    Parameters
    ----------
    manifest : Path
        Its suffix, .jsonl or .csv, says how it is read.
    defaults : Settings
        What holds where a row says nothing.

    Raises
    ------
    UsageError
        If a column is unknown, a value cannot be read, a file is missing or options contradict each other: names the
        row and the column.
    InputError
        If the manifest cannot be read, or has no row.
    """
    items = tuple(_item(row, defaults) for row in _rows(manifest))
    if not items:
        raise InputError(f"{manifest} has no row; give one for each picture")
    return Plan(items)


def _rows(manifest: Path) -> Iterator[_Row]:
    try:
        text = manifest.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {manifest}: {fault(error)}; give a text file in UTF-8") from error
    readers = {".jsonl": _json_rows, ".csv": _csv_rows}
    if manifest.suffix.lower() not in readers:
        raise UsageError(f"a manifest must end in .jsonl or .csv, got {manifest.name}")
    for row in readers[manifest.suffix.lower()](manifest, text):
        for column in row.values:
            if column not in COLUMNS:
                raise row.refuse(column, unknown_name("column", column, COLUMNS))
        yield row


def _json_rows(manifest: Path, text: str) -> Iterator[_Row]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except ValueError as error:
            raise UsageError(f"{manifest} row {number}: it must be one JSON object, got {line[:60]!r}") from error
        if not isinstance(values, dict):
            raise UsageError(f"{manifest} row {number}: it must be one JSON object, got {line[:60]!r}")
        yield _Row(manifest, number, values)


def _csv_rows(manifest: Path, text: str) -> Iterator[_Row]:
    reader = csv.DictReader(io.StringIO(text), restkey="", strict=True)
    try:
        for values in reader:
            if "" in values or None in values.values():
                raise UsageError(
                    f"{manifest} row {reader.line_num}: it must have {len(reader.fieldnames or ())} cells, as the head"
                )
            yield _Row(manifest, reader.line_num, values)
    except csv.Error as error:
        raise UsageError(f"{manifest} row {reader.line_num}: {error}; write it as CSV with commas") from error


def _item(row: _Row, defaults: Settings) -> Item:
    given = {column: value for column, value in row.values.items() if value not in ("", None)}
    if "image" not in given:
        raise row.refuse("image", "it must name a picture, and is empty")
    source = _file(row, "image", given["image"])
    mask = _file(row, "mask", given["mask"]) if "mask" in given else None
    changes = {column: _value(row, column, value) for column, value in given.items() if column not in _PLACES}
    try:
        settings = replace(defaults, **changes)
        check_needs(settings, has_mask=mask is not None)
    except RetouchError as error:
        raise row.refuse(_blamed(str(error), changes), str(error)) from error
    return Item(_name(row, source, given), source, mask, settings)


def _file(row: _Row, column: str, value: Any) -> str:
    path = os.path.abspath(row.manifest.parent / str(value))  # noqa: PTH100 - keeps symbolic links
    if not Path(path).is_file():
        raise row.refuse(column, f"there is no file {path}")
    return path


def _name(row: _Row, source: str, given: Mapping[str, Any]) -> str:
    """Return the output's name, which must stay below the output folder."""
    if "out" not in given:
        root = os.path.abspath(row.manifest.parent)  # noqa: PTH100
        below = os.path.relpath(source, root)
        return Path(source).name if below.startswith("..") else Path(below).as_posix()
    parts = PurePosixPath(str(given["out"])).parts
    if not parts or parts[0] in ("/", HIDDEN) or ".." in parts or "\\" in str(given["out"]):
        raise row.refuse("out", f"it must be a name below the output folder, with '/', got {given['out']!r}")
    return "/".join(parts)


def _value(row: _Row, column: str, value: Any) -> Any:
    """Return the value of a setting in its type."""
    if column == "options" and isinstance(value, dict):
        return tuple(f"{name}={one}" for name, one in value.items())
    if column in ("options", "find"):
        words = value if isinstance(value, list) else str(value).split(";")
        return tuple(str(word).strip() for word in words)
    kind = _FIELDS[column].split(" ")[0]
    try:
        return _READ[kind](value)
    except (TypeError, ValueError) as error:
        raise row.refuse(column, f"it must be {_WORDS[kind]}, got {value!r}") from error


def _whole(value: Any) -> int:
    if isinstance(value, bool) or float(value) != int(value):
        raise ValueError(value)
    return int(value)


def _truth(value: Any) -> bool:
    if str(value).lower() not in (*_TRUE, *_FALSE):
        raise ValueError(value)
    return str(value).lower() in _TRUE


_READ: Mapping[str, Any] = {"str": str, "int": _whole, "float": float, "bool": _truth}
_WORDS = {"str": "a word", "int": "a whole number", "float": "a number", "bool": "true or false"}


def _blamed(message: str, changes: Mapping[str, Any]) -> str:
    """Return the column that a refusal is about: the first that it names, or else the first that the row sets."""
    named = (column for column in changes if column.rstrip("s") in message)
    return next(named, "mask" if "needs masks" in message else next(iter(changes), "task"))
