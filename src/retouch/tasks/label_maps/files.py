"""Label maps in files: a picture in the colours of a palette, a grey picture of ids, or npz of ids or one-hot planes.

A picture of colours is held against the palette exactly: a colour that is not in it is an error, never rounded.
"""

from __future__ import annotations

import io
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import UInt8

from retouch.arrays.types import AnyArray
from retouch.errors import InputError, UsageError
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.reading import MAX_PIXELS, open_image
from retouch.io.pictures.writing import encode
from retouch.io.wording import fault, shown
from retouch.tasks.label_maps.classes import ClassList

Form: TypeAlias = Literal["ids", "colours", "one-hot"]
Labels: TypeAlias = UInt8[np.ndarray, "H W"]
SUFFIXES = (".png", ".npz")


@dataclass(frozen=True)
class LabelFile:
    """A label map, (H, W) uint8 of ids, and how its file held them."""

    labels: Labels
    form: Form


def read_labels(path: str | os.PathLike[str], classes: ClassList, *, max_pixels: int = MAX_PIXELS) -> LabelFile:
    """Read a label map and check every pixel of it.

    Parameters
    ----------
    path : path
        `.npz` with one array: (H, W) whole numbers are ids, (H, W, C) are one-hot planes in the order of `classes`.
        Anything else is a picture: grey values are ids, colours are those of `classes`.
    classes : ClassList
    max_pixels : int
        Larger maps are refused.

    Raises
    ------
    InputError, LimitError
        As `open_image`; also if an id or a colour is not one of `classes`, or planes are not one-hot.
    """
    if Path(path).suffix.lower() == ".npz":
        return _from_npz(Path(path), classes)
    pixels = _opaque(open_image(path, max_pixels=max_pixels), path)
    if pixels.dtype.kind != "u":
        raise InputError(f"a label map must hold whole numbers, but {shown(path)} holds {pixels.dtype}")
    if pixels.shape[2] == 1:
        return LabelFile(checked_ids(pixels[:, :, 0], classes), "ids")
    return LabelFile(_ids_of_colours(pixels, classes), "colours")


def encode_labels(labels: Labels, classes: ClassList, form: Form, suffix: str) -> bytes:
    """Return the bytes of a file that `read_labels` reads back to the same map.

    Raises
    ------
    UsageError
        If the suffix is none of `SUFFIXES`. Colours go into npz as ids, one-hot planes into PNG as ids.
    """
    if suffix.lower() not in SUFFIXES:
        raise UsageError(f"label maps are written as {' or '.join(SUFFIXES)}, got '{suffix}'; name the output so")
    if suffix.lower() == ".png":
        pixels = colours_of(labels, classes) if form == "colours" else labels[:, :, None]
        return encode(Picture.from_array(pixels), "PNG")
    file = io.BytesIO()
    np.savez_compressed(file, labels=one_hot(labels, classes) if form == "one-hot" else labels)
    return file.getvalue()


def checked_ids(labels: AnyArray, classes: ClassList) -> Labels:
    """Return the map as uint8 if every id is one of the classes.

    Raises
    ------
    InputError
        If it is no (H, W) map of whole numbers, or holds other ids; the first of them is placed.
    """
    if labels.ndim != 2 or labels.dtype.kind not in "iu" or not labels.size:  # noqa: PLR2004 - rows and columns
        raise InputError(f"a label map must be (H, W) whole numbers, got {labels.dtype} of shape {labels.shape}")
    unlisted = ~np.isin(labels, classes.ids)
    if unlisted.any():
        row, col = np.argwhere(unlisted)[0]
        ids = np.unique(labels[unlisted])
        raise InputError(
            f"ids must be those of {classes.name} ({', '.join(map(str, sorted(classes.ids)))}), got "
            f"{', '.join(map(str, ids[:5]))}{', ...' if ids.size > 5 else ''} in {int(unlisted.sum())} pixels, "  # noqa: PLR2004
            f"the first at x={col}, y={row}; name the right palette, or a file of classes"
        )
    return labels.astype(np.uint8)


def one_hot(labels: Labels, classes: ClassList) -> UInt8[np.ndarray, "H W C"]:
    """Return one plane for each class, in the order of the list: 1 where a pixel is of it."""
    planes: AnyArray = labels[:, :, None] == np.array(classes.ids)
    return planes.astype(np.uint8)


def colours_of(labels: Labels, classes: ClassList) -> UInt8[np.ndarray, "H W 3"]:
    """Return the map in the colours of its classes."""
    table = np.zeros((256, 3), np.uint8)
    table[list(classes.ids)] = [one.colour for one in classes.classes]
    colours: AnyArray = table[labels]
    return colours


def _ids_of_colours(pixels: AnyArray, classes: ClassList) -> Labels:
    codes = _packed(pixels)
    listed = _packed(np.array([one.colour for one in classes.classes]))
    table = dict(zip(listed.tolist()[::-1], classes.ids[::-1], strict=True))
    found, places = np.unique(codes, return_inverse=True)
    unlisted = np.isin(codes, list(table), invert=True)
    if unlisted.any():
        row, col = np.argwhere(unlisted)[0]
        red, green, blue = pixels[row, col]
        raise InputError(
            f"colours must be those of the palette {classes.name}, but {unlisted.mean():.1%} of the pixels are not, "
            f"such as ({red}, {green}, {blue}) at x={col}, y={row}; name the right palette, and do not resize or "
            "compress label maps as photographs"
        )
    ids = np.array([table[int(code)] for code in found], np.uint8)
    return ids[places].reshape(codes.shape)


def _packed(colours: AnyArray) -> AnyArray:
    codes: AnyArray = colours.astype(np.int64) @ np.array([1 << 32, 1 << 16, 1])  # wide enough for 16-bit colours
    return codes


def _opaque(picture: Picture, path: str | os.PathLike[str]) -> AnyArray:
    if picture.alpha is not None and picture.alpha.min() < picture.alpha.max():
        raise InputError(f"a label map must not be transparent in places, but {shown(path)} is; flatten it")
    return picture.pixels


def _from_npz(path: Path, classes: ClassList) -> LabelFile:
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = [archive[name] for name in archive.files]
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"cannot read {shown(path)}: {fault(error)}; give an npz of one array") from error
    if len(arrays) != 1:
        raise InputError(f"an npz of labels must hold one array, but {shown(path)} holds {len(arrays)}")
    array = arrays[0]
    if array.ndim == 2:  # noqa: PLR2004 - a plane of ids
        return LabelFile(checked_ids(array, classes), "ids")
    if array.ndim != 3 or array.shape[2] != len(classes.ids):  # noqa: PLR2004 - planes
        raise InputError(
            f"one-hot planes must be (H, W, {len(classes.ids)}) for {classes.name}, but {shown(path)} is {array.shape}"
        )
    if not (np.isin(array, (0, 1)).all() and (array.sum(axis=2) == 1).all()):
        raise InputError(f"one-hot planes must hold a single 1 at each pixel, which {shown(path)} does not")
    return LabelFile(np.array(classes.ids, np.uint8)[array.argmax(axis=2)], "one-hot")
