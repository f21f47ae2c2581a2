"""Options: read from signatures, parsed from text, checked from Python."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest

from retouch.arrays.types import AnyArray, Mask
from retouch.errors import UsageError
from retouch.methods.catalogue import CATALOGUE, MethodInfo, find_method
from retouch.methods.options import Option, check_options, options_of, parse_options, parse_pairs, read_options


def example(
    image: AnyArray,
    *,
    size: int = 7,
    weight: float = 0.5,
    flip: bool = False,
    order: Literal["raster", "onion"] = "raster",
    limit: int | None = None,
    source: Mask | None = None,
    rng: Any = None,
    progress: Any = None,
) -> AnyArray:
    """Do nothing.

    Parameters
    ----------
    image : array
        Not an option.
    size : int
        Side of a patch,
        in pixels.
    weight, flip : float, bool
        Shared sentence.

    Returns
    -------
    array
        Not a parameter.
    """
    return image


def parse(*pairs: str) -> dict[str, Any]:
    return parse_pairs(read_options(example), pairs, "method 'example'")


def test_options_are_the_keyword_only_parameters_without_the_hooks() -> None:
    assert [o.name for o in read_options(example)] == ["size", "weight", "flip", "order", "limit", "source"]


def test_an_option_knows_its_default_and_its_sentence() -> None:
    size = read_options(example)[0]
    assert (size.default, size.sentence) == (7, "Side of a patch, in pixels.")


def test_parameters_described_together_share_the_sentence() -> None:
    assert {o.sentence for o in read_options(example)[1:3]} == {"Shared sentence."}


@pytest.mark.parametrize(
    ("pair", "value"),
    [
        ("size=9", 9),
        ("weight=2", 2.0),
        ("weight=1e-3", 0.001),
        ("flip=true", True),
        ("flip=No", False),
        ("order=onion", "onion"),
        ("limit=none", None),
        ("limit=3", 3),
        (" size = 9 ", 9),
    ],
)
def test_text_becomes_a_value_of_the_right_type(pair: str, value: Any) -> None:
    (parsed,) = parse(pair).values()
    assert (parsed, type(parsed)) == (value, type(value))


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("size", "must be written name=value, got 'size'"),
        ("size=big", "option 'size' of method 'example' must be a whole number, got 'big'"),
        ("size=2.5", "must be a whole number, got '2.5'"),
        ("flip=maybe", "must be true or false"),
        ("order=spiral", "must be one of raster, onion, got 'spiral'"),
        ("sise=9", "unknown option 'sise'; did you mean 'size'"),
        ("source=mask.png", "unknown option 'source'"),
        ("rng=1", "unknown option 'rng'"),
    ],
)
def test_text_that_does_not_fit_is_refused(pair: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse(pair)


def test_a_method_without_options_says_so() -> None:
    with pytest.raises(UsageError, match="method 'harmonic' takes no options, got 'radius'"):
        parse_options(find_method("harmonic"), ["radius=3"])


def test_python_values_are_checked_and_numpy_numbers_become_plain() -> None:
    assert type(check_options(find_method("telea"), {"radius_px": np.int64(5)})["radius_px"]) is int


@pytest.mark.parametrize("value", ["5", 2.5, True, None, np.zeros(3)])
def test_a_python_value_of_the_wrong_type_is_refused(value: Any) -> None:
    with pytest.raises(UsageError, match="option 'radius_px' of method 'telea' must be a whole number"):
        check_options(find_method("telea"), {"radius_px": value})


@pytest.mark.parametrize("info", CATALOGUE, ids=lambda info: info.name)
def test_every_option_of_every_method_is_described(info: MethodInfo) -> None:
    missing = [option.name for option in options_of(info) if not option.sentence]
    assert missing == []


@pytest.mark.parametrize("info", CATALOGUE, ids=lambda info: info.name)
def test_every_default_is_a_value_that_the_option_takes(info: MethodInfo) -> None:
    defaults = {option.name: option.default for option in options_of(info)}
    assert check_options(info, defaults) == defaults


def test_an_array_option_cannot_be_typed() -> None:
    assert not Option("source", (np.ndarray, type(None)), None, (), "").is_text
