"""The energy of copying each missing pixel from an offset of its own, and moves by graph cuts that never raise it.

Source: K. He, J. Sun, "Image completion approaches using the statistics of similar patches", IEEE Trans. PAMI 36(12),
2014, Eqs. 4 and 5; Y. Boykov, O. Veksler, R. Zabih, "Fast approximate energy minimization via graph cuts", IEEE Trans.
PAMI 23(11), 2001 (expansion moves); V. Kolmogorov, R. Zabih, "What energy functions can be minimized via graph cuts?",
IEEE Trans. PAMI 26(2), 2004, Sec. 4.1 (the graph of a move); C. Rother et al., "Digital tapestry", CVPR 2005 (pairs
that no cut can express).

Departures
----------
- A missing pixel beside a known one takes its part of Eq. 5 with the offset 0 on the known side.
- Where a difference reaches a pixel that is not known, it counts as half the range.
- Squared differences do not obey the triangle inequality, so a pair may be no cut. Its cost of staying is lowered then
  (Rother et al.), which keeps the promise that no move raises the energy; a move that does not lower it is left out.
- Several pixels may be tied to move together, which is the same graph with their nodes merged.

The flow is `scipy.sparse.csgraph.maximum_flow`, so costs are whole numbers throughout.

    n, m     missing pixels, and pairs of them side by side
    s (n, 2) offsets: row and column differences
    A B C D  costs of a pair: both stay, the second moves, the first moves, both move
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int, Int64, UInt8
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

_UNKNOWN = 3 * 128**2
_MOST_CAPACITY = 2**30  # the flow of an edge is a number of 32 bits


class Energy:
    """What offsets cost at one scale.

    Attributes
    ----------
    places : (n, 2) int64
        Row and column of the missing pixels, in raster order.
    pairs : (m, 2) int64
        Which of them lie side by side.
    """

    def __init__(self, picture: UInt8[np.ndarray, "H W C"], known: Bool[np.ndarray, "H W"]) -> None:
        self._values = picture.astype(np.int32).reshape(-1, picture.shape[2])
        self._known, self._shape = known, np.array(known.shape)
        self.places: Int64[np.ndarray, "n 2"] = np.argwhere(~known)
        index = np.full(known.shape, -1)
        index[~known] = np.arange(len(self.places))
        sides = ((index[:, :-1], index[:, 1:]), (index[:-1], index[1:]))
        beside = np.concatenate([np.stack([one.ravel(), two.ravel()], axis=1) for one, two in sides])
        self.pairs: Int64[np.ndarray, "m 2"] = beside[(beside >= 0).all(axis=1)]
        self._borders = self._find_borders()

    def _find_borders(self) -> tuple[Int64[np.ndarray, " b"], Int64[np.ndarray, "b 2"]]:
        """Return the missing pixels beside known ones, by number, and the place of the known one."""
        steps = np.array([(0, 1), (0, -1), (1, 0), (-1, 0)])
        neighbours = (self.places[:, None] + steps).reshape(-1, 2)
        numbers = np.repeat(np.arange(len(self.places)), len(steps))
        beside = self.are_known(neighbours)
        return numbers[beside], neighbours[beside]

    def are_known(self, places: Int[np.ndarray, "k 2"]) -> Bool[np.ndarray, " k"]:
        """Whether each place is a known pixel of the picture."""
        inside = ((places >= 0) & (places < self._shape)).all(axis=1)
        clipped = np.clip(places, 0, self._shape - 1)
        known: Bool[np.ndarray, " k"] = inside & self._known[clipped[:, 0], clipped[:, 1]]
        return known

    def _difference(self, one: Int64[np.ndarray, "k 2"], two: Int64[np.ndarray, "k 2"]) -> Int64[np.ndarray, " k"]:
        """Return the squared differences between pixels at two places each."""
        width = self._shape[1]
        both = self.are_known(one) & self.are_known(two)
        flat_one, flat_two = ((p @ np.array([width, 1])) * both for p in (one, two))
        squared = ((self._values[flat_one] - self._values[flat_two]) ** 2).sum(axis=1)
        return np.where(both, squared, _UNKNOWN)

    def of_pairs(
        self, pairs: Int64[np.ndarray, "k 2"], one: Int64[np.ndarray, "k 2"], two: Int64[np.ndarray, "k 2"]
    ) -> Int64[np.ndarray, " k"]:
        """Return what pairs cost whose first pixels have the offsets `one` and whose second `two`."""
        costs = np.zeros(len(pairs), np.int64)
        differ = (one != two).any(axis=1)
        a, b = one[differ], two[differ]
        for place in (self.places[pairs[differ, 0]], self.places[pairs[differ, 1]]):
            costs[differ] += self._difference(place + a, place + b)  # Eq. 5, one line for both of its terms
        return costs

    def of_borders(self, offsets: Int64[np.ndarray, "n 2"]) -> Int64[np.ndarray, " n"]:
        """Return what each pixel costs for the known ones beside it."""
        numbers, neighbours = self._borders
        costs = self._difference(neighbours + offsets[numbers], neighbours)
        return np.bincount(numbers, costs, minlength=len(self.places)).astype(np.int64)

    def total(self, offsets: Int64[np.ndarray, "n 2"]) -> int:
        """Return the energy of offsets that all lead to known pixels."""
        first, second = self.pairs.T
        pairs = self.of_pairs(self.pairs, offsets[first], offsets[second])
        return int(pairs.sum() + self.of_borders(offsets).sum())  # Eq. 4


class Labelling(NamedTuple):
    """Offsets of all missing pixels, (n, 2), and what they cost."""

    offsets: Int64[np.ndarray, "n 2"]
    energy: int


def label(energy: Energy, offsets: Int64[np.ndarray, "n 2"]) -> Labelling:
    """Return offsets with their energy."""
    return Labelling(offsets, energy.total(offsets))


def move(
    energy: Energy,
    current: Labelling,
    proposal: Int64[np.ndarray, "n 2"],
    groups: Int64[np.ndarray, " n"] | None = None,
) -> Labelling:
    """Let each pixel keep its offset or take the proposed one, whichever costs least in all.

    Parameters
    ----------
    energy : Energy
    current : Labelling
    proposal : (n, 2) int64
        Pixels whose proposed offset leads to no known pixel keep theirs.
    groups : (n,) int64, optional
        Those pixels of one number that can move do so together or not at all.
    """
    group = np.arange(len(proposal)) if groups is None else groups
    movable = energy.are_known(energy.places + proposal) & (proposal != current.offsets).any(axis=1)
    if not movable.any():
        return current
    chosen = _cut(energy, current.offsets, np.where(movable[:, None], proposal, current.offsets), movable, group)
    moved = label(energy, np.where((movable & chosen[group])[:, None], proposal, current.offsets))
    return moved if moved.energy < current.energy else current


def _cut(
    energy: Energy,
    stay: Int64[np.ndarray, "n 2"],
    go: Int64[np.ndarray, "n 2"],
    movable: Bool[np.ndarray, " n"],
    group: Int64[np.ndarray, " n"],
) -> Bool[np.ndarray, " g"]:
    """Return which groups move: the sink's side of the least cut."""
    pairs = energy.pairs[movable[energy.pairs].any(axis=1)]
    i, j = pairs.T
    a, b, c, d = (
        energy.of_pairs(pairs, first[i], second[j])
        for first, second in ((stay, stay), (stay, go), (go, stay), (go, go))
    )
    a = np.minimum(a, b + c - d)  # Rother et al.: what no cut can express
    n_groups = int(group.max()) + 1
    gain = np.zeros(n_groups, np.int64)
    np.add.at(gain, group, energy.of_borders(go) - energy.of_borders(stay))
    np.add.at(gain, group[i], c - a)  # Kolmogorov and Zabih, Sec. 4.1, here and in the next two lines
    np.add.at(gain, group[j], d - c)
    apart = group[i] != group[j]
    flow_edges = group[i][apart], group[j][apart], (b + c - a - d)[apart]
    return _sink_side(gain, *flow_edges)


def _sink_side(
    gain: Int64[np.ndarray, " g"],
    tail: Int64[np.ndarray, " e"],
    head: Int64[np.ndarray, " e"],
    cost: Int64[np.ndarray, " e"],
) -> Bool[np.ndarray, " g"]:
    """Return which nodes are cut from the source: those pay `gain`, and an edge its cost if only its head is cut."""
    n = len(gain)
    source, sink, nodes = np.full(n, n), np.full(n, n + 1), np.arange(n)
    rows = np.concatenate([tail, source, nodes])
    columns = np.concatenate([head, nodes, sink])
    capacities = np.concatenate([cost, np.maximum(gain, 0), np.maximum(-gain, 0)])
    capacities //= int(capacities.max()) // _MOST_CAPACITY + 1
    graph = coo_matrix((capacities, (rows, columns)), (n + 2, n + 2)).tocsr()
    graph = graph.astype(np.int32)
    graph.eliminate_zeros()
    residual = graph - maximum_flow(graph, n, n + 1).flow
    residual.eliminate_zeros()
    reached = breadth_first_order(residual, n, return_predecessors=False)
    cut = np.ones(n + 2, bool)
    cut[reached] = False
    return cut[:n]
