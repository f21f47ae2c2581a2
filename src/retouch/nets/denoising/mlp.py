"""A plain multi-layer perceptron from noisy patches to smaller clean ones, averaged where they overlap.

Source: H. C. Burger, C. J. Schuler, S. Harmeling, "Image denoising: can plain neural networks compete with BM3D?", CVPR
2012, sections 3-4. Departures: values beyond the border repeat the border; the width of the Gaussian that weights
overlapping patches, which the paper does not state, is a quarter of the patch.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

_MEAN, _SPREAD = 0.5, 0.2


class PatchMLP(nn.Module):
    """The clean picture of one noise level, patch by patch, grey, in [0, 1].

    Parameters
    ----------
    noisy_side, clean_side : int
        Sides of the patches that go in and come out, px; both odd or both even.
    hidden : sequence of int
        Units of the hidden layers.
    stride : int
        Distance of neighbouring patches, px, at most `clean_side`.
    """

    def __init__(
        self,
        noisy_side: int = 39,
        clean_side: int = 17,
        hidden: Sequence[int] = (3072, 3072, 2559, 2047),
        stride: int = 3,
    ) -> None:
        super().__init__()
        self.noisy_side, self.clean_side, self.stride = noisy_side, clean_side, stride
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise((noisy_side**2, *hidden, clean_side**2)):
            layers += [nn.Linear(n_in, n_out), nn.Tanh()]
        self.model = nn.Sequential(*layers[:-1])
        position = torch.arange(clean_side) - (clean_side - 1) / 2
        profile = torch.exp(-0.5 * (position / (clean_side / 4)).square())
        self.register_buffer("window", torch.outer(profile, profile).flatten(), persistent=False)
        self.window: Tensor

    def forward(self, noisy: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 1 H W"]:
        """Return the clean picture, not clipped."""
        height, width = noisy.shape[-2:]
        covered = self._covered(height), self._covered(width)  # by whole clean patches
        margin = (self.noisy_side - self.clean_side) // 2
        right, bottom = covered[1] - width + margin, covered[0] - height + margin
        padded = functional.pad(noisy, (margin, right, margin, bottom), mode="replicate")
        patches = functional.unfold((padded - _MEAN) / _SPREAD, self.noisy_side, stride=self.stride)  # (N, 1521, L)
        clean: Tensor = self.model(patches.mT).mT * _SPREAD + _MEAN  # (N, 289, L)
        weights = self.window[:, None].expand(clean.shape)
        total = functional.fold(clean * weights, covered, self.clean_side, stride=self.stride)
        total = total / functional.fold(weights, covered, self.clean_side, stride=self.stride)
        return total[..., :height, :width]

    def _covered(self, side: int) -> int:
        """Return the least side of at least `side` that patches at this stride cover exactly."""
        further = max(side - self.clean_side, 0)
        return self.clean_side + (further + self.stride - 1) // self.stride * self.stride


def mlp_full() -> PatchMLP:
    """Build the perceptron of the paper: 39 px in, 17 px out, four hidden layers."""
    return PatchMLP()


def mlp_tiny() -> PatchMLP:
    """Build a perceptron for experiments: 17 px in, 9 px out, three hidden layers of 512."""
    return PatchMLP(17, 9, hidden=(512, 512, 512))
