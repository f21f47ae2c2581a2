"""Kind "labels": a map of labels, a picture if there is one, and holes.

Maps lie as PNG files whose values are labels, with pictures of the same stems in another folder or without; or they are
drawn ("synthetic:toy_scenes", "synthetic:toy_shapes"). The option `holes` says what is missing:

"damage"      what the recipe's curriculum draws
"rectangles"  one box, each side up to half of the sample's: how Berlincioni et al. train their street maps
"moving"      what moves; where the static truth behind is known ("toy_scenes") it takes the place of the labels there,
              elsewhere what moved is nobody's and teaches nothing
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from jaxtyping import Bool, Int64, UInt8
from PIL import Image as PillowImage

from retouch.arrays.types import AnyArray
from retouch.errors import InputError, UsageError
from retouch.io.wording import fault
from retouch.training.data.curricula.contract import Curriculum
from retouch.training.data.curricula.listing import build_curriculum
from retouch.training.data.cutting import check_cutting
from retouch.training.data.samples import Draw, Groups, Sample
from retouch.training.data.sources.contract import Source
from retouch.training.data.sources.files import Entry, PictureFiles
from retouch.training.data.sources.opening import SYNTHETIC, entries_at, open_source
from retouch.training.data.synthetic.pictures.scenes import MOVING
from retouch.training.data.tasks.class_maps import NOBODY, find_class_map
from retouch.training.data.tasks.fitting import FittedSource, draw_cut, planes
from retouch.training.data.tasks.options import check_names, choose, take
from retouch.training.recipes.settings import DataSettings, Recipe

_HOLES = ("damage", "rectangles", "moving")
_OF = ("classes", "instances")
_KNOWN = ("class_map", "classes", "moving", "holes", "of", "images", "maps")
_LARGEST_LABEL = 255


class LabelFiles:
    """A source of maps of labels in files; see `retouch.training.data.sources.contract`.

    Parameters
    ----------
    maps : sequence of Entry
    pictures : sequence of Entry, optional
        One for each map.
    table : mapping of int to int, optional
        From labels in files to classes; what is not in it becomes nobody's. Without it labels stay as they are.
    """

    def __init__(
        self,
        maps: Sequence[Entry],
        pictures: Sequence[Entry] | None = None,
        table: Mapping[int, int] | None = None,
        n_channels: int = 3,
    ) -> None:
        self._maps = PictureFiles(maps)
        self._pictures = None if pictures is None else PictureFiles(pictures, n_channels)
        self._lookup = np.arange(_LARGEST_LABEL + 1) if table is None else np.full(_LARGEST_LABEL + 1, NOBODY)
        for label, number in (table or {}).items():
            self._lookup[label] = number

    def __len__(self) -> int:
        """Return how many maps there are."""
        return len(self._maps)

    def read(self, index: int) -> Mapping[str, AnyArray]:
        """Return "labels" (H, W) int64, and "image" (H, W, C) uint8 if there are pictures."""
        labels = self._lookup[read_label_map(self._maps.bytes_of(index))]
        if self._pictures is None:
            return {"labels": labels}
        image = self._pictures.read(index)["image"]
        if image.shape[:2] != labels.shape:
            raise InputError(
                f"a map and its picture must have the same size, got {labels.shape[1]}x{labels.shape[0]} and, in "
                f"{self._pictures.name(index)}, {image.shape[1]}x{image.shape[0]}"
            )
        return {"labels": labels, "image": image}

    def name(self, index: int) -> str:
        """Return the map's path below the root."""
        return self._maps.name(index)

    def content_hash(self, index: int) -> str:
        """Return a hash of map and picture."""
        words = self._maps.content_hash(index) + ("" if self._pictures is None else self._pictures.content_hash(index))
        return hashlib.sha256(words.encode()).hexdigest()


