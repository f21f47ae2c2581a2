"""Known pixels are copied back bit for bit: the second of the six promises."""

from __future__ import annotations

from retouch.arrays.types import AnyArray, Mask


def composite(original: AnyArray, filled: AnyArray, mask: Mask) -> AnyArray:
    """Return `filled` under the mask and `original`, bit for bit, everywhere else.

    Parameters
    ----------
    original, filled : (H, W, C) of one dtype
        The picture that came in, and the repaired one.
    mask : (H, W) bool
        True where `filled` is taken.
    """
    result = original.copy()
    result[mask] = filled[mask]
    return result
