"""Losses of GDN: segmentation of what was filled in, and the pixel error weighted by it.

Source: R. Zhang, W. Quan, B. Wu, Z. Li, D.-M. Yan: "Pixel-wise Dense Detector for Image Inpainting", Computer Graphics
Forum (Pacific Graphics) 2020, Eqs. 4-8; the focal loss itself after T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollar:
"Focal Loss for Dense Object Detection", ICCV 2017.

Departures: none. V is clipped to [1e-8, 1 - 1e-8] before logarithms, as in the authors' code; in float32 the upper
bound rounds to 1, so the logarithm of 1 - V is taken of the clipped 1 - V.

V      (N, 1, H, W) in [0, 1], the detector's probability that a pixel was filled in
M      (N, 1, H, W) in {0, 1}, 1 = missing
alpha  (N,) share of missing pixels of each picture
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

_SMALLEST = 1e-8


def hole_ratio(mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, " N"]:
    """Return the share of missing pixels of each picture.

    >>> hole_ratio(torch.tensor([[[[1.0, 0.0, 0.0, 0.0]]]])).tolist()
    [0.25]
    """
    return mask.mean(dim=(1, 2, 3))


def cross_entropy(artifacts: Float[Tensor, "N 1 H W"], mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, ""]:
    """Return the plain cross-entropy between the detector's answer and the mask.

    Parameters
    ----------
    artifacts : (N, 1, H, W) float, range [0, 1]
        V, high where the detector sees an artefact.
    mask : (N, 1, H, W) float
        1 where a pixel was missing, else 0.

    Examples
    --------
    A detector that knows nothing, V = 1/2, costs log 2:

    >>> round(cross_entropy(torch.full((1, 1, 1, 2), 0.5), torch.tensor([[[[1.0, 0.0]]]])).item(), 4)
    0.6931
    """
    log_hole, log_known = _logarithms(artifacts)
    return -(mask * log_hole + (1 - mask) * log_known).mean()  # Eq. 4


def balanced_cross_entropy(artifacts: Float[Tensor, "N 1 H W"], mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, ""]:
    """Return the cross-entropy in which each of the two classes is weighted by the share of the other.

    Parameters
    ----------
    artifacts, mask : (N, 1, H, W) float
        As for `cross_entropy`; the shares are taken picture by picture.

    Examples
    --------
    With half of the pixels missing it is half of the plain one:

    >>> round(balanced_cross_entropy(torch.full((1, 1, 1, 2), 0.5), torch.tensor([[[[1.0, 0.0]]]])).item(), 4)
    0.3466
    """
    return focal_loss(artifacts, mask, gamma=0.0)  # Eq. 5 is Eq. 6 with gamma = 0


def focal_loss(
    artifacts: Float[Tensor, "N 1 H W"], mask: Float[Tensor, "N 1 H W"], *, gamma: float = 2.0
) -> Float[Tensor, ""]:
    """Return the balanced cross-entropy with less weight on pixels that are already right; the paper's choice.

    Parameters
    ----------
    artifacts, mask : (N, 1, H, W) float
        As for `cross_entropy`.
    gamma : float
        How fast the weight falls; 0 gives the balanced cross-entropy.

    Examples
    --------
    At V = 1/2 each pixel weighs a quarter with gamma = 2, so 0.3466 / 4:

    >>> round(focal_loss(torch.full((1, 1, 1, 2), 0.5), torch.tensor([[[[1.0, 0.0]]]])).item(), 4)
    0.0866
    """
    log_hole, log_known = _logarithms(artifacts)
    alpha = hole_ratio(mask)[:, None, None, None]
    hole = (1 - alpha) * (1 - artifacts) ** gamma * mask * log_hole
    known = alpha * artifacts**gamma * (1 - mask) * log_known
    return -(hole + known).mean()  # Eq. 6


def linear_weight(artifacts: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 1 H W"]:
    """Return the weight 1 + V, in [1, 2].

    >>> linear_weight(torch.tensor([[[[0.0, 0.5]]]])).tolist()
    [[[[1.0, 1.5]]]]
    """
    return 1 + artifacts


def exponential_weight(artifacts: Float[Tensor, "N 1 H W"], *, base: float = 10.0) -> Float[Tensor, "N 1 H W"]:
    """Return the weight base^V, in [1, base]; the paper's choice is base 10, and e was tried.

    >>> exponential_weight(torch.tensor([[[[0.0, 1.0]]]])).tolist()
    [[[[1.0, 10.0]]]]
    """
    return torch.pow(base, artifacts)


def weighted_l1(
    painted: Float[Tensor, "N C H W"],
    image: Float[Tensor, "N C H W"],
    weight: Float[Tensor, "N 1 H W"],
    *,
    detach_weight: bool = False,
) -> Float[Tensor, ""]:
    """Return the generator's loss: the mean absolute error over all pixels, each under its weight.

    Parameters
    ----------
    painted, image : (N, C, H, W) float, range [0, 1]
        The generator's raw picture, and the truth.
    weight : (N, 1, H, W) float
        From `exponential_weight` or `linear_weight` of the detector's answer to `painted`.
    detach_weight : bool
        False (the authors' way) lets the gradient run through the weight and the detector into the generator: that is
        the adversarial signal. True keeps only the weighting of hard pixels, an ablation. Either way the
        detector's own parameters must be updated from the segmentation loss only.

    Examples
    --------
    >>> one = torch.ones(1, 1, 1, 1)
    >>> weighted_l1(one, 0.5 * one, 10 * one).item()
    5.0
    """
    factor = weight.detach() if detach_weight else weight
    return (factor * (painted - image).abs()).mean()  # Eq. 7; with base^V as weight also Eq. 8


def _logarithms(artifacts: Tensor) -> tuple[Tensor, Tensor]:
    """Return log V and log (1 - V)."""
    return artifacts.clamp(_SMALLEST, 1).log(), (1 - artifacts).clamp(_SMALLEST, 1).log()
