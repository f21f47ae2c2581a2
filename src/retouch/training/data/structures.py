"""The smooth versions of pictures that structure layers learn from, by the data option `structure`.

    structure = {"scale": 4, "known": true}

gives "structure" (C, H / 4, W / 4), the truth averaged over blocks of 4 x 4 pixels and freed of its texture, and
"known_structure", the same of the part outside the mask alone: what will be there in use. A block with a missing pixel
is missing as a whole, and 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float32

from retouch.arrays.edge_preserving import smooth_texture
from retouch.arrays.types import AnyArray
from retouch.errors import UsageError, unknown_name
from retouch.training.recipes.settings import DataSettings

_WHITE = np.float32(255)


@dataclass(frozen=True)
class Structures:
    """Makes smooth versions.

    Attributes
    ----------
    scale : int
        Side of a block that becomes one pixel, 1 and up.
    known : bool
        Whether "known_structure" is made too: it cannot be remembered, and costs one smoothing for each sample, 30 ms
        for 64 x 64 pixels.
    """

    scale: int = 1
    known: bool = False

    def of_whole(self, pixels: AnyArray) -> Float32[np.ndarray, "h w C"]:
        """Return the smooth version of (H, W, C) uint8; rows and columns beyond whole blocks are left out."""
        return smooth_texture(_unit_means(pixels, self.scale))

    def of_known(self, pixels: AnyArray, mask: AnyArray | None) -> Mapping[str, AnyArray]:
        """Return "known_structure" of a square with its mask (1, H, W), or nothing if it is not asked for."""
        if not self.known or mask is None:
            return {}
        missing = block_mean(np.moveaxis(mask, 0, -1), self.scale)[:, :, 0] > 0
        smooth = smooth_texture(_unit_means(pixels, self.scale), mask=missing)
        return {"known_structure": np.moveaxis(smooth, -1, 0)}


def read_structures(data: DataSettings) -> Structures | None:
    """Return what the option `structure` asks for.

    Raises
    ------
    UsageError
        If it is not a table of the known names, or the square is not a whole number of blocks.
    """
    asked = data.options.get("structure")
    if not asked:
        return None
    known = [field.name for field in fields(Structures)]
    given = dict(asked) if isinstance(asked, Mapping) else {}
    for name in given:
        if name not in known:
            raise UsageError(unknown_name("setting of structure", name, known))
    scale, with_known = given.get("scale", 1), given.get("known", False)
    if not isinstance(scale, int) or not isinstance(with_known, bool) or scale < 1 or data.size_px % scale:
        raise UsageError(
            f"structure must be a table such as {{scale = 4, known = true}} whose scale divides size_px = "
            f"{data.size_px}, got {asked!r}"
        )
    return Structures(scale, with_known)


def block_mean(pixels: AnyArray, scale: int) -> Float32[np.ndarray, "h w C"]:
    """Return the means of whole blocks of scale x scale pixels.

    >>> block_mean(np.arange(8).reshape(2, 4, 1), 2)[:, :, 0]  # (0 + 1 + 4 + 5) / 4, (2 + 3 + 6 + 7) / 4
    array([[2.5, 4.5]], dtype=float32)
    """
    n_rows, n_columns = pixels.shape[0] // scale, pixels.shape[1] // scale
    whole = pixels[: n_rows * scale, : n_columns * scale]
    blocks = whole.reshape(n_rows, scale, n_columns, scale, pixels.shape[2])
    means: AnyArray = blocks.mean(axis=(1, 3), dtype=np.float32)
    return means


def _unit_means(pixels: AnyArray, scale: int) -> Float32[np.ndarray, "h w C"]:
    """Return the block means of (H, W, C) uint8 on the scale [0, 1]."""
    means: AnyArray = np.divide(block_mean(pixels, scale), _WHITE, dtype=np.float32)
    return means