def read_label_map(data: bytes) -> UInt8[np.ndarray, "H W"]:
    """Return the labels of a picture file with one 8-bit channel or a palette, whose numbers are taken as they are.

    Raises
    ------
    InputError
        If it cannot be read or holds colours.
    """
    try:
        with PillowImage.open(io.BytesIO(data)) as image:
            mode = image.mode
            labels = np.array(image)
    except Exception as error:  # Pillow raises whatever its decoders do
        raise InputError(f"it cannot be read as a map of labels: {fault(error)}") from error
    if mode not in ("L", "P"):
        raise InputError(f"a map of labels must have one 8-bit channel or a palette, got mode {mode}")
    return labels.astype(np.uint8)


def colours_of(labels: Int64[np.ndarray, "H W"]) -> UInt8[np.ndarray, "H W 3"]:
    """Return a map in colours, far apart for near labels; nobody is black.

    >>> colours_of(np.array([[-1]])).tolist()
    [[[0, 0, 0]]]
    """
    palette = 40 + np.arange(_LARGEST_LABEL + 2)[:, None] * np.array([67, 151, 211]) % 216
    palette[0] = 0
    return np.asarray(palette[np.maximum(labels, NOBODY) + 1], np.uint8)


class LabelMaker:
    """Samples "labels" (S, S) int64, "image" (C, S, S) uint8 and "mask" (1, S, S) bool; see `Maker`.

    Where a source has no pictures, "image" is the map in colours: something to look at, not to learn from.

    Parameters
    ----------
    data : DataSettings
    source : Source
    holes : str
        "damage", "rectangles" or "moving".
    moving : tuple of int
        Classes that move.
    curriculum : Curriculum, optional
        For "damage".
    of : str
        "classes", or "instances": things numbered one by one, where the source tells them apart.
    """

    def __init__(
        self,
        data: DataSettings,
        source: Source,
        holes: str,
        moving: tuple[int, ...] = (),
        curriculum: Curriculum | None = None,
        of: str = "classes",
    ) -> None:
        self.source = source
        self.n_validation = 0
        self.groups: Groups | None = curriculum
        self.fingerprint = curriculum.fingerprint if curriculum else ""
        self._data = data
        self._curriculum = curriculum
        self._holes = holes
        self._moving = moving
        self._of = of
        self._fitted = FittedSource(source, data)

    def make(self, index: int, draw: Draw) -> Sample:
        """Return a sample."""
        arrays = self._fitted.read(index)
        cut = draw_cut(self._asked(arrays).shape, self._data, draw)
        labels = cut.of(self._asked(arrays))
        image = cut.of(arrays["image"]) if "image" in arrays else colours_of(labels)[..., : self._data.channels]
        tensors = {"image": planes(image), "labels": labels}
        if self._curriculum is not None:
            tensors.update(self._curriculum.damage(image, draw))
        elif self._holes == "rectangles":
            tensors["mask"] = draw_rectangle(self._data.size_px, draw.rng("damage"))[None]
        else:
            moves = np.isin(labels, self._moving)
            behind = cut.of(arrays["static_labels"]) if "static_labels" in arrays else np.full_like(labels, NOBODY)
            tensors |= {"mask": moves[None], "labels": np.where(moves, behind, labels)}
        return Sample(tensors, draw.group)

    def notes(self) -> tuple[str, ...]:
        """Say how many pictures were scaled up so far."""
        return self._fitted.notes()

    def _asked(self, arrays: Mapping[str, AnyArray]) -> AnyArray:
        name = "instances" if self._of == "instances" else "labels"
        if name not in arrays:
            raise InputError(f"these maps tell no {self._of} apart; set data.options.of to another")
        return arrays[name]


