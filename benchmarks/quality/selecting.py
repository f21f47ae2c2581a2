"""Clicks and boxes on frames of two clips with true masks: ours, with and without the network, and cv2.grabCut.

The frames may not be published, so only scores are kept; `scratch/selecting` holds sheets with masks drawn over them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image as PillowImage

from benchmarks.measuring import ROOT, Bench
from benchmarks.quality.by_bin import SHARED
from benchmarks.records import Record
from retouch.arrays.regions import Box, bounding_box, hole_depth
from retouch.arrays.types import Image, Mask
from retouch.masks.selecting.growing import grow_mask
from retouch.masks.selecting.pointing import segment_at, segment_box
from retouch.runtime.segmenters.clicked_network import segment_clicked

VIDEO = SHARED / "video"
SCRATCH = ROOT / "scratch" / "selecting"
EVERY, N_FRAMES = 10, 80
LEAST_PIXELS = 200
HALF = 127
TIMED_SIZE = (640, 480)
GIRLS = ((1,), (2, 3), (4, 5), (6, 7))
"""Labels of the schoolgirls' masks that are one thing: a girl and the bag that she carries."""
PROTOCOL = f"""Every {EVERY}th frame of schoolgirls (four girls, each with her bag) and of bmx-trees (rider and
bicycle), 432x240; things of {LEAST_PIXELS} pixels or more. The click is at the pixel of the thing that is furthest from
its border, the box is the bounding box. Overlap is intersection over union; recall is the share of the true mask that
the result covers after grow_mask. cv2.grabCut: 5 rounds from the same box, all inside probably thing. CPU seconds of
this process, a second call, on the first frame of schoolgirls resized to 640x480."""


class Thing(NamedTuple):
    """A thing in a frame, and how it is pointed at."""

    clip: str
    name: str
    image: Image
    truth: Mask

    @property
    def point(self) -> tuple[int, int]:
        """The pixel furthest from the border."""
        row, col = np.unravel_index(hole_depth(self.truth).argmax(), self.truth.shape)
        return int(row), int(col)

    @property
    def box(self) -> Box:
        """Around it."""
        return bounding_box(self.truth)


def grab_cut(image: Image, box: Box) -> Mask:
    """Return what OpenCV's GrabCut makes of a box."""
    labels = np.full(image.shape[:2], cv2.GC_BGD, np.uint8)
    labels[box.slices] = cv2.GC_PR_FGD
    pixels = np.ascontiguousarray(np.rint(255 * image[..., ::-1]).astype(np.uint8))
    ground, front = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    cv2.grabCut(pixels, labels, (0, 0, 1, 1), ground, front, 5, cv2.GC_INIT_WITH_MASK)
    mask: Mask = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    return mask


CONTENDERS: dict[str, tuple[str, Callable[[Thing], Mask]]] = {
    "segment_at": ("click", lambda thing: segment_at(thing.image, [thing.point]).mask),
    "network": ("click", lambda thing: segment_clicked(thing.image, [thing.point]).mask),
    "segment_box": ("box", lambda thing: segment_box(thing.image, thing.box).mask),
    "network_box": ("box", lambda thing: segment_clicked(thing.image, [], [], thing.box).mask),
    "cv2.grabCut": ("box", lambda thing: grab_cut(thing.image, thing.box)),
}


def run(bench: Bench) -> None:
    """Score every contender on every thing, draw the sheets and write the result file."""
    if not VIDEO.is_dir():
        print(f"skipped: {VIDEO} absent")
        return
    things = list(read_things())[: 4 if bench.quick else None]
    record = Record(bench, "selecting", PROTOCOL)
    SCRATCH.mkdir(parents=True, exist_ok=True)
    for name, (prompt, select) in CONTENDERS.items():
        masks = [select(thing) for thing in things]
        draw_sheet(SCRATCH / f"{name}.png", things, masks)
        seconds = cpu_seconds(select, things[0])
        for clip in dict.fromkeys(thing.clip for thing in things):
            pairs = [(m, t.truth) for m, t in zip(masks, things, strict=True) if t.clip == clip]
            scores = {
                "overlap": round(float(np.mean([overlap(*pair) for pair in pairs])), 4),
                "recall": round(float(np.mean([recall(*pair) for pair in pairs])), 4),
            }
            print(f"{clip} {prompt} {name}: {scores}, {seconds:.2f} s", flush=True)
            record.add(clip=clip, n=len(pairs), prompt=prompt, engine=name, cpu_s=round(seconds, 3), **scores)
    record.write()


