"""The memory for arrays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from retouch.arrays.types import AnyArray
from retouch.training.data.memory import ArrayMemory

QUARTER = 2**18  # bytes of a quarter of a megabyte


def quarter(value: int = 0) -> AnyArray:
    return np.full(QUARTER, value, np.uint8)


def test_what_is_remembered_is_not_made_again() -> None:
    memory = ArrayMemory(1)
    assert memory.get("a", lambda: quarter(7)) is memory.get("a", lambda: quarter(8))


def test_the_bound_holds_at_all_times() -> None:
    memory = ArrayMemory(1)
    held = []
    for key in range(20):
        memory.get(key, quarter)
        held.append(memory.n_bytes)
    assert max(held) == 4 * QUARTER


def test_the_least_recently_used_leaves_first() -> None:
    memory = ArrayMemory(1)
    for key in (0, 1, 2, 3, 0, 4):  # 0 is used again before 4 comes, so 1 leaves
        memory.get(key, quarter)
    assert memory.get(0, lambda: quarter(9))[0] == 0
    assert memory.get(1, lambda: quarter(9))[0] == 9


def test_what_is_larger_than_all_of_it_is_not_kept() -> None:
    memory = ArrayMemory(1)
    memory.get("small", quarter)
    memory.get("large", lambda: np.zeros(2**21, np.uint8))
    assert memory.n_bytes == QUARTER


def test_nothing_is_kept_at_size_0() -> None:
    memory = ArrayMemory(0)
    memory.get("a", quarter)
    assert memory.n_bytes == 0


def test_what_is_remembered_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        ArrayMemory(1).get("a", quarter)[0] = 1


def test_threads_keep_the_bound() -> None:
    memory = ArrayMemory(1)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda key: memory.get(key % 7, quarter), range(300)))
    assert memory.n_bytes == 4 * QUARTER
