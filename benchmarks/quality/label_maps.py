"""Fills of label maps: how many pixels of the hole get their true class, for each method.

Three sets: drawn streets, whose truth behind people and cars is known; CamVid and Cityscapes maps under the moving
things of another map, counted where a static class was hidden. The accuracy is that of each hole, averaged over maps;
the others are over all pixels. `learned` learns from maps that are not tested. Holes fill 0.1 % of a map and more.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from PIL import Image as PilImage

from benchmarks.measuring import ROOT, Bench
from benchmarks.records import Record
from retouch.arrays.types import AnyArray
from retouch.metrics.labels.pixel_accuracy import class_recall, confusion_matrix, mean_iou, mean_pixel_accuracy
from retouch.tasks.label_maps.classes import CAMVID, CITYSCAPES, STREETS, ClassList
from retouch.tasks.label_maps.filling import METHODS, SPREADING, fill_labels
from retouch.tasks.label_maps.learned import StreetPrior, learn_prior
from retouch.training.data.synthetic.pictures.scenes import draw_scene

SHARED = ROOT.parent / "shared" / "data"
STREET_SIZE = (128, 256)
TIMED_SIZE = (600, 800)
N_CLASSES = 256
LEAST_SHARE = 1e-3


class Case(NamedTuple):
    """A map as it is filled, the truth, and the pixels that count."""

    shown: AnyArray
    truth: AnyArray
    counted: AnyArray


class Set(NamedTuple):
    """Cases of one kind, and the maps to learn from."""

    name: str
    classes: ClassList
    cases: list[Case]
    lessons: list[AnyArray]


def run(bench: Bench) -> None:
    """Score every method on every set that is there, and time it on one drawn street of 800x600."""
    record = Record(bench, "quality-label-maps", __doc__ or "")
    seconds = _seconds(bench)
    for one in _sets(bench):
        prior = learn_prior(one.lessons, one.classes)
        for method in METHODS:
            row = {"set": one.name, "method": method, **score(one, method, prior), "cpu_s_800x600": seconds[method]}
            record.add(**row)
            print(f"  {one.name:12} {method:14} {row['hole_accuracy']:.4f}  {seconds[method]:.2f} s", flush=True)
    record.write()


def score(one: Set, method: str, prior: StreetPrior) -> dict[str, Any]:
    """Return the accuracy in the hole, its mean over classes, and mean IoU, 0 to 1."""
    matrix, triples = np.zeros((N_CLASSES, N_CLASSES), np.int64), []
    for case in one.cases:
        found = _filled(case.shown, one.classes, method, prior)
        matrix += confusion_matrix(case.truth, found, N_CLASSES, mask=case.counted)
        triples.append((case.truth, found, case.counted))
    accuracy = mean_pixel_accuracy(triples)
    facts = {"hole_accuracy": accuracy.mean, "class_accuracy": float(np.nanmean(class_recall(matrix)))}
    return {**{name: round(value, 4) for name, value in facts.items()}, "iou": round(mean_iou(matrix), 4)} | {
        "n_maps": accuracy.n
    }


def _filled(shown: AnyArray, classes: ClassList, method: str, prior: StreetPrior) -> AnyArray:
    return fill_labels(shown, classes, method=method, prior=None if method in SPREADING else prior).labels


def _sets(bench: Bench) -> Iterator[Set]:
    yield street_set(8 if bench.quick else 60)
    n_tests, n_lessons = (4, 4) if bench.quick else (20, 40)
    test, train = SHARED / "camvid-labels" / "testannot", SHARED / "camvid-labels" / "trainannot"
    if test.is_dir():
        yield Set("camvid", CAMVID, covered(_spread(test, n_tests), CAMVID), _spread(train, n_lessons))
    cities = SHARED / "cityscapes-labels"
    if cities.is_dir():
        maps = [_quartered(labels) for labels in _spread(cities, 23)]
        yield Set("cityscapes", CITYSCAPES, covered(maps[8:], CITYSCAPES), maps[:8])


def street_set(n: int) -> Set:
    """Return drawn streets, and as many others to learn from."""
    drawn = [draw_scene(*STREET_SIZE, np.random.default_rng(seed)) for seed in range(2 * n)]
    cases = [
        Case(one["labels"], one["static_labels"], one["labels"] != one["static_labels"])
        for one in drawn[:n]
        if (one["labels"] != one["static_labels"]).mean() >= LEAST_SHARE
    ]
    return Set("streets", STREETS, cases, [one["labels"] for one in drawn[n:]])


def covered(maps: Sequence[AnyArray], classes: ClassList) -> list[Case]:
    """Lay the moving things of the map half the list further over each map."""
    cases = []
    for number, truth in enumerate(maps):
        other = maps[(number + len(maps) // 2) % len(maps)]
        moving = ~np.isin(other, classes.static_ids)
        counted = moving & np.isin(truth, classes.static_ids)
        if counted.mean() >= LEAST_SHARE:
            cases.append(Case(np.where(moving, other, truth), truth, counted))
    return cases


def _spread(folder: Path, n: int) -> list[AnyArray]:
    """Return some maps, evenly spread over the folder."""
    paths = sorted(folder.glob("*.png"))
    chosen = np.unique(np.linspace(0, len(paths) - 1, n).round().astype(int))
    return [np.asarray(PilImage.open(paths[place])) for place in chosen]


def _quartered(labels: AnyArray) -> AnyArray:
    return cv2.resize(labels, (labels.shape[1] // 4, labels.shape[0] // 4), interpolation=cv2.INTER_NEAREST)


def _seconds(bench: Bench) -> dict[str, float]:
    """Return processor seconds for a street of 800x600, the least of two runs: the first may compile."""
    height, width = (side // 4 for side in TIMED_SIZE) if bench.quick else TIMED_SIZE
    street = draw_scene(height, width, np.random.default_rng(1))["labels"]
    prior = learn_prior([draw_scene(*STREET_SIZE, np.random.default_rng(seed))["labels"] for seed in range(8)], STREETS)
    seconds = {}
    for method in METHODS:
        runs = []
        for _ in range(2):
            start = time.process_time()
            _filled(street, STREETS, method, prior)
            runs.append(time.process_time() - start)
        seconds[method] = round(min(runs), 3)
    return seconds