def read_things() -> Iterator[Thing]:
    """Read the things of both clips."""
    for number, frame in enumerate(read_frames(VIDEO / "schoolgirls_orig.mp4")):
        labels = np.array(PillowImage.open(VIDEO / "schoolgirls_masks" / f"{number * EVERY:05d}.png"))
        for girl, numbers in enumerate(GIRLS):
            truth = np.isin(labels, numbers)
            if np.count_nonzero(truth) >= LEAST_PIXELS:
                yield Thing("schoolgirls", f"frame {number * EVERY}, girl {girl}", frame, truth)
    for number in range(0, N_FRAMES, EVERY):
        frame = np.array(PillowImage.open(VIDEO / "bmx-trees" / f"{number:05d}.jpg").convert("RGB"))
        truth = np.array(PillowImage.open(VIDEO / "bmx-trees_masks" / f"{number:05d}.png").convert("L")) > HALF
        if np.count_nonzero(truth) >= LEAST_PIXELS:
            yield Thing("bmx-trees", f"frame {number}", to_image(frame), truth)


def read_frames(path: Path) -> Iterator[Image]:
    """Read every tenth frame of a clip."""
    clip = cv2.VideoCapture(str(path))
    for number in range(N_FRAMES):
        is_there, frame = clip.read()
        if not is_there:
            return
        if number % EVERY == 0:
            yield to_image(frame[..., ::-1])


def to_image(frame: np.ndarray) -> Image:
    """Return a picture of ours from RGB bytes."""
    return np.ascontiguousarray((frame / np.float32(255)).astype(np.float32))


def overlap(mask: Mask, truth: Mask) -> float:
    """Return intersection over union."""
    return float(np.count_nonzero(mask & truth) / np.count_nonzero(mask | truth))


def recall(mask: Mask, truth: Mask) -> float:
    """Return the share of the truth that is covered after growing."""
    return float(np.count_nonzero(grow_mask(mask) & truth) / np.count_nonzero(truth))


def cpu_seconds(select: Callable[[Thing], Mask], thing: Thing) -> float:
    """Return the CPU seconds of a second call at 640x480."""
    image = cv2.resize(thing.image, TIMED_SIZE, interpolation=cv2.INTER_LINEAR).astype(np.float32)
    truth = cv2.resize(thing.truth.astype(np.uint8), TIMED_SIZE, interpolation=cv2.INTER_NEAREST) > 0
    large = thing._replace(image=image, truth=truth)
    select(large)
    start = time.process_time()
    select(large)
    return time.process_time() - start


def draw_sheet(path: Path, things: list[Thing], masks: list[Mask], n_across: int = 5) -> None:
    """Write a sheet: what was found in green, the true border in red, the click in white."""
    tiles = [draw_tile(thing, mask) for thing, mask in zip(things, masks, strict=True)]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % n_across)
    rows = [np.hstack(tiles[at : at + n_across]) for at in range(0, len(tiles), n_across)]
    cv2.imwrite(str(path), np.vstack(rows))


def draw_tile(thing: Thing, mask: Mask) -> np.ndarray:
    """Return one tile of a sheet, BGR."""
    tile = np.ascontiguousarray(np.rint(255 * thing.image[..., ::-1]).astype(np.uint8))
    tile[mask] = tile[mask] // 2 + np.array([0, 127, 0], np.uint8)
    borders, _ = cv2.findContours(thing.truth.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(tile, borders, -1, (0, 0, 255), 1)
    cv2.circle(tile, thing.point[::-1], 2, (255, 255, 255), -1)
    return tile
