"""Who is for training and who for validation: decided once, when a stream is opened, by what the pictures hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from retouch.errors import InputError, UsageError, unknown_name
from retouch.training.data.members.skipping import Skips
from retouch.training.data.members.splitting import split_by_content
from retouch.training.data.samples import Maker
from retouch.training.data.sources.contract import Source
from retouch.training.recipes.settings import Recipe

VALIDATION_ROOT = "validation_root"
SPLIT_BY = "split_by"
_RULES = ("content", "name")
_NOT_PART_OF_THE_DATA = ("root", "workers", "cache_mb", "max_corrupt_share")


@dataclass(frozen=True)
class Membership:
    """The numbers of the pictures on each side; those of validation count in its own source, where there is one.

    Attributes
    ----------
    training : list of int
    validation : list of int
        By rising hash where the stream split the pictures or they lie apart, else in the set's own order.
    fingerprint : str
        SHA-256 of the names and contents of all pictures and of the settings of data and damage.
    """

    training: list[int]
    validation: list[int]
    fingerprint: str


def decide_membership(recipe: Recipe, maker: Maker, apart: Maker | None, skips: Skips) -> Membership:
    """Split the pictures of a maker, or take those of another for validation.

    Parameters
    ----------
    recipe : Recipe
    maker : Maker
    apart : Maker or None
        What makes the validation samples, where they have a root of their own.
    skips : Skips
        Takes the pictures whose bytes cannot be read; they are on neither side.

    Raises
    ------
    InputError
        If both sides share a picture, or nothing is left to train on.
    """
    ours = _hash_all(recipe, maker.source, skips)
    theirs = [] if apart is None else _hash_all(recipe, apart.source, skips)
    training, validation = _split(recipe, maker, ours)
    if apart is not None:
        training, validation = _readable(ours), sorted(_readable(theirs), key=lambda i: (theirs[i], i))
        _refuse_shared((maker.source, ours, training), (apart.source, theirs, validation))
    elif maker.n_validation:
        _refuse_shared((maker.source, ours, training), (maker.source, ours, validation))
    named = _named(maker.source, ours) + ([] if apart is None else _named(apart.source, theirs))
    return Membership(training, validation, _fingerprint(recipe, maker.fingerprint, named))


def _split(recipe: Recipe, maker: Maker, hashes: Sequence[str]) -> tuple[list[int], list[int]]:
    readable = _readable(hashes)
    if maker.n_validation:
        first = len(hashes) - maker.n_validation
        return [i for i in readable if i < first], [i for i in readable if i >= first]
    share = 0.0 if recipe.data.options.get(VALIDATION_ROOT) else recipe.data.validation_share
    training, validation = split_by_content([hashes[i] for i in readable], share)
    return [readable[i] for i in training], [readable[i] for i in validation]


def _refuse_shared(
    training: tuple[Source, Sequence[str], Sequence[int]], validation: tuple[Source, Sequence[str], Sequence[int]]
) -> None:
    source, hashes, members = training
    known = {hashes[i]: i for i in members}
    shared = [(known[validation[1][i]], i) for i in validation[2] if validation[1][i] in known]
    if shared:
        ours, theirs = shared[0]
        raise InputError(
            f"training and validation must share no picture, got {len(shared)} in both, such as "
            f"{source.name(ours)} and {validation[0].name(theirs)}; remove them from one of the two"
        )


def _hash_all(recipe: Recipe, source: Source, skips: Skips) -> list[str]:
    """Return the hash by which each picture is known, "" where its bytes cannot be read."""
    rule = recipe.data.options.get(SPLIT_BY, _RULES[0])
    if rule not in _RULES:
        raise UsageError(unknown_name("rule to split by", str(rule), _RULES))

    def hash_of(index: int) -> str:
        if rule == "name":
            return hashlib.sha256(source.name(index).encode()).hexdigest()
        try:
            return source.content_hash(index)
        except InputError as error:
            skips.add(source.name(index), str(error))
            return ""

    with ThreadPoolExecutor(max(recipe.data.workers, 1)) as pool:
        return list(pool.map(hash_of, range(len(source))))


def _readable(hashes: Sequence[str]) -> list[int]:
    return [i for i, text in enumerate(hashes) if text]


def _named(source: Source, hashes: Sequence[str]) -> list[tuple[str, str]]:
    return [(source.name(i), text) for i, text in enumerate(hashes)]


def _fingerprint(recipe: Recipe, besides: str, named: Sequence[tuple[str, str]]) -> str:
    data = {name: value for name, value in asdict(recipe.data).items() if name not in _NOT_PART_OF_THE_DATA}
    data["options"] = {name: value for name, value in recipe.data.options.items() if name != VALIDATION_ROOT}
    damage = {name: value for name, value in asdict(recipe.damage).items() if name != "root"}
    text = json.dumps([data, damage, besides, named], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
