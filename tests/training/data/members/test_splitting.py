"""Splits and orders."""

from __future__ import annotations

import hashlib

import pytest

from retouch.errors import InputError
from retouch.training.data.members.splitting import EpochOrder, share_of, split_by_content


def hashes(n: int) -> list[str]:
    return [hashlib.sha256(str(i).encode()).hexdigest() for i in range(n)]


def test_a_share_of_many_pictures_is_met_about() -> None:
    _, validation = split_by_content(hashes(10_000), 0.1)
    assert abs(len(validation) - 1000) < 90  # three standard deviations of sqrt(10,000 x 0.1 x 0.9) = 30


def test_the_split_names_every_picture_once() -> None:
    training, validation = split_by_content(hashes(100), 0.3)
    assert sorted(training + validation) == list(range(100))
    assert training == sorted(training)


def test_validation_pictures_come_by_rising_hash() -> None:
    names = hashes(50)
    _, validation = split_by_content(names, 0.5)
    assert [names[i] for i in validation] == sorted(names[i] for i in validation)
    assert all(share_of(names[i]) < 0.5 for i in validation)


def test_what_is_added_moves_no_picture() -> None:
    before, after = split_by_content(hashes(60), 0.2), split_by_content(hashes(200), 0.2)
    assert set(before[0]) <= set(after[0])
    assert set(before[1]) <= set(after[1])


def test_equal_pictures_are_on_the_same_side() -> None:
    _, validation = split_by_content([*hashes(40), *hashes(40)], 0.3)
    assert {i % 40 for i in validation if i < 40} == {i % 40 for i in validation if i >= 40}


def test_a_small_set_gives_its_lowest_picture_to_validation() -> None:
    names = ["c" * 64, "a" * 64, "b" * 64]
    assert split_by_content(names, 0.01) == ([0, 2], [1])


def test_no_share_gives_no_picture_to_validation() -> None:
    assert split_by_content(hashes(3), 0.0) == ([0, 1, 2], [])


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_share_of_less_than_none_or_of_all_is_refused(share: float) -> None:
    with pytest.raises(InputError, match="validation_share must be 0 or more and below 1"):
        split_by_content(hashes(3), share)


def test_one_picture_that_is_there_twice_cannot_be_split() -> None:
    with pytest.raises(InputError, match="pictures to train on beside those for validation"):
        split_by_content(["a" * 64] * 2, 0.01)


def test_each_epoch_is_a_permutation_of_its_own() -> None:
    order = EpochOrder([3, 5, 8, 9, 11, 20, 21, 22], seed=4)
    epochs = [[next(order.from_position(8 * epoch + i)) for i in range(8)] for epoch in range(3)]
    assert all(sorted(epoch) == [3, 5, 8, 9, 11, 20, 21, 22] for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_the_pictures_that_stand_in_are_the_next_of_the_epoch() -> None:
    order = EpochOrder(range(5), seed=0)
    epoch = [next(order.from_position(i)) for i in range(5, 10)]
    assert list(order.from_position(8)) == [*epoch[3:], *epoch[:3]]
