"""Samples whose holes a classical method has filled already: what a network that corrects such fills is trained on.

The data option `guess` says how they are drawn:

    guess = {drawn_px = 192, variants = 3, store = "DIR", zoomed = 0.6}

`methods` names other methods than the blend of kriging and membrane, with their shares: fills as `retouch.fill` makes
them, seam and all. A detector of fills is trained on these, with `recoded` (the share of samples whose guess went
through a codec, a resampling or noise, known pixels and filled ones alike) and `intact` (the share without any hole).

A guess takes far longer than a step, so each picture has a limited number of variants: a zoom, a cut of `drawn_px`, a
mask and its guess, which are kept in the folder `store` once they were drawn. From these every sample cuts `size_px`,
turned and mirrored in all eight ways, now and then with its colours exchanged. Without a store all is drawn each time.
A sample is "image", "mask" and "guess".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from retouch.arrays.types import AnyArray, Mask
from retouch.errors import UsageError
from retouch.io.pictures.picture import Picture
from retouch.training.data.curricula.contract import Curriculum
from retouch.training.data.curricula.families import checked_shares
from retouch.training.data.curricula.listing import build_curriculum
from retouch.training.data.cutting import check_cutting, choose_cut, fit
from retouch.training.data.kept import KeptArrays
from retouch.training.data.recoding import recode
from retouch.training.data.samples import Draw, Sample
from retouch.training.data.sources.opening import OpenedSource, open_source
from retouch.training.recipes.settings import DataSettings, Recipe
from retouch.training.recipes.tables import read_table

_LEAST_SHARE, _MOST_SHARE = 0.003, 0.85
_TRIES = 20
_EXCHANGED_SHARE = 0.2
_SEEDS = 1 << 16
_NAMES = ("image", "mask", "guess")


@dataclass(frozen=True)
class GuessSettings:
    """How guesses are drawn.

    Attributes
    ----------
    drawn_px : int
        Side of what is drawn and kept; 0 is `size_px`.
    variants : int
        How many there are of each picture.
    store : str
        Folder where they are kept; "" keeps nothing.
    zoomed : float
        Share of variants from a picture made smaller at random, down to `drawn_px` on its shorter side.
    methods : mapping of str to float
        Names of `retouch.methods.catalogue` with their shares; empty for the blend of kriging and membrane.
    recoded, intact : float
        Shares of training samples: whose guess is re-coded, and that have no hole.
    """

    drawn_px: int = 0
    variants: int = 3
    store: str = ""
    zoomed: float = 0.6
    methods: Mapping[str, float] = field(default_factory=dict)
    recoded: float = 0.0
    intact: float = 0.0


def build_guesses(recipe: Recipe) -> GuessMaker:
    """Return the maker for the kind of data "guesses".

    Raises
    ------
    UsageError
        If the option `guess` has an unknown name or a value that makes no sense.
    """
    settings = read_guess(recipe.data)
    check_cutting(recipe.data)
    curriculum = build_curriculum(recipe.damage, 0, settings.drawn_px)  # drawn once: not another for each run's seed
    return GuessMaker(recipe, settings, open_source(recipe.data), curriculum)


def read_guess(data: DataSettings) -> GuessSettings:
    """Return the settings of the option `guess`; errors as of `build_guesses`."""
    settings: GuessSettings = read_table(GuessSettings, data.options.get("guess", {}), "data.options.guess")
    settings = replace(settings, drawn_px=settings.drawn_px or data.size_px)
    shares = (settings.zoomed, settings.recoded, settings.intact)
    if settings.drawn_px < data.size_px or settings.variants < 1 or not all(0 <= share <= 1 for share in shares):
        raise UsageError(
            f"guess must have drawn_px of at least size_px = {data.size_px}, variants above 0, and zoomed, recoded and "
            f"intact in 0 to 1, got {asdict(settings)}"
        )
    if settings.methods:
        checked_shares(settings.methods)
    return settings


class GuessMaker:
    """Makes samples with guesses; see `retouch.training.data.samples.Maker`."""

    def __init__(self, recipe: Recipe, settings: GuessSettings, opened: OpenedSource, curriculum: Curriculum) -> None:
        self.source, self.n_validation = opened.source, opened.n_validation
        self.groups, self.fingerprint = curriculum, curriculum.fingerprint
        self._settings = settings
        self._drawn = replace(recipe.data, size_px=settings.drawn_px, resize="none", crop="random", flip=False)
        self._size_px = recipe.data.size_px
        n, side, channels = len(self.source) * settings.variants, settings.drawn_px, recipe.data.channels
        shapes = {"image": (side, side, channels), "mask": (side, side), "guess": (side, side, channels)}
        self._kept = KeptArrays(settings.store, n, shapes, self._facts(recipe)) if settings.store else None

    def make(self, index: int, draw: Draw) -> Sample:
        """Return a sample; one for validation is the whole of a variant that training does not have."""
        if not draw.is_training:
            return _to_sample(self._draw_variant(index, -1, draw.group), draw.group)
        variant = int(draw.rng("variant").integers(self._settings.variants))
        key = index * self._settings.variants + variant
        group = self.groups.training_groups(key, 1)[0]
        if self._kept is None:
            arrays = self._draw_variant(index, variant, group)
        else:
            arrays = self._kept.get(key, lambda: self._draw_variant(index, variant, group))
        return _to_sample(self._disguised(self._cut(arrays, draw.rng("cut")), draw.rng("disguise")), group)

    def notes(self) -> tuple[str, ...]:
        """Say how much was drawn so far."""
        return () if self._kept is None else (f"{self._kept.n_kept} of {self._kept.n} guesses are drawn and kept",)

    def _draw_variant(self, index: int, variant: int, group: str) -> Mapping[str, AnyArray]:
        draw = Draw(("guess", index, variant), group=group)
        whole = self.source.read(index)["image"]
        scaled = fit(whole, self._zoomed(whole.shape, draw.rng("zoom")))
        image = np.ascontiguousarray(choose_cut(scaled.shape[:2], self._drawn, draw.rng("cut")).of(scaled))
        mask = self.groups.damage(image, draw)["mask"][0]
        return {"image": image, "mask": mask, "guess": self._guess(image, np.ascontiguousarray(mask), draw)}

    def _guess(self, image: AnyArray, mask: Mask, draw: Draw) -> AnyArray:
        # Methods need OpenCV and numba, which are not there on every machine that has a store.
        if self._settings.methods:
            from retouch.methods.crop_run import FillRequest  # noqa: PLC0415
            from retouch.methods.fill import fill_picture  # noqa: PLC0415

            names, shares = list(self._settings.methods), np.array(list(self._settings.methods.values()))
            rng = draw.rng("method")
            name = names[rng.choice(len(names), p=shares / shares.sum())]
            request = FillRequest(name, seed=int(rng.integers(_SEEDS)))
            return fill_picture(Picture.from_array(image), mask, request).picture.pixels
        from retouch.classical.sparse.blended import inpaint_blended  # noqa: PLC0415

        guess = inpaint_blended((image / np.float32(255)).astype(np.float32), mask)
        return np.rint(guess * 255).astype(np.uint8)

    def _disguised(self, arrays: Mapping[str, AnyArray], rng: np.random.Generator) -> Mapping[str, AnyArray]:
        """Return the sample without its hole now and then, and its guess as another file would hold it."""
        image, mask, guess = (arrays[name] for name in _NAMES)
        if rng.random() < self._settings.intact:
            mask, guess = np.zeros_like(mask), image
        if rng.random() < self._settings.recoded:
            guess = recode(guess, rng)
        return {"image": image, "mask": mask, "guess": guess}

    def _zoomed(self, shape: tuple[int, ...], rng: np.random.Generator) -> DataSettings:
        """Return settings that scale a picture to a random size, or leave it as it is."""
        short, least = min(shape[:2]), self._settings.drawn_px
        if short <= least or rng.random() >= self._settings.zoomed:
            return self._drawn
        side = least * (short / least) ** rng.random()  # even in the logarithm: as many halvings as slight reductions
        return replace(self._drawn, resize="short", short_px=round(side))

    def _cut(self, arrays: Mapping[str, AnyArray], rng: np.random.Generator) -> Mapping[str, AnyArray]:
        """Return a part with a hole in it and something known, turned and mirrored."""
        room = self._settings.drawn_px - self._size_px + 1
        for _ in range(_TRIES):
            top, left = rng.integers(room, size=2)
            part = np.s_[top : top + self._size_px, left : left + self._size_px]
            if _LEAST_SHARE < arrays["mask"][part].mean() < _MOST_SHARE:
                break
        turns, is_mirrored = int(rng.integers(4)), bool(rng.integers(2))
        colours = rng.permutation(arrays["image"].shape[2]) if rng.random() < _EXCHANGED_SHARE else None
        cut = {}
        for name, array in arrays.items():
            turned = np.rot90(array[part], turns)
            turned = turned[:, ::-1] if is_mirrored else turned
            cut[name] = turned if colours is None or turned.ndim == 2 else turned[:, :, colours]  # noqa: PLR2004
        return cut

    def _facts(self, recipe: Recipe) -> str:
        """Return a hash of all that decides what is drawn."""
        drawn = {**asdict(self._settings), "store": "", "channels": recipe.data.channels, "recoded": 0, "intact": 0}
        damage = asdict(recipe.damage)
        names = [self.source.name(i) for i in range(len(self.source))]
        words: list[Any] = [drawn, damage, names, self.fingerprint]
        return hashlib.sha256(json.dumps(words, sort_keys=True, default=str).encode()).hexdigest()


def _to_sample(arrays: Mapping[str, AnyArray], group: str) -> Sample:
    image, mask, guess = (arrays[name] for name in _NAMES)
    return Sample({"image": np.moveaxis(image, -1, 0), "mask": mask[None], "guess": np.moveaxis(guess, -1, 0)}, group)
