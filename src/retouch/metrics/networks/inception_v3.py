"""Inception-v3 with the weights of 2015-12-05, up to the 2048 features of its last pooling ("pool3"): the net of FID.

Source: C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens, Z. Wojna, "Rethinking the Inception architecture for computer
vision", CVPR 2016, in the form that TensorFlow published on 2015-12-05 and M. Heusel et al. ("GANs trained by a two
time-scale update rule converge to a local Nash equilibrium", NIPS 2017) measured FID with. Keys are those of its
conversion for torch, pt_inception-2015-12-05-6726825d.pth, which pytorch-fid publishes.

Three things tell it from the net of torchvision: means of 3x3 leave out what lies outside the picture, the last block
takes the maximum of 3x3 in place of the mean, and there are 1008 classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.metrics.networks.graph import Graph, Norm, Tensor

N_FEATURES = 2048
SIDE_PX = 299
_N_CLASSES = 1008
_EPSILON = 1e-3
_NAME = "the Inception-v3 of FID (pt_inception-2015-12-05-6726825d.pth)"


def build_inception_v3(weights: Mapping[str, AnyArray]) -> bytes:
    """Return an ONNX model from (1, 3, H, W) float32, RGB in [0, 1], to (1, 2048) features.

    The picture is resized to 299x299, bilinear without antialiasing, as pytorch-fid does: other ways move FID visibly.

    Raises
    ------
    WeightsError
        If the weights are not of this net. Those of torchvision are told by their number of classes.
    """
    graph = Graph(_NAME, weights)
    graph.array("fc.weight", (_N_CLASSES, N_FEATURES))  # not computed with, but only this file has 1008 classes
    x = graph.resized(graph.picture("picture"), SIDE_PX)
    x = graph.combine("Sub", graph.combine("Mul", x, np.array(2.0)), np.array(1.0))
    x = _stem(graph, x)
    for name, n_pooled in (("5b", 32), ("5c", 64), ("5d", 64)):
        x = _block_35(graph, x, f"Mixed_{name}", n_pooled)
    x = _shrink_35(graph, x, "Mixed_6a")
    for name, width in (("6b", 128), ("6c", 160), ("6d", 160), ("6e", 192)):
        x = _block_17(graph, x, f"Mixed_{name}", width)
    x = _shrink_17(graph, x, "Mixed_7a")
    x = _block_8(graph, x, "Mixed_7b", graph.avg_pool(x, 3, padding=1))
    x = _block_8(graph, x, "Mixed_7c", graph.max_pool(x, 3, 1, padding=1))
    return graph.to_bytes([graph.mean_over_space(x)])


def _unit(
    graph: Graph, x: Tensor, key: str, kernel: tuple[int, int, int], *, stride: int = 1, same: bool = True
) -> Tensor:
    """Add a convolution, its normalisation and a ReLU; with `same` the picture keeps its size."""
    across, down = ((side // 2 if same else 0) for side in (kernel[2], kernel[1]))
    norm = Norm(f"{key}.bn", _EPSILON)
    pads = (down, across, down, across)
    return graph.relu(graph.conv(x, f"{key}.conv", kernel, stride=stride, pads=pads, norm=norm))


def _stem(graph: Graph, x: Tensor) -> Tensor:
    x = _unit(graph, x, "Conv2d_1a_3x3", (32, 3, 3), stride=2, same=False)
    x = _unit(graph, x, "Conv2d_2a_3x3", (32, 3, 3), same=False)
    x = graph.max_pool(_unit(graph, x, "Conv2d_2b_3x3", (64, 3, 3)), 3, 2)
    x = _unit(graph, x, "Conv2d_3b_1x1", (80, 1, 1))
    return graph.max_pool(_unit(graph, x, "Conv2d_4a_3x3", (192, 3, 3), same=False), 3, 2)


def _chain(graph: Graph, x: Tensor, key: str, kernels: Mapping[str, tuple[int, int, int]]) -> Tensor:
    """Add units one after the other, each named by what follows `key`."""
    for name, kernel in kernels.items():
        x = _unit(graph, x, key + name, kernel)
    return x


def _block_35(graph: Graph, x: Tensor, key: str, n_pooled: int) -> Tensor:
    """Add a block at 35x35 places: 1x1, 5x5, twice 3x3, and the mean."""
    chain = partial(_chain, graph)
    ones = chain(x, f"{key}.branch1x1", {"": (64, 1, 1)})
    fives = chain(x, f"{key}.branch5x5", {"_1": (48, 1, 1), "_2": (64, 5, 5)})
    threes = chain(x, f"{key}.branch3x3dbl", {"_1": (64, 1, 1), "_2": (96, 3, 3), "_3": (96, 3, 3)})
    pooled = chain(graph.avg_pool(x, 3, padding=1), f"{key}.branch_pool", {"": (n_pooled, 1, 1)})
    return graph.concat([ones, fives, threes, pooled])


def _shrink_35(graph: Graph, x: Tensor, key: str) -> Tensor:
    """Add the step from 35x35 to 17x17 places."""
    threes = _unit(graph, x, f"{key}.branch3x3", (384, 3, 3), stride=2, same=False)
    twice = _chain(graph, x, f"{key}.branch3x3dbl", {"_1": (64, 1, 1), "_2": (96, 3, 3)})
    twice = _unit(graph, twice, f"{key}.branch3x3dbl_3", (96, 3, 3), stride=2, same=False)
    return graph.concat([threes, twice, graph.max_pool(x, 3, 2)])


def _block_17(graph: Graph, x: Tensor, key: str, width: int) -> Tensor:
    """Add a block at 17x17 places: 7x7 as rows and columns, once and twice, beside 1x1 and the mean."""
    chain = partial(_chain, graph)
    one, row, column = (width, 1, 1), (width, 1, 7), (width, 7, 1)
    ones = chain(x, f"{key}.branch1x1", {"": (192, 1, 1)})
    sevens = chain(x, f"{key}.branch7x7", {"_1": one, "_2": row, "_3": (192, 7, 1)})
    twice = {"_1": one, "_2": column, "_3": row, "_4": column, "_5": (192, 1, 7)}
    pooled = chain(graph.avg_pool(x, 3, padding=1), f"{key}.branch_pool", {"": (192, 1, 1)})
    return graph.concat([ones, sevens, chain(x, f"{key}.branch7x7dbl", twice), pooled])


def _shrink_17(graph: Graph, x: Tensor, key: str) -> Tensor:
    """Add the step from 17x17 to 8x8 places."""
    threes = _unit(graph, x, f"{key}.branch3x3_1", (192, 1, 1))
    threes = _unit(graph, threes, f"{key}.branch3x3_2", (320, 3, 3), stride=2, same=False)
    sevens = {"_1": (192, 1, 1), "_2": (192, 1, 7), "_3": (192, 7, 1)}
    both = _chain(graph, x, f"{key}.branch7x7x3", sevens)
    both = _unit(graph, both, f"{key}.branch7x7x3_4", (192, 3, 3), stride=2, same=False)
    return graph.concat([threes, both, graph.max_pool(x, 3, 2)])


def _block_8(graph: Graph, x: Tensor, key: str, pooled: Tensor) -> Tensor:
    """Add a block at 8x8 places: 3x3 split into a row and a column side by side, once and twice."""
    ones = _unit(graph, x, f"{key}.branch1x1", (320, 1, 1))
    once = _unit(graph, x, f"{key}.branch3x3_1", (384, 1, 1))
    twice = _chain(graph, x, f"{key}.branch3x3dbl", {"_1": (448, 1, 1), "_2": (384, 3, 3)})
    crosses = [
        _unit(graph, source, name + side, kernel)
        for source, name in ((once, f"{key}.branch3x3_2"), (twice, f"{key}.branch3x3dbl_3"))
        for side, kernel in (("a", (384, 1, 3)), ("b", (384, 3, 1)))
    ]
    return graph.concat([ones, *crosses, _unit(graph, pooled, f"{key}.branch_pool", (192, 1, 1))])
