"""Hinge losses of adversarial training.

Source: J. H. Lim, J. C. Ye, "Geometric GAN", 2017, as used for patches by J. Yu, Z. Lin, J. Yang, X. Shen,
X. Lu, T. Huang, "Free-form image inpainting with gated convolution", ICCV 2019, Sec. 3.2.
Departures: none; the critic's loss is half the paper's sum, as in the public code (`deepfillv2-official-hinge`).

Scores may have any shape; every element counts alike, so that a map of patch scores is a mean over patches.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor


def hinge_critic_loss(real: Float[Tensor, "*shape"], fake: Float[Tensor, "*other"]) -> Float[Tensor, ""]:
    """Return the loss of the critic: 0 where real scores are at least 1 and fake ones at most -1.

    Parameters
    ----------
    real, fake : any shape, float
        Scores of true and of made pictures, without limits.

    Returns
    -------
    scalar
        At least 0.

    Examples
    --------
    (0 + 0.5) / 2 for the real scores and (3 + 0) / 2 for the fake ones, and half of their sum:

    >>> import torch
    >>> hinge_critic_loss(torch.tensor([2.0, 0.5]), torch.tensor([2.0, -1.0])).item()
    0.875
    """
    return 0.5 * ((1 - real).relu().mean() + (1 + fake).relu().mean())


def hinge_generator_loss(fake: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """Return the loss of the generator: the lower the better the critic likes its pictures; it has no least value.

    Parameters
    ----------
    fake : any shape, float
        Scores of made pictures.

    Returns
    -------
    scalar

    Examples
    --------
    >>> import torch
    >>> hinge_generator_loss(torch.tensor([2.0, -1.0])).item()
    -0.5
    """
    return -fake.mean()
