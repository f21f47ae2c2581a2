"""From a picture of any size to the square of a sample: scaled, cut, mirrored.

Scaling is Pillow's bicubic, which averages over what it leaves out when it makes a picture smaller. A picture whose
shorter side is below the square's is always scaled up to it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8
from PIL import Image as PillowImage

from retouch.arrays.types import AnyArray
from retouch.errors import UsageError, unknown_name
from retouch.training.recipes.settings import DataSettings

_RESIZES = ("none", "short", "stretch")
_CROPS = ("random", "centre")


class Cut(NamedTuple):
    """Where a square lies in a picture, in pixels, and whether it is mirrored left to right."""

    top: int
    left: int
    side: int
    is_mirrored: bool = False

    def of(self, pixels: AnyArray, scale: int = 1) -> AnyArray:
        """Return the square of an array (H, W, ...), which may be smaller than the picture by a whole `scale`."""
        top, left, side = self.top // scale, self.left // scale, self.side // scale
        square = pixels[top : top + side, left : left + side]
        return square[:, ::-1] if self.is_mirrored else square


def check_cutting(data: DataSettings) -> None:
    """Refuse settings by which no square can be cut.

    Raises
    ------
    UsageError
        If a word is unknown, a size is not positive, or the shorter side is to become smaller than the square.
    """
    if data.resize not in _RESIZES:
        raise UsageError(unknown_name("resize", data.resize, _RESIZES))
    if data.crop not in _CROPS:
        raise UsageError(unknown_name("crop", data.crop, _CROPS))
    if data.channels not in (1, 3):
        raise UsageError(f"channels must be 1 (grey) or 3 (RGB), got {data.channels}")
    if data.size_px < 1:
        raise UsageError(f"size_px must be 1 or more, got {data.size_px}")
    if data.short_px and data.short_px < data.size_px:
        raise UsageError(f"short_px must be at least size_px = {data.size_px}, or 0 for the same, got {data.short_px}")


def fitted_size(height: int, width: int, data: DataSettings) -> tuple[int, int]:
    """Return the height and width to which a picture is scaled before it is cut.

    >>> fitted_size(300, 400, DataSettings(size_px=128, resize="short", short_px=150))
    (150, 200)
    >>> fitted_size(64, 100, DataSettings(size_px=128, resize="none"))
    (128, 200)
    """
    short = min(height, width)
    if data.resize == "stretch":
        return data.size_px, data.size_px
    wanted = (data.short_px or data.size_px) if data.resize == "short" else max(short, data.size_px)
    return max(wanted, round(height * wanted / short)), max(wanted, round(width * wanted / short))


def fit(pixels: UInt8[np.ndarray, "H W C"], data: DataSettings) -> UInt8[np.ndarray, "h w C"]:
    """Return a picture scaled as the settings ask."""
    height, width = fitted_size(pixels.shape[0], pixels.shape[1], data)
    if (height, width) == pixels.shape[:2]:
        return pixels
    image = PillowImage.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    scaled = np.asarray(image.resize((width, height), PillowImage.Resampling.BICUBIC))
    return scaled.reshape(height, width, -1)


def choose_cut(shape: tuple[int, int], data: DataSettings, rng: np.random.Generator | None, grid: int = 1) -> Cut:
    """Return where the square of a sample lies.

    Parameters
    ----------
    shape : (H, W)
        Of the fitted picture, neither below `data.size_px`.
    data : DataSettings
    rng : numpy.random.Generator or None
        None, as for validation, takes the middle and mirrors nothing.
    grid : int
        Top and left are multiples of it, so that a picture smaller by this factor can be cut alike.
    """
    room = [(length - data.size_px) // grid for length in shape]
    if rng is None:
        return Cut(room[0] // 2 * grid, room[1] // 2 * grid, data.size_px)
    is_mirrored = data.flip and bool(rng.integers(2))
    if data.crop == "centre":
        return Cut(room[0] // 2 * grid, room[1] // 2 * grid, data.size_px, is_mirrored)
    top, left = (int(rng.integers(n + 1)) * grid for n in room)
    return Cut(top, left, data.size_px, is_mirrored)
