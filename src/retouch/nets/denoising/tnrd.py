"""TNRD: a few steps of a reaction-diffusion whose filters and influence functions are learned, each step its own.

Source: Y. Chen, T. Pock, "Trainable nonlinear reaction diffusion: a flexible framework for fast and effective image
restoration", IEEE Trans. Pattern Analysis and Machine Intelligence 39(6), 2017, sections 2-3 (Eq. 5). Departures: the
influence functions start as small multiples of z / (1 + (z / 25)^2), not from a trained stage.

u     the picture, values 0-255 inside, (N, 1, H, W); f the noisy one
k_i   filters, learned combinations of the DCT basis without its constant
phi_i influence functions, sums of Gaussians of width 10 that are 10 apart between -310 and 310
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

REACH = 310.0
"""The outermost Gaussians of the influence functions stand at minus and plus this value, on the scale 0-255."""

_WHITE = 255.0
_GAIN, _KNEE = 0.01, 25.0


def dct_filters(side: int) -> Float[Tensor, "K side side"]:
    """Return the orthonormal DCT-II basis of side x side patches without its constant, K = side**2 - 1 filters.

    >>> filters = dct_filters(3)
    >>> filters.shape, bool(filters.sum(dim=(1, 2)).abs().max() < 1e-6)
    (torch.Size([8, 3, 3]), True)
    """
    place, frequency = torch.arange(side), torch.arange(side)[:, None]
    rows = torch.cos(math.pi * frequency * (2 * place + 1) / (2 * side)) * math.sqrt(2 / side)
    rows[0] /= math.sqrt(2)
    return torch.einsum("ai,bj->abij", rows, rows).reshape(side**2, side, side)[1:]


class RadialBasis(nn.Module):
    """Functions of one number, one per channel, as weighted sums of Gaussians.

    Parameters
    ----------
    weights : (C, n_basis)
        Initial weights; for Gaussians whose width is their distance, a smooth function's values at the centres divided
        by sqrt(2 pi) give the function.
    reach : float
        Centres are spread evenly from -reach to reach; beyond, the functions fall to zero.
    """

    def __init__(self, weights: Float[Tensor, "C K"], reach: float = REACH) -> None:
        super().__init__()
        self.weights = nn.Parameter(weights.clone())
        self.reach = reach
        self.spacing = 2 * reach / (weights.shape[1] - 1)

    def forward(self, z: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return the functions' values, one basis function after the other to save memory."""
        result = torch.zeros_like(z)
        for index, weight in enumerate(self.weights.unbind(dim=1)):
            distance = (z - (index * self.spacing - self.reach)) / self.spacing
            result = result + weight[:, None, None] * torch.exp(-0.5 * distance.square())
        return result


def centres(n_basis: int, reach: float = REACH) -> Float[Tensor, " K"]:
    """Return where the Gaussians of a `RadialBasis` stand."""
    return torch.linspace(-reach, reach, n_basis)


class DiffusionStep(nn.Module):
    """One step: u - (sum_i k_i' * phi_i(k_i * u) + lambda (u - f)), k_i' being k_i turned by 180 degrees.

    Parameters
    ----------
    side : int
        Of the filters, px, odd.
    n_filters : int
        At most side**2 - 1.
    n_basis : int
        Gaussians per influence function.
    """

    def __init__(self, side: int, n_filters: int, n_basis: int = 63) -> None:
        super().__init__()
        self.margin = side // 2
        basis = dct_filters(side)
        self.register_buffer("basis", basis, persistent=False)
        self.basis: Tensor
        self.coefficients = nn.Parameter(torch.eye(n_filters, len(basis)))
        at = centres(n_basis)
        start = _GAIN * at / (1 + (at / _KNEE).square()) / math.sqrt(2 * math.pi)
        self.influence = RadialBasis(start.repeat(n_filters, 1))
        self.trust = nn.Parameter(torch.tensor(0.1))

    def forward(self, u: Float[Tensor, "N 1 H W"], f: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 1 H W"]:
        """Return the picture after the step, 0-255."""
        filters = torch.einsum("ik,kab->iab", self.coefficients, self.basis)[:, None]  # (K, 1, side, side)
        responses = self.influence(functional.conv2d(pad_symmetric(u, self.margin), filters))  # (N, K, H, W)
        turned = filters.flip(-1, -2).transpose(0, 1)  # (1, K, side, side)
        reaction = functional.conv2d(pad_symmetric(responses, self.margin), turned)
        return u - (reaction + self.trust * (u - f))  # Eq. 5


class TNRD(nn.Module):
    """The clean picture of one noise level.

    Parameters
    ----------
    side, n_filters : int
        Of each step's filters.
    n_steps : int
        Steps, each with parameters of its own.
    """

    def __init__(self, side: int = 7, n_filters: int = 48, n_steps: int = 5) -> None:
        super().__init__()
        self.steps = nn.ModuleList(DiffusionStep(side, n_filters) for _ in range(n_steps))

    def forward(self, noisy: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 1 H W"]:
        """Return the clean picture, grey; both in [0, 1], the result not clipped. Any height and width."""
        f = noisy * _WHITE
        u = f
        for step in self.steps:
            u = step(u, f)
        return u / _WHITE


def pad_symmetric(picture: Float[Tensor, "N C H W"], margin: int) -> Float[Tensor, "N C H2 W2"]:
    """Mirror a picture at its edges, the edge pixels included, any number of times if it is small.

    >>> pad_symmetric(torch.tensor([[[[1.0, 2.0]]]]), 3)[0, 0, 0].tolist()
    [2.0, 2.0, 1.0, 1.0, 2.0, 2.0, 1.0, 1.0]
    """
    rows, columns = (_mirrored(picture.shape[axis], margin, picture.device) for axis in (-2, -1))
    return picture[..., rows, :][..., columns]


def _mirrored(side: int, margin: int, device: torch.device) -> Int64[Tensor, " n"]:
    period = torch.full((), 2 * side, device=device)  # a tensor: the exporter's remainder takes no free length
    place = torch.arange(-margin, side + margin, device=device) % period
    return torch.minimum(place, 2 * side - 1 - place)


def tnrd_full() -> TNRD:
    """Build TNRD as published: five steps of 48 filters of 7x7."""
    return TNRD()


def tnrd_small_filters_full() -> TNRD:
    """Build the published TNRD of five steps of 24 filters of 5x5."""
    return TNRD(side=5, n_filters=24)


def tnrd_tiny() -> TNRD:
    """Build a TNRD for experiments: three steps of 24 filters of 5x5."""
    return TNRD(side=5, n_filters=24, n_steps=3)
