"""Gram matrices of feature maps, and the distance between two styles.

Source: L. A. Gatys, A. S. Ecker, M. Bethge: "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016,
Eq. 3; the division by C H W and the absolute differences as in inpainting: G. Liu et al.: "Image Inpainting for
Irregular Holes Using Partial Convolutions", ECCV 2018, and K. Nazeri et al.: "EdgeConnect", ICCV Workshops 2019.

Departures: none. The features come from the caller: without pretrained weights there is no style loss to speak of.
"""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor


def gram_matrix(features: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C C"]:
    """Return which channels fire together, divided by C H W.

    Examples
    --------
    Two channels of two pixels, (1, 2) and (3, 4): products 5, 11 and 25, over 4.

    >>> import torch
    >>> gram_matrix(torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]])).tolist()
    [[[1.25, 2.75], [2.75, 6.25]]]
    """
    rows = features.flatten(2)  # (N, C, H W)
    return rows @ rows.mT / features[0].numel()  # Eq. 3


def style_loss(
    features: Sequence[Float[Tensor, "N _ _ _"]], target_features: Sequence[Float[Tensor, "N _ _ _"]]
) -> Float[Tensor, ""]:
    """Return the mean absolute difference of Gram matrices, summed over layers.

    Parameters
    ----------
    features, target_features : sequences of (N, C, H, W)
        Layer by layer, of the result and of the truth; not empty.

    Examples
    --------
    >>> import torch
    >>> one = torch.ones(1, 2, 3, 3)  # every entry of its Gram matrix is 9 / 18
    >>> style_loss([one, one], [0 * one, one]).item()
    0.5
    """
    terms = [
        (gram_matrix(ours) - gram_matrix(theirs)).abs().mean()
        for ours, theirs in zip(features, target_features, strict=True)
    ]
    return sum(terms[1:], start=terms[0])
