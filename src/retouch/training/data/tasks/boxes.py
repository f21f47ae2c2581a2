"""Kind "boxes": a picture and the boxes of what is in it, for detectors.

By `layout`: "coco" (annotations/instances_*.json), "voc" (one year's folder, or one that holds VOC2007, VOC2012 ...),
"cars" (Stanford Cars); or drawn ("synthetic:toy_shapes"). The whole picture is stretched to the square, as SSD does it;
`resize` and `crop` have no say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.errors import InputError, UsageError, unknown_name
from retouch.training.data.cutting import check_cutting
from retouch.training.data.samples import Draw, Groups, Sample
from retouch.training.data.sources.contract import Source
from retouch.training.data.sources.files import PictureFiles
from retouch.training.data.sources.opening import SYNTHETIC, open_source
from retouch.training.data.tasks.annotations import Boxed, read_coco, read_voc
from retouch.training.data.tasks.augmenting import WHOLE, change_light, draw_view, look, middles_in, seen_boxes
from retouch.training.data.tasks.cars import read_cars
from retouch.training.data.tasks.fitting import FittedSource, planes
from retouch.training.data.tasks.options import check_names, take
from retouch.training.recipes.settings import DataSettings, Recipe

MOST_BOXES = 32
"""Rows of "boxes" and "classes" of a sample, unless the option `boxes` says otherwise."""
NO_CLASS = -1
"""The class of rows that only fill up; their boxes are zeros."""
_LAYOUTS = ("coco", "voc", "cars")
_KNOWN = ("boxes", "augment", "annotations", "images", "split", "classes", "difficult")
_SMALLEST_SIDE = 1e-3


class BoxedFiles:
    """A source of pictures with boxes; see `retouch.training.data.sources.contract`."""

    def __init__(self, pictures: Sequence[Boxed], n_channels: int = 3) -> None:
        self.pictures = tuple(pictures)
        self._files = PictureFiles([boxed.entry for boxed in pictures], n_channels)

    def __len__(self) -> int:
        """Return how many pictures there are."""
        return len(self.pictures)

    def read(self, index: int) -> Mapping[str, AnyArray]:
        """Return "image" (H, W, C) uint8, "boxes" (K, 4) float32 and "classes" (K,) int64, as many as there are."""
        boxed = self.pictures[index]
        boxes = np.array(boxed.boxes, np.float32).reshape(-1, 4)
        return {**self._files.read(index), "boxes": boxes, "classes": np.array(boxed.classes, np.int64)}

    def name(self, index: int) -> str:
        """Return the picture's folder and name."""
        return self._files.name(index)

    def content_hash(self, index: int) -> str:
        """Return a hash of the picture."""
        return self._files.content_hash(index)


class BoxMaker:
    """Samples "image" (C, S, S) uint8, "boxes" (K, 4) float32 and "classes" (K,) int64; see `Maker`.

    K is the same for all samples: boxes beyond it are dropped, the smallest first; rows without a box have class -1.
    A sample in training may show another view of its picture, in another light; one in validation is the whole picture.
    """

    def __init__(self, data: DataSettings, source: Source, most: int = MOST_BOXES, *, augments: bool = True) -> None:
        self.source = source
        self.n_validation = 0
        self.groups: Groups | None = None
        self.fingerprint = ""
        self._data = data
        self._most = most
        self._augments = augments
        self._remembered = FittedSource(source, data, scales=False)

    def make(self, index: int, draw: Draw) -> Sample:
        """Return a sample."""
        arrays = self._remembered.read(index)
        real = arrays["classes"] != NO_CLASS
        pixels, boxes, classes = arrays["image"], arrays["boxes"][real], arrays["classes"][real]
        augments = self._augments and draw.is_training
        view = draw_view(boxes, draw.rng("cut")) if augments else WHOLE
        if view != WHOLE:
            kept = middles_in(boxes, view)
            boxes, classes = seen_boxes(boxes[kept], view), classes[kept]
        image = look(pixels, view, self._data.size_px)
        if augments:
            image = change_light(image, draw.rng("light"))
        if draw.is_training and self._data.flip and draw.rng("flip").random() < 0.5:  # noqa: PLR2004
            image, boxes = image[:, ::-1], mirror_boxes(boxes)
        return Sample({"image": planes(image), **filled_up(boxes, classes, self._most)})

    def notes(self) -> tuple[str, ...]:
        """Say nothing."""
        return ()


