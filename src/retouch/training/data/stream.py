"""The stream of batches: number k depends on the settings, the pictures, the seed and the curriculum's state alone.

Never on the batches before it: a run that was interrupted goes on with exactly the batches that it would have had, and
threads may make them in any order. Validation samples do not depend on the seed either, so that runs with several
seeds are judged on the same ones.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from typing import Any, Protocol, runtime_checkable

from retouch.errors import InputError, UsageError, unknown_name
from retouch.training.batch import Batch
from retouch.training.data.prefetching import Prefetcher
from retouch.training.data.samples import Draw, Maker, Sample
from retouch.training.data.skipping import Skips
from retouch.training.data.splitting import EpochOrder, split_by_content
from retouch.training.data.stacking import stack_samples
from retouch.training.recipes.settings import Recipe

MAKERS: Mapping[str, str] = {
    "fill": "retouch.training.data.filling:build_filling",
    "denoise": "retouch.training.data.filling:build_filling",
    "guesses": "retouch.training.data.guesses:build_guesses",
    "pairs": "retouch.training.data.tasks.pairs:build_pairs",
    "labels": "retouch.training.data.tasks.labels:build_labels",
    "clips": "retouch.training.data.tasks.clips:build_clips",
    "boxes": "retouch.training.data.tasks.boxes:build_boxes",
}
"""Where each kind of data picks its maker: "module:function", called as `build(recipe)`, returns a `Maker`."""

_LAST_STEP = 2**62
_NOT_PART_OF_THE_DATA = ("root", "workers", "cache_mb", "max_corrupt_share")


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
    Every picture file is read once, to know its content: 0.3 s for 4,232 files of 66 MB. For a set too large for that,
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
    root = recipe.data.options.get("validation_root")
    if not root:
        return None
    options = {name: value for name, value in recipe.data.options.items() if name != "validation_root"}
    return build_maker(replace(recipe, data=replace(recipe.data, root=str(root), options=options)))


class _DataStream:
    """A stream over the samples of a maker."""

    def __init__(self, recipe: Recipe, maker: Maker, validation: Maker | None, n_processes: int) -> None:
        self._recipe = recipe
        self._maker = maker
        self._validation_maker = validation or maker
        self._n_processes = n_processes
        self._skips = Skips(
            len(maker.source) + (len(validation.source) if validation else 0), recipe.data.max_corrupt_share
        )
        hashes = self._hashes(maker)
        training, self._validation_members = self._split(hashes, validation)
        self._order = EpochOrder(training, recipe.run.seed)
        self.fingerprint = self._fingerprint(hashes)
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
        if not members:
            return
        pictures = min(len(members), self._recipe.run.validation_pictures)
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
        name = maker.source.name(index)
        if name in self._skips.reasons:
            return None
        try:
            return name, maker.make(index, draw)
        except InputError as error:
            self._skips.add(name, str(error))
            return None

    def _split(self, hashes: list[str], validation: Maker | None) -> tuple[list[int], list[int]]:
        """Return the numbers of the training and of the validation pictures; what has no hash is in neither."""
        readable = [i for i, text in enumerate(hashes) if text]
        if validation is not None:
            others = self._hashes(validation)
            self._refuse_shared(hashes, others, validation)
            ranked = sorted((text, i) for i, text in enumerate(others) if text)
            return readable, [i for _, i in ranked]
        if self._maker.n_validation:
            first = len(hashes) - self._maker.n_validation
            return [i for i in readable if i < first], [i for i in readable if i >= first]
        training, kept_out = split_by_content([hashes[i] for i in readable], self._recipe.data.validation_share)
        return [readable[i] for i in training], [readable[i] for i in kept_out]

    def _refuse_shared(self, hashes: list[str], others: list[str], validation: Maker) -> None:
        known = {text: i for i, text in enumerate(hashes) if text}
        shared = [(known[text], i) for i, text in enumerate(others) if text in known]
        if shared:
            ours, theirs = shared[0]
            raise InputError(
                f"training and validation must share no picture, got {len(shared)} in both, such as "
                f"{self._maker.source.name(ours)} and {validation.source.name(theirs)}; remove them from one of the two"
            )

    def _hashes(self, maker: Maker) -> list[str]:
        """Return the content hash of every picture, "" where its bytes cannot be read."""
        source = maker.source
        by_name = _is_split_by_name(self._recipe)

        def hash_of(index: int) -> str:
            try:
                return (
                    hashlib.sha256(source.name(index).encode()).hexdigest() if by_name else source.content_hash(index)
                )
            except InputError as error:
                self._skips.add(source.name(index), str(error))
                return ""

        with ThreadPoolExecutor(max(self._recipe.data.workers, 1)) as pool:
            return list(pool.map(hash_of, range(len(source))))

    def _fingerprint(self, hashes: list[str]) -> str:
        source = self._maker.source
        settings = {k: v for k, v in asdict(self._recipe.data).items() if k not in _NOT_PART_OF_THE_DATA}
        damage = {k: v for k, v in asdict(self._recipe.damage).items() if k != "root"}
        text = hashlib.sha256(
            json.dumps([settings, damage, self._maker.fingerprint], sort_keys=True, default=str).encode()
        )
        for index, content in enumerate(hashes):
            text.update(f"{source.name(index)}\0{content}\n".encode())
        return text.hexdigest()


def _is_split_by_name(recipe: Recipe) -> bool:
    rule = recipe.data.options.get("split_by", "content")
    if rule not in ("content", "name"):
        raise UsageError(unknown_name("rule to split by", str(rule), ("content", "name")))
    return bool(rule == "name")
