"""Penalties that hold the critic's gradient at 0, where the generator has won: R1 on true pictures, R2 on made ones.

Source: L. Mescheder, A. Geiger, S. Nowozin: "Which Training Methods for GANs do actually Converge?", ICML 2018, Eqs. 9
and 10. Departures: none; `retouch.losses.lama.gradient_penalty` is the same without gamma / 2, as in LaMa's code.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from retouch.losses.lama import gradient_penalty


def r1_penalty(
    logits: Float[Tensor, "N ..."], pictures: Float[Tensor, "N C H W"], *, gamma: float = 10.0
) -> Float[Tensor, ""]:
    """Return gamma / 2 times the mean squared length of the critic's gradient.

    Parameters
    ----------
    logits : (N, ...) float
        Computed from `pictures`; those of a map are added up.
    pictures : (N, C, H, W) float
        With `requires_grad` on. True ones make this R1, made ones R2.
    gamma : float
        The paper's weight, 10.

    Returns
    -------
    scalar
        It can be differentiated by the critic's parameters.

    Examples
    --------
    A critic that adds up four pixels has a gradient of squared length 4:

    >>> import torch
    >>> pictures = torch.zeros(1, 1, 2, 2, requires_grad=True)
    >>> r1_penalty(pictures.sum(dim=(1, 2, 3)), pictures, gamma=1.0).item()
    2.0
    """
    return 0.5 * gamma * gradient_penalty(logits, pictures)  # Eq. 9