def mirror_boxes(boxes: AnyArray) -> AnyArray:
    """Return boxes of a picture mirrored left to right.

    >>> mirror_boxes(np.array([[0.0, 0.5, 0.25, 1.0]], np.float32)).tolist()
    [[0.75, 0.5, 1.0, 1.0]]
    """
    return np.stack([1 - boxes[:, 2], boxes[:, 1], 1 - boxes[:, 0], boxes[:, 3]], axis=1)


def filled_up(boxes: AnyArray, classes: AnyArray, most: int) -> dict[str, AnyArray]:
    """Return exactly `most` boxes and classes: the largest ones in their old order, then rows of class -1.

    >>> filled_up(np.array([[0, 0, 1, 1]], np.float32), np.array([2]), 2)["classes"].tolist()
    [2, -1]
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    visible = np.flatnonzero(sides.min(axis=1, initial=1.0) > _SMALLEST_SIDE)
    largest = np.sort(visible[np.argsort(-np.prod(sides[visible], axis=1), kind="stable")[:most]])
    rows, kinds = np.zeros((most, 4), np.float32), np.full(most, NO_CLASS, np.int64)
    rows[: len(largest)], kinds[: len(largest)] = boxes[largest], classes[largest]
    return {"boxes": rows, "classes": kinds}


def build_boxes(recipe: Recipe) -> BoxMaker:
    """Return the maker of a recipe's boxes.

    Options: `boxes`, K; `augment`; `classes`, names to keep; for "coco" `annotations` and `images`, file and folder
    below the root; for "voc" `split` ("trainval") and `difficult`, whether difficult things count.
    """
    data = recipe.data
    check_cutting(data)
    is_drawn = data.root.startswith(SYNTHETIC)
    check_names(data.options, _KNOWN, is_drawn=is_drawn)
    most = take(data.options, "boxes", MOST_BOXES)
    if most < 1:
        raise InputError(f"data.options.boxes must be 1 or more, got {most}")
    source = open_source(data).source if is_drawn or not data.root else open_boxes(data)
    return BoxMaker(data, source, most, augments=take(data.options, "augment", True))


def open_boxes(data: DataSettings) -> BoxedFiles:
    """Return the pictures with boxes that the settings name.

    Raises
    ------
    UsageError
        If the layout has no boxes.
    InputError
        If annotations are missing or damaged, or nothing is left.
    """
    root, options = Path(data.root).expanduser(), data.options
    only = options.get("classes", ())
    if not isinstance(only, Sequence) or isinstance(only, str):
        raise InputError(f"data.options.classes must be a list of names, got {only!r}")
    if data.layout == "coco":
        pictures, _ = read_coco(*_coco_places(root, options), only)
    elif data.layout == "voc":
        split, with_difficult = take(options, "split", "trainval"), take(options, "difficult", False)
        years = [root] if (root / "Annotations").is_dir() else sorted(root.glob("VOC*"))
        lists = [read_voc(year, split, only, with_difficult=with_difficult)[0] for year in years]
        pictures = [boxed for found in lists for boxed in found]
    elif data.layout == "cars":
        pictures = read_cars(root)
    else:
        raise UsageError(unknown_name("layout of boxes", data.layout, _LAYOUTS))
    if not pictures:
        raise InputError(f"there must be pictures with boxes, got none in {root} as layout '{data.layout}'")
    return BoxedFiles(pictures, data.channels)


def _coco_places(root: Path, options: Mapping[str, object]) -> tuple[Path, Path]:
    """Return annotation file and folder of pictures: those of training, unless others are named."""
    found = sorted(root.glob("annotations/instances_train*.json"))
    given = take(options, "annotations", "")
    if not given and not found:
        raise InputError(f"{root} must hold annotations/instances_train*.json; set data.options.annotations")
    file = root / given if given else found[-1]
    folder = take(options, "images", "") or file.stem.removeprefix("instances_")
    return file, root / folder
