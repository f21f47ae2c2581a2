"""Seamless blending by a kernel of 3 x 3: the hole takes the generated picture's structure, the known pixels' level.

Source: D. Malesevic, C. Mayer, S. Gu, R. Timofte: "Photo-Realistic and Robust Inpainting of Faces Using Refinement
GANs", the section on Poisson blending; the idea after P. Perez, M. Gangnet, A. Blake, "Poisson image editing", SIGGRAPH
2003, which `retouch.arrays.poisson` solves for gradients.

Departures: solved by conjugate gradients instead of a general convex solver.

x_g  generated picture, y damaged picture, M the missing pixels
D    convolution with ones around a centre of -9 or -8, zeros outside the picture; D' = D
x    argmin |D x - D x_g|^2 with x = y outside M
e    x - x_g; outside M it is y - x_g =: b, inside it solves  M D D M e = -M D D b
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

_TOLERANCE = 1e-6  # of the first residual
_MAX_STEPS = 5000


def blend_by_kernel(
    generated: Float[Tensor, "N C H W"],
    image: Float[Tensor, "N C H W"],
    mask: Float[Tensor, "N 1 H W"],
    *,
    centre: float = -9.0,
) -> Float[Tensor, "N C H W"]:
    """Return the damaged picture with its hole filled by the blended generated picture.

    Parameters
    ----------
    generated, image : (N, C, H, W) float, range [0, 1]
        Values of `image` under the mask are not read.
    mask : (N, 1, H, W) float
        1 where a pixel is missing, else 0.
    centre : float
        -9, the paper's choice by eye, whose rows sum to -1, so that the level of `generated` counts too; with -8, the
        Laplacian, only its differences count, and it takes some hundred times as many steps.

    Returns
    -------
    (N, C, H, W) float, range [0, 1]
        Outside the hole `image`, bit for bit.

    Examples
    --------
    One missing pixel inside 0.5, generated with 0.3 more everywhere: the Laplacian does not see the difference.

    >>> image = torch.full((1, 1, 5, 5), 0.5)
    >>> mask = torch.zeros(1, 1, 5, 5)
    >>> mask[0, 0, 2, 2] = 1
    >>> round(blend_by_kernel(image + 0.3, image, mask, centre=-8.0)[0, 0, 2, 2].item(), 4)
    0.5
    """
    channels = image.shape[1]
    kernel = torch.ones(channels, 1, 3, 3, dtype=torch.float64, device=image.device)
    kernel[:, :, 1, 1] = centre
    missing = mask.double()

    def normal(e: Tensor) -> Tensor:
        inner = functional.conv2d(e, kernel, padding=1, groups=channels)
        return missing * functional.conv2d(inner, kernel, padding=1, groups=channels)

    boundary = (image - generated).double().where(mask == 0, 0)  # b
    correction = _solve(normal, -normal(boundary))
    return image.where(mask == 0, (generated + correction.to(image.dtype)).clamp(0, 1))


def _solve(normal: Callable[[Tensor], Tensor], right: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
    """Return e of normal(e) = right by conjugate gradients, each channel of each picture by itself."""
    e, residual = torch.zeros_like(right), right.clone()
    direction, size = residual.clone(), _squared(residual)
    enough = _TOLERANCE**2 * size
    for _ in range(_MAX_STEPS):
        if (size <= enough).all():
            break
        image_of_direction = normal(direction)
        curvature = (direction * image_of_direction).sum(dim=(2, 3), keepdim=True)
        step = torch.where(curvature > 0, size / curvature, 0)
        e = e + step * direction
        residual = residual - step * image_of_direction
        before, size = size, _squared(residual)
        direction = residual + torch.where(before > 0, size / before, 0) * direction
    return e


def _squared(x: Tensor) -> Tensor:
    return x.square().sum(dim=(2, 3), keepdim=True)
