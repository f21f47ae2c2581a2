"""How far from a pixel the input reaches that it depends on, found by following what is not a number.

A NaN in the input turns every output that depends on it into NaN, whatever the weights: zero times NaN is NaN too. So
one pass tells the receptive field, also through attention, global means and Fourier layers, which reach everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from retouch.nets.catalogue.entries import NetInfo

_SIZES = (256, 512)
_PICTURE_AXES = ("H", "W")


@torch.no_grad()
def measure_reach(net: nn.Module, info: NetInfo, axes: Mapping[str, tuple[int | str, ...]]) -> int | None:
    """Return how many pixels around a pixel its value in the first output depends on.

    Parameters
    ----------
    net : nn.Module
        Takes tensors of these axes in order and gives a tuple.
    info : NetInfo
    axes : mapping
        Of `read_axes`.

    Returns
    -------
    int or None
        At least the true number and at most `info.multiple` - 1 above it; None if it is above 250, if the network takes
        one size only, or if its first output is no picture of the size of its first input.
    """
    if next(iter(axes.values()))[-2:] != _PICTURE_AXES:
        return None
    for size in _SIZES:
        side = -(-max(size, info.least_px) // info.multiple) * info.multiple
        reach = _reach_at(net, axes, side, info.multiple)
        if reach is not None:
            return reach
    return None


def _reach_at(net: nn.Module, axes: Mapping[str, tuple[int | str, ...]], side: int, multiple: int) -> int | None:
    """Return the reach, or None where a picture of this size is too small to show it."""
    tensors = [torch.zeros([n if isinstance(n, int) else side for n in shape]) for shape in axes.values()]
    first = side // 2 // multiple * multiple
    last = first + multiple - 1
    tensors[0][..., first : last + 1, first : last + 1] = torch.nan
    try:
        output: Tensor = net(*tensors)[0]
    except (RuntimeError, IndexError):  # a place that is looked up was reckoned from what is not a number
        return None
    if output.shape[-2:] != (side, side):
        return None
    touched = output.isnan().flatten(0, -3).any(dim=0)  # (side, side)
    edges = [touched.any(dim=axis).nonzero() for axis in (0, 1)]
    if not touched.any():
        return 0
    low, high = min(int(edge.min()) for edge in edges), max(int(edge.max()) for edge in edges)
    if low == 0 or high == side - 1:
        return None
    return max(last - low, high - first)
