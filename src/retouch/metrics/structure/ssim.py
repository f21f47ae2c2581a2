"""Structural similarity (SSIM), its map, and its mean under the name MSSIM.

Source: Z. Wang, A. Bovik, H. Sheikh, E. Simoncelli, "Image Quality Assessment: From Error Visibility to Structural
Similarity", IEEE Trans. Image Processing 13(4), 2004. Departures: none with the standard options. The others give the
variants behind published tables: equal weights and the sample covariance as in scikit-image (7 and 51 pixels), and
zeros around the picture as in LaMa's scoring.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypedDict, Unpack

import numpy as np
from jaxtyping import Float

from retouch.arrays.colour import to_grey
from retouch.arrays.types import AnyArray, Mask
from retouch.errors import InputError
from retouch.metrics.pairs import Pair, check_pair
from retouch.metrics.structure.windows import Window, local_moments

_K1, _K2 = 0.01, 0.03


class WindowOptions(TypedDict, total=False):
    """What `ssim` can be told about its window."""

    window: str
    window_size: int
    sigma: float
    sample_covariance: bool
    padding: str


class SsimOptions(WindowOptions, total=False):
    """What `ssim` can be told besides the pictures, the mask and the range."""

    grey: bool


@dataclass(frozen=True)
class _Settings:
    """The options with their defaults, as `ssim` describes them."""

    window: str = "gaussian"
    window_size: int = 11
    sigma: float = 1.5
    sample_covariance: bool = False
    padding: str = "valid"
    grey: bool = False

    @property
    def sliding(self) -> Window:
        return Window(self.window, self.window_size, self.sigma, self.padding)


class SsimMap(NamedTuple):
    """SSIM at each place of the window.

    Attributes
    ----------
    values : (h, w, C) float64, range [-1, 1]
        One value per window and channel.
    offset : int
        Row and column of the pixel in the middle of the first window; 0 with zeros around the picture.
    """

    values: Float[np.ndarray, "h w C"]
    offset: int


def ssim(
    reference: AnyArray,
    result: AnyArray,
    *,
    window: str = "gaussian",
    window_size: int = 11,
    sigma: float = 1.5,
    sample_covariance: bool = False,
    padding: str = "valid",
    grey: bool = False,
    mask: Mask | None = None,
    data_range: float | None = None,
) -> float:
    """Return the mean structural similarity over windows and channels.

    Parameters
    ----------
    reference, result : (H, W) or (H, W, C), uint8, uint16 or floats
        Of one shape and dtype, at least `window_size` pixels a side. The measure is symmetric in the two.
    window : {"gaussian", "uniform"}
        Weights that fall off from the middle of the window, or equal ones.
    window_size : int
        Side of the window in pixels, odd.
    sigma : float
        Width of the Gaussian window in pixels.
    sample_covariance : bool
        Divide the sums of (co)variances by n - 1 instead of n, for n = window_size^2 pixels, as scikit-image does
        unless told otherwise.
    padding : {"valid", "zero"}
        Only windows inside the picture, or one for every pixel with zeros around the picture (LaMa).
    grey : bool
        Measure the luma (BT.601) instead of each channel.
    mask : (H, W) bool or None
        Take only windows whose middle pixel is True here; they look `window_size // 2` pixels beyond. None takes all.
    data_range : float or None
        What white is; None takes 255, 65535 or 1 by dtype.

    Returns
    -------
    float, range [-1, 1]
        1 for equal pictures; higher is better. Below 0 where one is much like the negative of the other.

    Raises
    ------
    InputError
        If the pair fails `check_pair`, a picture is smaller than the window, an option is not as above, or no window
        inside the picture has its middle in the mask.

    Notes
    -----
    Costs five smoothings of each picture: some tens of milliseconds for 481x321 pixels in colour. Values of two papers
    can be compared only where window, covariance, padding and colour are the same.

    Examples
    --------
    >>> black, white = np.zeros((11, 11)), np.ones((11, 11))
    >>> round(ssim(black, white), 9)  # c1 / (1 + c1) with c1 = 0.01^2
    9.999e-05
    """
    settings = _Settings(window, window_size, sigma, sample_covariance, padding, grey)
    pair = check_pair(reference, result, data_range=data_range, mask=mask, least_side_px=settings.sliding.size)
    return float(np.mean(_in_mask(_map_of(pair, settings), pair.mask, window_size)))  # Eq. 17


def ssim_map(
    reference: AnyArray, result: AnyArray, *, data_range: float | None = None, **options: Unpack[SsimOptions]
) -> SsimMap:
    """Return the similarity at each place of the window; its mean is `ssim` with the same options.

    Parameters and errors are those of `ssim`.

    Returns
    -------
    SsimMap
        `values[i, j]` belongs to pixel (i + offset, j + offset); one channel if grey is asked for.

    Examples
    --------
    >>> values, offset = ssim_map(np.ones((12, 15)), np.ones((12, 15)))
    >>> values.shape, offset, float(values.min())
    ((2, 5, 1), 5, 1.0)
    """
    settings = _Settings(**options)
    pair = check_pair(reference, result, data_range=data_range, least_side_px=settings.sliding.size)
    return _map_of(pair, settings)


def mssim(
    reference: AnyArray,
    result: AnyArray,
    *,
    mask: Mask | None = None,
    data_range: float | None = None,
    **options: Unpack[SsimOptions],
) -> float:
    """Return the mean of the SSIM map: the same number as `ssim`, under the name that the book uses.

    Parameters, range and errors are those of `ssim`.

    Examples
    --------
    >>> mssim(np.ones((11, 11)), np.ones((11, 11)))
    1.0
    """
    return ssim(reference, result, mask=mask, data_range=data_range, **options)


def ssim_y(
    reference: AnyArray,
    result: AnyArray,
    *,
    mask: Mask | None = None,
    data_range: float | None = None,
    **options: Unpack[WindowOptions],
) -> float:
    """Return `ssim` of the luma (BT.601), which is blind to errors of colour alone.

    Parameters, range and errors are those of `ssim`; pictures must have one or three channels.

    Examples
    --------
    >>> red = np.zeros((11, 11, 3))
    >>> red[:, :, 0] = 0.587
    >>> green = np.zeros((11, 11, 3))
    >>> green[:, :, 1] = 0.299
    >>> round(ssim_y(red, green), 9)  # both have a luma of 0.299 * 0.587
    1.0
    """
    return ssim(reference, result, mask=mask, data_range=data_range, grey=True, **options)


def similarity_terms(
    x: Float[np.ndarray, "H W C"],
    y: Float[np.ndarray, "H W C"],
    window: Window,
    data_range: float,
    *,
    sample_covariance: bool = False,
) -> tuple[Float[np.ndarray, "h w C"], Float[np.ndarray, "h w C"]]:
    """Return the two factors of SSIM: likeness of luminance, and likeness of contrast and structure.

    >>> dark, light = np.zeros((1, 1, 1)), np.ones((1, 1, 1))
    >>> luminance, structure = similarity_terms(dark, light, Window("uniform", 1), 1.0)
    >>> round(float(luminance[0, 0, 0]), 9), float(structure[0, 0, 0])
    (9.999e-05, 1.0)
    """
    c1, c2 = (_K1 * data_range) ** 2, (_K2 * data_range) ** 2
    local = local_moments(x, y, window)
    n = window.size**2
    unbiased = n / (n - 1) if sample_covariance else 1.0
    luminance = (2 * local.mean_x * local.mean_y + c1) / (local.mean_x**2 + local.mean_y**2 + c1)
    spread = unbiased * (local.variance_x + local.variance_y)
    return luminance, (2 * unbiased * local.covariance + c2) / (spread + c2)


def _map_of(pair: Pair, settings: _Settings) -> SsimMap:
    x, y = (to_grey(pair.reference), to_grey(pair.result)) if settings.grey else (pair.reference, pair.result)
    window = settings.sliding
    luminance, structure = similarity_terms(x, y, window, pair.data_range, sample_covariance=settings.sample_covariance)
    return SsimMap(luminance * structure, window.margin)  # Eq. 13


def _in_mask(found: SsimMap, mask: Mask | None, window_size: int) -> Float[np.ndarray, "*any"]:
    """Return the values whose window has its middle in the mask."""
    if mask is None:
        return found.values
    height, width = found.values.shape[:2]
    centres = mask[found.offset : found.offset + height, found.offset : found.offset + width]
    if not centres.any():
        raise InputError(
            f"no window of {window_size} px has its middle in the mask and lies inside the picture: every pixel of the "
            f"mask is nearer than {found.offset} px to the edge; use padding 'zero' or measure the whole picture"
        )
    return found.values[centres]
