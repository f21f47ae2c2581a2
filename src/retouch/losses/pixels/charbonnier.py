"""Charbonnier's loss: an absolute error that is smooth at 0.

Source: P. Charbonnier, L. Blanc-Feraud, G. Aubert, M. Barlaud: "Two deterministic half-quadratic regularization
algorithms for computed imaging", ICIP 1994; as a loss of networks W.-S. Lai, J.-B. Huang, N. Ahuja, M.-H. Yang: "Deep
Laplacian Pyramid Networks for Fast and Accurate Super-Resolution", CVPR 2017, Eq. 2, with epsilon = 0.001.
Departures: the mean stands for the sum over pixels.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor


def charbonnier(
    painted: Float[Tensor, "*shape"], image: Float[Tensor, "*shape"], *, epsilon: float = 1e-3
) -> Float[Tensor, ""]:
    """Return the mean of sqrt(d^2 + epsilon^2); epsilon, not 0, where the pictures are equal.

    Parameters
    ----------
    painted, image : one shape, float
    epsilon : float
        Above 0. Errors well below it count squared, those well above it absolute.

    Examples
    --------
    >>> import torch
    >>> round(charbonnier(torch.tensor([3.0]), torch.tensor([0.0]), epsilon=4.0).item(), 4)
    5.0
    """
    return ((painted - image).square() + epsilon**2).sqrt().mean()  # Eq. 2
