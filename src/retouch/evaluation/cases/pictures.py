"""The pictures of an evaluation: a folder or a list, in a fixed order, each known by its hash."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.errors import InputError
from retouch.io.pictures.conversion import in_rgb
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.reading import MAX_PIXELS, open_image

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif", ".heic", ".heif"})
EVALUATION_MARK = "items.jsonl"
"""A folder that holds a file of this name is an evaluation's: the pictures below it are its results."""

_MASK_MARK = "_mask"


@dataclass(frozen=True)
class PictureEntry:
    """One picture of the list.

    Attributes
    ----------
    name : str
        Its path below the folder, with forward slashes: unique within the evaluation.
    path : Path
    sha256 : str
        Of the file.
    alone : bool
        Whether no other picture of the list has the same file name, so that it can be known by that alone.
    """

    name: str
    path: Path
    sha256: str
    alone: bool = True


def list_pictures(source: str | os.PathLike[str], *, limit: int | None = None) -> tuple[PictureEntry, ...]:
    """Return the pictures of a folder and of all folders below it in order of their names, or those of a list.

    Folders of evaluations are left out, so that one that lies among the pictures can go on.

    Parameters
    ----------
    source : path
        A folder; one picture; or a text file (.txt, .flist) with one path a line, relative to it or absolute.
    limit : int or None
        Take only the first so many.

    Raises
    ------
    InputError
        If there is nothing there, or a file of the list is missing.
    """
    place = Path(source)
    if not place.exists():
        raise InputError(f"pictures must be a folder, a picture or a list that exists, got {place}")
    listed = _paths_of(place)
    paths, n_of_stem = listed[:limit], Counter(path.stem for path in listed)
    if not paths:
        raise InputError(f"no picture found in {place}; looked for {', '.join(sorted(SUFFIXES))}")
    top = place if place.is_dir() else Path(os.path.commonpath([path.parent for path in paths]))
    return tuple(
        PictureEntry(_name_below(top, path), path, hash_file(path), n_of_stem[path.stem] == 1) for path in paths
    )


def files_of_folder(folder: Path) -> list[Path]:
    """Return all picture files of a folder and of those below it, sorted by path; hidden ones are left out."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def read_8_bits(path: Path, *, max_pixels: int = MAX_PIXELS) -> AnyArray:
    """Return a file as (H, W, 1 or 3) uint8: deeper values are rounded to 8 bits, alpha is dropped.

    Raises
    ------
    InputError, LimitError
        As `open_image`.
    """
    return to_8_bits(open_image(path, max_pixels=max_pixels))


def read_unit(path: Path, *, max_pixels: int = MAX_PIXELS) -> AnyArray:
    """Return a file as (H, W, 1 or 3) float64 in [0, 1], in all its depth: clipped but not rounded; alpha is dropped.

    Raises
    ------
    InputError, LimitError
        As `open_image`.
    """
    return _to_unit(open_image(path, max_pixels=max_pixels))


def to_8_bits(picture: Picture) -> AnyArray:
    """Return a picture as (H, W, 1 or 3) uint8."""
    pixels = in_rgb(picture).pixels
    if pixels.dtype == np.uint8:
        return pixels
    rounded: AnyArray = np.rint(_to_unit(picture) * 255).astype(np.uint8)
    return rounded


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error


def _to_unit(picture: Picture) -> AnyArray:
    unit = in_rgb(picture).to_float()
    if not np.isfinite(unit).all():
        raise InputError("a picture to compare with must hold finite numbers, got NaN or infinity")
    return np.clip(unit, 0, 1).astype(np.float64)


def _paths_of(place: Path) -> list[Path]:
    if place.is_dir():
        return _without_masks(_without_results(place, files_of_folder(place)))
    if place.suffix.lower() in SUFFIXES:
        return [place]
    try:
        lines = [line.strip() for line in place.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"cannot read {place} as a list of pictures; give a text file (UTF-8) with one path a line"
        ) from error
    paths = [_path_of_line(place.parent, line) for line in lines if line and not line.startswith("#")]
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        raise InputError(
            f"{len(missing)} of the {len(paths)} pictures in {place} do not exist, the first: {missing[0]}"
        )
    return paths


def _path_of_line(folder: Path, line: str) -> Path:
    """Return the path of a line: all of it if there is such a file, else its first column, as masks may follow."""
    whole = folder / line
    return whole if whole.is_file() else folder / line.split(maxsplit=1)[0]


def _without_results(folder: Path, paths: Sequence[Path]) -> list[Path]:
    evaluations = {mark.parent for mark in folder.rglob(EVALUATION_MARK)} - {folder}
    return [path for path in paths if evaluations.isdisjoint(path.parents)]


def _without_masks(paths: Sequence[Path]) -> list[Path]:
    """Leave out NAME_mask.png and the like where the picture that they belong to lies beside them."""
    stems = {path.parent / path.stem for path in paths}
    return [path for path in paths if path.parent / path.stem.partition(_MASK_MARK)[0] not in stems - {_own(path)}]


def _own(path: Path) -> Path:
    return path.parent / path.stem


def _name_below(top: Path, path: Path) -> str:
    try:
        return path.relative_to(top).as_posix()
    except ValueError:
        return path.as_posix()
