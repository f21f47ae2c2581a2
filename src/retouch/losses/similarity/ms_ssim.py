"""Similarity over several scales, and its sum with an absolute error.

Source: Z. Wang, E. P. Simoncelli, A. C. Bovik: "Multi-scale structural similarity for image quality assessment",
Asilomar 2003, Eq. 7; H. Zhao, O. Gallo, I. Frosio, J. Kautz: "Loss Functions for Image Restoration with Neural
Networks", IEEE Trans. Computational Imaging 3(1), 2017, Eq. 14 (the mix, alpha = 0.84); S. Adiga, J. Sivaswamy:
"FPD-M-net", 2019 (0.85, three scales, the plain absolute error).

Departures
----------
- Scales are those of Wang, each half as large as the one before, as in `retouch.metrics`; Zhao widens the window
  instead. The Gaussian that weighs the absolute error is the window of the coarsest scale, as in Zhao.
- A mean below 1e-6 is taken as that before it is raised to its weight, since a root has no finite slope at 0.
- Pictures too small for all scales have fewer, and the first weights are divided by their sum. A number of scales that
  is asked for is kept; the window is then cut to the coarsest pictures.
- Sides of odd length get one row or column of zeros in front before they are halved, as in `retouch.metrics`.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from retouch.errors import InputError
from retouch.losses.similarity.ssim import SIGMA_PX, WINDOW_PX, gaussian_window, similarity_terms, smooth

SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
MIX = 0.84
_SMALLEST = 1e-6


def scales_that_fit(side_px: int) -> int:
    """Return how many scales, 1 to 5, the whole window fits into: more than 10 * 2^(n - 1) pixels are needed.

    >>> [scales_that_fit(side) for side in (8, 20, 21, 41, 160, 161, 500)]
    [1, 1, 2, 3, 4, 5, 5]
    """
    fitting = [n for n in range(1, len(SCALE_WEIGHTS) + 1) if side_px > (WINDOW_PX - 1) * 2 ** (n - 1)]
    return max(fitting, default=1)


def ms_ssim(
    painted: Float[Tensor, "N C H W"], image: Float[Tensor, "N C H W"], n_scales: int | None = None
) -> Float[Tensor, " N"]:
    """Return the similarity over scales of each pair, the mean over channels; in [0, 1], 1 for equal pictures.

    Parameters
    ----------
    painted, image : (N, C, H, W) float, range [0, 1]
    n_scales : int, optional
        1 to 5; as many as fit if not given: five from 161 px on, three from 41, see `scales_that_fit`.

    Raises
    ------
    InputError
        If the number is another, or the coarsest scale has no pixel.

    Examples
    --------
    >>> import torch
    >>> flat = torch.full((1, 1, 16, 16), 0.5)
    >>> round(ms_ssim(flat, flat, 3).item(), 4)
    1.0
    """
    exponents = _exponents(min(painted.shape[2:]), n_scales)
    product = painted.new_ones(painted.shape[:2])
    for scale, exponent in enumerate(exponents, start=1):
        luminance, structure = similarity_terms(painted, image)
        alike = luminance * structure if scale == len(exponents) else structure
        product = product * alike.mean(dim=(2, 3)).clamp(min=_SMALLEST) ** exponent  # Wang, Eq. 7
        if scale < len(exponents):
            painted, image = halved(painted), halved(image)
    return product.mean(dim=1)


def ms_ssim_l1(
    painted: Float[Tensor, "N C H W"],
    image: Float[Tensor, "N C H W"],
    *,
    alpha: float = MIX,
    n_scales: int | None = None,
    gaussian: bool = True,
) -> Float[Tensor, ""]:
    """Return alpha times 1 - MS-SSIM, plus 1 - alpha times the absolute error; 0 at the truth.

    Parameters
    ----------
    painted, image : (N, C, H, W) float, range [0, 1]
    alpha : float
        In [0, 1]: 0.84 of Zhao et al.; FPD-M-net has 0.85.
    n_scales : int, optional
        As for `ms_ssim`.
    gaussian : bool
        Weigh the absolute error with the window of the coarsest scale, which counts pixels at the border less; False
        takes the plain mean.

    Raises
    ------
    InputError
        As for `ms_ssim`.

    Examples
    --------
    Flat pictures have equal structure, and at one scale similarity c1 / (1 + c1) = 0.0001:

    >>> import torch
    >>> black, white = torch.zeros(1, 1, 11, 11), torch.ones(1, 1, 11, 11)
    >>> round(ms_ssim_l1(white, black).item(), 4)  # 0.84 * 0.9999 + 0.16
    0.9999
    """
    unlike = 1 - ms_ssim(painted, image, n_scales).mean()
    error = (painted - image).abs()
    if gaussian:
        error = _coarsely_seen(error, len(_exponents(min(painted.shape[2:]), n_scales)))
    return alpha * unlike + (1 - alpha) * error.mean()  # Zhao, Eq. 14


def halved(planes: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C h w"]:
    """Return the means of 2x2 pixels, with a row or column of zeros in front of a side of odd length.

    >>> import torch
    >>> halved(torch.ones(1, 1, 2, 3)).tolist()
    [[[[0.5, 1.0]]]]
    """
    height, width = planes.shape[2:]
    return functional.avg_pool2d(functional.pad(planes, (width % 2, 0, height % 2, 0)), 2)


def _coarsely_seen(error: Float[Tensor, "N C H W"], n_scales: int) -> Float[Tensor, "N C h w"]:
    """Return errors averaged as pixels are at the coarsest scale."""
    for _ in range(n_scales - 1):
        error = halved(error)
    return smooth(error, gaussian_window(min(WINDOW_PX, *error.shape[2:]), SIGMA_PX, error))


def _exponents(side_px: int, n_scales: int | None) -> list[float]:
    """Return the weights of the scales: all as they are, or the first ones divided by their sum."""
    n_scales = scales_that_fit(side_px) if n_scales is None else n_scales
    if not 1 <= n_scales <= len(SCALE_WEIGHTS) or side_px < 2 ** (n_scales - 1):
        raise InputError(
            f"similarity is taken at 1 to {len(SCALE_WEIGHTS)} scales, the coarsest of at least one pixel, got "
            f"{n_scales} scales of pictures with a side of {side_px} px"
        )
    chosen = SCALE_WEIGHTS[:n_scales]
    total = 1.0 if n_scales == len(SCALE_WEIGHTS) else sum(chosen)
    return [weight / total for weight in chosen]
