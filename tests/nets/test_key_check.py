"""Converted weights held against the network they are said to belong to."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.arrays.types import AnyArray
from retouch.errors import UsageError, WeightsError
from retouch.nets.key_check import check_keys
from retouch.nets.official import build

NAME = "kair-dncnn25-released"


@pytest.fixture
def state() -> dict[str, AnyArray]:
    return {key: value.numpy().copy() for key, value in build(NAME, {}).state_dict().items()}


def test_the_keys_of_the_network_pass(state: dict[str, AnyArray]) -> None:
    check_keys(NAME, state, {})
    for array in state.values():
        array.flags.writeable = False  # as the readers of weights give them
    check_keys(NAME, state, {})


def test_a_missing_key_an_extra_key_and_another_shape_are_named(state: dict[str, AnyArray]) -> None:
    key, first = next(iter(state.items()))
    for changed in (
        {name: array for name, array in state.items() if name != key},
        state | {"left.over": np.zeros(1, np.float32)},
        state | {key: first[:-1]},
    ):
        with pytest.raises(WeightsError, match=rf"not those of DnCNN: .*({key}|left\.over)"):
            check_keys(NAME, changed, {})


def test_an_unknown_network_is_refused(state: dict[str, AnyArray]) -> None:
    with pytest.raises(UsageError, match="unknown published network"):
        check_keys("dncn", state, {})
