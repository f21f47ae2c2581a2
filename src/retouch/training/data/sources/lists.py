"""Pictures named by a text file: a list of paths, a manifest with licences, the partition of CelebA."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from retouch.errors import InputError, unknown_name
from retouch.training.data.sources.files import Entry

_VALIDATION = ("val", "valid", "validation")
_CELEBA_PARTS = ("0", "1")  # training and validation; 2 is the test part


def list_entries(path: Path) -> list[Entry]:
    """List the pictures of a text file with one path a line, in its order.

    Relative paths begin at the file's folder. What follows a tabulator is not read; empty lines are skipped.
    """
    names = [line.partition("\t")[0].strip() for line in _lines(path)]
    return [Entry(name, path.parent / name) for name in names if name]


def find_manifest(root: Path, options: Mapping[str, Any]) -> tuple[list[Entry], list[Entry]]:
    """Return the pictures of a manifest: a CSV file, or manifest.csv in a folder.

    It must have a column "file" with paths below its own folder. The option `licence_class` keeps only rows that have
    it in the column "licence_class". Where there is a column "split", "val" or "validation" is for validation and
    "test" is left out.

    Raises
    ------
    InputError
        If a column is missing, or no row has the licence class.
    """
    path = root / "manifest.csv" if root.is_dir() else root
    rows = list(csv.DictReader(_lines(path)))
    wanted = str(options.get("licence_class", ""))
    needed = ["file", *(["licence_class"] if wanted else [])]
    for column in needed:
        if rows and column not in rows[0]:
            raise InputError(f"{path} must have a column '{column}', got {', '.join(rows[0])}")
    if wanted and not any(row["licence_class"] == wanted for row in rows):
        raise InputError(unknown_name("licence class", wanted, sorted({row["licence_class"] for row in rows})))
    rows = [row for row in rows if not wanted or row["licence_class"] == wanted]
    return _split_rows(rows, path.parent)


def find_celeba(root: Path, options: Mapping[str, Any]) -> tuple[list[Entry], list[Entry]]:
    """Return the training and the validation part of CelebA by its list_eval_partition.txt.

    Raises
    ------
    InputError
        If a line of that file is not a name and 0, 1 or 2.
    """
    parts: dict[str, list[Entry]] = {part: [] for part in _CELEBA_PARTS}
    for line in filter(str.strip, _lines(root / "list_eval_partition.txt")):
        name, _, part = line.strip().rpartition(" ")
        if part not in (*_CELEBA_PARTS, "2") or not name:
            raise InputError(
                f"list_eval_partition.txt must say a name and 0, 1 or 2 on each line, got '{line.strip()}'"
            )
        if part in parts:
            parts[part].append(Entry(f"img_align_celeba/{name.strip()}", root / "img_align_celeba" / name.strip()))
    return parts["0"], parts["1"]


def _split_rows(rows: list[dict[str, str]], folder: Path) -> tuple[list[Entry], list[Entry]]:
    training: list[Entry] = []
    validation: list[Entry] = []
    for row in rows:
        part = row.get("split", "")
        if part != "test":
            (validation if part in _VALIDATION else training).append(Entry(row["file"], folder / row["file"]))
    return training, validation


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the list {path}: {error}; give a text file") from error
