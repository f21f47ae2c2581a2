"""The distance of two pictures in the features of a net, each feature vector scaled to length one.

Source: R. Zhang, P. Isola, A. Efros, E. Shechtman, O. Wang, "The unreasonable effectiveness of deep features as a
perceptual metric", CVPR 2018, equation 1.
Departures: as in the published code the weight stands on the squared difference, where the paper squares it too, and
1e-10 is added to each length, so that a vector of zeros stays one.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.metrics.networks.graph import Graph, Tensor

_LENGTH_OFFSET = np.array(1e-10, np.float32)


def add_unit_distances(
    graph: Graph, taps: Iterable[tuple[Tensor, Tensor]], weights: Iterable[AnyArray]
) -> list[Tensor]:
    """Add the distance at each tap to a graph.

    Parameters
    ----------
    graph : Graph
        What both nets were added to.
    taps : iterable of (Tensor, Tensor)
        The features of the one and of the other picture at each tap.
    weights : iterable of (1, channels, 1, 1) float32
        Weight of each channel at each tap.

    Returns
    -------
    list of Tensor
        A map for each tap, of shape (1, 1, h, w); the sum of their means is the distance.
    """
    return [
        graph.weighted_sum(_squared_difference(graph, *pair), weight)  # equation 1, but for the mean over h and w
        for pair, weight in zip(taps, weights, strict=True)
    ]


def _squared_difference(graph: Graph, x: Tensor, y: Tensor) -> Tensor:
    difference = graph.combine("Sub", _unit(graph, x), _unit(graph, y))
    return graph.combine("Mul", difference, difference)


def _unit(graph: Graph, x: Tensor) -> Tensor:
    length = graph.combine("Add", graph.norm_over_channels(x), _LENGTH_OFFSET)
    return graph.combine("Div", x, length)
