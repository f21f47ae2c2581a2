"""Mean errors of the pixels of a region, so that a small hole counts as much as a large one.

Source: Y. Zeng, J. Fu, H. Chao, B. Guo: "Learning Pyramid-Context Encoder Network for High-Quality Image Inpainting",
CVPR 2019, and K. Nazeri et al.: "EdgeConnect", ICCV Workshops 2019: both divide by the share of the region. Means over
all pixels stand in `retouch.losses.partial_conv` (`hole_l1`, `valid_l1`) and, weighted, in `retouch.losses.lama`.

Departures: none. Give the mask for the hole, and 1 - mask for the known part. A region without pixels costs 0.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor


def region_l1(
    painted: Float[Tensor, "N C H W"], image: Float[Tensor, "N C H W"], region: Float[Tensor, "N 1 H W"]
) -> Float[Tensor, ""]:
    """Return the mean absolute error of the values in the regions of a batch.

    Parameters
    ----------
    painted, image : (N, C, H, W) float
    region : (N, 1, H, W) float
        1 where a pixel counts, else 0; weights between them are allowed.

    Examples
    --------
    >>> import torch
    >>> region = torch.tensor([[[[1.0, 0.0, 0.0, 0.0]]]])
    >>> region_l1(torch.full((1, 3, 1, 4), 0.5), torch.zeros(1, 3, 1, 4), region).item()
    0.5
    """
    return region_mean((painted - image).abs(), region)


def region_l2(
    painted: Float[Tensor, "N C H W"], image: Float[Tensor, "N C H W"], region: Float[Tensor, "N 1 H W"]
) -> Float[Tensor, ""]:
    """Return the mean squared error of the values in the regions of a batch.

    Parameters
    ----------
    painted, image, region
        As for `region_l1`.

    Examples
    --------
    >>> import torch
    >>> region = torch.tensor([[[[1.0, 0.0, 0.0, 0.0]]]])
    >>> region_l2(torch.full((1, 3, 1, 4), 0.5), torch.zeros(1, 3, 1, 4), region).item()
    0.25
    """
    return region_mean((painted - image).square(), region)


def region_mean(values: Float[Tensor, "N C H W"], region: Float[Tensor, "N 1 H W"]) -> Float[Tensor, ""]:
    """Return the mean of values, each by the weight of its place; 0 where no place has any.

    >>> import torch
    >>> region_mean(torch.tensor([[[[1.0, 5.0]]]]), torch.tensor([[[[3.0, 1.0]]]])).item()  # (3 + 5) / 4
    2.0
    """
    weight = region.sum() * values.shape[1]
    return (region * values).sum() / weight.where(weight > 0, 1)
