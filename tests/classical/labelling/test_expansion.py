"""The energy of offsets and its moves: against loops, all cuts of small graphs, and the promise to never rise."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from retouch.classical.labelling.expansion import Energy, _sink_side, label, move
from retouch.classical.labelling.offset_statistics import segment


@pytest.fixture
def energy() -> Energy:
    rng = np.random.default_rng(0)
    known = np.ones((20, 24), bool)
    known[6:13, 8:16] = False
    known[0, 3] = False
    return Energy(rng.integers(0, 256, (20, 24, 3), dtype=np.uint8), known)


def random_offsets(energy: Energy, seed: int) -> np.ndarray:
    """Return for each missing pixel an offset to a random known one."""
    places = np.argwhere(energy._known)
    chosen = np.random.default_rng(seed).integers(len(places), size=len(energy.places))
    return np.asarray(places[chosen] - energy.places)


def energy_twin(picture: np.ndarray, known: np.ndarray, places: np.ndarray, offsets: np.ndarray) -> int:
    """Add up the energy pair by pair, as Eqs. 4 and 5 are written."""
    of = {tuple(place): offset for place, offset in zip(places.tolist(), offsets, strict=True)}

    def value(place: np.ndarray) -> np.ndarray | None:
        inside = (place >= 0).all() and (place < known.shape).all()
        return picture[tuple(place)].astype(int) if inside and known[tuple(place)] else None

    def difference(one: np.ndarray, two: np.ndarray) -> int:
        a, b = value(one), value(two)
        return 3 * 128**2 if a is None or b is None else int(((a - b) ** 2).sum())

    total = 0
    for (y, x), offset in of.items():
        for step in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            here, there = np.array([y, x]), np.array([y, x]) + step
            if tuple(there) in of:
                other = of[tuple(there.tolist())]
                if min(step) == 0 and (offset != other).any():  # each pair once
                    total += sum(difference(place + offset, place + other) for place in (here, there))
            elif value(there) is not None:
                total += difference(there + offset, there)
    return total


def test_the_energy_equals_its_sum_pair_by_pair(energy: Energy) -> None:
    picture = energy._values.reshape(20, 24, 3)
    offsets = random_offsets(energy, 1)
    assert energy.total(offsets) == energy_twin(picture, energy._known, energy.places, offsets)


def test_one_offset_for_all_costs_only_at_the_border(energy: Energy) -> None:
    offsets = np.broadcast_to([7, 0], energy.places.shape).astype(np.int64)
    assert energy.total(offsets) == energy.of_borders(offsets).sum()


@pytest.mark.parametrize("seed", range(4))
def test_the_cut_is_the_least_of_all(seed: int) -> None:
    """Eight nodes have 256 labellings; the least cost of any equals that of the cut."""
    rng = np.random.default_rng(seed)
    gain = rng.integers(-50, 50, 8)
    tail, head = np.array(list(itertools.permutations(range(8), 2))).T
    cost = rng.integers(0, 20, len(tail)) * (rng.random(len(tail)) < 0.5)

    def paid(cut: np.ndarray) -> int:
        return int(gain @ cut + cost @ (~cut[tail] & cut[head]))

    least = min(paid(np.array(bits, bool)) for bits in itertools.product((0, 1), repeat=8))
    assert paid(_sink_side(gain, tail, head, cost)) == least


def test_no_move_raises_the_energy(energy: Energy) -> None:
    """Neither constant proposals nor random ones; some moves lower it."""
    current = label(energy, random_offsets(energy, 0))
    energies = [current.energy]
    for k in range(30):
        proposal = random_offsets(energy, k) if k % 2 else np.broadcast_to([k - 15, 9], energy.places.shape)
        current = move(energy, current, proposal.astype(np.int64))
        energies.append(current.energy)
        assert current.energy == energy.total(current.offsets)
    assert (np.diff(energies) <= 0).all()
    assert energies[-1] < 0.5 * energies[0]


def test_a_move_to_the_true_offset_finds_a_periodic_picture() -> None:
    """Columns repeat every 6 px: from an offset of 7 px one move to 6 leaves no cost at all."""
    picture = np.tile(np.array([10, 200, 30, 90, 250, 60], np.uint8), (16, 5))[:, :, None] * np.ones(3, np.uint8)
    known = np.ones((16, 30), bool)
    known[5:9, 10:14] = False
    energy = Energy(picture, known)
    start = label(energy, np.broadcast_to([0, 7], energy.places.shape).astype(np.int64))
    found = move(energy, start, np.broadcast_to([0, 6], energy.places.shape).astype(np.int64))
    assert start.energy > 0
    assert found.energy == 0
    assert (found.offsets == [0, 6]).all()


def test_pixels_of_a_group_move_together(energy: Energy) -> None:
    """Two halves, each with an offset of its own, that may each move as one."""
    left = energy.places[:, 1] < 12
    offsets = np.where(left[:, None], [0, -8], [0, 8]).astype(np.int64)
    groups = segment(offsets)
    moved = move(energy, label(energy, offsets), offsets + np.array([1, 0]), groups).offsets
    for half in (left, ~left):
        assert len(np.unique(moved[half], axis=0)) == 1


def test_what_leads_to_no_known_pixel_stays(energy: Energy) -> None:
    current = label(energy, random_offsets(energy, 2))
    into_the_hole = np.zeros_like(energy.places)
    assert move(energy, current, into_the_hole) is current
