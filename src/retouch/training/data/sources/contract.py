"""What a data stream asks of a set of pictures, whatever it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from retouch.arrays.types import AnyArray


@runtime_checkable
class Source(Protocol):
    """Pictures by number, in an order that is the same in every process. Safe to be read by several threads."""

    def __len__(self) -> int:
        """Return how many there are."""

    def read(self, index: int) -> Mapping[str, AnyArray]:
        """Return one: "image" (H, W, C) uint8, upright, C as the settings ask, and whatever else belongs to it.

        The arrays may be shared with a cache: they are not written to.

        Raises
        ------
        InputError
            If it cannot be read; the message is the reason that is shown for a skipped picture.
        """

    def name(self, index: int) -> str:
        """Return where it came from, for messages: a path below the root, or a seed."""

    def content_hash(self, index: int) -> str:
        """Return the SHA-256 of its content, in hexadecimal: equal for equal pictures, whatever they are called.

        Raises
        ------
        InputError
            If its bytes cannot be read.
        """
