"""Losses of partial convolutions: pixels, features, style and smoothness of holes.

Source: G. Liu, F. A. Reda, K. J. Shih, T.-C. Wang, A. Tao, B. Catanzaro: "Image Inpainting for Irregular Holes Using
Partial Convolutions", ECCV 2018, Sec. 3.4, Eqs. 3-6 and the weights of Eq. 7.

Departures
----------
- Without a mask, `total_variation` is taken over the whole picture, as in public ports; with one it is the paper's,
  over the hole grown by one pixel.
- Terms are means over all elements of a batch, so that they do not depend on the size of the picture.

I_out   the net's picture; I_gt the truth; I_comp = I_gt where known, I_out in the hole
M       (N, 1, H, W), 1 = missing (the paper's M is 1 = known)
Psi     features of each, layer by layer, computed by the caller (pool1 to pool3 of a VGG-16 in the paper)
"""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from retouch.losses.style import style_loss

PUBLISHED_WEIGHTS = {"valid": 1.0, "hole": 6.0, "perceptual": 0.05, "style": 120.0, "total_variation": 0.1}
"""What each term counts in the sum, found by the authors on 100 validation pictures."""

Features = Sequence[Float[Tensor, "N _ _ _"]]


def hole_l1(
    painted: Float[Tensor, "N C H W"], image: Float[Tensor, "N C H W"], mask: Float[Tensor, " N #C H W"]
) -> Float[Tensor, ""]:
    """Return the absolute error in the hole, divided by the number of all values.

    >>> import torch
    >>> mask = torch.tensor([[[[1.0, 0.0, 0.0, 0.0]]]])
    >>> hole_l1(torch.ones(1, 1, 1, 4), torch.zeros(1, 1, 1, 4), mask).item()
    0.25
    """
    return (mask * (painted - image)).abs().mean()


def valid_l1(
    painted: Float[Tensor, "N C H W"], image: Float[Tensor, "N C H W"], mask: Float[Tensor, " N #C H W"]
) -> Float[Tensor, ""]:
    """Return the absolute error of the known pixels, divided by the number of all values.

    >>> import torch
    >>> mask = torch.tensor([[[[1.0, 0.0, 0.0, 0.0]]]])
    >>> valid_l1(torch.ones(1, 1, 1, 4), torch.zeros(1, 1, 1, 4), mask).item()
    0.75
    """
    return hole_l1(painted, image, 1 - mask)


def perceptual_loss(painted: Features, composite: Features, image: Features) -> Float[Tensor, ""]:
    """Return the distance of the features of I_out, plus that of I_comp, from those of I_gt.

    >>> import torch
    >>> zero, one = torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2)
    >>> perceptual_loss([one], [one / 2], [zero]).item()
    1.5
    """
    terms = [
        (ours - theirs).abs().mean() for each in (painted, composite) for ours, theirs in zip(each, image, strict=True)
    ]
    return sum(terms[1:], start=terms[0])  # Eq. 3


def two_style_loss(painted: Features, composite: Features, image: Features) -> Float[Tensor, ""]:
    """Return the style loss of I_out plus that of I_comp.

    >>> import torch
    >>> one = torch.ones(1, 2, 3, 3)  # every entry of its Gram matrix is 9 / 18
    >>> two_style_loss([one], [0 * one], [0 * one]).item()
    0.5
    """
    return style_loss(painted, image) + style_loss(composite, image)  # Eqs. 4 and 5


def total_variation(
    composite: Float[Tensor, "N C H W"], mask: Float[Tensor, "N 1 H W"] | None = None
) -> Float[Tensor, ""]:
    """Return how much neighbouring pixels differ.

    Parameters
    ----------
    composite : (N, C, H, W) float
        At least 2 x 2 pixels.
    mask : (N, 1, H, W) float, optional
        1 = missing. If given, only pairs count in which both pixels lie in the hole grown by one pixel in all
        directions; the others add zero to the mean.

    Examples
    --------
    Sideways steps 1 and 1, mean 1; steps down 2 and 2, mean 2:

    >>> import torch
    >>> total_variation(torch.tensor([[[[0.0, 1.0], [2.0, 3.0]]]])).item()
    3.0
    """
    sideways = (composite[..., 1:] - composite[..., :-1]).abs()
    downwards = (composite[..., 1:, :] - composite[..., :-1, :]).abs()
    if mask is not None:
        region = functional.max_pool2d(mask, 3, stride=1, padding=1)
        sideways = sideways * region[..., 1:] * region[..., :-1]
        downwards = downwards * region[..., 1:, :] * region[..., :-1, :]
    return sideways.mean() + downwards.mean()  # Eq. 6
