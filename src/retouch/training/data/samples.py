"""What a kind of data must offer to a stream: a source of pictures, and samples made from them one by one.

A sample depends on the number of its picture and on its `Draw` alone, so that it can be made by any thread, at any
time, and again after an interruption.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.training.data.seeds import seeded
from retouch.training.data.sources.contract import Source


@dataclass(frozen=True)
class Draw:
    """The place of a sample in the run, and the random numbers that belong to it.

    Attributes
    ----------
    words : tuple
        What its random numbers hang on.
    step : int
        Number of the optimiser's step, from 0; of a validation sample, that of the end of time (see `is_training`).
    group : str
        The class that the curriculum chose for it, "" for none.
    is_training : bool
        A validation sample is cut from the middle, never mirrored, and its damage is the same in every run.
    """

    words: tuple[str | int, ...]
    step: int = 0
    group: str = ""
    is_training: bool = True

    def rng(self, purpose: str) -> np.random.Generator:
        """Return a new generator for one purpose ("cut", "damage", ...), apart from those of the others."""
        return seeded(*self.words, purpose)


class Sample(NamedTuple):
    """One sample.

    `tensors` are arrays without the axis of the samples: pictures (C, H, W), masks (1, H, W). uint8 stands for k / 255
    and bool for 0 and 1, both become float32; float64 becomes float32; other integers become int64.
    """

    tensors: Mapping[str, AnyArray]
    group: str = ""


@runtime_checkable
class Groups(Protocol):
    """What decides the class of each sample, and may listen to scores: a curriculum.

    `classes` are all that there are.
    """

    classes: tuple[str, ...]

    def training_groups(self, number: int, n_samples: int) -> tuple[str, ...]:
        """Return the class of each sample of a training batch."""

    def validation_groups(self, n_samples: int) -> tuple[str, ...]:
        """Return the class of each validation sample, the same in every run.

        There are at least as many samples as classes, and every class comes.
        """

    def feedback(self, scores: Mapping[str, Mapping[str, float]]) -> bool:
        """Take mean validation scores by class; return whether the state has changed."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state, fit for JSON."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go back to a state."""


@runtime_checkable
class Maker(Protocol):
    """One kind of data: built as `build(recipe)`.

    Attributes
    ----------
    source : Source
    groups : Groups or None
        None where samples have no classes.
    n_validation : int
        How many pictures at the end of the source are for validation by the set's own rule; 0 splits by content.
    fingerprint : str
        What else decides the samples besides the pictures and the settings, such as a folder of masks; "" for nothing.
    """

    source: Source
    groups: Groups | None
    n_validation: int
    fingerprint: str

    def make(self, index: int, draw: Draw) -> Sample:
        """Return a sample from picture number `index`.

        Raises
        ------
        InputError
            If the picture cannot be read: the stream then takes the next one. What is wrong for every picture alike is
            refused when the maker is built.
        """

    def notes(self) -> tuple[str, ...]:
        """Return plain sentences on what a user should know by now, such as how many pictures were scaled up."""
