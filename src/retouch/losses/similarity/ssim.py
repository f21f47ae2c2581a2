"""Structural similarity that gradients pass through.

Source: Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli: "Image Quality Assessment: From Error Visibility to
Structural Similarity", IEEE Trans. Image Processing 13(4), 2004, Eq. 13; as a loss D. Ren et al.: "Progressive
Image Deraining Networks", CVPR 2019 (minus SSIM), and H. Zhao, O. Gallo, I. Frosio, J. Kautz: "Loss Functions for
Image Restoration with Neural Networks", IEEE Trans. Computational Imaging 3(1), 2017.

Departures: pictures with a side below 11 px have a window of that side. All else is as in `retouch.metrics`.

Pictures are in [0, 1]: the two constants that keep flat regions from dividing by 0 are made for this range.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

WINDOW_PX = 11
SIGMA_PX = 1.5
_C1, _C2 = 0.01**2, 0.03**2


class Terms(NamedTuple):
    """How alike two pictures are at each place: the local means, and contrast together with structure."""

    luminance: Float[Tensor, "N C h w"]
    structure: Float[Tensor, "N C h w"]


def ssim(painted: Float[Tensor, "N C H W"], image: Float[Tensor, "N C H W"]) -> Float[Tensor, " N"]:
    """Return the mean structural similarity of each pair, at most 1 and for equal pictures 1.

    Parameters
    ----------
    painted, image : (N, C, H, W) float, range [0, 1]
        Minus this, or 1 minus this, is a loss.

    Examples
    --------
    >>> flat = torch.full((1, 1, 11, 11), 0.5)
    >>> ssim(flat, flat).item()
    1.0
    >>> round(ssim(flat, 0 * flat).item(), 4)  # no variance: c1 / (1/4 + c1)
    0.0004
    """
    terms = similarity_terms(painted, image)
    return (terms.luminance * terms.structure).mean(dim=(1, 2, 3))  # Eq. 13


def ssim_loss(painted: Float[Tensor, "N C H W"], image: Float[Tensor, "N C H W"]) -> Float[Tensor, ""]:
    """Return 1 minus the mean similarity: 0 at the truth, at most 2.

    >>> ssim_loss(torch.ones(2, 3, 12, 12), torch.ones(2, 3, 12, 12)).item()
    0.0
    """
    return 1 - ssim(painted, image).mean()


def similarity_terms(painted: Float[Tensor, "N C H W"], image: Float[Tensor, "N C H W"]) -> Terms:
    """Return the parts of the similarity at each place where the window lies inside the picture."""
    window = gaussian_window(min(WINDOW_PX, *painted.shape[2:]), SIGMA_PX, painted)
    mean_x, mean_y, square_x, square_y, product = (
        smooth(x, window) for x in (painted, image, painted * painted, image * image, painted * image)
    )
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
    covariance = product - mean_x * mean_y
    variances = (square_x - mean_x**2) + (square_y - mean_y**2)
    return Terms(luminance, (2 * covariance + _C2) / (variances + _C2))


def gaussian_window(size_px: int, sigma_px: float, like: Tensor) -> Float[Tensor, " size"]:
    """Return weights along one axis that sum to 1, in dtype and on the device of `like`."""
    place = torch.arange(size_px, dtype=like.dtype, device=like.device) - (size_px - 1) / 2
    bell = torch.exp(-0.5 * (place / sigma_px).square())
    return bell / bell.sum()


def smooth(planes: Float[Tensor, "N C H W"], window: Float[Tensor, " size"]) -> Float[Tensor, "N C h w"]:
    """Return the weighted mean around each place that the window fits around."""
    n_channels = planes.shape[1]
    down = window[:, None].expand(n_channels, 1, -1, 1)
    across = window.expand(n_channels, 1, 1, -1)
    return functional.conv2d(functional.conv2d(planes, down, groups=n_channels), across, groups=n_channels)
