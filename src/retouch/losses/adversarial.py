"""Adversarial losses on scores of single patches or pictures: non-saturating and saturating, least squares, GLS-GAN.

Source: I. Goodfellow et al.: "Generative Adversarial Nets", NIPS 2014, Sec. 3 (non-saturating form) and Eq. 1; X. Mao,
Q. Li, H. Xie, R. Lau, Z. Wang, S. P. Smolley: "Least Squares Generative Adversarial Networks", ICCV 2017, with labels 0
and 1 and without the factor 1/2; G.-J. Qi: "Loss-Sensitive Generative Adversarial Networks on Lipschitz Densities",
IJCV 2020 (arXiv 1701.06264), the section on GLS-GAN.

Departures: none. The hinge losses stand in `retouch.losses.hinge`, the Wasserstein game, gradient penalties and the
relativistic game in `retouch.losses.games`.

The critic of the first two gives scores, high for real pictures. That of GLS-GAN, L, gives a loss: low for real ones.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def nonsaturating_loss(scores: Float[Tensor, " *shape"], *, as_real: bool) -> Float[Tensor, ""]:
    """Return the mean cross-entropy of sigmoid(scores) against the label "real" or "fake".

    Parameters
    ----------
    scores : any shape, float
        The critic's answers before a sigmoid.
    as_real : bool
        For the critic True on real pictures and False on fake ones; for the generator True on fake ones.

    Examples
    --------
    A critic that cannot tell, score 0, pays log 2:

    >>> import torch
    >>> round(nonsaturating_loss(torch.zeros(1, 1, 2, 2), as_real=True).item(), 4)
    0.6931
    """
    return functional.softplus(-scores if as_real else scores).mean()


def saturating_loss(fake_scores: Float[Tensor, " *shape"]) -> Float[Tensor, ""]:
    """Return what the generator minimises in the game as it was first stated: the mean of log(1 - sigmoid(scores)).

    It has no least value, and where the critic is sure that pictures are fake its gradient is nearly 0: for that
    reason `nonsaturating_loss` is what one trains with.

    Parameters
    ----------
    fake_scores : any shape, float
        The critic's answers to made pictures, before a sigmoid.

    Examples
    --------
    >>> import torch
    >>> round(saturating_loss(torch.zeros(4)).item(), 4)  # log(1/2)
    -0.6931
    """
    return -functional.softplus(fake_scores).mean()  # Eq. 1, second term


def least_squares_loss(scores: Float[Tensor, " *shape"], *, as_real: bool) -> Float[Tensor, ""]:
    """Return the mean squared distance of the scores from 1 ("real") or 0 ("fake").

    Parameters
    ----------
    scores : any shape, float
    as_real : bool
        As for `nonsaturating_loss`.

    Examples
    --------
    >>> import torch
    >>> least_squares_loss(torch.tensor([0.0, 2.0]), as_real=True).item()
    1.0
    """
    return (scores - float(as_real)).square().mean()


def l1_distance(real: Float[Tensor, " N *rest"], fake: Float[Tensor, " N *rest"]) -> Float[Tensor, " N"]:
    """Return the sum of absolute differences of each pair of pictures: the margin of LS-GAN.

    >>> import torch
    >>> l1_distance(torch.ones(2, 3), torch.zeros(2, 3)).tolist()
    [3.0, 3.0]
    """
    return (real - fake).abs().flatten(1).sum(dim=1)


def glsgan_critic_loss(
    real_loss: Float[Tensor, " N"],
    fake_loss: Float[Tensor, " N"],
    distance: Float[Tensor, " N"],
    *,
    margin_weight: float,
    slope: float,
) -> Float[Tensor, ""]:
    """Return what the critic L minimises: by how much a fake picture fails to lose by its margin.

    Parameters
    ----------
    real_loss, fake_loss : (N,) float
        L of real and of fake pictures, pair by pair; low for real ones.
    distance : (N,) float
        Between the two of a pair, see `l1_distance`.
    margin_weight : float
        lambda, how much worse a fake picture must be for each unit of distance.
    slope : float
        Of the cost below zero: 0 is LS-GAN, 1 is WGAN without its constraint, -1 the absolute value.

    Examples
    --------
    Distances 4 with lambda 1/2 make margins 2; losses differ by 3 and 1, so shortfalls are -1 and 1:

    >>> import torch
    >>> real, fake = torch.tensor([0.0, 0.0]), torch.tensor([3.0, 1.0])
    >>> glsgan_critic_loss(real, fake, torch.tensor([4.0, 4.0]), margin_weight=0.5, slope=0.0).item()
    0.5
    """
    shortfall = margin_weight * distance + real_loss - fake_loss
    return functional.leaky_relu(shortfall, slope).mean()


def glsgan_generator_loss(fake_loss: Float[Tensor, " N"]) -> Float[Tensor, ""]:
    """Return what the generator minimises: the mean of L over its pictures.

    >>> import torch
    >>> glsgan_generator_loss(torch.tensor([1.0, 3.0])).item()
    2.0
    """
    return fake_loss.mean()
