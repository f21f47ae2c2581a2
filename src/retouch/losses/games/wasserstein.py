"""The Wasserstein game with a gradient penalty, of whole pictures or of the hole alone.

Source: M. Arjovsky, S. Chintala, L. Bottou: "Wasserstein Generative Adversarial Networks", ICML 2017, Eq. 2;
I. Gulrajani, F. Ahmed, M. Arjovsky, V. Dumoulin, A. Courville: "Improved Training of Wasserstein GANs", NIPS 2017,
Eq. 3; the penalty of the hole: J. Yu et al.: "Generative Image Inpainting with Contextual Attention", CVPR 2018, Eq. 4,
and Eq. 4.10 of the doctoral thesis on multi-scale image inpainting (seed 003). Masks of both are 1 for known pixels.

Departures: the score of a picture for which a critic gives a map is the mean of the map.

Published weight of the penalty: 10.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

PENALTY_WEIGHT = 10.0
_SMALLEST = 1e-12


def wasserstein_critic_loss(real: Float[Tensor, "*shape"], fake: Float[Tensor, "*other"]) -> Float[Tensor, ""]:
    """Return what the critic minimises, without its penalty: its mean score of made pictures less that of true ones.

    >>> wasserstein_critic_loss(torch.tensor([3.0, 1.0]), torch.tensor([0.5])).item()
    -1.5
    """
    return fake.mean() - real.mean()  # Arjovsky, Eq. 2


def wasserstein_generator_loss(fake: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """Return what the generator minimises: minus the mean score of its pictures.

    >>> wasserstein_generator_loss(torch.tensor([2.0, 4.0])).item()
    -3.0
    """
    return -fake.mean()


def draw_between(
    real: Float[Tensor, " N *rest"], fake: Float[Tensor, " N *rest"], generator: torch.Generator
) -> Float[Tensor, " N *rest"]:
    """Return one picture for each pair on the straight line between both, drawn evenly; it can be differentiated by.

    Parameters
    ----------
    real, fake : (N, ...) float
        Their own gradients are cut.
    generator : torch.Generator
        On the device of the pictures. It gives one number for each pair.

    Examples
    --------
    >>> rng = torch.Generator().manual_seed(0)
    >>> between = draw_between(torch.zeros(2, 3), torch.ones(2, 3), rng)
    >>> between.requires_grad, bool((between == between[:, :1]).all())
    (True, True)
    """
    shape = (len(real),) + (1,) * (real.dim() - 1)
    share = torch.rand(shape, generator=generator, device=real.device, dtype=real.dtype)
    return (real + share * (fake - real)).detach().requires_grad_()


def wasserstein_penalty(
    critic: Callable[[Tensor], Tensor], between: Float[Tensor, "N C H W"], mask: Float[Tensor, "N 1 H W"] | None = None
) -> Float[Tensor, ""]:
    """Return the mean squared distance from 1 of the length of the critic's gradient.

    Parameters
    ----------
    critic : callable
        From pictures to one score each, or to a map of scores, (N, ...).
    between : (N, C, H, W) float
        From `draw_between`.
    mask : (N, 1, H, W) float, optional
        1 where a pixel is missing: only the gradient with respect to those counts.

    Returns
    -------
    scalar
        Before its weight; it can be differentiated by the critic's parameters.

    Examples
    --------
    A critic that adds up four pixels has a gradient of length 2, and one of length 1 in a hole of one pixel:

    >>> pictures = torch.zeros(1, 1, 2, 2, requires_grad=True)
    >>> hole = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]])
    >>> [wasserstein_penalty(lambda x: x.sum(dim=(1, 2, 3)), pictures, mask).item() for mask in (None, hole)]
    [1.0, 0.0]
    """
    scores = critic(between)
    total = scores.reshape(len(between), -1).mean(dim=1).sum()
    (slope,) = torch.autograd.grad(total, between, create_graph=True)
    if mask is not None:
        slope = slope * mask
    length = slope.square().sum(dim=(1, 2, 3)).clamp(min=_SMALLEST).sqrt()  # its own slope at 0 would be infinite
    return (length - 1).square().mean()  # Gulrajani, Eq. 3; Yu, Eq. 4
