"""The Python door: denoise() for every kind of picture, and the same kind out as in."""

from __future__ import annotations

import os
from numbers import Real
from typing import TYPE_CHECKING, Any, overload

from retouch.arrays.types import AnyArray, Progress, ignore_progress
from retouch.errors import UsageError
from retouch.io.pictures.picture import Picture
from retouch.methods.catalogue import AUTO
from retouch.methods.denoise import DenoiseRequest, denoise_picture
from retouch.methods.kinds import to_kind_of, to_picture
from retouch.methods.planning.memory import parse_memory

if TYPE_CHECKING:
    from PIL.Image import Image as PilImage


@overload
def denoise(image: str | os.PathLike[str] | Picture, sigma: float | None = None, **how: Any) -> Picture: ...
@overload
def denoise(image: bytes, sigma: float | None = None, **how: Any) -> bytes: ...
@overload
def denoise(image: PilImage, sigma: float | None = None, **how: Any) -> PilImage: ...
@overload
def denoise(image: AnyArray, sigma: float | None = None, **how: Any) -> AnyArray: ...
def denoise(
    image: Any,
    sigma: Any = None,
    *,
    method: str = AUTO,
    progress: Progress | None = None,
    max_memory: int | str = "2G",
    **options: Any,
) -> Any:
    """Return the picture with its noise taken away.

    Parameters
    ----------
    image : path, bytes, PIL.Image.Image, numpy.ndarray or Picture
        Arrays are (H, W), (H, W, 1), (H, W, 2), (H, W, 3) or (H, W, 4): grey, grey, grey with alpha, RGB, RGBA; bool,
        uint8, uint16, or float16, float32 or float64. Alpha is kept.
    sigma : float, range [0, 1], or None
        Standard deviation of the noise, where 1 is the whole range of the picture: 25 of 255 levels is 25 / 255.
        0 gives back the same values. Floats count as in [0, 1], values beyond it by noise included; of floats in
        another range, such as 0 to 255, sigma is a share of the least to the greatest value. None tells the noise from
        the picture, and returns it as it is where less than half a level of 255 is found.
    method : str
        "auto" or a name from `retouch.denoiser_names()`.
    progress : callable, optional
        Called as progress(done, total); raise `retouch.Cancelled` from it to stop.
    max_memory : int or str
        Budget of the process in bytes, or such as "800M" or "2G".
    **options
        Options of the method, such as radius_px=1.5.

    Returns
    -------
    Picture for a path (has .save(path) and works with numpy.asarray), bytes of the same file format for bytes, a
    Pillow image of the same mode, an array of the same shape and dtype. Values stay within the range of the picture.

    Raises
    ------
    InputError
        If the picture cannot be read, a pixel is NaN or infinite, or the picture is smaller than 32x32 and sigma None.
    UsageError
        If sigma is not 0 to 1, or the method or an option is unknown.
    LimitError
        If the work would not stay within the memory budget.

    Examples
    --------
    A lone outlier goes with the median:

    >>> import numpy as np
    >>> row = np.array([[10, 10, 90, 10, 10]], np.uint8)
    >>> denoise(row, 0.1, method="median")
    array([[10, 10, 10, 10, 10]], dtype=uint8)
    """
    picture = to_picture(image)
    request = DenoiseRequest(method, _to_number(sigma), options, parse_memory(max_memory))
    return to_kind_of(image, denoise_picture(picture, request, progress or ignore_progress).picture)


def _to_number(sigma: Any) -> float | None:
    if sigma is None:
        return None
    if isinstance(sigma, Real) and not isinstance(sigma, bool):
        return float(sigma)
    raise UsageError(
        f"sigma must be a number of 0 to 1 on the scale of the picture, got {sigma!r}; leave it out to tell it from "
        "the picture"
    )
