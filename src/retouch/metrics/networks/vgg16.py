"""VGG16, at the end of each of its five blocks.

Source: K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015,
configuration D.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from retouch.metrics.networks.graph import Graph, Tensor

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
"""Channels and number of convolutions of each block."""

LPIPS_KEYS = tuple(
    f"net.slice{block}.{layer}"
    for block, layers in enumerate([(0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28)], start=1)
    for layer in layers
)
"""Where the published LPIPS models keep the thirteen convolutions."""


def vgg16_taps(graph: Graph, x: Tensor, keys: Sequence[str], *, ceil: bool) -> Iterator[Tensor]:
    """Add the net to a graph; yields 64, 128, 256, 512 and 512 channels.

    Parameters
    ----------
    graph, x
        Where it is added, and the picture.
    keys : sequence of 13 str
        Where the convolutions are in the state dict.
    ceil : bool
        Whether a last row or column that is left over by the pooling counts, as in TensorFlow, or is dropped.
    """
    remaining = iter(keys)
    for block, (channels, n_convs) in enumerate(BLOCKS):
        if block:
            x = graph.max_pool(x, 2, 2, ceil=ceil)
        for _ in range(n_convs):
            x = graph.relu(graph.conv(x, next(remaining), (channels, 3, 3), pads=(1, 1, 1, 1)))
        yield x
