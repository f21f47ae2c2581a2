"""All synthetic sets in one table, and the source that draws them: what "synthetic:NAME" in data.root means.

Picture number i of a set depends on the set's name, the option `seed`, i and the size, and on nothing else. There is no
end to them; the length is only what counts as an epoch. The drawings are scaled, not cut: the same number shows
the same picture at every size, apart from grain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.errors import InputError, UsageError, unknown_name
from retouch.training.data.seeds import seeded
from retouch.training.data.sources.contract import Source
from retouch.training.data.sources.decoding import with_channels
from retouch.training.data.synthetic.pictures.clips import FRAMES, draw_clip
from retouch.training.data.synthetic.pictures.facades import draw_facade
from retouch.training.data.synthetic.pictures.faces import draw_face
from retouch.training.data.synthetic.pictures.mixed import draw_mixed, draw_rainy, draw_shaken
from retouch.training.data.synthetic.pictures.people import draw_person
from retouch.training.data.synthetic.pictures.prints import draw_print
from retouch.training.data.synthetic.pictures.scenes import draw_scene
from retouch.training.data.synthetic.pictures.shapes import MOST_SHAPES, draw_shapes
from retouch.training.data.synthetic.pictures.textures import draw_texture
from retouch.training.recipes.settings import DataSettings

PICTURES = 2000
"""How many pictures count as a set, unless the option `pictures` says otherwise; some of them are for validation."""
_DRAWN_BY = 1
"""Raised whenever drawings change, so that runs on the old ones are told from runs on the new ones."""
_PREFIX = "synthetic:"
_PICTURES = ("fill", "denoise", "guesses")  # the kinds of data that need a picture and nothing else


class SyntheticSet(NamedTuple):
    """A line of the table.

    `draw(height, width, rng, **options)` returns arrays by name: pictures are float32 in [0, 1], the others are passed
    on as they are. `kinds` are the kinds of data that can use it. `options` gives the options of `draw` with their
    values when nothing is said.
    """

    name: str
    summary: str
    draw: Callable[..., Mapping[str, AnyArray]]
    kinds: tuple[str, ...] = _PICTURES
    options: Mapping[str, int] = {}


SETS: tuple[SyntheticSet, ...] = (
    SyntheticSet("toy_faces", "symmetric cartoon faces on gradients", draw_face),
    SyntheticSet("toy_facades", "grids of windows under a homography", draw_facade),
    SyntheticSet("toy_textures", "gratings, Voronoi cells, noise", draw_texture),
    SyntheticSet("toy_scenes", "streets with maps of labels", draw_scene, (*_PICTURES, "labels")),
    SyntheticSet(
        "toy_shapes",
        "coloured shapes with boxes and instances",
        draw_shapes,
        (*_PICTURES, "boxes", "labels", "things"),
        {"most": MOST_SHAPES},
    ),
    SyntheticSet("toy_people", "stick people with joints", draw_person),
    SyntheticSet("toy_prints", "fingerprints and the same degraded", draw_print, (*_PICTURES, "pairs")),
    SyntheticSet("toy_clips", "moving shapes, with captions and without", draw_clip, ("clips",), {"frames": FRAMES}),
    SyntheticSet("toy_mixed", "pictures of all sets", draw_mixed),
    SyntheticSet("toy_rain", "pictures of all sets and the same in the rain", draw_rainy, (*_PICTURES, "pairs")),
    SyntheticSet("toy_blur", "pictures of all sets and the same shaken", draw_shaken, (*_PICTURES, "pairs")),
)


def find_set(name: str) -> SyntheticSet:
    """Return the line of that name.

    Raises
    ------
    UsageError
        If there is none; the nearest name is suggested.

    >>> find_set("toy_clips").kinds
    ('clips',)
    """
    for line in SETS:
        if line.name == name:
            return line
    raise UsageError(unknown_name("synthetic set", name, [line.name for line in SETS]))


class Drawings:
    """A synthetic set as a source; see `retouch.training.data.sources.contract`.

    Pictures are uint8. Nothing is kept: a picture is drawn anew whenever it is read.

    Parameters
    ----------
    line : SyntheticSet
    size_px : int
        Side of the square pictures.
    n_pictures, seed : int
    n_channels : int
        3 or 1.
    options : mapping
        Those of the drawing.
    """

    def __init__(
        self,
        line: SyntheticSet,
        size_px: int,
        *,
        n_pictures: int = PICTURES,
        seed: int = 0,
        n_channels: int = 3,
        options: Mapping[str, int] | None = None,
    ) -> None:
        if n_pictures < 1:
            raise InputError(
                f"a synthetic set must have at least 1 picture, got {n_pictures}; set data.options.pictures"
            )
        self.line = line
        self.size_px = size_px
        self.n_pictures = n_pictures
        self.seed = seed
        self.n_channels = n_channels
        self.options = {**line.options, **(options or {})}

    def __len__(self) -> int:
        """Return how many pictures count as the set."""
        return self.n_pictures

    def read(self, index: int) -> Mapping[str, AnyArray]:
        """Draw a picture."""
        rng = seeded("drawing", self.line.name, self.seed, index)
        drawn = self.line.draw(self.size_px, self.size_px, rng, **self.options)
        return {name: self._as_stored(array) for name, array in drawn.items()}

    def name(self, index: int) -> str:
        """Return the set, its seed and the number."""
        return f"{self.line.name}/{self.seed}/{index}"

    def content_hash(self, index: int) -> str:
        """Return a hash of what the drawing depends on; nothing is drawn for it."""
        words = f"{self.name(index)} {self.size_px} {self.n_channels} {sorted(self.options.items())} {_DRAWN_BY}"
        return hashlib.sha256(words.encode()).hexdigest()

    def _as_stored(self, array: AnyArray) -> AnyArray:
        """Return pictures with the channels asked for, as uint8; everything else as it is."""
        if array.dtype != np.float32 or array.ndim < 3:  # noqa: PLR2004 - boxes and joints
            return array
        pixels = np.rint(array * np.float32(255)).astype(np.uint8)
        if pixels.ndim == 3:  # noqa: PLR2004
            return with_channels(pixels, self.n_channels)
        return np.stack([with_channels(frame, self.n_channels) for frame in pixels])


def open_synthetic(data: DataSettings) -> Source:
    """Return the set that data.root names.

    Options are `pictures` (how many are an epoch), `seed`, and those of the drawing.

    Raises
    ------
    UsageError
        If there is no such set, or it does not give what the kind of data needs.
    InputError
        If an option is not a whole number of 1 or more (`seed`: 0 or more).
    """
    line = find_set(data.root.removeprefix(_PREFIX))
    if data.kind not in line.kinds:
        fitting = ", ".join(other.name for other in SETS if data.kind in other.kinds)
        raise UsageError(f"data of kind '{data.kind}' can be drawn by {fitting}, got {line.name}; take one of these")
    known = {"pictures": PICTURES, "seed": 0, **line.options}
    taken = {name: _whole(name, data.options.get(name, value)) for name, value in known.items()}
    return Drawings(
        line,
        data.size_px,
        n_pictures=taken.pop("pictures"),
        seed=taken.pop("seed"),
        n_channels=data.channels,
        options=taken,
    )


def _whole(name: str, value: Any) -> int:
    least = 0 if name == "seed" else 1
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise InputError(f"data.options.{name} must be a whole number of {least} or more, got {value!r}")
    return value
