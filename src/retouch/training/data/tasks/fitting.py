"""Everything that belongs to one picture, scaled and cut alike: partners, frames, maps of labels.

Pictures are scaled as those of other kinds (`retouch.training.data.cutting`), maps of labels by the nearest pixel, so
that no label appears that was not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from threading import Lock

import numpy as np
from jaxtyping import Int64, UInt8
from PIL import Image as PillowImage

from retouch.arrays.types import AnyArray
from retouch.training.data.cutting import Cut, choose_cut, fit, fitted_size
from retouch.training.data.memory import ArrayMemory
from retouch.training.data.samples import Draw
from retouch.training.data.sources.contract import Source
from retouch.training.recipes.settings import DataSettings

_PICTURE_AXES = 3


class FittedSource:
    """The arrays of a source, scaled as the settings ask, and remembered as far as `cache_mb` reaches.

    (H, W, C) uint8 arrays are scaled as pictures, (H, W) int64 as labels; others stay as they are, and all of them
    where `scales` is False.
    """

    def __init__(self, source: Source, data: DataSettings, *, scales: bool = True) -> None:
        self.source = source
        self._data = data
        self._scales = scales
        self._memory = ArrayMemory(data.cache_mb)
        self._scaled_up: set[int] = set()
        self._names: dict[int, tuple[str, ...]] = {}
        self._lock = Lock()

    def read(self, index: int) -> Mapping[str, AnyArray]:
        """Return the arrays of a picture, read-only.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        fresh: dict[str, AnyArray] = {}

        def part(name: str) -> AnyArray:
            if not fresh:
                fresh.update(self._fitted(index))
            return fresh[name]

        with self._lock:
            names = self._names.get(index)
        if names is None:
            fresh.update(self._fitted(index))
            names = tuple(fresh)
            with self._lock:
                self._names[index] = names
        return {name: self._memory.get((index, name), partial(part, name)) for name in names}

    def notes(self) -> tuple[str, ...]:
        """Say how many pictures were scaled up so far."""
        if not self._scaled_up:
            return ()
        n_scaled, size = len(self._scaled_up), self._data.size_px
        return (f"{n_scaled} of {len(self.source)} pictures are smaller than {size} px and were scaled up",)

    def _fitted(self, index: int) -> dict[str, AnyArray]:
        arrays = self.source.read(index)
        if not self._scales:
            return {name: np.array(array) for name, array in arrays.items()}
        if min(arrays["image" if "image" in arrays else "labels"].shape[:2]) < self._data.size_px:
            with self._lock:
                self._scaled_up.add(index)
        return {name: np.array(fit_any(array, self._data)) for name, array in arrays.items()}


def fit_any(array: AnyArray, data: DataSettings) -> AnyArray:
    """Return a picture (H, W, C) or a map of labels (H, W) scaled as the settings ask; anything else unchanged."""
    if array.ndim == _PICTURE_AXES and array.dtype == np.uint8:
        return fit(array, data)
    return fit_labels(array, data) if array.ndim == _PICTURE_AXES - 1 and array.dtype == np.int64 else array


def fit_labels(labels: Int64[np.ndarray, "H W"], data: DataSettings) -> Int64[np.ndarray, "h w"]:
    """Return a map of labels scaled as the settings ask.

    >>> fit_labels(np.array([[1, 1, 9, 9], [1, 1, 9, 9]]), DataSettings(size_px=1, resize="short")).tolist()
    [[1, 9]]
    """
    height, width = fitted_size(labels.shape[0], labels.shape[1], data)
    if (height, width) == labels.shape:
        return labels
    image = PillowImage.fromarray(labels.astype(np.int32))
    return np.asarray(image.resize((width, height), PillowImage.Resampling.NEAREST)).astype(np.int64)


def draw_cut(shape: tuple[int, ...], data: DataSettings, draw: Draw) -> Cut:
    """Return where the square of a sample lies in a fitted picture (H, W, ...)."""
    return choose_cut((shape[0], shape[1]), data, draw.rng("cut") if draw.is_training else None)


def planes(picture: UInt8[np.ndarray, "*T H W C"]) -> UInt8[np.ndarray, "*T C H W"]:
    """Return a picture or a clip with its channels first, as samples have them."""
    return np.moveaxis(picture, -1, -3)
