"""Class lists of label maps: names, ids, colours, and which of them move.

Sources: Cityscapes: M. Cordts et al., "The Cityscapes Dataset for Semantic Urban Scene Understanding", CVPR 2016, ids
and colours of its published label table. CamVid: G. Brostow, J. Fauqueur, R. Cipolla, "Semantic object classes in
video", Pattern Recognition Letters 30(2), 2009, in the 12 classes of V. Badrinarayanan et al., "SegNet", PAMI 39(12),
2017. CARLA: A. Dosovitskiy et al., "CARLA: An Open Urban Driving Simulator", CoRL 2017, the 13 tags of release 0.8,
which the MICC-SRI pairs of L. Berlincioni et al. (2019) are made from. Streets: the drawn streets of this project.

Departures: a train, a trailer and a caravan move, though they are mostly parked; so does Cityscapes' "dynamic".
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from retouch.errors import InputError, UsageError, unknown_name
from retouch.io.wording import fault, shown

Colour = tuple[int, int, int]
_FORM = '[{"name": "road", "id": 0, "colour": [128, 64, 128], "moves": false}, ...]'
_TOP_ID = 255


@dataclass(frozen=True)
class LabelClass:
    """A class: the id that a map holds, its colour in palettes (RGB, 0 to 255), and whether it moves."""

    name: str
    id: int
    colour: Colour
    moves: bool = False


@dataclass(frozen=True)
class ClassList:
    """The classes of a set of maps; several may share a colour, then the first of them is read from it."""

    name: str
    classes: tuple[LabelClass, ...]

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids, in the order of the list."""
        return tuple(one.id for one in self.classes)

    @property
    def static_ids(self) -> tuple[int, ...]:
        """The ids of classes that do not move."""
        return tuple(one.id for one in self.classes if not one.moves)

    def ids_of(self, names: Iterable[str]) -> tuple[int, ...]:
        """Return the ids of classes, by names in any case.

        Raises
        ------
        UsageError
            If a name is not in the list; the nearest one is suggested.

        Examples
        --------
        >>> CAMVID.ids_of(["car", "person"])
        (8, 9)
        """
        known = {one.name: one.id for one in self.classes}
        alias = {other: known[one] for one, other in _ALIASES if one in known and other not in known}
        found = []
        for name in names:
            plain = name.strip().lower().replace("_", " ")
            if plain not in known and plain not in alias:
                raise UsageError(unknown_name(f"class of {self.name}", name, known))
            found.append(known.get(plain, alias.get(plain, 0)))
        return tuple(found)


_ALIASES = (("pedestrian", "person"), ("vehicle", "car"), ("car", "vehicle"), ("person", "pedestrian"))
"""One thing by the names of several lists."""


def _listed(name: str, rows: Sequence[tuple[str, int, Colour]], moving: Sequence[str]) -> ClassList:
    return ClassList(name, tuple(LabelClass(one, number, colour, one in moving) for one, number, colour in rows))


CAMVID = _listed(
    "camvid",
    (
        ("sky", 0, (128, 128, 128)),
        ("building", 1, (128, 0, 0)),
        ("pole", 2, (192, 192, 128)),
        ("road", 3, (128, 64, 128)),
        ("pavement", 4, (60, 40, 222)),
        ("tree", 5, (128, 128, 0)),
        ("sign", 6, (192, 128, 128)),
        ("fence", 7, (64, 64, 128)),
        ("car", 8, (64, 0, 128)),
        ("pedestrian", 9, (64, 64, 0)),
        ("cyclist", 10, (0, 128, 192)),
        ("unlabelled", 11, (0, 0, 0)),
    ),
    ("car", "pedestrian", "cyclist"),
)

