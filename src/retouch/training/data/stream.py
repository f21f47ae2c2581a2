"""The stream of batches: number k depends on the settings, the pictures, the seed and the curriculum's state alone.

Never on the batches before it: a run that was interrupted goes on with exactly the batches that it would have had, and
threads may make them in any order. Validation samples do not depend on the seed either, so that runs with several
seeds are judged on the same ones.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

from retouch.errors import InputError, UsageError, unknown_name
from retouch.training.batch import Batch
from retouch.training.data.members.membership import VALIDATION_ROOT, decide_membership
from retouch.training.data.members.skipping import Skips
from retouch.training.data.members.splitting import EpochOrder
from retouch.training.data.prefetching import Prefetcher
from retouch.training.data.samples import Draw, Maker, Sample
from retouch.training.data.stacking import stack_samples
from retouch.training.recipes.settings import Recipe

MAKERS: Mapping[str, str] = {
    "fill": "retouch.training.data.filling:build_filling",
    "denoise": "retouch.training.data.filling:build_filling",
    "guesses": "retouch.training.data.guesses:build_guesses",
    "pairs": "retouch.training.data.tasks.pairs:build_pairs",
    "labels": "retouch.training.data.tasks.labels:build_labels",
    "things": "retouch.training.data.things.making:build_things",
    "clips": "retouch.training.data.tasks.clips:build_clips",
    "boxes": "retouch.training.data.tasks.boxes:build_boxes",
}
"""Where each kind of data picks its maker: "module:function", called as `build(recipe)`, returns a `Maker`."""

_LAST_STEP = 2**62


@runtime_checkable
class Stream(Protocol):
    """What the loop takes its batches from."""

    fingerprint: str
    """SHA-256 of the names and contents of the pictures and of the settings of data and damage."""

    @property
    def skipped(self) -> Mapping[str, str]:
        """The pictures that could not be read so far, with the reasons."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Plain sentences on what a user should know by now, such as how many pictures were scaled up."""

    def batch(self, number: int) -> Batch:
        """Return a training batch: float32 tensors in main memory."""

    def validation(self) -> Iterator[Batch]:
        """Go through the validation samples, the same each time."""

    def feedback(self, scores: Mapping[str, Mapping[str, float]]) -> None:
        """Tell the mean validation scores by group, such as {"level_3": {"psnr": 27.1}}."""

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint must keep, fit for JSON."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go back to a state."""

    def close(self) -> None:
        """Stop the threads."""


def open_stream(recipe: Recipe, *, n_processes: int = 1) -> Stream:
    """Return the stream of a recipe.

    Parameters
    ----------
    recipe : Recipe
    n_processes : int
        How many processes share the batches: each takes every n-th number.

    Raises
    ------
    UsageError
        If the settings name something that does not exist.
    InputError
        If there are no pictures, too many cannot be read, or training and validation share one.

    Notes
    -----
    Every picture file is read once, to know its content: less than 1 s for 4,232 files of 66 MB. For a larger set
    the data option `split_by = "name"` goes by names; equal pictures under two names are then not seen as such.
    """
    maker = build_maker(recipe)
    return _DataStream(recipe, maker, _separate_validation(recipe, maker), n_processes)


def build_maker(recipe: Recipe) -> Maker:
    """Return what makes samples of the kind of data that a recipe asks for."""
    if recipe.data.kind not in MAKERS:
        raise UsageError(unknown_name("kind of data", recipe.data.kind, MAKERS))
    module, _, name = MAKERS[recipe.data.kind].partition(":")
    maker: Maker = getattr(importlib.import_module(module), name)(recipe)
    return maker


def _separate_validation(recipe: Recipe, maker: Maker) -> Maker | None:
    """Return the maker for the option `validation_root`, if it is given."""
    root = recipe.data.options.get(VALIDATION_ROOT)
    if not root:
        return None
    options = {name: value for name, value in recipe.data.options.items() if name != VALIDATION_ROOT}
    return build_maker(replace(recipe, data=replace(recipe.data, root=str(root), options=options)))


