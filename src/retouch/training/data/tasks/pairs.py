"""Kind "pairs": a damaged picture and its clean partner.

They lie in files whose names share a stem, they are drawn ("synthetic:toy_rain"), or the damage is made from clean
pictures: rain, a shaken camera, captions, worn fingerprints.

Which files belong together is said by two patterns with one star each, for the shared stem; folders count, suffixes do
not:

damaged             clean
damaged/*           clean/*                 parallel folders (the default, where they are there)
*                   *_clean                 `name.png` beside `name_clean.png` (the default elsewhere)
training_input/*    training_ground-truth/* the fingerprints of ChaLearn 2018
rainy/rain-*        norain-*                Rain100
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.errors import InputError
from retouch.training.data.cutting import check_cutting
from retouch.training.data.samples import Draw, Groups, Sample
from retouch.training.data.sources.contract import Source
from retouch.training.data.sources.files import Entry, PictureFiles
from retouch.training.data.sources.opening import SYNTHETIC, entries_at, open_source
from retouch.training.data.synthetic.damage.listing import DAMAGES, damage_picture
from retouch.training.data.tasks.fitting import FittedSource, draw_cut, planes
from retouch.training.data.tasks.options import check_names, choose, take
from retouch.training.recipes.settings import DataSettings, Recipe

_PATTERNS = (("damaged/*", "clean/*"), ("*", "*_clean"))
_MADE = ("none", *DAMAGES)
_PICTURE_OPTIONS = ("licence_class",)  # of layouts of plain pictures
_KNOWN = ("damaged", "clean", "make", "densities")


class Pair(NamedTuple):
    """Two files; `clean` is None where the partner is missing. `density` is that of rain, 0 where it is not told."""

    damaged: Entry
    clean: Entry | None
    density: int = 0


class PairFiles:
    """A source of pairs of picture files; see `retouch.training.data.sources.contract`.

    A pair with a missing, unreadable or differently sized partner is refused when it is read, under the damaged
    picture's name.
    """

    def __init__(self, pairs: Sequence[Pair], n_channels: int = 3) -> None:
        self.pairs = tuple(pairs)
        self.n_channels = n_channels
        self._damaged = PictureFiles([pair.damaged for pair in pairs], n_channels)

    def __len__(self) -> int:
        """Return how many pairs there are, whole or not."""
        return len(self.pairs)

    def read(self, index: int) -> Mapping[str, AnyArray]:
        """Return "image" (clean) and "damaged", (H, W, C) uint8 of one size, and "density" where it is told."""
        damaged = self._damaged.read(index)["image"]
        clean = self._clean(index)
        try:
            image = clean.read(0)["image"]
        except InputError as error:
            raise InputError(f"its clean partner {clean.name(0)}: {error}") from error
        if image.shape != damaged.shape:
            raise InputError(
                f"both of a pair must have the same size, got {damaged.shape[1]}x{damaged.shape[0]} and, in "
                f"{clean.name(0)}, {image.shape[1]}x{image.shape[0]}"
            )
        density = self.pairs[index].density
        more = {"density": np.array(density, np.int64)} if density else {}
        return {"image": image, "damaged": damaged, **more}

    def name(self, index: int) -> str:
        """Return the damaged picture's path below the root."""
        return self._damaged.name(index)

    def content_hash(self, index: int) -> str:
        """Return a hash of the clean picture: damaged ones of the same truth stay on one side of a split."""
        clean = self._clean(index)
        self._damaged.bytes_of(index)  # both must be there
        return hashlib.sha256(clean.content_hash(0).encode()).hexdigest()

    def _clean(self, index: int) -> PictureFiles:
        entry = self.pairs[index].clean
        if entry is None:
            raise InputError("there is no clean partner of that name")
        return PictureFiles([entry], self.n_channels)