def draw_rectangle(side: int, rng: np.random.Generator) -> Bool[np.ndarray, "S S"]:
    """Return a box of random sides from an eighth to a half of the sample's, anywhere in it; 1 pixel at least."""
    mask = np.zeros((side, side), np.bool_)
    least, most = max(1, side // 8), max(1, side // 2)
    height, width = (int(n) for n in rng.integers(least, most + 1, 2))
    top, left = int(rng.integers(side - height + 1)), int(rng.integers(side - width + 1))
    mask[top : top + height, left : left + width] = True
    return mask


def build_labels(recipe: Recipe) -> LabelMaker:
    """Return the maker of a recipe's maps of labels.

    Options: `holes` (see the head of this file); `class_map`, a line of `CLASS_MAPS`, or `classes`, a table from labels
    in files to classes; `moving`, the classes that move, for "moving"; `maps` and `images`, folders below the root;
    `of`, "classes" or "instances".
    """
    data, options = recipe.data, recipe.data.options
    check_cutting(data)
    is_drawn = data.root.startswith(SYNTHETIC)
    check_names(options, _KNOWN, is_drawn=is_drawn)
    holes, of = choose(options, "holes", _HOLES), choose(options, "of", _OF)
    curriculum = build_curriculum(recipe.damage, recipe.run.seed, data.size_px) if holes == "damage" else None
    table, moving = _classes(options)
    if is_drawn or not data.root:
        return LabelMaker(data, open_source(data).source, holes, moving or MOVING, curriculum, of)
    if holes == "moving" and not moving:
        raise UsageError(
            "holes = 'moving' needs to know what moves; set data.options.moving or a class_map that says it"
        )
    source = open_label_files(Path(data.root).expanduser(), options, table, data.channels)
    return LabelMaker(data, source, holes, moving, curriculum, of)


def open_label_files(
    root: Path, options: Mapping[str, object], table: Mapping[int, int] | None, n_channels: int
) -> LabelFiles:
    """Return the maps at a root, with their pictures where the option `images` names a folder."""
    folder, pictures = take(options, "maps", "").strip("/"), take(options, "images", "").strip("/")
    entries = entries_at(root)
    maps = [e for e in entries if _is_below(e, folder) and not (pictures and _is_below(e, pictures))]
    if not maps:
        raise InputError(
            f"{root} must hold maps of labels as pictures, got none in '{folder or '.'}'; set data.options.maps"
        )
    if not pictures:
        return LabelFiles(maps, None, table, n_channels)
    partners = {PurePosixPath(e.name).stem: e for e in entries if _is_below(e, pictures)}
    whole = [(e, partners[PurePosixPath(e.name).stem]) for e in maps if PurePosixPath(e.name).stem in partners]
    if len(whole) < len(maps):
        lonely = next(e.name for e in maps if PurePosixPath(e.name).stem not in partners)
        raise InputError(
            f"every map must have a picture of the same stem in '{pictures}', got {len(maps) - len(whole)} without, "
            f"such as {lonely}"
        )
    return LabelFiles([e for e, _ in whole], [p for _, p in whole], table, n_channels)


def _is_below(entry: Entry, folder: str) -> bool:
    return not folder or entry.name.startswith(f"{folder}/")


def _classes(options: Mapping[str, object]) -> tuple[Mapping[int, int] | None, tuple[int, ...]]:
    """Return the table of labels, None for all as they are, and what moves."""
    name, written, moving = take(options, "class_map", ""), options.get("classes"), options.get("moving")
    line = find_class_map(name) if name else None
    table: Mapping[int, int] | None = line.table if line else None
    if written is not None:
        table = _numbers(written)
    if moving is None:
        return table, line.moving if line else ()
    if not isinstance(moving, Sequence) or not all(isinstance(number, int) for number in moving):
        raise InputError(f"data.options.moving must be a list of class numbers, got {moving!r}")
    return table, tuple(moving)


def _numbers(table: object) -> Mapping[int, int]:
    """Return a table of the recipe, whose keys are text in TOML, as whole numbers."""
    try:
        pairs = {int(label): int(number) for label, number in dict(table).items()}  # type: ignore[call-overload]
    except (TypeError, ValueError) as error:
        raise InputError(f"data.options.classes must be a table from labels to class numbers, got {table!r}") from error
    if not all(0 <= label <= _LARGEST_LABEL for label in pairs):
        raise InputError(f"labels in files must be 0 to {_LARGEST_LABEL}, got {sorted(pairs)}")
    return pairs
