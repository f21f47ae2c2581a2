"""`retouch segfill`: read a label map, fill it, write it, tell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.cli.outputs import STREAM, check_not_input, check_writable, write_bytes
from retouch.cli.picture_files import tell
from retouch.errors import InputError, UsageError
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.reading import open_image
from retouch.io.pictures.writing import encode
from retouch.tasks.label_maps.classes import ClassList, class_list
from retouch.tasks.label_maps.files import SUFFIXES, encode_labels, read_labels
from retouch.tasks.label_maps.filling import LEARNED, FilledLabels, fill_labels
from retouch.tasks.label_maps.learned import StreetPrior, learn_prior

_PLAIN = "layout"


@dataclass(frozen=True)
class SegfillOrder:
    """What was typed."""

    labels: str
    out: str
    palette: str
    remove: str | None
    method: str | None
    learn: str | None
    confidence: str | None
    trust: str | None
    seed: int
    max_pixels: int
    overwrite: bool
    json: bool


def run_segfill(order: SegfillOrder) -> None:
    """Carry out the command; what can be refused without reading a pixel is refused first."""
    _check(order)
    classes = class_list(order.palette)
    names = None if order.remove is None else [name for name in order.remove.split(",") if name.strip()]
    classes.ids_of(names or ())
    given = read_labels(order.labels, classes, max_pixels=order.max_pixels)
    filled = fill_labels(
        given.labels,
        classes,
        remove=names,
        method=order.method or (LEARNED if order.learn else _PLAIN),
        confidence=_trust(order),
        prior=_prior(order, classes),
        seed=order.seed,
    )
    data = encode_labels(filled.labels, classes, given.form, Path(order.out).suffix)
    if order.confidence is not None:
        grey = np.round(255 * filled.confidence).astype(np.uint8)
        write_bytes(order.confidence, encode(Picture.from_array(grey), "PNG"))
    write_bytes(order.out, data)
    _tell(order, filled)


def _check(order: SegfillOrder) -> None:
    if order.labels == STREAM or Path(order.out).suffix.lower() not in SUFFIXES:
        raise UsageError(f"label maps are read from a file and written as {' or '.join(SUFFIXES)}, got {order.out}")
    if order.confidence is not None and Path(order.confidence).suffix.lower() != ".png":
        raise UsageError(f"the confidence is written as .png, got {order.confidence}")
    if order.confidence is not None and Path(order.confidence).absolute() == Path(order.out).absolute():
        raise UsageError(f"map and confidence need a file each, got {order.out} for both")
    sources = [order.labels, *(one for one in (order.trust,) if one)]
    check_not_input(order.out, sources[1:] if order.overwrite else sources)
    for out in [order.out, *([order.confidence] if order.confidence else [])]:
        check_writable(out)
    if order.confidence is not None:
        check_not_input(order.confidence, sources)


def _trust(order: SegfillOrder) -> AnyArray | None:
    if order.trust is None:
        return None
    pixels = open_image(order.trust, max_pixels=order.max_pixels).pixels
    if pixels.shape[2] != 1 or pixels.dtype.kind != "u":
        raise InputError(f"--trust must be a grey picture of whole numbers, got {order.trust}")
    return (pixels[:, :, 0] / np.iinfo(pixels.dtype).max).astype(np.float64)


def _prior(order: SegfillOrder, classes: ClassList) -> StreetPrior | None:
    if order.learn is None:
        return None
    folder = Path(order.learn)
    paths = sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise InputError(f"--learn must be a folder of {' or '.join(SUFFIXES)} maps, got none in {order.learn}")
    maps = [read_labels(path, classes, max_pixels=order.max_pixels).labels for path in paths]
    return learn_prior(maps, classes, seed=order.seed)


def _tell(order: SegfillOrder, filled: FilledLabels) -> None:
    report = filled.report
    given = ", ".join(f"{name} {n}" for name, n in sorted(report.given.items(), key=lambda pair: -pair[1]))
    line = f"{report.filled_px} pixels ({report.share:.1%}) filled by {report.method}: {given or 'nothing to remove'}"
    facts = {"labels": order.labels, "out": order.out, "palette": order.palette, **report.to_dict()}
    tell(order.out, () if order.json else (line,), facts if order.json else None)
