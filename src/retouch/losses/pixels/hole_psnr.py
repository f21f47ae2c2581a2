"""The logarithm of the squared error in the hole: what PSNR measures, as a loss.

Source: L. Chen, X. Chu, X. Zhang, J. Sun, "Simple baselines for image restoration", ECCV 2022 (PSNR loss). Departures:
only missing pixels count; natural logarithm, halved, so that 1 dB is 0.115.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

LEAST_ERROR = 1e-5
"""Added to every squared error, range [0, 1]: 50 dB, beyond which nothing more is to be won."""


def log_squared_error(
    painted: Float[Tensor, "N C H W"], image: Float[Tensor, "N C H W"], mask: Float[Tensor, "N 1 H W"]
) -> Float[Tensor, ""]:
    """Return the mean over samples of log(mse + 1e-5) / 2 of the missing pixels.

    Parameters
    ----------
    painted, image : (N, C, H, W), range [0, 1]
    mask : (N, 1, H, W)
        1 where a pixel is missing; a sample without one counts as without error.

    Examples
    --------
    Ten times the error is log(10) more:

    >>> import torch
    >>> image, mask = torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2)
    >>> far, near = (log_squared_error(torch.full_like(image, error), image, mask) for error in (0.5, 0.05))
    >>> round((far - near).item(), 2)
    2.3
    """
    error = ((painted - image).square() * mask).sum(dim=(1, 2, 3))
    n_values = (mask.sum(dim=(1, 2, 3)) * image.shape[1]).clamp(min=1)
    loss: Tensor = (error / n_values + LEAST_ERROR).log().mean() / 2
    return loss
