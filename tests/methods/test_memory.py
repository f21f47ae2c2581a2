"""Amounts of memory as people write them."""

from __future__ import annotations

import pytest

from retouch.errors import UsageError
from retouch.methods.planning.memory import format_memory, parse_memory


@pytest.mark.parametrize(
    ("text", "n_bytes"),
    [("2G", 2 << 30), ("800M", 800 << 20), ("1.5g", 3 << 29), ("64k", 65536), ("512MiB", 512 << 20), (1000, 1000)],
)
def test_an_amount_becomes_bytes(text: int | str, n_bytes: int) -> None:
    assert parse_memory(text) == n_bytes


@pytest.mark.parametrize("text", ["", "lots", "-1G", "0", "2X", "G", "1e9"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="such as 2G"):
        parse_memory(text)


def test_bytes_become_an_amount() -> None:
    assert [format_memory(n) for n in (512, 1536, 3 << 30)] == ["512", "1.5K", "3.0G"]
