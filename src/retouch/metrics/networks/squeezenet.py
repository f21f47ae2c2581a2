"""SqueezeNet 1.1, at the seven places where LPIPS looks.

Source: F. Iandola, S. Han, M. Moskewicz, K. Ashraf, W. Dally, K. Keutzer, "SqueezeNet: AlexNet-level accuracy with 50x
fewer parameters and <0.5MB model size", arXiv:1602.07360, 2016, in the authors' later version 1.1 (pooling earlier).
Keys are those of the published LPIPS models: `net.slice<place>.<layer>`.
"""

from __future__ import annotations

from collections.abc import Iterator

from retouch.metrics.networks.graph import Graph, Tensor

_PAD_1 = (1, 1, 1, 1)
_FIRES = (  # place, layer, channels after the squeeze, channels of each of the two expansions
    (2, 3, 16, 64),
    (2, 4, 16, 64),
    (3, 6, 32, 128),
    (3, 7, 32, 128),
    (4, 9, 48, 192),
    (5, 10, 48, 192),
    (6, 11, 64, 256),
    (7, 12, 64, 256),
)
_POOLED_BEFORE = (3, 6, 9)
_TAPPED = (4, 7, 9, 10, 11, 12)


def squeezenet_taps(graph: Graph, x: Tensor) -> Iterator[Tensor]:
    """Add the net to a graph; yields 64, 128, 256, 384, 384, 512 and 512 channels."""
    x = graph.relu(graph.conv(x, "net.slice1.0", (64, 3, 3), stride=2))
    yield x
    for place, layer, n_squeezed, n_expanded in _FIRES:
        if layer in _POOLED_BEFORE:
            x = graph.max_pool(x, 3, 2, ceil=True)
        x = _fire(graph, x, f"net.slice{place}.{layer}", (n_squeezed, n_expanded))
        if layer in _TAPPED:
            yield x


def _fire(graph: Graph, x: Tensor, key: str, widths: tuple[int, int]) -> Tensor:
    """Add a fire module: a 1x1 squeeze, then 1x1 and 3x3 expansions side by side."""
    n_squeezed, n_expanded = widths
    x = graph.relu(graph.conv(x, f"{key}.squeeze", (n_squeezed, 1, 1)))
    ones = graph.relu(graph.conv(x, f"{key}.expand1x1", (n_expanded, 1, 1)))
    threes = graph.relu(graph.conv(x, f"{key}.expand3x3", (n_expanded, 3, 3), pads=_PAD_1))
    return graph.concat([ones, threes])
