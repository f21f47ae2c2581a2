"""Bilateral propagation: features mixed with those near them in space, and with those around that look alike.

Source: H. Liu, B. Jiang, Y. Song, W. Huang, C. Yang: "Rethinking Image Inpainting via a Mutual Encoder-Decoder with
Feature Equalizations", ECCV 2020, Sec. 3.2 (feature equalisation), as in the authors' code.

Departures: maps of any size; the code has one table for maps of 32 x 32.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

SIGMA = 1.5


def mix_in_space(x: Float[Tensor, "N C H W"], sigma: float = SIGMA) -> Float[Tensor, "N C H W"]:
    """Return at each place the mean of all places, weighted by a Gaussian of their distance.

    Parameters
    ----------
    x : (N, C, H, W) float
    sigma : float
        Standard deviation of the Gaussian, in places.

    Examples
    --------
    >>> mix_in_space(torch.ones(1, 2, 3, 5)).mean().item()
    1.0
    """
    rows, columns = (_gaussian_weights(n, sigma, x) for n in x.shape[2:])
    return rows @ x @ columns.mT


def mix_in_range(x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
    """Return at each place the mean of the 3 x 3 places around, weighted by how alike their sigmoids are.

    Examples
    --------
    >>> mix_in_range(torch.zeros(1, 2, 3, 5)).abs().max().item()
    0.0
    """
    n, channels, height, width = x.shape
    likeness = torch.sigmoid(x)
    around = functional.unfold(likeness, 3, padding=1).view(n, channels, 9, height * width)
    weights = (likeness.view(n, channels, 1, -1) * around).mean(dim=1, keepdim=True).softmax(dim=2)
    values = functional.unfold(x, 3, padding=1).view(n, channels, 9, height * width)
    return (values * weights).sum(dim=2).view_as(x)


def _gaussian_weights(n: int, sigma: float, like: Tensor) -> Tensor:
    """Return how much each of n places (columns) counts for each (rows); rows sum to one."""
    places = torch.arange(n, device=like.device, dtype=like.dtype)
    weights = torch.exp(-(places[:, None] - places).square() / (2 * sigma**2))
    return weights / weights.sum(dim=1, keepdim=True)
