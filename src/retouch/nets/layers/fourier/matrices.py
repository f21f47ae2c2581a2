"""Real Fourier transforms of pictures as products with matrices of cosines and sines.

Source: the definition of the discrete Fourier transform. Departures: none; it is what `torch.fft.rfft2` and `irfft2`
give with norm="ortho". Exported graphs take this form: their runtime's own transform is several times slower at the
sizes that networks have (64 px at an eighth of 512), and less exact at sizes that are no powers of two.

    x       (N, C, H, W) picture
    X       (N, C, H, F) spectrum in two parts, F = W // 2 + 1
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor


def transform(x: Float[Tensor, "N C H W"]) -> tuple[Float[Tensor, "N C H F"], Float[Tensor, "N C H F"]]:
    """Return the real and the imaginary part of the spectrum.

    >>> transform(torch.tensor([[[[3.0, 1.0]]]]) * 2**0.5)[0].round(decimals=4).squeeze().tolist()
    [4.0, 2.0]
    """
    height, width = x.shape[2:]
    cosines, sines = _waves(width, width // 2 + 1, x)
    real, imaginary = x @ cosines, -(x @ sines)
    cosines, sines = _waves(height, height, x)
    scale = _scale(x, height, width)
    return scale * (cosines @ real + sines @ imaginary), scale * (cosines @ imaginary - sines @ real)


def transform_back(
    real: Float[Tensor, "N C H F"], imaginary: Float[Tensor, "N C H F"], width: int
) -> Float[Tensor, "N C H W"]:
    """Return the picture of a spectrum; `width` tells the even from the odd one.

    >>> transform_back(*transform(torch.tensor([[[[3.0, 1.0, 4.0]]]])), width=3).round(decimals=4).squeeze().tolist()
    [3.0, 1.0, 4.0]
    """
    height = real.shape[2]
    cosines, sines = _waves(height, height, real)
    real, imaginary = cosines @ real - sines @ imaginary, cosines @ imaginary + sines @ real
    cosines, sines = _waves(width, width // 2 + 1, real)
    twice = _multiplicity(width, real)
    return _scale(real, height, width) * ((real * twice) @ cosines.mT - (imaginary * twice) @ sines.mT)


def _waves(length: int, n_waves: int, like: Tensor) -> tuple[Float[Tensor, "L F"], Float[Tensor, "L F"]]:
    """Return cosines and sines, a column for each wave; turns are counted in whole numbers, which stay exact."""
    period = torch.full((), length, device=like.device)
    places = torch.arange(length, device=like.device)[:, None] * torch.arange(n_waves, device=like.device)
    angles = (places % period).to(like.dtype) * (2 * math.pi) / period
    return angles.cos(), angles.sin()


def _multiplicity(width: int, like: Tensor) -> Float[Tensor, " F"]:
    """Return how often each wave stands for: all but the constant and the fastest one have a mirror image."""
    wave = torch.arange(width // 2 + 1, device=like.device)
    alone = (wave == 0) | (2 * wave == torch.full((), width, device=like.device))
    return 2 - alone.to(like.dtype)


def _scale(like: Tensor, height: int, width: int) -> Tensor:
    return torch.full((), height * width, device=like.device).to(like.dtype).rsqrt()
