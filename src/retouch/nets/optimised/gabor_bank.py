"""Gabor bank: fixed features of texture, for methods that compare features and must work with nothing downloaded.

Source: J. Daugman, "Uncertainty relation for resolution in space, spatial frequency, and orientation optimized by
two-dimensional visual cortical filters", JOSA A 2(7), 1985; a bank of them for texture as in A. Jain, F. Farrokhnia,
"Unsupervised texture segmentation using Gabor filters", Pattern Recognition 24(12), 1991.

Departures
----------
- The mean of each filter is taken off, so that flat areas answer with zero, and its length is one.
- Three maps of smoothed colours stand beside the answers, which are those to grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

_SPREAD = 0.5  # standard deviation of the envelope in wavelengths: a bandwidth of about 1.2 octaves
_REACH = 3  # kernels end so many standard deviations from their middle


class GaborBank(nn.Module):
    """Answers of even and odd filters in several directions and wavelengths, and smoothed colours; no parameters.

    Parameters
    ----------
    n_directions : int
        Over half a turn.
    wavelengths : sequence of float
        Pixels of the picture.
    stride : int
        Pixels from one place of the map to the next.

    Attributes
    ----------
    kernels : (D, 1, k, k)
        For grey: direction after direction the even and the odd filter of each wavelength.
    smoothing : (3, 1, k, k)
        For each colour.
    """

    kernels: Tensor
    smoothing: Tensor

    def __init__(self, n_directions: int = 6, wavelengths: Sequence[float] = (4.0, 8.0), *, stride: int = 2) -> None:
        super().__init__()
        reach = round(_REACH * _SPREAD * max(wavelengths))
        filters = [
            _gabor(pi * direction / n_directions, wavelength, phase, reach)
            for direction in range(n_directions)
            for wavelength in wavelengths
            for phase in (0.0, pi / 2)
        ]
        blur = _envelope(_SPREAD * min(wavelengths), reach)
        self.stride, self.reach = stride, reach
        self.register_buffer("kernels", torch.stack(filters)[:, None], persistent=False)
        self.register_buffer("smoothing", (blur / blur.sum()).expand(3, 1, -1, -1).contiguous(), persistent=False)

    def forward(self, picture: Float[Tensor, "N 3 H W"]) -> list[Float[Tensor, "N D h w"]]:
        """Return one map.

        Parameters
        ----------
        picture : (N, 3, H, W)
            RGB in [0, 1] of any size; its border is repeated outwards.

        Returns
        -------
        list of one (N, 3 + 2 n_directions n_wavelengths, ceil(H / stride), ceil(W / stride))
        """
        around = functional.pad(picture, (self.reach,) * 4, mode="replicate")
        answers = functional.conv2d(around.mean(dim=1, keepdim=True), self.kernels, stride=self.stride)
        colours = functional.conv2d(around, self.smoothing, stride=self.stride, groups=3)
        return [torch.cat([colours, answers], dim=1)]


def _gabor(direction: float, wavelength: float, phase: float, reach: int) -> Float[Tensor, "k k"]:
    """Return a wave that runs in `direction` (0 is to the right) under a round envelope, without mean, of length 1."""
    rows, columns = _places(reach)
    along = columns * torch.cos(torch.tensor(direction)) + rows * torch.sin(torch.tensor(direction))
    envelope = _envelope(_SPREAD * wavelength, reach)
    wave = envelope * torch.cos(2 * pi * along / wavelength + phase)
    level = wave - envelope * (wave.sum() / envelope.sum())
    unit: Tensor = level / level.norm()
    return unit


def _envelope(deviation: float, reach: int) -> Float[Tensor, "k k"]:
    rows, columns = _places(reach)
    return torch.exp(-(rows.square() + columns.square()) / (2 * deviation**2))


def _places(reach: int) -> tuple[Tensor, Tensor]:
    offsets = torch.arange(-reach, reach + 1, dtype=torch.float32)
    return offsets[:, None], offsets[None, :]