class _DataStream:
    """A stream over the samples of a maker."""

    def __init__(self, recipe: Recipe, maker: Maker, validation: Maker | None, n_processes: int) -> None:
        self._recipe = recipe
        self._maker = maker
        self._validation_maker = validation or maker
        self._n_processes = n_processes
        n_pictures = len(maker.source) + (len(validation.source) if validation else 0)
        self._skips = Skips(n_pictures, recipe.data.max_corrupt_share)
        members = decide_membership(recipe, maker, validation, self._skips)
        self._validation_members = members.validation
        self._order = EpochOrder(members.training, recipe.run.seed)
        self.fingerprint = members.fingerprint
        self._unreadable: set[tuple[bool, int]] = set()
        self._prefetcher = Prefetcher(self._make_batch, recipe.data.workers, n_processes)

    @property
    def skipped(self) -> Mapping[str, str]:
        """The pictures that could not be read so far, with the reasons."""
        return dict(self._skips.reasons)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know by now."""
        return self._maker.notes()

    def batch(self, number: int) -> Batch:
        """Return a training batch."""
        return self._prefetcher.get(number)

    def validation(self) -> Iterator[Batch]:
        """Go through the validation samples."""
        n_batch = self._recipe.run.batch
        samples: list[tuple[str, Sample]] = []
        for sample in self._validation_samples():
            samples.append(sample)
            if len(samples) == n_batch:
                yield stack_samples(samples)
                samples = []
        if samples:
            yield stack_samples(samples)

    def feedback(self, scores: Mapping[str, Mapping[str, float]]) -> None:
        """Tell the curriculum how well each group goes."""
        groups = self._maker.groups
        if groups is not None and groups.feedback(scores):
            self._prefetcher.forget()

    def state_dict(self) -> dict[str, Any]:
        """Return the curriculum's state."""
        groups = self._maker.groups
        return {} if groups is None else {"curriculum": groups.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Give the curriculum its state back."""
        if self._maker.groups is not None and "curriculum" in state:
            self._maker.groups.load_state_dict(state["curriculum"])
            self._prefetcher.forget()

    def close(self) -> None:
        """Stop the threads."""
        self._prefetcher.close()

    def _make_batch(self, number: int) -> Batch:
        run, groups = self._recipe.run, self._maker.groups
        names = ("",) * run.batch if groups is None else groups.training_groups(number, run.batch)
        step = number // (max(run.accumulate, 1) * self._n_processes)
        draws = [Draw((run.seed, "sample", number, j), step, group) for j, group in enumerate(names)]
        return stack_samples([self._training_sample(number * run.batch + j, draw) for j, draw in enumerate(draws)])

    def _training_sample(self, position: int, draw: Draw) -> tuple[str, Sample]:
        """Make the sample of a place in the endless order; a picture that cannot be read gives way to the next."""
        for index in self._order.from_position(position):
            sample = self._try(self._maker, index, draw)
            if sample is not None:
                return sample
        raise InputError(f"none of the {len(self._order.members)} training pictures can be read; give readable ones")

    def _validation_samples(self) -> Iterator[tuple[str, Sample]]:
        maker, members = self._validation_maker, self._validation_members
        pictures = min(len(members), self._recipe.run.validation_pictures)
        if not pictures:
            return
        groups = self._maker.groups
        n_samples = pictures if groups is None else max(pictures, len(groups.classes))
        names = ("",) * n_samples if groups is None else groups.validation_groups(n_samples)
        for j, group in enumerate(names):
            draw = Draw(("validation", j), _LAST_STEP, group, is_training=False)
            sample = self._try(maker, members[j % pictures], draw)
            if sample is not None:
                yield sample

    def _try(self, maker: Maker, index: int, draw: Draw) -> tuple[str, Sample] | None:
        """Make a sample, or note why its picture cannot be read and return None."""
        if (maker is self._maker, index) in self._unreadable:
            return None
        name = maker.source.name(index)
        try:
            return name, maker.make(index, draw)
        except InputError as error:
            self._unreadable.add((maker is self._maker, index))
            self._skips.add(name if maker is self._maker else f"{VALIDATION_ROOT}/{name}", str(error))
            return None
