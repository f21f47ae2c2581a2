"""Losses of successive frames: what a flow carries should be like what it is carried to, where both see it.

Source: W.-S. Lai, J.-B. Huang, O. Wang, E. Shechtman, E. Yumer, M.-H. Yang: "Learning Blind Video Temporal
Consistency", ECCV 2018, Eqs. 2-3; D. Kim, S. Woo, J.-Y. Lee, I. S. Kweon: "Deep Video Inpainting", CVPR 2019,
Sec. 3.4 (flow and warping losses).

Departures: means stand for sums. Warping is the networks' matter: pictures come here carried already.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from retouch.losses.pixels.regions import region_mean

SHARPNESS = 50.0
"""alpha of Eq. 3, for pictures in [0, 1]."""


def visibility(
    carried_truth: Float[Tensor, "N C H W"], truth: Float[Tensor, "N C H W"], *, sharpness: float = SHARPNESS
) -> Float[Tensor, "N 1 H W"]:
    """Return 1 where a true frame, carried along the flow, meets the other true frame, and near 0 where it does not.

    Parameters
    ----------
    carried_truth, truth : (N, C, H, W) float, range [0, 1]
    sharpness : float
        How fast the weight falls with the squared distance of the colours.

    Examples
    --------
    >>> import torch
    >>> round(visibility(torch.full((1, 3, 1, 1), 0.1), torch.zeros(1, 3, 1, 1)).item(), 4)  # exp(-50 * 0.03)
    0.2231
    """
    return (-sharpness * (carried_truth - truth).square().sum(dim=1, keepdim=True)).exp()  # Eq. 3


def temporal_l1(
    picture: Float[Tensor, "N C H W"],
    carried: Float[Tensor, "N C H W"],
    weights: Float[Tensor, "N 1 H W"] | None = None,
) -> Float[Tensor, ""]:
    """Return the mean absolute difference of a frame and the frame before, carried to it.

    Parameters
    ----------
    picture, carried : (N, C, H, W) float
        Detach `carried` where the frame before is not to learn from this one.
    weights : (N, 1, H, W) float, optional
        From `visibility`, or a mask of the places that the flow reaches. A place of weight 0 does not count at all.

    Examples
    --------
    >>> import torch
    >>> weights = torch.tensor([[[[1.0, 0.0]]]])
    >>> temporal_l1(torch.tensor([[[[0.5, 9.0]]]]), torch.zeros(1, 1, 1, 2), weights).item()
    0.5
    """
    error = (picture - carried).abs()
    return error.mean() if weights is None else region_mean(error, weights)  # Eq. 2


def flow_l1(
    flow: Float[Tensor, "N 2 H W"],
    target: Float[Tensor, "N 2 H W"],
    weights: Float[Tensor, "N 1 H W"] | None = None,
) -> Float[Tensor, ""]:
    """Return the mean absolute error of a flow, in pixels.

    Parameters
    ----------
    flow, target : (N, 2, H, W) float
        Of the net, and of a teacher or of clips whose motion is known.
    weights : (N, 1, H, W) float, optional
        As for `temporal_l1`.

    Examples
    --------
    >>> import torch
    >>> flow_l1(torch.full((1, 2, 1, 1), 3.0), torch.full((1, 2, 1, 1), 1.0)).item()
    2.0
    """
    error = (flow - target).abs()
    return error.mean() if weights is None else region_mean(error, weights)
