"""Classes of published sets of street maps, and how they join to those of a network.

Source: L. Berlincioni et al., "Road Layout Understanding by Generative Adversarial Inpainting", 2019: thirty classes
of Cityscapes joined to twelve, static ones first. What the paper leaves open: riders are persons, motorcycles and
bicycles two-wheelers, trains, caravans and trailers trucks, traffic lights signs; poles, bridges, tunnels, rails and
the rest are unlabeled.

The twelve are 0 road, 1 sidewalk, 2 building, 3 wall, 4 traffic sign, 5 vegetation, 6 sky, 7 unlabeled, and, moving,
8 person, 9 car, 10 truck, 11 two-wheeler.
"""

from __future__ import annotations

from typing import NamedTuple

from retouch.errors import UsageError, unknown_name

NOBODY = -1
"""The label of pixels that are of no class: they neither teach nor count."""


class ClassMap(NamedTuple):
    """A line of the table: `table` goes from labels in files to classes; `moving` are classes that move."""

    name: str
    summary: str
    table: dict[int, int]
    moving: tuple[int, ...] = ()


_ROAD, _SIDEWALK, _BUILDING, _WALL, _SIGN, _GREEN, _SKY, _NONE, _PERSON, _CAR, _TRUCK, _CYCLE = range(12)
_TWELVE_OF_CITYSCAPES = {
    **dict.fromkeys(range(7), _NONE),  # unlabeled, own car, borders, static, dynamic, ground
    7: _ROAD,
    8: _SIDEWALK,
    9: _SIDEWALK,
    10: _NONE,
    11: _BUILDING,
    12: _WALL,
    13: _WALL,
    14: _WALL,
    15: _NONE,
    16: _NONE,
    17: _NONE,
    18: _NONE,
    19: _SIGN,
    20: _SIGN,
    21: _GREEN,
    22: _GREEN,
    23: _SKY,
    24: _PERSON,
    25: _PERSON,
    26: _CAR,
    27: _TRUCK,
    28: _TRUCK,
    29: _TRUCK,
    30: _TRUCK,
    31: _TRUCK,
    32: _CYCLE,
    33: _CYCLE,
}
_TWELVE_OF_CAMVID = dict(
    enumerate((_SKY, _BUILDING, _NONE, _ROAD, _SIDEWALK, _GREEN, _SIGN, _WALL, _CAR, _PERSON, _CYCLE, _NONE))
)
_NINETEEN = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)  # Cityscapes' own evaluation
_MOVING_OF_TWELVE = (_PERSON, _CAR, _TRUCK, _CYCLE)

CLASS_MAPS: tuple[ClassMap, ...] = (
    ClassMap("cityscapes_12", "ids 0-33 of Cityscapes to the paper's twelve", _TWELVE_OF_CITYSCAPES, _MOVING_OF_TWELVE),
    ClassMap("camvid_12", "ids 0-11 of CamVid to the same twelve", _TWELVE_OF_CAMVID, _MOVING_OF_TWELVE),
    ClassMap(
        "cityscapes_19",
        "ids 0-33 of Cityscapes to its 19 evaluated classes, others nobody's",
        {label: number for number, label in enumerate(_NINETEEN)},
        tuple(range(11, 19)),
    ),
    ClassMap(
        "camvid_11", "CamVid's own eleven, unlabelled nobody's", {label: label for label in range(11)}, (8, 9, 10)
    ),
)


def find_class_map(name: str) -> ClassMap:
    """Return the line of that name.

    Raises
    ------
    UsageError
        If there is none; the nearest name is suggested.

    >>> find_class_map("camvid_12").table[3]  # CamVid's road
    0
    """
    for line in CLASS_MAPS:
        if line.name == name:
            return line
    raise UsageError(unknown_name("class map", name, [line.name for line in CLASS_MAPS]))
