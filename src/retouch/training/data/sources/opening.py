"""From the settings of the data to the source: every way in which pictures can lie, in one literal table.

A root that is called "synthetic:NAME" is drawn instead. Layouts other than "folder" know where a published data set
keeps its training pictures; test pictures are never touched. Only where a set has validation pictures apart from its
test pictures are they used as such; elsewhere the stream splits by content.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from retouch.errors import InputError, UsageError, unknown_name
from retouch.training.data.sources.archives import ARCHIVE_SUFFIXES, archive_entries, shard_entries
from retouch.training.data.sources.contract import Source
from retouch.training.data.sources.files import Entry, PictureFiles, folder_entries
from retouch.training.data.sources.lists import find_celeba, find_manifest, list_entries
from retouch.training.recipes.settings import DataSettings

SYNTHETIC = "synthetic:"
_LIST_SUFFIXES = (".txt", ".flist")


class Layout(NamedTuple):
    """How a data set lies on disk.

    `find(root, options)` returns the entries for training and those for validation, none of which leaves the split to
    the stream. `open` is a dotted path "module:function" instead, for sets that are not files of pictures: it is called
    with the settings of the data and returns a source. `options` are the data options that the layout reads.
    """

    name: str
    summary: str
    find: Callable[[Path, Mapping[str, Any]], tuple[list[Entry], list[Entry]]] | None = None
    open: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class OpenedSource:
    """A source, and how many pictures at its end are for validation by the set's own rule."""

    source: Source
    n_validation: int = 0


def _find_folder(root: Path, options: Mapping[str, Any]) -> tuple[list[Entry], list[Entry]]:
    return entries_at(root), []


def _find_places2(root: Path, options: Mapping[str, Any]) -> tuple[list[Entry], list[Entry]]:
    return _below(root, "data_256", "data_large"), []


def _find_celeba_hq(root: Path, options: Mapping[str, Any]) -> tuple[list[Entry], list[Entry]]:
    return _below(root, "CelebA-HQ-img", "data256x256"), []


def _find_paris(root: Path, options: Mapping[str, Any]) -> tuple[list[Entry], list[Entry]]:
    return _below(root, "paris_train_original"), []


def _find_div2k(root: Path, options: Mapping[str, Any]) -> tuple[list[Entry], list[Entry]]:
    return _below(root, "DIV2K_train_HR"), []


LAYOUTS: tuple[Layout, ...] = (
    Layout("folder", "every picture in a folder, an archive, a folder of archives, or a list of paths", _find_folder),
    Layout("places2", "data_256/<letter>/<class>/*.jpg; val_256 is left alone", _find_places2),
    Layout(
        "celeba", "img_align_celeba/*.jpg, split by list_eval_partition.txt; its test part is left alone", find_celeba
    ),
    Layout("celeba_hq", "CelebA-HQ-img/*.jpg or data256x256/*.jpg", _find_celeba_hq),
    Layout("paris", "paris_train_original/*.JPG; paris_eval is left alone", _find_paris),
    Layout("div2k", "DIV2K_train_HR/*.png; DIV2K_valid_HR is left alone", _find_div2k),
    Layout(
        "manifest",
        "manifest.csv with a column 'file'; option licence_class takes one class only",
        find_manifest,
        options=("licence_class",),
    ),
    Layout("svhn", "train_32x32.mat", open="retouch.training.data.tasks.svhn:open_svhn"),
    Layout("cars", "cars_train/*.jpg; cars_test is left alone", open="retouch.training.data.tasks.cars:open_cars"),
)

OPEN_SYNTHETIC = "retouch.training.data.synthetic.listing:open_synthetic"
"""Called with the settings of the data, whose root is "synthetic:NAME"; returns a source."""


def open_source(data: DataSettings) -> OpenedSource:
    """Return the pictures that the settings name.

    Raises
    ------
    UsageError
        If no root is given or there is no such layout.
    InputError
        If the root does not exist, cannot be read or holds no picture.
    """
    if not data.root:
        raise UsageError("there must be pictures to train on, and no root is given; set [data] root or give --data")
    if data.root.startswith(SYNTHETIC):
        return OpenedSource(_call(OPEN_SYNTHETIC, data))
    layout = find_layout(data.layout)
    if layout.find is None:
        return OpenedSource(_call(layout.open, data))
    training, validation = _found(layout, data)
    if not training:
        raise InputError(
            f"there must be at least one picture to train on, got none in {data.root} as layout '{layout.name}' "
            f"({layout.summary}); give another folder or layout"
        )
    return OpenedSource(PictureFiles([*training, *validation], data.channels), len(validation))


def find_layout(name: str) -> Layout:
    """Return the layout of that name.

    Raises
    ------
    UsageError
        If there is none; the nearest name is suggested.

    >>> find_layout("div2k").name
    'div2k'
    """
    for layout in LAYOUTS:
        if layout.name == name:
            return layout
    raise UsageError(unknown_name("layout of data", name, [layout.name for layout in LAYOUTS]))


def entries_at(root: Path) -> list[Entry]:
    """List the pictures of a folder, an archive, a folder that holds archives only, or a list of paths."""
    if not root.exists():
        raise InputError(f"there is nothing at {root}; give a folder, a .zip or .tar file, or a list of paths")
    if root.is_dir():
        return folder_entries(root) or shard_entries(root)
    if root.suffix.lower() in ARCHIVE_SUFFIXES:
        return archive_entries(root)
    if root.suffix.lower() in _LIST_SUFFIXES:
        return list_entries(root)
    raise InputError(f"pictures must lie in a folder, a .zip, a .tar or a .txt list of paths, got {root}")


def _found(layout: Layout, data: DataSettings) -> tuple[list[Entry], list[Entry]]:
    find = layout.find or _find_folder
    try:
        return find(Path(data.root).expanduser(), data.options)
    except OSError as error:
        raise InputError(
            f"cannot read {data.root}: {error.strerror or error}; give a folder that can be read"
        ) from error


def _below(root: Path, *folders: str) -> list[Entry]:
    """List the pictures of the first of some folders that is there; names keep the folder."""
    for folder in folders:
        if (root / folder).is_dir():
            return [entry._replace(name=f"{folder}/{entry.name}") for entry in folder_entries(root / folder)]
    raise InputError(f"{root} must hold a folder {' or '.join(folders)}, got none; give the data set's own folder")


def _call(path: str, data: DataSettings) -> Source:
    module, _, name = path.partition(":")
    source: Source = getattr(importlib.import_module(module), name)(data)
    return source
