"""Samples of whole pictures with damage: what inpainting and denoising are trained on.

A sample is "image" (C, H, W), what the curriculum adds ("mask" (1, H, W), or "noisy" and "sigma"), and by option
"structure" and "known_structure".
"""

from __future__ import annotations

from threading import Lock

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.errors import UsageError
from retouch.training.data.curricula.contract import Curriculum
from retouch.training.data.curricula.listing import build_curriculum
from retouch.training.data.cutting import check_cutting, choose_cut, fit
from retouch.training.data.memory import ArrayMemory
from retouch.training.data.samples import Draw, Sample
from retouch.training.data.sources.opening import SYNTHETIC, OpenedSource, find_layout, open_source
from retouch.training.data.structures import Structures, read_structures
from retouch.training.data.tasks.options import check_names
from retouch.training.recipes.settings import DataSettings, Recipe


def build_filling(recipe: Recipe) -> FillingMaker:
    """Return the maker for the kinds of data "fill" and "denoise"."""
    check_cutting(recipe.data)
    is_drawn = recipe.data.root.startswith(SYNTHETIC)
    layout_options = () if is_drawn else find_layout(recipe.data.layout).options
    check_names(recipe.data.options, ("structure", *layout_options), is_drawn=is_drawn)
    if (recipe.data.kind == "denoise") != (recipe.damage.curriculum == "noise"):
        raise UsageError(
            "data of the kind 'denoise' and the curriculum 'noise' go together, "
            f"got kind '{recipe.data.kind}' and curriculum '{recipe.damage.curriculum}'"
        )
    curriculum = build_curriculum(recipe.damage, recipe.run.seed, recipe.data.size_px)
    return FillingMaker(recipe.data, open_source(recipe.data), curriculum, read_structures(recipe.data))


class FillingMaker:
    """Makes samples from the pictures of a source; see `retouch.training.data.samples.Maker`."""

    def __init__(
        self, data: DataSettings, opened: OpenedSource, curriculum: Curriculum, structures: Structures | None
    ) -> None:
        self.source = opened.source
        self.n_validation = opened.n_validation
        self.groups = curriculum
        self.fingerprint = curriculum.fingerprint
        self._data = data
        self._structures = structures
        self._memory = ArrayMemory(data.cache_mb)
        self._scaled_up: set[int] = set()
        self._lock = Lock()

    def make(self, index: int, draw: Draw) -> Sample:
        """Return a sample; the damage is drawn apart from the cut, so that either can change without the other."""
        whole = self._memory.get(("image", index), lambda: self._read(index))
        grid = self._structures.scale if self._structures else 1
        cut = choose_cut(whole.shape[:2], self._data, draw.rng("cut") if draw.is_training else None, grid)
        pixels = cut.of(whole)
        tensors = {"image": channels_first(pixels)}
        tensors.update(self.groups.damage(pixels, draw))
        if self._structures:
            smooth = self._structures.of_whole
            truth = self._memory.get(("structure", index), lambda: smooth(whole))
            tensors["structure"] = channels_first(cut.of(truth, grid))
            tensors.update(self._structures.of_known(pixels, tensors.get("mask")))
        return Sample(tensors, draw.group)

    def notes(self) -> tuple[str, ...]:
        """Say how many pictures were scaled up so far."""
        if not self._scaled_up:
            return ()
        n_scaled, size = len(self._scaled_up), self._data.size_px
        return (f"{n_scaled} of {len(self.source)} pictures are smaller than {size} px and were scaled up",)

    def _read(self, index: int) -> AnyArray:
        pixels = self.source.read(index)["image"]
        if min(pixels.shape[:2]) < self._data.size_px:
            with self._lock:
                self._scaled_up.add(index)
        # Channel after channel in memory, as batches are: mirrored squares are then copied four times faster.
        return np.moveaxis(np.array(channels_first(fit(pixels, self._data)), order="C"), 0, -1)


def channels_first(pixels: AnyArray) -> AnyArray:
    """Return (H, W, C) as (C, H, W), a view."""
    return np.moveaxis(pixels, -1, 0)
