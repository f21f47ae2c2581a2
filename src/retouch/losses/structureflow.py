"""The loss of StructureFlow's flow: what it carries should be as like the truth as the best that could be carried.

Source: Y. Ren, X. Yu, R. Zhang, T. H. Li, S. Liu, G. Li: "StructureFlow: Image Inpainting via Structure-aware
Appearance Flow", ICCV 2019, Sec. 3.2 (sampling correctness loss).

Departures
----------
- exp(-1) is taken off, so that a perfect flow costs 0; gradients are the same.
- Features come from the caller; the paper's are relu3_1 of VGG-19.

G  (N, C, h, w)  features of the true picture
S  (N, C, H, W)  features of the picture that the flow takes from
W  (N, C, h, w)  S warped by the flow
cos(a, b)        cosine of two vectors of C features

Published weights: l1 of the picture 5, adversarial (least squares) 1, this loss 0.25; for the structure l1 4 and 1.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

_SMALLEST = 1e-6


def sampling_correctness(
    warped: Float[Tensor, "N C h w"],
    source: Float[Tensor, "N C H W"],
    target: Float[Tensor, "N C h w"],
    mask: Float[Tensor, "N 1 h w"] | None = None,
) -> Float[Tensor, ""]:
    """Return how far the carried features fall short of the best match that the source has.

    Parameters
    ----------
    warped : (N, C, h, w) float
        W; the only one that needs a gradient.
    source, target : (N, C, H, W) and (N, C, h, w) float
        S and G.
    mask : (N, 1, h, w) float, optional
        Weights of the places, 1 where a pixel is missing; without it all places count alike. With a mask of zeros the
        loss is 0.

    Returns
    -------
    scalar
        0 where every place of W is the best match of S in direction; at most exp(1/m) - exp(-1) where the best cosine
        is m.

    Notes
    -----
    All places are compared: h w H W numbers for each picture, 67 MB for two maps of 64 x 64.

    Examples
    --------
    One place whose best match is perfect, and which gets features at right angles: exp(0) - exp(-1).

    >>> x, y = torch.tensor([[[[1.0]], [[0.0]]]]), torch.tensor([[[[0.0]], [[1.0]]]])
    >>> round(sampling_correctness(y, x, x).item(), 4)
    0.6321
    """
    truth = functional.normalize(target, dim=1, eps=_SMALLEST).flatten(2)  # (N, C, h w)
    carried = (truth * functional.normalize(warped, dim=1, eps=_SMALLEST).flatten(2)).sum(dim=1)
    possible = truth.mT @ functional.normalize(source, dim=1, eps=_SMALLEST).flatten(2)  # (N, h w, H W)
    best = possible.amax(dim=2).clamp(min=_SMALLEST)
    excess = torch.exp(-carried / best) - math.exp(-1)
    if mask is None:
        return excess.mean()
    weights = mask.flatten(1)
    return (weights * excess).sum() / weights.sum().clamp(min=1)
