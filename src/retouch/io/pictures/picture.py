"""A picture with everything that is needed to write it back in kind.

Only the pixels under the mask are ever replaced; all others keep their native values, whatever the kind:

    kind           mode                 pixels
    1 bit          1                    (H, W, 1) uint8, 0 or 255
    8 bits         L LA RGB RGBA        (H, W, 1 or 3) uint8
    palette        P PA                 (H, W, 3) uint8, and `palette` with the numbers of the colours
    other colours  CMYK YCbCr LAB HSV   (H, W, 4 or 3) uint8, as they are stored; in LAB 128 is a neutral a or b
    16 bits        I;16 LA;16 RGB;16 .. (H, W, 1 or 3) uint16
    32 bits        I                    (H, W, 1) int32
    float          F LA;F RGB;F RGBA;F  (H, W, 1 or 3) float32 (float16 and float64 from arrays)

Alpha is never among the pixels. Modes are Pillow's, with ;16 and ;F for what Pillow has no name for.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from retouch.arrays.types import AnyArray, Image, Mask
from retouch.errors import InputError
from retouch.io.pictures.metadata import FileFacts
from retouch.io.pictures.values import Palette, to_native, to_unit, value_range

if TYPE_CHECKING:
    from PIL import Image as PillowImage

_RGB, _GREY = 3, 1
_HALF = 127  # a bilevel or bool value is set above this


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded picture; nothing changes it, the `with_` methods return new ones.

    Attributes
    ----------
    pixels : (H, W, C)
        Colour channels only, native dtype and range (see the table above).
    alpha : (H, W) of the same dtype, or None
    mode : str
    format : str
        What the file was: "PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP", "AVIF" or "HEIF"; empty for arrays.
    notes : tuple of str
        Plain sentences on what a user should know, such as "only the first frame is used".
    palette : Palette or None
    colour_key : tuple of int or None
        The one colour that means transparent (PNG tRNS, GIF in greys); `alpha` says where.
    limits : (float, float)
        The native values that stand for 0 and 1 in `to_float`.
    facts : FileFacts
        ICC profile, DPI, EXIF, compression.
    """

    pixels: AnyArray
    alpha: AnyArray | None = None
    mode: str = "RGB"
    format: str = ""
    notes: tuple[str, ...] = ()
    palette: Palette | None = None
    colour_key: tuple[int, ...] | None = None
    limits: tuple[float, float] = (0.0, 255.0)
    facts: FileFacts = field(default_factory=FileFacts)

    @staticmethod
    def from_array(array: AnyArray) -> Picture:
        """Wrap a numpy picture.

        Parameters
        ----------
        array : (H, W), (H, W, 1), (H, W, 2), (H, W, 3) or (H, W, 4)
            Grey, grey, grey with alpha, RGB, RGBA; bool, uint8, uint16, float16, float32 or float64.

        Raises
        ------
        InputError
            If the shape or the dtype is another.
        """
        known = ("bool", "uint8", "uint16", "float16", "float32", "float64")
        planes = array[:, :, None] if array.ndim == 2 else array  # noqa: PLR2004
        if planes.ndim != 3 or planes.shape[2] not in (1, 2, 3, 4) or planes.size == 0:  # noqa: PLR2004
            raise InputError(
                f"a picture must be (H, W), (H, W, 1), (H, W, 2), (H, W, 3) or (H, W, 4), got {array.shape}"
            )
        if array.dtype.name not in known:
            raise InputError(f"a picture must be one of {', '.join(known)}, got {array.dtype}; convert it first")
        if array.dtype == np.bool_:
            planes = planes.astype(np.uint8) * np.uint8(255)
        return Picture.from_planes(planes, bilevel=array.dtype == np.bool_ and planes.shape[2] == 1)

    @staticmethod
    def from_planes(planes: AnyArray, *, bilevel: bool = False) -> Picture:
        """Wrap (H, W, 1 to 4) values of a native dtype: grey, grey with alpha, RGB, RGBA."""
        planes = planes.astype(planes.dtype.newbyteorder("="), copy=False)
        n_colours = _RGB if planes.shape[2] >= _RGB else _GREY
        pixels = np.ascontiguousarray(planes[:, :, :n_colours])
        alpha = np.ascontiguousarray(planes[:, :, -1]) if planes.shape[2] > n_colours else None
        letters = ("L" if n_colours == _GREY else "RGB") + ("A" if alpha is not None else "")
        depth = {"u1": "", "u2": ";16", "i4": ";I"}.get(planes.dtype.str[1:], ";F")
        mode = "1" if bilevel else {"L;16": "I;16", "L;I": "I", "L;F": "F"}.get(letters + depth, letters + depth)
        return Picture(pixels, alpha, mode, limits=value_range(pixels))

    @staticmethod
    def from_pil(image: PillowImage.Image) -> Picture:
        """Wrap a Pillow image as it stands (its EXIF orientation is not applied: it comes back as it was given).

        Raises
        ------
        InputError
            If its file cannot be decoded, or its mode is one of RGBX, RGBa, La: convert those first.
        """
        from retouch.io.pictures.pillow_images import picture_of  # noqa: PLC0415 - that room builds on this one

        return picture_of(image)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def opaque(self) -> float:
        """The alpha value that means fully opaque."""
        if self.pixels.dtype.kind != "f":
            return float(np.iinfo(self.pixels.dtype).max)
        return max(1.0, float(np.nanmax(self.alpha))) if self.alpha is not None else 1.0

    def to_float(self) -> Image:
        """Return the pixels as (H, W, C) float32 in [0, 1]: C = 1 grey, 3 RGB (or YCbCr, LAB), 4 CMYK.

        Integers are divided by their greatest value. Floats within [0, 1] are kept as they are; other floats are
        mapped linearly from `limits`, so they come out in [0, 1] too. NaN and infinities stay what they are. HSV comes
        out as RGB, because a hue cannot be averaged.
        """
        if self.mode == "HSV":
            return to_unit(_hsv_to_rgb(self.pixels), (0.0, 255.0))
        return to_unit(self.pixels, self.limits)

    def with_range_of_known(self, mask: Mask) -> Picture:
        """Return the picture with `limits` taken from known pixels only: garbage under the mask then changes nothing.

        Only floats and 32-bit integers are concerned. Call it before `to_float`, and use the result for
        `with_filled` too.
        """
        self._check_mask(mask)
        return replace(self, limits=value_range(self.pixels[~mask])) if self.pixels.dtype.kind in "fi" else self

    def with_filled(self, filled: Image, mask: Mask) -> Picture:
        """Return the picture with the pixels under the mask taken from `filled`; all others keep their native values.

        Parameters
        ----------
        filled : (H, W, C) float32 in [0, 1]
            Shaped like `to_float()`; rounded to the native type, clipped to its range.
        mask : (H, W) bool
            True where `filled` is taken. Alpha is kept (see `with_opaque`), except that a palette picture takes the
            nearest of its most opaque colours, never the transparent one.
        """
        self._check_mask(mask)
        if filled.shape != self.pixels.shape:
            raise InputError(
                f"the filled picture must be shaped as the picture, {self.pixels.shape}, got {filled.shape}"
            )
        if self.mode == "1":
            values = np.where(filled[mask] >= 0.5, 255, 0).astype(np.uint8)  # noqa: PLR2004 - nearer to white
        else:
            values = to_native(filled[mask], self.pixels.dtype, self.limits)
        if self.mode == "HSV":
            values = _rgb_to_hsv(values)
        if self.palette is not None:
            return self._with_entries(self.palette, self.palette.nearest(values), mask)
        pixels = self.pixels.copy()
        pixels[mask] = values
        return replace(self, pixels=pixels)

    def with_opaque(self, mask: Mask) -> Picture:
        """Return the picture with alpha at its maximum under the mask; without alpha, the picture itself."""
        self._check_mask(mask)
        if self.alpha is None:
            return self
        if self.palette is not None and self.palette.alpha is not None:
            return self._with_entries(self.palette, self.palette.nearest(self.pixels[mask]), mask)
        alpha = self.alpha.copy()
        alpha[mask] = self.opaque
        return replace(self, alpha=alpha)

    def transparent_mask(self) -> Mask:
        """Return (H, W) bool, True where alpha is 0: the alpha channel used as mask.

        Raises
        ------
        InputError
            If the picture has no alpha channel.
        """
        if self.alpha is None:
            raise InputError("the picture has no alpha channel to take the mask from; give a mask file")
        return np.asarray(self.alpha == 0)

    def to_array(self) -> AnyArray:
        """Return (H, W), (H, W, 2), (H, W, 3) or (H, W, 4) native values, alpha last."""
        if self.alpha is not None:
            return np.concatenate([self.pixels, self.alpha[:, :, None]], axis=2)
        return self.pixels[:, :, 0] if self.pixels.shape[2] == _GREY else self.pixels

    def to_array_like(self, original: AnyArray) -> AnyArray:
        """Return the values in the shape and dtype of the array that the picture was made from."""
        values = self.to_array().reshape(original.shape)
        return values > _HALF if original.dtype == np.bool_ else values.astype(original.dtype)

    def to_pil(self) -> PillowImage.Image:
        """Return a Pillow image of the same mode; deep colour, which Pillow does not have, is reduced to 8 bits."""
        from retouch.io.pictures.pillow_images import image_of  # noqa: PLC0415 - that room builds on this one

        return image_of(self)

    def to_pil_like(self, original: PillowImage.Image) -> PillowImage.Image:
        """Return a Pillow image of the mode, and with the `info`, of the one that the picture was made from."""
        image = self.to_pil()
        image.info = dict(original.info)
        return image

    def save(self, path: str | os.PathLike[str], *, quality: int | None = None, keep_metadata: bool = False) -> None:
        """Write the picture to a file: see `retouch.io.pictures.writing.save_image`."""
        from retouch.io.pictures.writing import save_image  # noqa: PLC0415 - that room builds on this one

        save_image(self, path, quality=quality, keep_metadata=keep_metadata)

    def __array__(self, dtype: np.dtype[np.generic] | None = None, copy: bool | None = None) -> AnyArray:
        """Let numpy take the picture for an array, as `to_array` gives it."""
        return np.array(self.to_array(), dtype=dtype, copy=copy)

    def _with_entries(self, palette: Palette, numbers: UInt8[np.ndarray, " N"], mask: Mask) -> Picture:
        indices = palette.indices.copy()
        indices[mask] = numbers
        alpha = self.alpha if palette.alpha is None else palette.alpha[indices]
        return replace(self, pixels=palette.colours[indices], alpha=alpha, palette=replace(palette, indices=indices))

    def _check_mask(self, mask: Mask) -> None:
        if mask.shape != self.shape:
            size, given = (f"{shape[1]}x{shape[0]}" for shape in (self.shape, mask.shape))
            raise InputError(f"image and mask must have the same width and height, got image {size} and mask {given}")


def _hsv_to_rgb(pixels: UInt8[np.ndarray, "H W 3"]) -> UInt8[np.ndarray, "H W 3"]:
    from PIL import Image as PillowImage  # noqa: PLC0415 - rare, and arrays need no Pillow

    return np.asarray(PillowImage.frombytes("HSV", pixels.shape[1::-1], pixels.tobytes()).convert("RGB"))


def _rgb_to_hsv(values: UInt8[np.ndarray, "N 3"]) -> UInt8[np.ndarray, "N 3"]:
    from PIL import Image as PillowImage  # noqa: PLC0415 - rare, and arrays need no Pillow

    if len(values) == 0:
        return values
    converted = np.asarray(PillowImage.frombytes("RGB", (len(values), 1), values.tobytes()).convert("HSV"))
    return converted.reshape(-1, 3)
