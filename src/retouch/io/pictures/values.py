"""Native pixel values to the unit range and back; nearest palette colour.

A value v of a picture whose range is (low, high) stands for (v - low) / (high - low). The range is (0, 255) for uint8,
(0, 65535) for uint16; for int32 and floats it is the usual one where the values fit, else their least and greatest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Num, UInt8

from retouch.arrays.types import AnyArray
from retouch.errors import InputError

_N_AT_ONCE = 1 << 14  # pixels compared with a palette in one go: 16 MB of distances for 256 colours
_CLEAR, _OPAQUE = 0, 255


def value_range(values: AnyArray) -> tuple[float, float]:
    """Return the (low, high) of native values that stand for 0 and 1; NaN and infinities are left out.

    >>> value_range(np.array([0, 7], np.uint8)), value_range(np.float32([0.5, 1.0])), value_range(np.float32([-2, 6]))
    ((0.0, 255.0), (0.0, 1.0), (-2.0, 6.0))
    """
    if values.dtype in (np.uint8, np.uint16):
        return 0.0, float(np.iinfo(values.dtype).max)
    usual = 65535.0 if values.dtype == np.int32 else 1.0  # "I" pictures mostly hold 16-bit greys
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return 0.0, usual
    low, high = float(finite.min()), float(finite.max())
    if low >= 0 and high <= usual:
        return 0.0, usual
    if not np.isfinite(high - low):
        raise InputError(f"pixel values must span a finite range, got {low:g} to {high:g}; scale them first")
    return low, high


def to_unit(values: Num[np.ndarray, "*shape"], limits: tuple[float, float]) -> Float[np.ndarray, "*shape"]:
    """Map native values to float32 in [0, 1]; values that are there already are kept as they are."""
    low, high = limits
    if values.dtype.kind == "u":
        return values.astype(np.float32) / np.float32(high)
    with np.errstate(over="ignore", invalid="ignore"):  # float64 garbage becomes infinite, and is refused as such
        if limits == (0.0, 1.0):
            return values.astype(np.float32)
        scaled: AnyArray = ((values.astype(np.float64) - low) / ((high - low) or 1.0)).astype(np.float32)
    return scaled


def to_native(
    unit: Float[np.ndarray, "*shape"], dtype: np.dtype[np.generic], limits: tuple[float, float]
) -> Num[np.ndarray, "*shape"]:
    """Map values in [0, 1] back; integers are rounded to the nearest, what lies outside is clipped."""
    low, high = limits
    wide = low + np.clip(unit.astype(np.float64), 0, 1) * (high - low)
    return (np.rint(wide) if dtype.kind in "ui" else wide).astype(dtype)


@dataclass(frozen=True, slots=True, eq=False)
class Palette:
    """A picture given by numbers of colours.

    Attributes
    ----------
    indices : (H, W) uint8
    colours : (256, 3) uint8
        RGB; entries from `n_colours` on are black, which is what decoders show for a number that is out of the palette.
    n_colours : int
        How many entries the file has.
    alpha : (256,) uint8 or None
        Opacity of each entry.
    """

    indices: AnyArray
    colours: AnyArray
    n_colours: int
    alpha: AnyArray | None = None

    @property
    def clear_entry(self) -> int | None:
        """Number of the one transparent entry, when one is fully transparent and all others fully opaque."""
        if self.alpha is None:
            return None
        clear = np.flatnonzero(self.alpha == _CLEAR)
        return (
            int(clear[0])
            if clear.size == 1 and np.count_nonzero(self.alpha == _OPAQUE) == self.alpha.size - 1
            else None
        )

    def nearest(self, colours: UInt8[np.ndarray, "N 3"]) -> UInt8[np.ndarray, " N"]:
        """Return the number of the nearest entry for each colour, among those that are the most opaque."""
        usable = np.arange(self.n_colours)
        if self.alpha is not None:
            opacity = self.alpha[: self.n_colours]
            usable = usable[opacity == opacity.max()]
        table = self.colours[usable].astype(np.float32)
        best = np.empty(len(colours), np.uint8)
        for start in range(0, len(colours), _N_AT_ONCE):
            part = colours[start : start + _N_AT_ONCE].astype(np.float32)
            # |a - b|^2 less the |a|^2 that all entries share; whole numbers below 2^24, so float32 is exact
            best[start : start + _N_AT_ONCE] = usable[((table**2).sum(axis=1) - 2 * part @ table.T).argmin(axis=1)]
        return best


def upright(plane: AnyArray, orientation: int) -> AnyArray:
    """Turn stored rows and columns into the displayed ones (EXIF tag 0x0112: 1 to 8).

    >>> upright(np.array([[1, 2]]), 6)
    array([[1],
           [2]])
    """
    turned = np.swapaxes(plane, 0, 1) if orientation >= 5 else plane  # noqa: PLR2004 - 5 to 8 swap rows and columns
    flip_rows = orientation in (3, 4, 7, 8)
    flip_columns = orientation in (2, 3, 6, 7)
    return np.ascontiguousarray(turned[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1])
