"""LPIPS: distance of two pictures in the features of a trained net, with weights learned from people's judgement.

Source: R. Zhang, P. Isola, A. Efros, E. Shechtman, O. Wang, "The unreasonable effectiveness of deep features as a
perceptual metric", CVPR 2018, equation 1 (in `networks/unit_distance.py`), version 0.1 of the published models.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from jaxtyping import Float32, Float64

from retouch.arrays.types import AnyArray
from retouch.errors import WeightsError
from retouch.metrics.networks.alexnet import alexnet_taps
from retouch.metrics.networks.graph import Graph, Tensor
from retouch.metrics.networks.session import open_network
from retouch.metrics.networks.squeezenet import squeezenet_taps
from retouch.metrics.networks.unit_distance import add_unit_distances
from retouch.metrics.networks.vgg16 import LPIPS_KEYS, vgg16_taps
from retouch.metrics.pairs import Pair, check_pair

NEEDED = (
    "LPIPS needs a published model with its backbone, made by "
    'torch.save(lpips.LPIPS(net="alex").state_dict(), "lpips-alex.pth"); name the file: --weights lpips=FILE'
)
LEAST_SIDE_PX = 32  # one bound for all nets: below 31 AlexNet has no place left at its last taps
_SCALING_SHAPE = (1, 3, 1, 1)

_Taps: TypeAlias = Callable[[Graph, Tensor], Iterator[Tensor]]


class _Backbone(NamedTuple):
    """A net, an array that only it has, and the channels at each tap."""

    key: str
    shape: tuple[int, int, int, int]
    taps: _Taps
    channels: tuple[int, ...]


_BACKBONES = (
    _Backbone("net.slice1.0.weight", (64, 3, 11, 11), alexnet_taps, (64, 192, 384, 256, 256)),
    _Backbone(
        "net.slice1.2.weight",
        (64, 64, 3, 3),
        partial(vgg16_taps, keys=LPIPS_KEYS, ceil=False),
        (64, 128, 256, 512, 512),
    ),
    _Backbone("net.slice2.3.squeeze.weight", (16, 64, 1, 1), squeezenet_taps, (64, 128, 256, 384, 384, 512, 512)),
)


def lpips(
    reference: AnyArray,
    result: AnyArray,
    *,
    weights: str | os.PathLike[str] | None,
    data_range: float | None = None,
) -> float:
    """Return the LPIPS distance of two pictures: 0 for the same picture, roughly 0.7 for unrelated ones.

    Parameters
    ----------
    reference, result : (H, W) or (H, W, C)
        uint8, uint16 or floats; one shape and dtype; RGB or grey; 32 pixels a side or more.
    weights : path
        State dict of a published model with its backbone: AlexNet (the usual one for reports), VGG16 or SqueezeNet,
        told by its content. retouch does not ship it. Where torch and lpips are installed, this makes it:
        `torch.save(lpips.LPIPS(net="alex").state_dict(), "lpips-alex.pth")`.
    data_range : float, optional
        What white is; by the dtype if not given.

    Returns
    -------
    float
        Smaller is more alike. Figures of different backbones cannot be compared.

    Raises
    ------
    InputError
        If the pictures cannot be compared.
    WeightsError
        If there are no weights, or not these. Nothing else is measured in their place.
    MissingExtraError
        If the extra `perceptual` is not installed.

    Notes
    -----
    Opening the weights takes a second, once. At 512x512 on two cores AlexNet and SqueezeNet then cost 0.1 s, VGG16
    2 s, and 0.2, 0.6 and 1.1 kB of memory for each pixel. The picture is not resized: the same damage weighs more in a
    smaller picture. A change of few pixels hardly shows.

    Examples
    --------
    >>> lpips(np.zeros((64, 64, 3)), np.ones((64, 64, 3)), weights="no-such.pth")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    retouch.errors.WeightsError: there is no weights file no-such.pth; LPIPS needs a published model ...
    """
    return float(lpips_layers(reference, result, weights=weights, data_range=data_range).sum())


def lpips_layers(
    reference: AnyArray,
    result: AnyArray,
    *,
    weights: str | os.PathLike[str] | None,
    data_range: float | None = None,
) -> Float64[np.ndarray, " taps"]:
    """Return what each tap of the net adds to LPIPS, from fine to coarse: 5 numbers (AlexNet, VGG16) or 7.

    Parameters and errors are those of `lpips`.
    """
    pair = check_pair(reference, result, data_range=data_range, least_side_px=LEAST_SIDE_PX)
    return np.array([tap.mean(dtype=np.float64) for tap in _maps(pair, weights)])


def lpips_map(
    reference: AnyArray,
    result: AnyArray,
    *,
    weights: str | os.PathLike[str] | None,
    data_range: float | None = None,
) -> Float64[np.ndarray, "H W"]:
    """Return where two pictures differ by LPIPS: the maps of all taps in the size of the picture, added up.

    Parameters and errors are those of `lpips`. Maps are enlarged by linear interpolation between pixel centres, so the
    mean is near `lpips`, not equal to it.
    """
    pair = check_pair(reference, result, data_range=data_range, least_side_px=LEAST_SIDE_PX)
    height, width = pair.reference.shape[:2]
    total = np.zeros((height, width))
    for tap in _maps(pair, weights):
        total += cv2.resize(tap, (width, height), interpolation=cv2.INTER_LINEAR)
    return total


def _maps(pair: Pair, weights: str | os.PathLike[str] | None) -> list[Float32[np.ndarray, "_ _"]]:
    network = open_network(weights, build_lpips, NEEDED)
    maps = network.run(pair.reference / pair.data_range, pair.result / pair.data_range)
    return [tap[0, 0] for tap in maps]


def build_lpips(weights: Mapping[str, AnyArray]) -> bytes:
    """Return an ONNX model from two pictures, (1, 3, H, W) float32 in [0, 1] each, to the map of distances at each tap.

    Raises
    ------
    WeightsError
        If the weights are not of a published model.
    """
    graph = Graph("a published LPIPS model", weights)
    backbone = _backbone_of(weights)
    reference, result = (_scaled(graph, graph.picture(name)) for name in ("reference", "result"))
    taps = zip(backbone.taps(graph, reference), backbone.taps(graph, result), strict=True)
    heads = [_head(graph, layer, channels) for layer, channels in enumerate(backbone.channels)]
    return graph.to_bytes(add_unit_distances(graph, taps, heads))


def _backbone_of(weights: Mapping[str, AnyArray]) -> _Backbone:
    for backbone in _BACKBONES:
        if backbone.key in weights and weights[backbone.key].shape == backbone.shape:
            return backbone
    raise WeightsError("there is no backbone in it (net.slice1 and on), neither AlexNet nor VGG16 nor SqueezeNet")


def _head(graph: Graph, layer: int, channels: int) -> AnyArray:
    """Return the weight of each channel at a tap; the published models hold it once or twice."""
    once, twice = f"lin{layer}.model.1.weight", f"lins.{layer}.model.1.weight"
    return graph.array(once if graph.has(once) else twice, (1, channels, 1, 1))


def _scaled(graph: Graph, x: Tensor) -> Tensor:
    """Add the way from [0, 1] by [-1, 1] to what the nets were trained with."""
    shift, scale = (graph.array(f"scaling_layer.{name}", _SCALING_SHAPE) for name in ("shift", "scale"))
    x = graph.combine("Sub", graph.combine("Mul", x, np.array(2.0)), 1 + shift)
    return graph.combine("Div", x, scale)
