"""Kind "things": a part of a picture around a thing, what a click or a box says of it, and its true mask.

Maps of numbered things lie as PNG files with pictures of the same stems (options `maps`, `images`): 0 is no thing, 255
is nobody's and teaches nothing. Three kinds of scene are drawn, by their shares:

`pasted`   the thing cut out and laid over another picture: its mask is then exact
`shapes`   drawn shapes ("toy_shapes"), so that a plain border goes on to count
the rest   the picture as it is

A cut-out loses its rim, which has colours of where it comes from, its edge is as soft as a lens makes it, and it is
moved part of the way to the colours of its new place: else a network learns to find seams, and not things.

A scene is drawn `variants` times for each picture and kept in the folder `store`, as guesses are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int64, UInt8

from retouch.arrays.types import AnyArray
from retouch.errors import InputError, UsageError
from retouch.training.data.cutting import check_cutting
from retouch.training.data.kept import KeptArrays
from retouch.training.data.samples import Draw, Groups, Sample
from retouch.training.data.sources.contract import Source
from retouch.training.data.sources.opening import SYNTHETIC, open_source
from retouch.training.data.synthetic.pictures.shapes import draw_shapes
from retouch.training.data.tasks.fitting import planes
from retouch.training.data.tasks.labels import open_label_files
from retouch.training.data.tasks.options import check_names, take
from retouch.training.data.things.pasting import Scene, cut_out, paste
from retouch.training.data.things.prompted import look_at
from retouch.training.recipes.settings import DataSettings, Recipe

NOBODYS = 255
_KNOWN = ("maps", "images", "variants", "store", "pasted", "shapes")
_LEAST_PIXELS = 16
_EXCHANGED_SHARE = 0.1
_DRAWN_TIMES = 2  # drawn scenes have so many times the side of a sample
_SHAPES = 5


@dataclass(frozen=True)
class ThingSettings:
    """How scenes are drawn; see the head of this file."""

    variants: int = 4
    store: str = ""
    pasted: float = 0.5
    shapes: float = 0.1


class ThingMaker:
    """Samples "image" (3, S, S) uint8, "prompt" (4, S, S) uint8, "target" and "known" (1, S, S) bool; see `Maker`."""

    def __init__(self, data: DataSettings, settings: ThingSettings, source: Source) -> None:
        self.source = source
        self.n_validation = 0
        self.groups: Groups | None = None
        self.fingerprint = ""
        self._settings = settings
        self._flip = data.flip
        self._side = data.size_px
        side = self._side
        shapes = {"image": (side, side, 3), "prompt": (side, side, 4), "target": (side, side), "known": (side, side)}
        n = len(source) * settings.variants
        self._kept = KeptArrays(settings.store, n, shapes, self._facts()) if settings.store else None

    def make(self, index: int, draw: Draw) -> Sample:
        """Return a sample; one for validation is a scene that training does not have."""
        if not draw.is_training:
            return _to_sample(self._draw_variant(index, -1))
        variant = int(draw.rng("variant").integers(self._settings.variants))
        if self._kept is None:
            arrays = self._draw_variant(index, variant)
        else:
            key = index * self._settings.variants + variant
            arrays = self._kept.get(key, lambda: self._draw_variant(index, variant))
        return _to_sample(self._changed(arrays, draw.rng("change")))

    def notes(self) -> tuple[str, ...]:
        """Say how much was drawn so far."""
        return () if self._kept is None else (f"{self._kept.n_kept} of {self._kept.n} scenes are drawn and kept",)

    def _draw_variant(self, index: int, variant: int) -> Mapping[str, AnyArray]:
        draw = Draw(("thing", index, variant))
        return look_at(self._scene(index, draw), self._side, draw.rng("look"))

    def _scene(self, index: int, draw: Draw) -> Scene:
        rng = draw.rng("scene")
        chance = rng.random()
        if chance < self._settings.shapes:
            side = _DRAWN_TIMES * self._side
            drawn = draw_shapes(side, side, rng, most=_SHAPES)
            return choose_thing(np.rint(255 * drawn["image"]).astype(np.uint8), drawn["instances"], rng)
        own = self._choose(index, rng)
        if chance >= self._settings.shapes + self._settings.pasted:
            return own
        ground = self.source.read(int(rng.integers(len(self.source))))["image"]
        pasted = paste(cut_out(own, rng), ground, rng)
        return pasted if np.count_nonzero(pasted.thing) >= _LEAST_PIXELS else own  # thin things may be lost

    def _choose(self, index: int, rng: np.random.Generator) -> Scene:
        arrays = self.source.read(index)
        return choose_thing(arrays["image"], arrays["instances" if "instances" in arrays else "labels"], rng)

    def _changed(self, arrays: Mapping[str, AnyArray], rng: np.random.Generator) -> Mapping[str, AnyArray]:
        """Return a sample mirrored, with its colours exchanged now and then; a prompt knows nothing of hue."""
        changed = dict(arrays)
        if self._flip and rng.integers(2):
            changed = {name: array[:, ::-1] for name, array in changed.items()}
        if rng.random() < _EXCHANGED_SHARE:
            changed["image"] = changed["image"][:, :, rng.permutation(3)]
        return changed

    def _facts(self) -> str:
        """Return a hash of all that decides what is drawn."""
        names = [self.source.name(i) for i in range(len(self.source))]
        words = [{**asdict(self._settings), "store": ""}, self._side, names]
        return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()


def choose_thing(
    image: UInt8[np.ndarray, "H W 3"], numbers: Int64[np.ndarray, "H W"], rng: np.random.Generator
) -> Scene:
    """Return a picture with one of its things of 16 pixels or more.

    Raises
    ------
    InputError
        If there is none.
    """
    values, counts = np.unique(numbers, return_counts=True)
    large = values[(counts >= _LEAST_PIXELS) & (values != 0) & (values != NOBODYS)]
    if not len(large):
        raise InputError(f"a map must number at least one thing of {_LEAST_PIXELS} pixels, got none")
    return Scene(image, numbers == rng.choice(large), numbers != NOBODYS)


def build_things(recipe: Recipe) -> ThingMaker:
    """Return the maker of a recipe's things.

    Options: `maps` and `images`, folders below the root; `variants`, `store`, `pasted`, `shapes`, see `ThingSettings`.
    """
    data, options = recipe.data, recipe.data.options
    check_cutting(data)
    is_drawn = data.root.startswith(SYNTHETIC)
    check_names(options, _KNOWN, is_drawn=is_drawn)
    settings = ThingSettings(
        take(options, "variants", 4),
        take(options, "store", ""),
        take(options, "pasted", 0.5),
        take(options, "shapes", 0.1),
    )
    if settings.variants < 1 or min(settings.pasted, settings.shapes) < 0 or settings.pasted + settings.shapes > 1:
        raise UsageError(f"variants must be above 0, pasted and shapes shares of at most 1 in sum, got {settings}")
    if data.channels != 3:  # noqa: PLR2004 - prompts are for colours
        raise UsageError(f"data.channels must be 3 for things, got {data.channels}")
    if is_drawn or not data.root:
        return ThingMaker(data, settings, open_source(data).source)
    if not take(options, "images", ""):
        raise UsageError("things need pictures; set data.options.images to their folder below the root")
    return ThingMaker(data, settings, open_label_files(Path(data.root).expanduser(), options, None, 3))


def _to_sample(arrays: Mapping[str, AnyArray]) -> Sample:
    image, prompt = (planes(arrays[name]) for name in ("image", "prompt"))
    return Sample({"image": image, "prompt": prompt, **{name: arrays[name][None] for name in ("target", "known")}})
