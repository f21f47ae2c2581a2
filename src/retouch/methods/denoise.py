"""The one way through for noise: gate, memory, denoiser on the whole picture, back to the native kind.

A value of the picture counts as in `retouch.io.pictures.values`, and so does sigma: 1 is the whole range, 255 levels of
8 bits. Floats are taken as they stand where noise of that sigma alone can have led them out of [0, 1]; floats of
another range are mapped from it, and sigma is a share of that range.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from retouch.arrays.checks import count_bad_known
from retouch.arrays.threads import single_threaded_products
from retouch.arrays.types import Image, Mask, Progress, ignore_progress
from retouch.errors import InputError, UsageError
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.values import to_unit
from retouch.methods.catalogue import LEARNED
from retouch.methods.denoisers import DenoiserInfo, find_denoiser, load_denoiser
from retouch.methods.options import check_values, read_options
from retouch.methods.planning.memory import DEFAULT_MEMORY_BYTES, left_of_budget

DEFAULT_DENOISER = "total_variation"
"""Of the denoisers that need no weights it is the one that keeps edges sharp."""

_NATIVE_COPIES = 2  # the picture and the result
_FLOAT_BYTES = 4  # of one value, as the denoiser is shown it

_MOST_SIGMAS = 6.0  # one value of Gaussian noise in five hundred million lies farther out
_ROWS_AT_ONCE = 256


@dataclass(frozen=True)
class DenoiseRequest:
    """How to take noise away.

    Attributes
    ----------
    method : str
        A name of the catalogue of denoisers.
    sigma : float, range [0, 1]
        Standard deviation of the noise on the scale of the picture (25 of 255 is 0.098); 0 is the identity.
    options : mapping
        Options of the denoiser.
    max_memory_bytes : int
        Budget of the whole process, estimated.
    """

    method: str
    sigma: float
    options: Mapping[str, Any] = field(default_factory=dict)
    max_memory_bytes: int = DEFAULT_MEMORY_BYTES


@dataclass(frozen=True)
class DenoiseReport:
    """What was done.

    Attributes
    ----------
    method : str
    sigma : float, range [0, 1]
    width, height : int
        Size of the picture.
    seconds : float
        Wall time of everything from the gate to the native values.
    """

    method: str
    sigma: float
    width: int
    height: int
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON; the noise level on the scale of the command line."""
        return {
            "method": self.method,
            "sigma_255": round(255 * self.sigma, 4),
            "width": self.width,
            "height": self.height,
            "seconds": round(self.seconds, 4),
        }

    def sentences(self) -> list[str]:
        """Return what was done, for people."""
        if self.sigma == 0:
            return ["sigma is 0: the picture was returned as it is"]
        size, level = f"{self.width}x{self.height}", f"{255 * self.sigma:g}"
        return [f"{self.method}: noise of sigma {level} (of 255) was taken from {size} pixels in {self.seconds:.2f} s"]


class DenoiseResult(NamedTuple):
    """A picture without its noise and the account of how it was done."""

    picture: Picture
    report: DenoiseReport


def denoise_picture(picture: Picture, request: DenoiseRequest, progress: Progress = ignore_progress) -> DenoiseResult:
    """Take the noise from a picture.

    Parameters
    ----------
    picture : Picture
        Its alpha is kept as it is, and so is everything else but the colours.
    request : DenoiseRequest
    progress : callable, optional
        Called as progress(done, total) with the denoiser's own counts; may raise Cancelled.

    Returns
    -------
    DenoiseResult
        Of the same kind and depth, clipped to the picture's own range. Pixels of a palette picture take the nearest of
        its most opaque colours, and those that are not as opaque keep theirs. With sigma 0 the very picture.

    Raises
    ------
    InputError
        If a pixel is NaN or infinite, or an option is out of range.
    UsageError
        If sigma is not 0 to 1, or the denoiser or an option is unknown.
    LimitError
        If the work would not stay within the memory budget.
    """
    started = time.perf_counter()
    if not 0 <= request.sigma <= 1:
        raise UsageError(
            f"sigma must be 0 to 1 on the scale of the picture, got {request.sigma:g}; divide a level of 0 to 255 by "
            "255 (25 becomes 0.098)"
        )
    info = find_denoiser(request.method)
    method = load_denoiser(info)
    options = check_values(read_options(method), request.options, f"method '{info.name}'")
    _check_finite(picture)
    result = picture
    if request.sigma == 0:
        progress(1, 1)
    else:
        left = left_of_budget(request.max_memory_bytes, _needed_bytes(picture, info), "denoising")
        hooks = {"progress": progress, **({"budget_bytes": left} if info.kind == LEARNED else {})}
        result = _denoise(picture, request.sigma, method, {**hooks, **options})
    width, height = picture.size
    seconds = time.perf_counter() - started
    return DenoiseResult(result, DenoiseReport(request.method, request.sigma, width, height, seconds))


def _check_finite(picture: Picture) -> None:
    if picture.pixels.dtype.kind == "f":
        n_bad = count_bad_known(picture.pixels, np.zeros(picture.shape, bool))
        if n_bad:
            raise InputError(f"pixels must be finite numbers, but {n_bad} of them are NaN or infinite; fill them first")


def _needed_bytes(picture: Picture, info: DenoiserInfo) -> int:
    per_value = _FLOAT_BYTES + info.bytes_per_value
    return _NATIVE_COPIES * picture.pixels.nbytes + per_value * picture.pixels.size


def _denoise(picture: Picture, sigma: float, method: Callable[..., Any], how: dict[str, Any]) -> Picture:
    scaled = _with_scale_of_noise(picture, sigma)
    with single_threaded_products():
        result: Image = method(scaled.to_float(), sigma, **how)
    if scaled.limits != picture.limits:
        result = to_unit(result, picture.limits)
    if picture.palette is not None:
        return picture.with_filled(result, _most_opaque(picture))
    return _with_pixels(picture, result)


def _with_scale_of_noise(picture: Picture, sigma: float) -> Picture:
    """Return the picture with the limits that sigma counts on: see the module's first lines."""
    low, high = picture.limits
    stray = _MOST_SIGMAS * sigma
    is_usual = picture.pixels.dtype.kind == "f" and -stray <= low and high <= 1 + stray
    return replace(picture, limits=(0.0, 1.0)) if is_usual else picture


def _most_opaque(picture: Picture) -> Mask:
    """Return (H, W) bool, True where a palette picture is as opaque as its palette allows."""
    palette = picture.palette
    if palette is None or palette.alpha is None:
        return np.ones(picture.shape, bool)
    opacity = palette.alpha[: palette.n_colours]
    return np.asarray(palette.alpha[palette.indices] == opacity.max())


def _with_pixels(picture: Picture, result: Image) -> Picture:
    """Return the picture with all its pixels from `result`, a few rows at once: rounding works in float64."""
    pixels = np.empty_like(picture.pixels)
    for top in range(0, len(pixels), _ROWS_AT_ONCE):
        rows = slice(top, top + _ROWS_AT_ONCE)
        part = replace(picture, pixels=picture.pixels[rows], alpha=None)
        pixels[rows] = part.with_filled(result[rows], np.ones(part.shape, bool)).pixels
    return replace(picture, pixels=pixels)
