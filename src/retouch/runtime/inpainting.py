"""Holes filled by an exported network.

A network sees the crop at its own size, or made smaller where it takes one size only or where `side_px` says so; the
detail that is lost then is mixed from the known detail around (contextual residual aggregation). Its graph names what
it takes besides the picture: "mask", "edges" of the known part, "sketch" for edges that a user draws in the hole (zeros
where nobody did).
Departure: authors feed whole pictures; here the planner gives the hole and its surroundings.
"""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np

from retouch.arrays.checks import check_pair, without_garbage
from retouch.arrays.colour import to_grey
from retouch.arrays.compositing import composite
from retouch.arrays.edges import canny
from retouch.arrays.types import AnyArray, Image, Mask, Progress, ignore_progress
from retouch.classical.exemplar.residual_aggregation import inpaint_residual_aggregation
from retouch.errors import InputError, UsageError
from retouch.io.wording import shown
from retouch.runtime.exported import Exported, open_exported, run_by_channels, to_batch
from retouch.runtime.padding import crop_back, pad_mirrored

TASK = "inpaint"
OTHER_INPUTS = ("mask", "edges", "sketch")
_EDGE_SIGMA = 2.0  # EdgeConnect's


def inpaint_network(
    image: Image,
    mask: Mask,
    *,
    net: str,
    side_px: int | None = None,
    sketch: AnyArray | None = None,
    rng: np.random.Generator | None = None,
    progress: Progress = ignore_progress,
) -> Image:
    """Fill the hole with what an exported network makes of it.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Picture to repair; values under the mask are never read.
    mask : (H, W) bool
        True where a pixel is missing. An all-False mask returns a copy.
    net : str
        A name in the weight store, or the path of an ONNX file that `retouch export` wrote.
    side_px : int, optional
        The longest side at which the network is shown the crop; a larger one is made smaller, and its detail is mixed
        from the known detail. By default as large as it is.
    sketch : (H, W) bool, optional
        Edges that the hole shall have, for a network with an input of that name.
    rng : numpy.random.Generator, optional
        For the mixing of detail.
    progress : callable, optional
        Called as progress(done, total).

    Returns
    -------
    (H, W, C) float32, range [0, 1]
        Known pixels are bit-equal.

    Raises
    ------
    InputError
        If the pair fails `check_pair`, `sketch` has another size, or the network cannot work on this size.
    UsageError
        If `side_px` is below 16, or there is a sketch and the network takes none.
    WeightsError
        If there is no such network, or it does something else.

    Notes
    -----
    A picture that has not the network's number of channels is shown to it channel by channel, to a network of colour as
    three equal ones, of whose results the mean is taken.
    """
    check_pair(image, mask)
    if side_px is not None and side_px < 16:  # noqa: PLR2004 - as the docstring says
        raise UsageError(f"side_px must be 16 pixels or more, got {side_px}")
    if not mask.any():
        return image.copy()
    progress(0, 1)
    exported = open_exported(net, TASK, "image", OTHER_INPUTS)
    _check_sketch(exported, sketch, mask)
    fill = partial(_fill, exported, sketch)
    largest = min(px for px in (side_px, exported.fixed_px, max(mask.shape)) if px is not None)
    if max(mask.shape) > largest:
        filled = inpaint_residual_aggregation(image, mask, fill=fill, longest_px=largest, rng=rng)
    else:
        filled = fill(without_garbage(image, mask), mask)
    progress(1, 1)
    return composite(image, filled, mask)


def _check_sketch(exported: Exported, sketch: AnyArray | None, mask: Mask) -> None:
    if sketch is None:
        return
    if sketch.shape != mask.shape:
        raise InputError(f"sketch must have the mask's shape {mask.shape}, got {sketch.shape}")
    if "sketch" not in exported.net.inputs:
        raise UsageError(f"the network {shown(exported.net.path)} takes no sketch; leave it out or take 'patchmatch'")


def _fill(exported: Exported, sketch: AnyArray | None, image: Image, mask: Mask) -> Image:
    """Return the picture with its hole as the network paints it, at a size that it takes.

    Known pixels stay: what a network changes about them is no detail that a larger picture has beyond a small one.
    """
    return composite(image, run_by_channels(exported, image, partial(_run, exported, sketch, mask)), mask)


def _run(exported: Exported, sketch: AnyArray | None, mask: Mask, image: Image) -> Image:
    shape = (mask.shape[0], mask.shape[1])
    arrays: dict[str, AnyArray] = {"image": image}
    if "mask" in exported.net.inputs:
        arrays["mask"] = mask[:, :, None].astype(np.float32)
    if "edges" in exported.net.inputs:
        arrays["edges"] = _known_edges(image, mask)[:, :, None].astype(np.float32)
    if "sketch" in exported.net.inputs:
        arrays["sketch"] = _drawn_edges(sketch, mask)[:, :, None].astype(np.float32)
    if exported.fixed_px is not None:  # free sizes are padded by the network itself
        arrays = {name: pad_mirrored(array, 1, exported.fixed_px) for name, array in arrays.items()}
    result = exported.run(**{name: to_batch(array) for name, array in arrays.items()})
    filled: Image = crop_back(result, shape).clip(0, 1)
    return filled


def _known_edges(image: Image, mask: Mask) -> Mask:
    """Return the edges of the known part; the border of the hole gives none."""
    return canny(to_grey(image)[:, :, 0], sigma=_EDGE_SIGMA, mask=mask)


def _drawn_edges(sketch: AnyArray | None, mask: Mask) -> Mask:
    """Return the strokes inside the hole, at the size of the mask: a small pixel is drawn where any below it was."""
    if sketch is None:
        return np.zeros_like(mask)
    drawn: AnyArray = sketch.astype(np.float32)
    if drawn.shape != mask.shape:
        drawn = cv2.resize(drawn, (mask.shape[1], mask.shape[0]), interpolation=cv2.INTER_AREA)
    return mask & (drawn > 0)
