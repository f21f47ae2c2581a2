"""From a folder of pictures to items: the tree walked in a fixed order, each picture with its mask.

Masks lie in another folder (the same place and stem, or the stem and `_mask`; failing that, the same stem at its top),
beside the picture by a pattern in which NAME is the picture's stem, or are one file for all.
"""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from retouch.errors import InputError, UsageError
from retouch.io.pictures.writing import SUFFIXES
from retouch.io.wording import fault
from retouch.jobs.planning.items import Item, Plan, check_needs
from retouch.jobs.planning.settings import Settings

PLACEHOLDER = "NAME"
_READ_ONLY_SUFFIXES = (".heic", ".heif")
_MASK_END = "_mask"


def plan_folder(source: Path, out: Path, masks: str | None, settings: Settings) -> Plan:
    """Return the items of a folder, or of a single picture.

    Parameters
    ----------
    source : Path
        A folder, walked to its leaves, or one picture. Hidden files and folders are passed over, and so is `out`.
    out : Path
        Where the outputs go.
    masks : str or None
        A folder, a pattern with NAME or a star, or a file.
    settings : Settings
        Of all items.

    Raises
    ------
    UsageError
        If the task and the masks do not fit, or the masks are nowhere.
    InputError
        If `source` does not exist, cannot be listed or holds no picture.
    """
    check_needs(settings, has_mask=masks is not None)
    left_out: Counter[str] = Counter()
    root = source if source.is_dir() else source.parent
    pictures = list(_pictures(source, out, left_out))
    pairing = Pairing(root, masks)
    matched = [(picture, *pairing.mask_of(picture)) for picture in pictures]
    used = {mask for _, mask, _ in matched if mask}
    items = tuple(
        Item(picture.relative_to(root).as_posix(), _absolute(picture), mask, settings, problem)
        for picture, mask, problem in matched
        if _absolute(picture) not in used
    )
    if not items:
        raise InputError(f"{source} holds no picture; known suffixes: {', '.join(SUFFIXES)}")
    return Plan(items, dict(left_out))


def is_picture_name(name: str) -> bool:
    """Whether the suffix is that of a picture."""
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122 - called for each of many thousand names
    return suffix in SUFFIXES or suffix in _READ_ONLY_SUFFIXES


class Pairing:
    """Finds the mask of each picture under a root.

    Raises
    ------
    UsageError
        If `masks` is neither a folder nor a file nor a pattern.
    """

    def __init__(self, root: Path, masks: str | None) -> None:
        self._root = root
        self._masks = masks
        self._is_pattern = masks is not None and not Path(masks).exists()
        if masks is not None and self._is_pattern and PLACEHOLDER not in masks and "*" not in masks:
            raise UsageError(
                f"masks must be a folder, a file or a pattern such as {PLACEHOLDER}_mask*, and there is no {masks}"
            )
        self._listed: dict[Path, dict[str, list[str]]] = {}

    def mask_of(self, picture: Path) -> tuple[str | None, str]:
        """Return the mask of a picture, and why there is none where one was wanted."""
        if self._masks is None:
            return None, ""
        if self._is_pattern:
            found, where = self._by_pattern(picture, self._masks), f"by the pattern {self._masks}"
        elif Path(self._masks).is_dir():
            found, where = self._by_stem(picture, Path(self._masks)), f"named {picture.stem} in {self._masks}"
        else:
            return _absolute(Path(self._masks)), ""
        if len(found) == 1:
            return _absolute(Path(found[0])), ""
        first = " and ".join(Path(mask).name for mask in found[:2])
        given = f"{len(found)} were found, such as {first}" if found else "no mask was found"
        return None, f"there must be one mask {where}, and {given}"

    def _by_pattern(self, picture: Path, pattern: str) -> list[str]:
        stem = glob.escape(picture.stem)
        wanted = pattern.replace(PLACEHOLDER, stem) if PLACEHOLDER in pattern else pattern.replace("*", stem, 1)
        matches = glob.glob(os.path.join(glob.escape(str(picture.parent)), wanted))  # noqa: PTH118, PTH207 - escaped
        return sorted(match for match in matches if is_picture_name(match) and Path(match) != picture)

    def _by_stem(self, picture: Path, masks: Path) -> list[str]:
        mirrored = masks / picture.parent.relative_to(self._root)
        for folder in dict.fromkeys((mirrored, masks)):
            listed = self._listing(folder)
            found = listed.get(picture.stem, []) or listed.get(picture.stem + _MASK_END, [])
            if found:
                return found
        return []

    def _listing(self, folder: Path) -> dict[str, list[str]]:
        """Return the pictures of a folder by stem; read once, for a look at the disk for each of many is slow."""
        if folder not in self._listed:
            by_stem: dict[str, list[str]] = {}
            for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
                if is_picture_name(entry.name):
                    by_stem.setdefault(entry.stem, []).append(str(entry))
            self._listed[folder] = by_stem
        return self._listed[folder]


def _pictures(source: Path, out: Path, left_out: Counter[str]) -> Iterator[Path]:
    """Yield pictures in the order of their paths; count what is none."""
    if not source.exists():
        raise InputError(f"there is no {source}; give a folder of pictures or one picture")
    if not source.is_dir():
        yield source
        return
    skipped = os.path.realpath(out)
    for folder, folders, files in os.walk(source, onerror=_cannot_list):
        folders[:] = sorted(
            name for name in folders if name[0] != "." and os.path.realpath(Path(folder, name)) != skipped
        )
        for name in sorted(files):
            if name[0] == ".":
                continue
            if is_picture_name(name):
                yield Path(folder, name)
            else:
                left_out[Path(name).suffix.lower() or "no suffix"] += 1


def _cannot_list(error: OSError) -> None:
    raise InputError(f"cannot list {error.filename}: {fault(error)}; make it readable or leave it out") from error


def _absolute(path: Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100 - keeps symbolic links, and is quick
