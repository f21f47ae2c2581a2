"""Absolute errors that count less the farther a missing pixel is from what is known.

Source: J. Yu, Z. Lin, J. Yang, X. Shen, X. Lu, T. Huang: "Generative Image Inpainting with Contextual Attention", CVPR
2018, Sec. 3.2 (spatially discounted reconstruction loss); for label maps L. Berlincioni et al.: "Road Layout
Understanding by Generative Adversarial Inpainting", 2019.

Departures
----------
- The first row of missing pixels weighs 1, as in the authors' code; in the paper it would weigh gamma. That is one
  factor for all pixels.
- Distances to the four sides of a box count alike; in that code those to the bottom and the right are larger by one.
- Holes of any shape, beside the box of the paper. Beyond the border nothing is known.

l   distance in pixels to the nearest known one: that of a king on a chessboard, as in the box, or the straight one
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

DISCOUNT = 0.99
"""gamma of the paper; the authors' configuration has 0.9."""

Metric: TypeAlias = Literal["chessboard", "euclidean"]


def discount_weights(
    mask: Float[Tensor, "N 1 H W"], *, discount: float = DISCOUNT, metric: Metric = "chessboard"
) -> Float[Tensor, "N 1 H W"]:
    """Return gamma^(l - 1) for missing pixels and 0 for known ones; 1 everywhere where nothing is known.

    Parameters
    ----------
    mask : (N, 1, H, W) float
        1 where a pixel is missing, else 0.
    discount : float
        gamma, in (0, 1].
    metric : {"chessboard", "euclidean"}
        The second is computed by scipy, the first too where the mask is in main memory; on a GPU it takes as many
        rounds as the hole is deep.

    Examples
    --------
    >>> discount_weights(torch.tensor([[[[0.0, 1.0, 1.0, 1.0, 0.0]]]]), discount=0.5).flatten().tolist()
    [0.0, 1.0, 0.5, 1.0, 0.0]
    """
    on_processor = metric == "euclidean" or mask.device.type == "cpu"
    distance = _distance_by_scipy(mask, metric) if on_processor else _distance_by_rounds(mask)
    return mask * discount ** (distance - 1).clamp(min=0)


def box_discount_weights(height: int, width: int, *, discount: float = DISCOUNT) -> Float[Tensor, "H W"]:
    """Return the weights of a box of missing pixels with known ones on all sides: gamma^l, l from the nearest side.

    Parameters
    ----------
    height, width : int
        Sides of the box.
    discount : float
        gamma, in (0, 1].

    Examples
    --------
    >>> box_discount_weights(3, 3, discount=0.5).tolist()
    [[1.0, 1.0, 1.0], [1.0, 0.5, 1.0], [1.0, 1.0, 1.0]]
    """
    down, across = (torch.minimum(torch.arange(n), torch.arange(n - 1, -1, -1)) for n in (height, width))
    depth = torch.minimum(down[:, None], across[None])
    return discount ** depth.to(torch.get_default_dtype())


def discounted_l1(
    painted: Float[Tensor, "N C H W"],
    image: Float[Tensor, "N C H W"],
    mask: Float[Tensor, "N 1 H W"],
    *,
    discount: float = DISCOUNT,
    metric: Metric = "chessboard",
) -> Float[Tensor, ""]:
    """Return the weighted absolute error of missing pixels, per missing pixel and channel; 0 where none is missing.

    Parameters
    ----------
    painted, image : (N, C, H, W) float
        The net's picture and the truth.
    mask, discount, metric
        As for `discount_weights`.

    Examples
    --------
    Three missing pixels off by 1, the middle one at half weight: (1 + 1/2 + 1) / 3.

    >>> mask = torch.tensor([[[[0.0, 1.0, 1.0, 1.0, 0.0]]]])
    >>> round(discounted_l1(mask, 0 * mask, mask, discount=0.5).item(), 4)
    0.8333
    """
    weights = discount_weights(mask, discount=discount, metric=metric)
    n_values = mask.sum().clamp(min=1) * painted.shape[1]
    return (weights * (painted - image).abs()).sum() / n_values


def _distance_by_rounds(mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 1 H W"]:
    """Return in how many rounds each missing pixel is reached when the known part grows by one pixel a round."""
    distance, inside = mask.clone(), mask
    for _ in range(max(mask.shape[2:])):
        shrunk = 1 - functional.max_pool2d(1 - inside, 3, stride=1, padding=1)
        if torch.equal(shrunk, inside):  # all reached, or nothing known
            break
        inside = shrunk
        distance = distance + inside
    unreachable = (mask.amin(dim=(2, 3), keepdim=True) > 0).to(mask.dtype)
    return distance * (1 - unreachable) + unreachable


def _distance_by_scipy(mask: Float[Tensor, "N 1 H W"], metric: Metric) -> Float[Tensor, "N 1 H W"]:
    measure = ndimage.distance_transform_edt if metric == "euclidean" else _chessboard
    planes = mask[:, 0].detach().cpu().numpy() > 0
    found = [measure(plane) if not plane.all() else np.ones(plane.shape) for plane in planes]
    return torch.as_tensor(np.stack(found)[:, None], dtype=mask.dtype, device=mask.device)


def _chessboard(plane: Bool[np.ndarray, "H W"]) -> np.ndarray:
    return np.asarray(ndimage.distance_transform_cdt(plane, "chessboard"))