def find_pairs(
    root: Path, damaged: str = "", clean: str = "", densities: Mapping[str, int] | None = None
) -> list[Pair]:
    """List the pairs at a folder or archive.

    Parameters
    ----------
    root : path
    damaged, clean : str
        Patterns, see the head of this file; both or neither.
    densities : mapping
        Parts of names with the density of rain (1 to 3) that they stand for.

    Raises
    ------
    InputError
        If a pattern has not exactly one star, only one is given, or no pair is found.
    """
    entries = entries_at(root)
    if bool(damaged) != bool(clean):
        raise InputError("data.options.damaged and data.options.clean must both be given, or neither; got one of them")
    for ours, theirs in [(damaged, clean)] if damaged else _PATTERNS:
        partners = dict(_matched(entries, theirs))
        taken = set(partners.values())
        found = [Pair(e, partners.get(stem)) for stem, e in _matched(entries, ours) if e not in taken]
        if any(pair.clean for pair in found):
            return [pair._replace(density=_density_of(pair.damaged.name, densities or {})) for pair in found]
    tried = f"'{damaged}' and '{clean}'" if damaged else " or ".join(f"'{a}' and '{b}'" for a, b in _PATTERNS)
    raise InputError(
        f"{root} must hold pairs of pictures whose names match {tried}, got none among {len(entries)} pictures; "
        "set data.options.damaged and data.options.clean, or data.options.make to damage clean pictures"
    )


class PairMaker:
    """Samples "image" and "damaged", (C, S, S) uint8, and "density" () where it is known; see `Maker`."""

    def __init__(self, data: DataSettings, source: Source, make_damage: str = "none", n_validation: int = 0) -> None:
        self.source = source
        self.n_validation = n_validation
        self.groups: Groups | None = None
        self.fingerprint = ""
        self._data = data
        self._make_damage = make_damage
        self._fitted = FittedSource(source, data)

    def make(self, index: int, draw: Draw) -> Sample:
        """Return a sample."""
        arrays = self._fitted.read(index)
        cut = draw_cut(arrays["image"].shape, self._data, draw)
        image = cut.of(arrays["image"])
        if self._make_damage == "none":
            damaged, more = cut.of(arrays["damaged"]), {k: v for k, v in arrays.items() if k == "density"}
        else:
            damaged, more = damage_picture(image, self._make_damage, draw.rng("damage"))
        return Sample({"image": planes(image), "damaged": planes(damaged), **more})

    def notes(self) -> tuple[str, ...]:
        """Say how many pictures were scaled up so far."""
        return self._fitted.notes()


def build_pairs(recipe: Recipe) -> PairMaker:
    """Return the maker of a recipe's pairs.

    Options: `damaged` and `clean`, patterns of names; `densities`, a table from parts of names to 1, 2 or 3; or `make`,
    a name of `DAMAGES`, for clean pictures of any layout.
    """
    data = recipe.data
    check_cutting(data)
    made = choose(data.options, "make", _MADE)
    is_drawn = data.root.startswith(SYNTHETIC)
    if made != "none":
        check_names(data.options, ("make", *_PICTURE_OPTIONS), is_drawn=is_drawn)
        opened = open_source(_as_pictures(data))
        return PairMaker(data, opened.source, made, opened.n_validation)
    check_names(data.options, _KNOWN, is_drawn=is_drawn)
    if is_drawn or not data.root:
        return PairMaker(data, open_source(data).source)
    patterns = take(data.options, "damaged", ""), take(data.options, "clean", "")
    pairs = find_pairs(Path(data.root).expanduser(), *patterns, _densities(data))
    return PairMaker(data, PairFiles(pairs, data.channels))


def _as_pictures(data: DataSettings) -> DataSettings:
    """Return the settings as of pictures to be filled: any source of clean pictures will do."""
    return replace(data, kind="fill")


def _densities(data: DataSettings) -> Mapping[str, int]:
    table = data.options.get("densities", {})
    if not isinstance(table, Mapping) or not all(value in (1, 2, 3) for value in table.values()):
        raise InputError(f"data.options.densities must be a table from names to 1, 2 or 3, got {table!r}")
    return table


def _matched(entries: Sequence[Entry], pattern: str) -> list[tuple[str, Entry]]:
    """Return what the star stands for in each entry's name that matches, with the entry."""
    if pattern.count("*") != 1:
        raise InputError(f"a pattern of names must have exactly one star for the shared part, got '{pattern}'")
    head, tail = pattern.split("*")
    stems = [(str(Path(entry.name).with_suffix("").as_posix()), entry) for entry in entries]
    return [
        (stem[len(head) : len(stem) - len(tail)], entry)
        for stem, entry in stems
        if stem.startswith(head) and stem.endswith(tail) and len(stem) > len(head) + len(tail)
    ]


def _density_of(name: str, densities: Mapping[str, int]) -> int:
    return next((density for part, density in densities.items() if part in name), 0)
