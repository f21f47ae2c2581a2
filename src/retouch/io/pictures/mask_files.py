"""Masks from files, arrays and Pillow images: white is the hole, True is missing.

Source: ITU-R BT.601 (luma). A pixel is a hole where its luma is above one half: above 127 of 255, 32767 of 65535.
With an alpha channel there are two readings. Where all that is visible has one colour and alpha varies, alpha is the
mask (opaque is the hole): strokes painted on an empty layer. Otherwise colour counts, and what is fully transparent is
known.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Num

from retouch.arrays.types import AnyArray, Image, Mask
from retouch.errors import InputError
from retouch.io.pictures.conversion import in_rgb
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.reading import MAX_PIXELS, PictureSource, open_image

if TYPE_CHECKING:
    from PIL import Image as PillowImage

_BT601 = (299, 587, 114)  # thousandths, so that integer levels are compared exactly
_FULL_BYTE = 255
_AXES = (2, 3)


def read_mask(
    source: PictureSource, *, shape: tuple[int, int] | None = None, invert: bool = False, max_pixels: int = MAX_PIXELS
) -> Mask:
    """Read a mask file.

    Parameters
    ----------
    source : path, bytes or binary stream
        Any picture that `open_image` reads; its EXIF orientation is applied.
    shape : (height, width), optional
        That of the picture; a mask of another size is refused, never resized.
    invert : bool
        Black is the hole instead. Fully transparent pixels stay known, unless alpha itself is the mask.
    max_pixels : int
        As for `open_image`.

    Returns
    -------
    (H, W) bool, True where a pixel is missing.

    Raises
    ------
    InputError, LimitError
        As `open_image`; also if the size is another.
    """
    return _hard_mask(open_image(source, max_pixels=max_pixels), shape, invert=invert)


def read_soft_mask(
    source: PictureSource, *, shape: tuple[int, int] | None = None, invert: bool = False, max_pixels: int = MAX_PIXELS
) -> Image:
    """Read a mask file without threshold: (H, W) float32, 1 is missing, 0 known; otherwise as `read_mask`."""
    picture = open_image(source, max_pixels=max_pixels)
    _check_size(picture.shape, shape)
    levels, visible = _levels(picture)
    unit = levels.astype(np.float32)
    return np.where(visible, 1 - unit if invert else unit, np.float32(0))


def mask_from_array(
    mask: AnyArray | PillowImage.Image, shape: tuple[int, int] | None = None, *, invert: bool = False
) -> Mask:
    """Return the (H, W) bool mask that an array or a Pillow image stands for.

    Parameters
    ----------
    mask : (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) array, or a Pillow image
        bool: True is missing. Integers: above 127 (above 32767 if any is above 255), or not 0 if none is above 1.
        Floats: above 0.5. Colour and alpha are read as in files.
    shape : (height, width), optional
        That of the picture.

    Raises
    ------
    InputError
        If the shape, the size or the dtype is another, or a value is NaN.

    Examples
    --------
    >>> mask_from_array(np.array([[0, 1], [1, 0]]))
    array([[False,  True],
           [ True, False]])
    """
    if not isinstance(mask, np.ndarray):
        return _hard_mask(Picture.from_pil(mask), shape, invert=invert)
    if mask.ndim not in _AXES or mask.size == 0 or mask.dtype.kind not in "buif":
        raise InputError(
            f"a mask must be an (H, W) array of bool, integers or floats, got {mask.dtype} of shape {mask.shape}"
        )
    if mask.dtype.kind == "f" and bool(np.isnan(mask).any()):
        raise InputError("a mask must hold numbers only, got NaN; set those to 0 (known) or 1 (missing)")
    return _hard_mask(Picture.from_array(_in_usual_depth(mask)), shape, invert=invert)


def encode_mask(mask: Mask) -> bytes:
    """Return the bytes of a 1-bit PNG, white where a pixel is missing."""
    from PIL import Image as PillowImage  # noqa: PLC0415 - keeps the import of this room cheap

    buffer = io.BytesIO()
    PillowImage.fromarray(mask).save(buffer, "PNG")
    return buffer.getvalue()


def _in_usual_depth(mask: AnyArray) -> AnyArray:
    """Bring integers of any width, and 0 and 1 as labels, to uint8 or uint16, floats to float32."""
    if mask.dtype.kind == "f":
        return mask.clip(0, 1).astype(np.float32)
    if mask.dtype.kind == "b":
        return mask
    top = int(mask.max())
    if top <= 1:
        return np.asarray(mask > 0)
    depth = np.uint8 if top <= _FULL_BYTE else np.uint16
    return mask.clip(0, np.iinfo(depth).max).astype(depth)


def _hard_mask(picture: Picture, shape: tuple[int, int] | None, *, invert: bool) -> Mask:
    _check_size(picture.shape, shape)
    levels, visible = _levels(picture)
    return np.asarray(((levels > 0.5) != invert) & visible)  # noqa: PLR2004 - more than half white


def _levels(picture: Picture) -> tuple[Float[np.ndarray, "H W"], Mask | np.bool_]:
    """Return the level of each pixel, 0 to 1, and where it counts."""
    picture = in_rgb(picture)
    if picture.alpha is None:
        return _brightness(picture.pixels, picture.limits), np.True_
    visible = picture.alpha != 0
    colours = picture.pixels[visible]
    if picture.alpha.min() != picture.alpha.max() and bool((colours == colours[0]).all()):
        return _brightness(picture.alpha[:, :, None], (0.0, picture.opaque)), np.True_
    return _brightness(picture.pixels, picture.limits), visible


def _brightness(values: Num[np.ndarray, "H W C"], limits: tuple[float, float]) -> Float[np.ndarray, "H W"]:
    """Return the luma in [0, 1]; sums of thousandths of integers are exact, so 127 of 255 is never above one half.

    Exact because 255,000 is below 2^24 (float32) and 65,535,000 below 2^53 (float64).
    """
    low, high = limits
    dtype: type[np.floating[Any]] = np.float32 if values.dtype == np.uint8 else np.float64
    total = np.zeros(values.shape[:2], dtype)
    for channel, weight in enumerate(_BT601 if values.shape[2] > 1 else (1000,)):
        total += (values[:, :, channel] - dtype(low)) * dtype(weight)
    return np.asarray(total / dtype(1000 * ((high - low) or 1.0)))


def _check_size(given: tuple[int, int], wanted: tuple[int, int] | None) -> None:
    if wanted is not None and tuple(wanted) != given:
        image, mask = (f"{shape[1]}x{shape[0]}" for shape in (wanted, given))
        raise InputError(f"image and mask must have the same width and height, got image {image} and mask {mask}")
