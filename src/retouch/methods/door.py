"""The Python door: fill() for every kind of picture, and the same kind out as in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from retouch.arrays.types import AnyArray, Progress, ignore_progress
from retouch.io.pictures.picture import Picture
from retouch.methods.catalogue import AUTO
from retouch.methods.crop_run import FillRequest
from retouch.methods.fill import fill_picture
from retouch.methods.kinds import to_kind_of, to_picture
from retouch.methods.marks import read_marks, to_mask
from retouch.methods.planning.memory import parse_memory

if TYPE_CHECKING:
    from PIL.Image import Image as PilImage

    from retouch.methods.kinds import AnyPicture


@overload
def fill(image: str | os.PathLike[str] | Picture, mask: AnyPicture, **how: Any) -> Picture: ...
@overload
def fill(image: bytes, mask: AnyPicture, **how: Any) -> bytes: ...
@overload
def fill(image: PilImage, mask: AnyPicture, **how: Any) -> PilImage: ...
@overload
def fill(image: AnyArray, mask: AnyPicture, **how: Any) -> AnyArray: ...
def fill(
    image: Any,
    mask: Any,
    *,
    method: str = AUTO,
    seed: int = 0,
    progress: Progress | None = None,
    max_memory: int | str = "2G",
    invert_mask: bool = False,
    seam: bool = True,
    grain: bool = False,
    guidance: Any = None,
    lines: Any = None,
    sketch: Any = None,
    **options: Any,
) -> Any:
    """Return the picture with its missing pixels filled; all other pixels keep their values bit for bit.

    Parameters
    ----------
    image : path, bytes, PIL.Image.Image, numpy.ndarray or Picture
        Arrays are (H, W), (H, W, 1), (H, W, 2), (H, W, 3) or (H, W, 4): grey, grey, grey with alpha, RGB, RGBA; bool,
        uint8, uint16, or float16, float32 or float64 (in [0, 1]; other ranges are taken as they are). Alpha is kept.
    mask : path, bytes, PIL.Image.Image or (H, W) numpy.ndarray
        White (above half), True or non-zero where a pixel is missing. Of the picture's size.
    method : str
        "auto" or a name from `retouch.method_names()`.
    seed : int
        0 or more; the same seed gives the same bytes.
    progress : callable, optional
        Called as progress(done, total); raise `retouch.Cancelled` from it to stop.
    max_memory : int or str
        Budget of the process in bytes, or such as "800M" or "2G".
    invert_mask : bool
        Take the black pixels of the mask as missing.
    seam : bool
        Match the level of composed patches to the border of the hole.
    grain : bool
        Add noise to fills that are smoother than their surroundings; looks better, measures worse.
    guidance : path, bytes, PIL.Image.Image or (H, W) numpy.ndarray of whole numbers, optional
        A map of labels: missing pixels of label 1 and up borrow only from known ones of the same label, 0 has no say.
        In files the numbers of a palette's entries, or grey values.
    lines, sketch : path, bytes, PIL.Image.Image or numpy.ndarray, optional
        Strokes, white where drawn: lines that go on through a hole, whose sides borrow each from its own side; a sketch
        is the same to methods that borrow patches, and is shown as it is to networks that take one.
    **options
        Options of the method, such as patch_size=9; arrays must have the picture's size.

    Returns
    -------
    Picture for a path (has .save(path) and works with numpy.asarray), bytes of the same file format for bytes, a
    Pillow image of the same mode, an array of the same shape and dtype.

    Raises
    ------
    InputError
        If picture, mask or a mark cannot be read, they differ in size, nothing is known, or a known pixel is NaN.
    UsageError
        If the method or an option is unknown, or the method cannot be led by marks.
    LimitError
        If a hole cannot be filled within the memory budget.

    Examples
    --------
    >>> row = np.array([[0, 9, 9, 90]], np.uint8)
    >>> fill(row, np.array([[0, 1, 1, 0]], bool), method="harmonic")
    array([[ 0, 30, 60, 90]], dtype=uint8)
    """
    picture = to_picture(image)
    missing = to_mask(mask, picture.shape, invert=invert_mask)
    marks = read_marks(guidance, lines, sketch)
    request = FillRequest(method, options, _to_plain(seed), parse_memory(max_memory), seam, grain, marks)
    return to_kind_of(image, fill_picture(picture, missing, request, progress or ignore_progress).picture)


def _to_plain(seed: Any) -> Any:
    return int(seed) if isinstance(seed, np.integer) else seed
