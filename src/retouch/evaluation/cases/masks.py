"""Where masks come from: a family that draws them, a library such as the NVIDIA test masks, or one for each picture.

brush             a family of `retouch mask-make`: mask i for picture i, by seed and bin
nvidia:FOLDER     a library of masks, resized to the picture by the nearest pixel; bin by share of missing pixels, or by
                  number where it is the whole set of 12,000; mask i (modulo their number) for picture i
pairs:FOLDER      the mask of each picture by its name: NAME.png, NAME_mask.png or NAME_mask000.png; never resized
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from retouch.errors import InputError, RetouchError, UsageError
from retouch.evaluation.cases.pictures import PictureEntry, files_of_folder
from retouch.io.pictures.mask_files import read_mask
from retouch.masks.families import find_family
from retouch.masks.sampler import NVIDIA_BINS

FAMILY, NVIDIA, PAIRS = "family", "nvidia", "pairs"
_WHOLE_NVIDIA_SET, _NVIDIA_BIN_SIZE = 12_000, 2_000

Bin = tuple[float, float]


@dataclass(frozen=True)
class MaskSource:
    """One source of masks.

    Attributes
    ----------
    kind : str
        "family", "nvidia" or "pairs".
    name : str
        Of the family; else of the kind.
    folder : Path or None
    """

    kind: str
    name: str
    folder: Path | None = None

    @property
    def fits_any_size(self) -> bool:
        """Whether masks are made for, or resized to, the size of the picture."""
        return self.kind != PAIRS


def parse_mask_source(text: str) -> MaskSource:
    """Read a source as it is typed.

    Raises
    ------
    InputError
        If the family is unknown or the folder is missing.
    UsageError
        If the kind is unknown.

    >>> parse_mask_source("brush").kind
    'family'
    """
    kind, colon, place = text.partition(":")
    if not colon:
        return MaskSource(FAMILY, find_family(text).name)
    if kind not in (NVIDIA, PAIRS):
        raise UsageError(f"masks must be a family, {NVIDIA}:FOLDER or {PAIRS}:FOLDER, got '{text}'")
    folder = Path(place)
    if not folder.is_dir():
        raise InputError(f"masks must lie in a folder that exists, got {folder}")
    return MaskSource(kind, kind, folder)


def list_library(folder: Path, ratio_bin: Bin | None) -> tuple[Path, ...]:
    """Return the masks of a library that lie in a bin, in the order of their names.

    Raises
    ------
    InputError
        If there is none.
    """
    files = _library_files(folder)
    if ratio_bin is None:
        return files
    if len(files) == _WHOLE_NVIDIA_SET and ratio_bin in NVIDIA_BINS:
        first = NVIDIA_BINS.index(ratio_bin) * _NVIDIA_BIN_SIZE
        return files[first : first + _NVIDIA_BIN_SIZE]
    ratios = _library_ratios(folder)
    chosen = tuple(file for file in files if ratio_bin[0] < ratios[file] <= ratio_bin[1])
    if not chosen:
        raise InputError(f"no mask in {folder} has a share of missing pixels in the bin {ratio_bin}")
    return chosen


def pair_masks(folder: Path, entries: Sequence[PictureEntry]) -> Mapping[str, Path]:
    """Return the mask file of each picture, by the picture's name; pictures without one are left out.

    A mask in the same place below `folder` as the picture below its own comes first; one that lies elsewhere is taken
    by its file name alone, where neither another mask nor another picture has that name.
    """
    pictures = {entry.path.resolve() for entry in entries}
    files = [file for file in files_of_folder(folder) if file.resolve() not in pictures]
    by_place: dict[Path, Path] = {}
    by_stem: dict[str, Path | None] = {}  # None where several have the name
    for file in files:
        by_place.setdefault(file.relative_to(folder).with_suffix(""), file)
        by_stem[file.stem] = None if file.stem in by_stem else file
    found = {}
    for entry in entries:
        stem, place = entry.path.stem, Path(entry.name).parent
        names = f"{stem}_mask", f"{stem}_mask000", stem
        masks = [by_place.get(place / name) for name in names]
        masks += [by_stem.get(name) for name in names if entry.alone]
        mask = next((mask for mask in masks if mask is not None), None)
        if mask is not None:
            found[entry.name] = mask
    return found


def in_bin(file: Path, ratio_bin: Bin | None) -> bool:
    """Whether a mask file's share of missing pixels lies in the bin; an unreadable one does, so that it is reported."""
    if ratio_bin is None:
        return True
    try:
        ratio = float(np.mean(read_mask(file)))
    except RetouchError:
        return True
    return ratio_bin[0] < ratio <= ratio_bin[1]


@cache
def _library_files(folder: Path) -> tuple[Path, ...]:
    files = tuple(files_of_folder(folder))
    if not files:
        raise InputError(f"no mask found in {folder}")
    return files


@cache
def _library_ratios(folder: Path) -> Mapping[Path, float]:
    return {file: float(np.mean(read_mask(file))) for file in _library_files(folder)}