CITYSCAPES = _listed(
    "cityscapes",
    (
        ("unlabeled", 0, (0, 0, 0)),
        ("ego vehicle", 1, (0, 0, 0)),
        ("rectification border", 2, (0, 0, 0)),
        ("out of roi", 3, (0, 0, 0)),
        ("static", 4, (0, 0, 0)),
        ("dynamic", 5, (111, 74, 0)),
        ("ground", 6, (81, 0, 81)),
        ("road", 7, (128, 64, 128)),
        ("sidewalk", 8, (244, 35, 232)),
        ("parking", 9, (250, 170, 160)),
        ("rail track", 10, (230, 150, 140)),
        ("building", 11, (70, 70, 70)),
        ("wall", 12, (102, 102, 156)),
        ("fence", 13, (190, 153, 153)),
        ("guard rail", 14, (180, 165, 180)),
        ("bridge", 15, (150, 100, 100)),
        ("tunnel", 16, (150, 120, 90)),
        ("pole", 17, (153, 153, 153)),
        ("polegroup", 18, (153, 153, 153)),
        ("traffic light", 19, (250, 170, 30)),
        ("traffic sign", 20, (220, 220, 0)),
        ("vegetation", 21, (107, 142, 35)),
        ("terrain", 22, (152, 251, 152)),
        ("sky", 23, (70, 130, 180)),
        ("person", 24, (220, 20, 60)),
        ("rider", 25, (255, 0, 0)),
        ("car", 26, (0, 0, 142)),
        ("truck", 27, (0, 0, 70)),
        ("bus", 28, (0, 60, 100)),
        ("caravan", 29, (0, 0, 90)),
        ("trailer", 30, (0, 0, 110)),
        ("train", 31, (0, 80, 100)),
        ("motorcycle", 32, (0, 0, 230)),
        ("bicycle", 33, (119, 11, 32)),
    ),
    (
        *("dynamic", "person", "rider", "car", "truck", "bus"),
        *("caravan", "trailer", "train", "motorcycle", "bicycle"),
    ),
)

CARLA = _listed(
    "carla",
    (
        ("unlabeled", 0, (0, 0, 0)),
        ("building", 1, (70, 70, 70)),
        ("fence", 2, (190, 153, 153)),
        ("other", 3, (250, 170, 160)),
        ("pedestrian", 4, (220, 20, 60)),
        ("pole", 5, (153, 153, 153)),
        ("road line", 6, (157, 234, 50)),
        ("road", 7, (128, 64, 128)),
        ("sidewalk", 8, (244, 35, 232)),
        ("vegetation", 9, (107, 142, 35)),
        ("vehicle", 10, (0, 0, 142)),
        ("wall", 11, (102, 102, 156)),
        ("traffic sign", 12, (220, 220, 0)),
    ),
    ("pedestrian", "vehicle"),
)

STREETS = _listed(
    "streets",
    (
        ("road", 0, (128, 64, 128)),
        ("sidewalk", 1, (244, 35, 232)),
        ("building", 2, (70, 70, 70)),
        ("fence", 3, (190, 153, 153)),
        ("pole", 4, (153, 153, 153)),
        ("vegetation", 5, (107, 142, 35)),
        ("unlabeled", 6, (0, 0, 0)),
        ("person", 7, (220, 20, 60)),
        ("car", 8, (0, 0, 142)),
    ),
    ("person", "car"),
)

CLASS_LISTS = {one.name: one for one in (CAMVID, CITYSCAPES, CARLA, STREETS)}


def class_list(name: str | os.PathLike[str] | ClassList) -> ClassList:
    """Return a class list by its name, or read it from a JSON file.

    Raises
    ------
    UsageError
        If it is neither a known name nor a file.
    InputError
        If the file cannot be read or has another form.
    """
    if isinstance(name, ClassList):
        return name
    if str(name) in CLASS_LISTS:
        return CLASS_LISTS[str(name)]
    if not Path(name).is_file():
        raise UsageError(f"{unknown_name('palette', str(name), CLASS_LISTS)}; or give a JSON file such as {_FORM}")
    return _read(Path(name))


def _read(path: Path) -> ClassList:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        classes = tuple(_one(row) for row in rows)
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(f"cannot read the classes in {shown(path)}: {fault(error)}; give {_FORM}") from error
    if not classes or len({one.id for one in classes}) != len(classes):
        raise InputError(f"classes must have ids of their own, which not all in {shown(path)} have; give {_FORM}")
    return ClassList(path.stem, classes)


def _one(row: dict[str, object]) -> LabelClass:
    red, green, blue = (int(value) for value in row["colour"])  # type: ignore[attr-defined]
    number = int(row["id"])  # type: ignore[call-overload]
    if not all(0 <= value <= _TOP_ID for value in (red, green, blue, number)):
        raise ValueError("ids and colours must be 0 to 255")
    return LabelClass(str(row["name"]).lower(), number, (red, green, blue), row.get("moves") is True)
