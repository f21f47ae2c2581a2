"""Errors of the differences of neighbours: edges in the right place and as steep as they should be.

Source: with signs D. Kim, S. Woo, J.-Y. Lee, I. S. Kweon: "Deep Blind Video Decaptioning by Temporal Aggregation and
Recurrence", CVPR 2019 (the gradient term beside l1 and SSIM); without signs M. Mathieu, C. Couprie, Y. LeCun: "Deep
Multi-Scale Video Prediction Beyond Mean Square Error", ICLR 2016, Eq. 6 with alpha = 1.
Departures: means stand for sums, one for each direction.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor


def gradient_l1(painted: Float[Tensor, "N C H W"], image: Float[Tensor, "N C H W"]) -> Float[Tensor, ""]:
    """Return the mean absolute error of vertical differences, plus that of horizontal ones.

    Parameters
    ----------
    painted, image : (N, C, H, W) float
        At least 2 x 2 pixels. A constant added to one of them costs nothing.

    Examples
    --------
    Steps to the right 1 and 1 instead of 0, steps down 2 and 2:

    >>> import torch
    >>> gradient_l1(torch.tensor([[[[0.0, 1.0], [2.0, 3.0]]]]), torch.zeros(1, 1, 2, 2)).item()
    3.0
    """
    error = painted - image
    return error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()


def gradient_difference(painted: Float[Tensor, "N C H W"], image: Float[Tensor, "N C H W"]) -> Float[Tensor, ""]:
    """Return the mean error of the sizes of differences: a step up instead of the same step down costs nothing.

    Parameters
    ----------
    painted, image : (N, C, H, W) float
        At least 2 x 2 pixels.

    Examples
    --------
    >>> import torch
    >>> ramp = torch.tensor([[[[0.0, 1.0], [2.0, 3.0]]]])
    >>> gradient_difference(ramp, -ramp).item()
    0.0
    """
    errors = [(painted.diff(dim=dim).abs() - image.diff(dim=dim).abs()).abs().mean() for dim in (2, 3)]
    return errors[0] + errors[1]  # Eq. 6
