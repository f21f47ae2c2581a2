"""CSF: a cascade of shrinkage fields, each one filtering, shrinking and one division in the Fourier domain.

Source: U. Schmidt, S. Roth, "Shrinkage fields for effective image restoration", CVPR 2014, section 3 (Eq. 10, for
denoising: no blur). Departures: the border is mirrored before the Fourier transforms instead of tapered; the shrinkage
functions start as the identity, with which the result is the noisy picture.

x      the estimate of the stage before, first y, the noisy picture; values 0-255 inside, (N, 1, H, W)
f_i    filters, learned combinations of the DCT basis without its constant
phi_i  shrinkage functions, sums of 53 Gaussians between -310 and 310
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.nets.denoising.tnrd import RadialBasis, centres, dct_filters, pad_symmetric

_WHITE = 255.0


class ShrinkageStage(nn.Module):
    """One stage: (lambda y + sum_i f_i' * phi_i(f_i * x)) divided by (lambda + sum_i |f_i|^2), in the Fourier domain.

    Parameters
    ----------
    side : int
        Of the filters, px.
    n_filters : int
        At most side**2 - 1.
    n_basis : int
        Gaussians per shrinkage function.
    """

    def __init__(self, side: int, n_filters: int, n_basis: int = 53) -> None:
        super().__init__()
        basis = dct_filters(side)
        self.register_buffer("basis", basis, persistent=False)
        self.basis: Tensor
        self.coefficients = nn.Parameter(torch.eye(n_filters, len(basis)))
        identity = centres(n_basis) / math.sqrt(2 * math.pi)
        self.shrinkage = RadialBasis(identity.repeat(n_filters, 1))
        self.log_trust = nn.Parameter(torch.tensor(0.0))

    def forward(self, x: Float[Tensor, "N 1 H W"], y: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 1 H W"]:
        """Return the next estimate of a picture that is taken to be periodic."""
        size = x.shape[-2:]
        filters = torch.fft.rfft2(torch.einsum("ik,kab->iab", self.coefficients, self.basis), s=size)  # (K, H, W/2+1)
        responses = torch.fft.irfft2(filters * torch.fft.rfft2(x), s=size)  # (N, K, H, W)
        shrunk = torch.fft.rfft2(self.shrinkage(responses))
        trust = self.log_trust.exp()
        above = trust * torch.fft.rfft2(y) + (filters.conj() * shrunk).sum(dim=1, keepdim=True)  # (N, 1, H, W/2+1)
        below = trust + filters.abs().square().sum(dim=0)
        estimate: Tensor = torch.fft.irfft2(above / below, s=size)  # Eq. 10
        return estimate


class CSF(nn.Module):
    """The clean picture of one noise level.

    Parameters
    ----------
    side, n_filters : int
        Of each stage's filters.
    n_stages : int
        Stages, each with parameters of its own.
    """

    def __init__(self, side: int = 7, n_filters: int = 48, n_stages: int = 5) -> None:
        super().__init__()
        self.margin = side * n_stages // 2
        self.stages = nn.ModuleList(ShrinkageStage(side, n_filters) for _ in range(n_stages))

    def forward(self, noisy: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 1 H W"]:
        """Return the clean picture, grey; both in [0, 1], the result not clipped. Any height and width."""
        height, width = noisy.shape[-2:]
        y = pad_symmetric(noisy * _WHITE, self.margin)
        x = y
        for stage in self.stages:
            x = stage(x, y)
        return x[..., self.margin : self.margin + height, self.margin : self.margin + width] / _WHITE


def csf_full() -> CSF:
    """Build CSF as published: five stages of 48 filters of 7x7."""
    return CSF()


def csf_tiny() -> CSF:
    """Build a CSF for experiments: three stages of 24 filters of 5x5."""
    return CSF(side=5, n_filters=24, n_stages=3)
