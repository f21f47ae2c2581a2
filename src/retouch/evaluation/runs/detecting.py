"""An exported detector on a folder in the layout of VOC: `python -m retouch.evaluation.runs.detecting NET.onnx ROOT`.

The measures are those of `retouch.metrics.labels.average_precision`. Beside its figures a run can write both sides as
JSON, which `retouch compare truth.json found.json --metrics voc_map,coco_map` measures again.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.errors import InputError, RetouchError
from retouch.evaluation.cases.pictures import read_unit
from retouch.io.atomic import atomic_write
from retouch.metrics.labels.average_precision import CocoScores, coco_map, voc_map
from retouch.metrics.labels.detections import Detections, Objects
from retouch.metrics.labels.voc_files import VOC_CLASSES, objects_of, picture_path, read_annotation, read_split
from retouch.runtime.segmenters.ssd_detector import SsdDetector, open_ssd

TRUTH, FOUND = "truth.json", "found.json"
_TO_FILES = [1, 0, 3, 2]  # (top, left, bottom, right) to (left, top, right, bottom)


class Judged(NamedTuple):
    """What a detector did on a set.

    Attributes
    ----------
    voc07, voc10 : float, 0 to 1
        VOC's mean average precision at an overlap of 0.5 (AP50), at eleven recalls, and under the whole curve.
    coco : CocoScores
    truth, found : lists of Objects and Detections
        One of each for each picture.
    """

    voc07: float
    voc10: float
    coco: CocoScores
    truth: list[Objects]
    found: list[Detections]


def judge_detector(
    detector: SsdDetector,
    root: str | os.PathLike[str],
    *,
    split: str = "test",
    progress: Callable[[int, int], None] | None = None,
) -> Judged:
    """Run a detector over the pictures of a list and measure what it found.

    Parameters
    ----------
    detector : SsdDetector
        With labels: they say which class is which.
    root : path
        A year of VOC, with JPEGImages, Annotations and ImageSets/Main.
    split : str
        Name of a list in ImageSets/Main.
    progress : callable, optional
        Called as (done, total).

    Returns
    -------
    Judged

    Raises
    ------
    InputError
        If the detector has no labels, the folder is not in VOC's layout, or nothing in it is of the detector's classes.

    Notes
    -----
    Costs a run of the network for each picture; boxes of all pictures are kept in memory, pictures are not.
    """
    if not detector.labels:
        raise InputError("a detector needs the names of its classes to be judged; open it with labels")
    folder = Path(root)
    names = read_split(folder, split)
    truth: list[Objects] = []
    found: list[Detections] = []
    for number, name in enumerate(names):
        truth.append(objects_of(read_annotation(folder / "Annotations" / f"{name}.xml"), detector.labels))
        picture = read_unit(picture_path(folder, name)).astype(np.float32)
        found.append(Detections(*detector.find(picture)))
        if progress is not None:
            progress(number + 1, len(names))
    return Judged(
        voc_map(truth, found, style="07"), voc_map(truth, found, style="10"), coco_map(truth, found), truth, found
    )


def write_sides(judged: Judged, folder: str | os.PathLike[str]) -> None:
    """Write truth.json and found.json into a folder, in the form of `retouch.metrics.labels.label_files`.

    Raises
    ------
    FileError
        If they cannot be written.
    """
    for name, pictures in ((TRUTH, judged.truth), (FOUND, judged.found)):
        entries = [_entry(picture) for picture in pictures]
        atomic_write(Path(folder) / name, json.dumps(entries).encode())


def _entry(picture: Objects | Detections) -> dict[str, list[Any]]:
    """Return one picture's boxes as files have them."""
    boxes: AnyArray = picture.regions[:, _TO_FILES]
    entry: dict[str, list[Any]] = {"boxes": boxes.tolist(), "labels": picture.labels.tolist()}
    if isinstance(picture, Detections):
        return {**entry, "scores": picture.scores.tolist()}
    return entry if picture.ignored is None else {**entry, "ignored": picture.ignored.tolist()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, judge, and write the figures as JSON to standard output."""
    parser = argparse.ArgumentParser(prog="python -m retouch.evaluation.runs.detecting", description=main.__doc__)
    parser.add_argument("net", help="of retouch export ssd, fssd or mpssd")
    parser.add_argument("root", help="a year of VOC")
    parser.add_argument("--split", default="test", help="a list in ImageSets/Main")
    parser.add_argument("--labels", default=",".join(VOC_CLASSES), help="class names with commas; VOC's by default")
    parser.add_argument("-o", "--out", help="a folder for truth.json and found.json")
    given = parser.parse_args(arguments)
    try:
        judged = judge_detector(open_ssd(given.net, given.labels.split(",")), given.root, split=given.split)
        if given.out:
            write_sides(judged, given.out)
    except RetouchError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    figures = {"VOC07": judged.voc07, "VOC10": judged.voc10, **judged.coco._asdict()}
    rounded = {name: None if np.isnan(value) else round(value, 4) for name, value in figures.items()}
    sys.stdout.write(json.dumps(rounded) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
