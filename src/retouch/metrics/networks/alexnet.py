"""AlexNet in its one-column form, at the five places where LPIPS looks.

Source: A. Krizhevsky, "One weird trick for parallelizing convolutional neural networks", arXiv:1404.5997, 2014; after
A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet classification with deep convolutional neural networks", NIPS 2012.
Keys are those of the published LPIPS models: `net.slice<place>.<layer>`.
"""

from __future__ import annotations

from collections.abc import Iterator

from retouch.metrics.networks.graph import Graph, Tensor

_LAYERS = (  # key, channels, side of the kernel, stride, whether the maximum of 3x3 is taken before it
    ("net.slice1.0", 64, 11, 4, False),
    ("net.slice2.3", 192, 5, 1, True),
    ("net.slice3.6", 384, 3, 1, True),
    ("net.slice4.8", 256, 3, 1, False),
    ("net.slice5.10", 256, 3, 1, False),
)
_PADDING = {11: 2, 5: 2, 3: 1}


def alexnet_taps(graph: Graph, x: Tensor) -> Iterator[Tensor]:
    """Add the net to a graph; yields 64, 192, 384, 256 and 256 channels."""
    for key, channels, side, stride, pooled in _LAYERS:
        if pooled:
            x = graph.max_pool(x, 3, 2)
        pad = _PADDING[side]
        x = graph.relu(graph.conv(x, key, (channels, side, side), stride=stride, pads=(pad, pad, pad, pad)))
        yield x
