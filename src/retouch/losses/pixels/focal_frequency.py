"""Focal frequency loss: errors of the spectrum, with more weight on frequencies that are still wrong.

Source: L. Jiang, B. Dai, W. Wu, C. C. Loy: "Focal Frequency Loss for Image Reconstruction and Synthesis", ICCV 2021,
Eqs. 7-10.
Departures: none; the transform is scaled so that it keeps lengths, as in the authors' code, and the weights are
divided by the largest of each channel of each picture.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def focal_frequency(
    painted: Float[Tensor, "N C H W"], image: Float[Tensor, "N C H W"], *, alpha: float = 1.0
) -> Float[Tensor, ""]:
    """Return the mean squared error of the spectra, each frequency by its weight.

    Parameters
    ----------
    painted, image : (N, C, H, W) float
    alpha : float
        Weights are the errors' sizes to this power, and no gradient runs through them. 0 gives the mean squared error
        of the pixels (Parseval).

    Examples
    --------
    An error of 1/2 at each of four pixels is an error of 1 at frequency 0 alone, over four frequencies:

    >>> focal_frequency(torch.full((1, 1, 2, 2), 0.5), torch.zeros(1, 1, 2, 2)).item()
    0.25
    """
    error = torch.fft.fft2(painted - image, norm="ortho")
    squared = error.real.square() + error.imag.square()  # Eq. 7
    weights = squared.detach() ** (alpha / 2)  # Eq. 9
    largest = weights.amax(dim=(2, 3), keepdim=True)
    loss: Tensor = (weights / largest.where(largest > 0, 1) * squared).mean()  # Eq. 10
    return loss
