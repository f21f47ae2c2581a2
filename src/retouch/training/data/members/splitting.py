"""Which pictures are for training and which for validation, and in which order they come.

A picture belongs to validation where the first 60 bits of its content's SHA-256, as a share of all such numbers, lie
below the validation share. What is added later moves no picture from one side to the other, equal pictures are always
on the same side, and names do not matter. A set so small that none lies below gives its lowest one to validation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from retouch.errors import InputError
from retouch.training.data.seeds import seeded

_N_DIGITS = 15  # hexadecimal digits of the hash that count: 60 bits


def share_of(content_hash: str) -> float:
    """Return where a hash lies among all: 0 to 1, uniform over pictures.

    >>> share_of("8" + 63 * "0")
    0.5
    """
    return int(content_hash[:_N_DIGITS], 16) / float(16**_N_DIGITS)


def split_by_content(hashes: Sequence[str], share: float) -> tuple[list[int], list[int]]:
    """Return the numbers of the pictures for training, ascending, and for validation, by rising hash.

    Raises
    ------
    InputError
        If nothing would be left to train on.
    """
    ranked = sorted(range(len(hashes)), key=lambda i: (hashes[i], i))
    if not 0 <= share < 1:
        raise InputError(f"validation_share must be 0 or more and below 1, got {share}")
    validation = [i for i in ranked if share_of(hashes[i]) < share]
    if share > 0 and not validation:
        validation = [i for i in ranked if hashes[i] == hashes[ranked[0]]]
    kept_out = set(validation)
    training = [i for i in range(len(hashes)) if i not in kept_out]
    if not training:
        raise InputError(
            f"there must be pictures to train on beside those for validation, got {len(hashes)} different in all; "
            "give more pictures, or validation_share = 0 to go without validation"
        )
    return training, validation


class EpochOrder:
    """The endless order of training pictures: one permutation of all of them after the other.

    A permutation depends on the seed and the number of its epoch alone.

    Parameters
    ----------
    members : sequence of int
        The numbers of the training pictures.
    seed : int
    """

    def __init__(self, members: Sequence[int], seed: int) -> None:
        self.members = np.asarray(members, np.int64)
        self._order = lru_cache(maxsize=4)(lambda epoch: seeded(seed, "order", epoch).permutation(self.members))

    def from_position(self, position: int) -> Iterator[int]:
        """Go through a whole epoch, beginning with the picture at `position` of the endless order.

        Those after the first stand in for it where it cannot be read.
        """
        epoch, place = divmod(position, len(self.members))
        order = self._order(epoch)
        return (int(order[(place + i) % len(order)]) for i in range(len(order)))
