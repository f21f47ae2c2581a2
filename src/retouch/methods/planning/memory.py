"""Amounts of memory, as people write them, and what a budget leaves to a method."""

from __future__ import annotations

import re

from retouch.errors import LimitError, UsageError

DEFAULT_MEMORY_BYTES = 2 << 30
PROCESS_BYTES = 200 << 20
"""The interpreter with numpy, OpenCV, numba and scipy loaded."""

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def parse_memory(amount: int | str) -> int:
    """Return bytes for an amount such as 2000000000, "800M" or "1.5G" (powers of 1024).

    Raises
    ------
    UsageError
        If the amount cannot be read or is not positive.

    >>> parse_memory("2K")
    2048
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?\s*", str(amount), re.IGNORECASE)
    n_bytes = int(float(match[1]) * _UNITS[match[2].upper()]) if match else 0
    if n_bytes < 1:
        raise UsageError(f"an amount of memory must be a number with K, M, G or T, such as 2G, got '{amount}'")
    return n_bytes


def format_memory(n_bytes: int) -> str:
    """Return an amount of memory for people.

    >>> format_memory(3 << 29)
    '1.5G'
    """
    for unit in ("T", "G", "M", "K"):
        if n_bytes >= _UNITS[unit]:
            return f"{n_bytes / _UNITS[unit]:.1f}{unit}"
    return str(n_bytes)


def left_of_budget(budget_bytes: int, picture_bytes: int, work: str) -> int:
    """Return what a budget leaves beside the process and what a picture needs itself.

    Parameters
    ----------
    budget_bytes, picture_bytes : int
    work : str
        What must stay within the budget, for the message, such as "the fill".

    Raises
    ------
    LimitError
        If nothing is left.

    >>> format_memory(left_of_budget(1 << 30, 100 << 20, "the fill"))
    '724.0M'
    """
    fixed = PROCESS_BYTES + picture_bytes
    if fixed >= budget_bytes:
        raise LimitError(
            f"{work} must stay within the memory budget of {format_memory(budget_bytes)}, but this picture alone "
            f"needs about {format_memory(fixed)}; raise --max-memory"
        )
    return budget_bytes - fixed
