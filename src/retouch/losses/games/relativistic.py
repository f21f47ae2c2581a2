"""The relativistic average game: scores are judged by how they stand to the mean score of the other side.

Source: A. Jolicoeur-Martineau: "The relativistic discriminator: a key element missing from standard GAN", ICLR 2019,
Eqs. 12-13 with the cross-entropy; played by the code of H. Liu et al.: "Rethinking Image Inpainting via a Mutual
Encoder-Decoder with Feature Equalizations", ECCV 2020.
Departures: the mean of both terms is taken instead of their sum.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from retouch.losses.adversarial import nonsaturating_loss


def relativistic_critic_loss(real: Float[Tensor, "*shape"], fake: Float[Tensor, "*other"]) -> Float[Tensor, ""]:
    """Return the loss of the critic: true pictures should score above the mean of made ones, and the other way round.

    Parameters
    ----------
    real, fake : any shape, float
        Scores before a sigmoid.

    Examples
    --------
    A critic that cannot tell pays log 2:

    >>> import torch
    >>> round(relativistic_critic_loss(torch.ones(3), torch.ones(3)).item(), 4)
    0.6931
    """
    above = nonsaturating_loss(real - fake.mean(), as_real=True)
    below = nonsaturating_loss(fake - real.mean(), as_real=False)
    return 0.5 * (above + below)  # Eq. 12


def relativistic_generator_loss(real: Float[Tensor, "*shape"], fake: Float[Tensor, "*other"]) -> Float[Tensor, ""]:
    """Return the loss of the generator: the critic's with the sides exchanged; it needs the true pictures' scores too.

    Parameters
    ----------
    real, fake : any shape, float
        Scores before a sigmoid.

    Examples
    --------
    Made pictures that score 200 above true ones cost nothing:

    >>> import torch
    >>> relativistic_generator_loss(torch.zeros(3), torch.full((3,), 200.0)).item()
    0.0
    """
    return relativistic_critic_loss(fake, real)  # Eq. 13
