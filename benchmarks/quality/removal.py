"""Object removal where the truth is known: things laid over photographs are clicked on and removed.

Protocol "object shifted": a thing with a true mask is pasted where it never was, so that the ground below is known.
Drawn things are shaded blobs of one colour with grain; cut ones are people of video frames with true masks, where the
shared data is there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

import retouch
from benchmarks.engines import Hole, Pixels
from benchmarks.measuring import Bench
from benchmarks.pictures import photograph
from benchmarks.quality.by_bin import SHARED
from benchmarks.records import Record
from benchmarks.scores import count_changed_known
from retouch.arrays.regions import Box, bounding_box
from retouch.masks.sampler import sample_mask
from retouch.masks.selecting.growing import grow_mask
from retouch.metrics.pixels.psnr import psnr

PICTURES = ("coffee", "chelsea", "rocket", "motorcycle", "astronaut", "camera")
SIZE = (480, 640)
VIDEO = SHARED / "video"
N_CLICKS = 3
ENOUGH_LEFT = 0.05
"""Of the thing: a person who sees less of it left clicks no more."""
FRAMES = (0, 15, 30, 45, 60, 75)
PROTOCOL = """640x480, one thing on each picture, pasted where it never was. Removed by a click in its deepest point; by
three clicks at most, each in the deepest point of what the ones before have left, if that is a twentieth; by its box;
and filled by its true mask, grown as the others are; method auto. PSNR over the pixels that any of the two masks holds.
IoU of the ungrown mask, recall of the grown one. CPU is user and system time of the whole call."""


class Scene(NamedTuple):
    """A picture with a thing, what was there, and where the thing is."""

    shown: Pixels
    truth: Pixels
    thing: Hole
    colours: Pixels


def scenes(limit: int | None) -> Iterator[tuple[str, str, Scene]]:
    """Yield name of the picture, kind of the thing, and the scene."""
    for index, name in enumerate(PICTURES[:limit]):
        truth = photograph(name, *SIZE)
        yield name, "drawn", drawn_on(truth, index)
        if VIDEO.is_dir():
            yield name, "cut", cut_on(truth, index)


def drawn_on(truth: Pixels, index: int) -> Scene:
    """Paste a shaded blob with grain."""
    rng = np.random.default_rng([7, index])
    blob = sample_mask("blob", 160, 160, ratio_bin=(0.25, 0.5), seed=7, index=index)
    colour = rng.uniform(30, 225, 3)
    shade = 1 + 0.25 * np.linspace(-1, 1, 160)[:, None, None]
    painted = (colour * shade + rng.normal(0, 4, (160, 160, 3))).clip(0, 255).astype(np.uint8)
    return _pasted(truth, painted, blob, rng)


def cut_on(truth: Pixels, index: int) -> Scene:
    """Paste the rider or a schoolgirl of a video frame, twice as large."""
    rng = np.random.default_rng([8, index])
    number = FRAMES[index]
    if index % 2:
        frame = np.asarray(Image.open(VIDEO / "bmx-trees" / f"{number:05d}.jpg").convert("RGB"))
        mask = np.asarray(Image.open(VIDEO / "bmx-trees_masks" / f"{number:05d}.png")) > 0
    else:
        frame = _video_frame(VIDEO / "schoolgirls_orig.mp4", number)
        labels = np.asarray(Image.open(VIDEO / "schoolgirls_masks" / f"{number:05d}.png"))
        mask = labels == np.bincount(labels[labels > 0]).argmax()
    frame = cv2.resize(frame, mask.shape[::-1], interpolation=cv2.INTER_AREA)
    box = bounding_box(mask).grown(2, 2, (mask.shape[0], mask.shape[1]))
    size = (2 * box.width, 2 * box.height)
    painted = cv2.resize(frame[box.slices], size, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    where = cv2.resize(mask[box.slices].astype(np.uint8), size, interpolation=cv2.INTER_LINEAR) > 0
    return _pasted(truth, painted, where, rng)


def _video_frame(path: Path, number: int) -> Pixels:
    clip = cv2.VideoCapture(str(path))
    clip.set(cv2.CAP_PROP_POS_FRAMES, number)
    ok, frame = clip.read()
    if not ok:
        raise RuntimeError(f"{path} has no frame {number}")
    return np.ascontiguousarray(frame[:, :, ::-1])


def _pasted(truth: Pixels, painted: Pixels, where: Hole, rng: np.random.Generator) -> Scene:
    """Lay a thing somewhere within the picture, with a border as soft as a lens makes it."""
    painted, where = painted[: SIZE[0] - 20, : SIZE[1] - 20], where[: SIZE[0] - 20, : SIZE[1] - 20]
    height, width = where.shape
    top, left = (int(rng.integers(10, room - own - 9)) for room, own in zip(SIZE, (height, width), strict=True))
    box = Box(top, left, top + height, left + width)
    thing = np.zeros(SIZE, bool)
    thing[box.slices] = where
    alpha = cv2.GaussianBlur(thing.astype(np.float32), (0, 0), 0.7)[:, :, None]
    laid = truth.astype(np.float32)
    laid[box.slices] = painted
    shown = np.rint(truth * (1 - alpha) + laid * alpha).astype(np.uint8)
    return Scene(shown, truth, thing, painted[where])


def measure(scene: Scene) -> dict[str, object]:
    """Remove the thing by clicks and by box, and by its true mask; return the scores of all."""
    clicks = three_clicks(scene)
    true_mask = grow_mask(scene.thing)
    ideal = np.asarray(retouch.fill(scene.shown, true_mask))
    box = bounding_box(scene.thing)
    ways = {
        "click": retouch.Target(at=clicks[:1]),
        "three clicks": retouch.Target(at=clicks),
        "box": retouch.Target(boxes=[box]),
    }
    return {way: _scores(scene, target, ideal, true_mask) for way, target in ways.items()}


def three_clicks(scene: Scene) -> list[tuple[int, int]]:
    """Return clicks (row, col) as a person makes them: in the middle, then in the middle of what is left, twice."""
    clicks: list[tuple[int, int]] = []
    left = scene.thing.copy()
    while left.sum() > ENOUGH_LEFT * scene.thing.sum() and len(clicks) < N_CLICKS:
        deepest = cv2.distanceTransform(left.astype(np.uint8), cv2.DIST_L2, 5)
        row, col = (int(at) for at in np.unravel_index(int(deepest.argmax()), SIZE))
        clicks.append((row, col))
        left &= ~retouch.find_mask(scene.shown, retouch.Target(at=[(row, col)])).mask
        left[row, col] = False  # a click that found nothing is not made twice
    return clicks


def _scores(scene: Scene, target: retouch.Target, ideal: Pixels, true_mask: Hole) -> dict[str, object]:
    started = time.process_time()
    done = retouch.remove(scene.shown, target)
    seconds = time.process_time() - started
    plain = retouch.find_mask(scene.shown, retouch.Target(at=target.at, boxes=target.boxes, grow_px=0)).mask
    judged = done.mask | true_mask
    ours, best = (psnr(scene.truth, result, mask=judged) for result in (done.picture, ideal))
    return {
        "cpu_s": round(seconds, 3),
        "iou": round(float((plain & scene.thing).sum() / (plain | scene.thing).sum()), 3),
        "recall": round(float((done.mask & scene.thing).sum() / scene.thing.sum()), 3),
        "hole_psnr_db": round(ours, 2),
        "true_mask_psnr_db": round(best, 2),
        "left_of_thing": round(left_over(done.picture, scene, judged), 4),
        "changed_known": count_changed_known(scene.shown, done.picture, done.mask),
    }


def left_over(result: Pixels, scene: Scene, judged: Hole) -> float:
    """Return the share of the thing's pixels that still look more like the thing than like what was there."""
    shown, truth, now = (picture[judged & scene.thing].astype(float) for picture in (scene.shown, scene.truth, result))
    apart = np.abs(shown - truth).max(axis=1) > 30
    like_thing = np.linalg.norm(now - shown, axis=1) < 0.25 * np.linalg.norm(now - truth, axis=1)
    return float((like_thing & apart).mean())


def run(bench: Bench) -> None:
    """Measure every case and write the result file."""
    record = Record(bench, "removal", PROTOCOL)
    for name, kind, scene in scenes(1 if bench.quick else None):
        measured = measure(scene)
        for way, scores in measured.items():
            print(f"{name:11} {kind:6} {way:12} {scores}", flush=True)
        record.add(picture=name, thing=kind, area=round(float(scene.thing.mean()), 4), ways=measured)
    record.write()
