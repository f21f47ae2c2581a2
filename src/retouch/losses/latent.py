"""Losses of searches in latent space: how far a generated picture is from what is known, and from looking real.

Source: R. Yeh, C. Chen, T. Y. Lim, A. Schwing, M. Hasegawa-Johnson, M. Do: "Semantic Image Inpainting with Deep
Generative Models", CVPR 2017, Sec. 3.2 (W, weighted context loss, prior loss); D. Malesevic, C. Mayer, S. Gu,
R. Timofte: "Photo-Realistic and Robust Inpainting of Faces Using Refinement GANs" (ratio weights, refinement loss).

Departures
----------
- Masks are 1 where a pixel is missing; both papers' are 1 where it is known.
- Losses are given picture by picture, (N,), since the search compares restarts; their sum is what it minimises.
- Near the border a window counts its pixels inside the picture only; the authors' code mirrors the mask there.

y, x    (N, C, H, W) in [-1, 1], the damaged and the generated picture
N(i)    the window around pixel i, with H_i missing and K_i known pixels
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def share_weights(mask: Float[Tensor, "N 1 H W"], window: int = 7) -> Float[Tensor, "N 1 H W"]:
    """Return W: for each known pixel the share of missing ones around it, 0 for missing pixels and far from holes.

    Parameters
    ----------
    mask : (N, 1, H, W) float
        1 where a pixel is missing, else 0.
    window : int
        Odd side of the window.

    Examples
    --------
    A missing pixel at the end of a row; a window of three has three pixels, or two at the border:

    >>> share_weights(torch.tensor([[[[0.0, 0.0, 1.0]]]]), window=3)[0, 0, 0].tolist()
    [0.0, 0.3333333432674408, 0.0]
    """
    missing, counted = _count(mask, window)
    return (1 - mask) * missing / counted  # Yeh, W of the weighted context loss


def ratio_weights(mask: Float[Tensor, "N 1 H W"], window: int = 7) -> Float[Tensor, "N 1 H W"]:
    """Return for each known pixel the number of missing pixels around it, divided by that of known ones.

    Parameters
    ----------
    mask, window
        As for `share_weights`.

    Examples
    --------
    >>> ratio_weights(torch.tensor([[[[0.0, 0.0, 1.0]]]]), window=3)[0, 0, 0].tolist()
    [0.0, 0.5, 0.0]
    """
    missing, counted = _count(mask, window)
    known = (counted - missing).clamp(min=1)  # a known pixel counts itself, so this only guards missing ones
    return (1 - mask) * missing / known  # Malesevic, w_i = |H_i| / |K_i|


def context_loss(
    generated: Float[Tensor, "N C H W"], image: Float[Tensor, "N C H W"], weights: Float[Tensor, "N 1 H W"]
) -> Float[Tensor, " N"]:
    """Return the weighted sum of absolute differences over pixels and channels.

    Parameters
    ----------
    generated, image : (N, C, H, W) float
        Where the weights are 0, `image` is not read.
    weights : (N, 1, H, W) float
        `share_weights` or `ratio_weights` of the mask.

    Examples
    --------
    >>> context_loss(torch.ones(1, 3, 1, 2), torch.zeros(1, 3, 1, 2), torch.tensor([[[[0.5, 0.0]]]])).item()
    1.5
    """
    known = image.where(weights > 0, 0)
    return (weights * (generated - known).abs()).sum(dim=(1, 2, 3))  # Yeh, weighted context loss


def prior_loss(scores: Float[Tensor, " N"], *, saturating: bool = True) -> Float[Tensor, " N"]:
    """Return what a critic's doubts cost: the lower, the more real the picture looks.

    Parameters
    ----------
    scores : (N,) float
        The critic's answers before a sigmoid, high for real pictures.
    saturating : bool
        log(1 - D), as in both papers, which falls without limit; else -log D, as in the public code, at least 0.

    Examples
    --------
    At D = 1/2 the first is -log 2 and the second log 2:

    >>> round(prior_loss(torch.zeros(1)).item(), 4), round(prior_loss(torch.zeros(1), saturating=False).item(), 4)
    (-0.6931, 0.6931)
    """
    return -functional.softplus(scores) if saturating else functional.softplus(-scores)


def refinement_loss(
    generated: Float[Tensor, "N C H W"],
    blended: Float[Tensor, "N C H W"],
    mask: Float[Tensor, "N 1 H W"],
    *,
    confidence: float,
) -> Float[Tensor, " N"]:
    """Return the sum of absolute differences to a first result, those in the hole weighted by the trust in it.

    Parameters
    ----------
    generated, blended : (N, C, H, W) float
        The picture of the second search, and the blended picture of the first.
    mask : (N, 1, H, W) float
        1 where a pixel was missing, else 0.
    confidence : float
        mu in [0, 1]; the paper takes .66 where a quarter is missing, .33 for half and .2 for more.

    Examples
    --------
    Three channels of one known pixel and one missing pixel, each off by 1, with mu = 1/3:

    >>> mask = torch.tensor([[[[0.0, 1.0]]]])
    >>> round(refinement_loss(torch.ones(1, 3, 1, 2), torch.zeros(1, 3, 1, 2), mask, confidence=1 / 3).item(), 4)
    4.0
    """
    weights = 1 - mask + confidence * mask
    return (weights * (generated - blended).abs()).sum(dim=(1, 2, 3))  # Malesevic, global and inpainting consensus


def _count(mask: Tensor, window: int) -> tuple[Tensor, Tensor]:
    """Return how many pixels of each window are missing, and how many lie in the picture."""
    kernel = mask.new_ones(1, 1, window, window)
    missing, counted = (functional.conv2d(x, kernel, padding=window // 2) for x in (mask, torch.ones_like(mask)))
    return missing.round(), counted
