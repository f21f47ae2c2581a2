"""Everything that is measured, behind one signature: (image, mask) -> filled, uint8 RGB, mask bool with True = missing.

This file runs in two environments: retouch's own, and that of the rivals, where retouch is not installed. So each
builder imports what it needs when it is called; nothing but numpy is imported at the top.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Hole = npt.NDArray[np.bool_]
Engine = Callable[[Pixels, Hole], Pixels]

SEED = 0


def _retouch(method: str) -> Engine:
    import retouch

    def run(image: Pixels, mask: Hole) -> Pixels:
        filled: Pixels = retouch.fill(image, mask, method=method, seed=SEED)
        return filled

    return run


def _pypatchmatch() -> Engine:
    from patchmatch import patch_match

    patch_match.set_random_seed(SEED)

    def run(image: Pixels, mask: Hole) -> Pixels:
        filled: Pixels = patch_match.inpaint(image, _white_is_hole(mask), patch_size=3)  # what its examples use
        return filled

    return run


def _opencv(flag_name: str) -> Engine:
    cv2 = _opencv_with_threads()

    def run(image: Pixels, mask: Hole) -> Pixels:
        filled: Pixels = cv2.inpaint(image, _white_is_hole(mask), 3, getattr(cv2, flag_name))
        return filled

    return run


def _opencv_fsr(flag_name: str) -> Engine:
    """Frequency-selective reconstruction; its mask is the other way round (0 = missing) and it wants BGR."""
    cv2 = _opencv_with_threads()

    def run(image: Pixels, mask: Hole) -> Pixels:
        bgr = np.ascontiguousarray(image[:, :, ::-1])
        filled = np.zeros_like(bgr)
        cv2.xphoto.inpaint(bgr, _white_is_hole(~mask), filled, getattr(cv2.xphoto, flag_name))
        return filled[:, :, ::-1]

    return run


def _opencv_shiftmap() -> Engine:
    """Shift-map stitching; 0 = missing here too. Its documentation expects CIELab and takes any type of number.

    Lab in float32: with 8 bits the conversion alone would change nearly every known pixel.
    """
    cv2 = _opencv_with_threads()
    cv2.setRNGSeed(SEED)

    def run(image: Pixels, mask: Hole) -> Pixels:
        lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
        stitched = np.zeros_like(lab)
        cv2.xphoto.inpaint(lab, _white_is_hole(~mask), stitched, cv2.xphoto.INPAINT_SHIFTMAP)
        return _from_unit_range(cv2.cvtColor(stitched, cv2.COLOR_Lab2RGB))

    return run


def _patchmatch_cython() -> Engine:
    """Its documented call with the defaults, "a sensible baseline"; it finds OpenCV by itself and is faster with it."""
    _opencv_with_threads()
    from patchmatch_cython import inpaint_pyramid  # type: ignore[import-not-found]

    def run(image: Pixels, mask: Hole) -> Pixels:
        filled: Pixels = inpaint_pyramid(image, mask, seed=SEED)
        return filled

    return run


def _skimage_biharmonic() -> Engine:
    from skimage.restoration import inpaint_biharmonic

    def run(image: Pixels, mask: Hole) -> Pixels:
        # Without splitting, version 0.26 reads memory that it has not set, and some calls raise ValueError.
        return _from_unit_range(inpaint_biharmonic(image, mask, channel_axis=-1, split_into_regions=True))

    return run


RIVALS: dict[str, Callable[[], Engine]] = {
    "pypatchmatch": _pypatchmatch,
    "patchmatch_cython": _patchmatch_cython,
    "opencv_shiftmap": _opencv_shiftmap,
    "opencv_fsr_best": lambda: _opencv_fsr("INPAINT_FSR_BEST"),
    "opencv_fsr_fast": lambda: _opencv_fsr("INPAINT_FSR_FAST"),
    "opencv_telea": lambda: _opencv("INPAINT_TELEA"),
    "opencv_ns": lambda: _opencv("INPAINT_NS"),
    "skimage_biharmonic": _skimage_biharmonic,
}
"""Built by name in the rivals' environment, with the settings that their own documentation recommends."""

OURS = "retouch:"
"""Prefix of our own engines: "retouch:auto" is retouch.fill(..., method="auto")."""


def build_engine(name: str) -> Engine:
    """Import what the engine needs and return it."""
    if name.startswith(OURS):
        return _retouch(name.removeprefix(OURS))
    return RIVALS[name]()


def _white_is_hole(mask: Hole) -> Pixels:
    return mask.astype(np.uint8) * np.uint8(255)


def _from_unit_range(picture: npt.NDArray[np.floating[Any]]) -> Pixels:
    """Turn [0, 1] into uint8, rounded, with what lies outside clipped."""
    levels: Pixels = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    return levels


def _opencv_with_threads() -> Any:
    """Return the cv2 module under the one thread setting; untyped, since only the rivals' build has xphoto."""
    import cv2

    cv2.setNumThreads(int(os.environ["RETOUCH_THREADS"]))
    return cv2
