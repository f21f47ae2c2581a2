"""The one way through for noise: gate, level, memory, denoiser, back to the native kind.

A value of the picture counts as in `retouch.io.pictures.values`, and so does sigma: 1 is the whole range, 255 levels of
8 bits. Floats are taken as they stand where noise of that sigma alone can have led them out of [0, 1]; floats of
another range are mapped from it, and sigma is a share of that range.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from retouch.arrays.checks import count_bad_known
from retouch.arrays.noise_level.estimate import NONE, NoiseLevel
from retouch.arrays.threads import single_threaded_products
from retouch.arrays.types import Image, Mask, Progress, ignore_progress
from retouch.errors import InputError, UsageError
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.values import to_unit
from retouch.methods.catalogue import AUTO, LEARNED
from retouch.methods.denoisers import DenoiserInfo, choose_denoiser, find_denoiser, load_denoiser
from retouch.methods.options import check_values, read_options
from retouch.methods.planning.blind import is_led_there, noise_of
from retouch.methods.planning.memory import DEFAULT_MEMORY_BYTES, left_of_budget
from retouch.methods.planning.pieces import denoise_in_pieces

_NATIVE_COPIES = 2  # the picture and the result
_FLOAT_BYTES = 4  # of one value, as the denoiser is shown it
_ROWS_AT_ONCE = 256


@dataclass(frozen=True)
class DenoiseRequest:
    """How to take noise away.

    Attributes
    ----------
    method : str
        A name of the catalogue of denoisers, or "auto".
    sigma : float, range [0, 1], or None
        Standard deviation of the noise on the scale of the picture (25 of 255 is 0.098); 0 is the identity, None tells
        it from the picture.
    options : mapping
        Options of the denoiser.
    max_memory_bytes : int
        Budget of the whole process, estimated.
    """

    method: str = AUTO
    sigma: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    max_memory_bytes: int = DEFAULT_MEMORY_BYTES


@dataclass(frozen=True)
class DenoiseReport:
    """What was done.

    Attributes
    ----------
    method : str
        The denoiser that did it.
    sigma : float, range [0, 1]
    width, height : int
        Size of the picture.
    seconds : float
        Wall time of everything from the gate to the native values.
    reason : str
        Why this denoiser, where "auto" chose it; else empty.
    found : NoiseLevel or None
        What the picture itself said of its noise, where it was asked.
    n_pieces : int
        In how many pieces the picture was done.
    """

    method: str
    sigma: float
    width: int
    height: int
    seconds: float
    reason: str = ""
    found: NoiseLevel | None = None
    n_pieces: int = 1

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON; the noise level on the scale of the command line."""
        return {
            "method": self.method,
            "sigma_255": round(255 * self.sigma, 4),
            "found": None if self.found is None else _noise_to_dict(self.found),
            "width": self.width,
            "height": self.height,
            "pieces": self.n_pieces,
            "seconds": round(self.seconds, 4),
        }

    def sentences(self) -> list[str]:
        """Return what was done, for people."""
        found = [] if self.found is None else [_found_sentence(self.found)]
        if self.sigma == 0:
            return found or ["sigma is 0: the picture was returned as it is"]
        size, level = f"{self.width}x{self.height}", f"{255 * self.sigma:.4g}"
        done = f"{self.method}: noise of sigma {level} (of 255) was taken from {size} pixels in {self.seconds:.2f} s"
        chosen = [f"auto took {self.method}: {self.reason}"] if self.reason else []
        cut = [f"done in {self.n_pieces} pieces, to stay within the memory budget"] if self.n_pieces > 1 else []
        return [*found, *chosen, done, *cut]


def _noise_to_dict(found: NoiseLevel) -> dict[str, Any]:
    levels = [round(255 * sigma, 4) for sigma in found.by_channel]
    return {"kind": found.kind, "sigma_255": round(255 * found.sigma, 4), "by_channel_255": levels}


def _found_sentence(found: NoiseLevel) -> str:
    if found.kind == NONE:
        return "no noise was found: the picture was returned as it is; --sigma takes away what is there nevertheless"
    levels = ", ".join(f"{255 * sigma:.3g}" for sigma in found.by_channel)
    by_channel = f" ({levels} by channel)" if len(found.by_channel) > 1 else ""
    return f"found {found.kind} noise of sigma {255 * found.sigma:.3g} (of 255){by_channel}"


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
        If a pixel is NaN or infinite, an option is out of range, or the picture is too small to tell its noise.
    UsageError
        If sigma is not 0 to 1, or the denoiser or an option is unknown.
    LimitError
        If the work would not stay within the memory budget.
    """
    started = time.perf_counter()
    _check_sigma(request.sigma)
    name, reason = choose_denoiser() if request.method == AUTO else (request.method, "")
    info = find_denoiser(name)
    method = load_denoiser(info)
    options = check_values(read_options(method), request.options, f"method '{info.name}'")
    _check_finite(picture)
    left = left_of_budget(request.max_memory_bytes, _bytes_beside_the_work(picture, info), "denoising")
    sigma, found = request.sigma, None
    if sigma is None:
        seen = noise_of(picture)
        sigma, found = seen.sigma, seen.level
        if seen.grain is not None and any(option.name == "covariance" for option in read_options(method)):
            options = {"covariance": seen.grain.covariance, **options}
    result, n_pieces = picture, 1
    if sigma == 0:
        progress(1, 1)
    else:
        how = {**({"budget_bytes": left} if info.kind == LEARNED else {}), **options}
        result, n_pieces = _denoise(picture, sigma, partial(method, **how), (info, left, progress))
    width, height = picture.size
    seconds = time.perf_counter() - started
    return DenoiseResult(result, DenoiseReport(name, sigma, width, height, seconds, reason, found, n_pieces))


def _check_sigma(sigma: float | None) -> None:
    if sigma is not None and not 0 <= sigma <= 1:
        raise UsageError(
            f"sigma must be 0 to 1 on the scale of the picture, got {sigma:g}; divide a level of 0 to 255 by "
            "255 (25 becomes 0.098)"
        )


def _check_finite(picture: Picture) -> None:
    if picture.pixels.dtype.kind == "f":
        n_bad = count_bad_known(picture.pixels, np.zeros(picture.shape, bool))
        if n_bad:
            raise InputError(f"pixels must be finite numbers, but {n_bad} of them are NaN or infinite; fill them first")


def _bytes_beside_the_work(picture: Picture, info: DenoiserInfo) -> int:
    """Return what the picture itself needs: natively, as floats, and from a network its result."""
    per_value = _FLOAT_BYTES + (info.bytes_per_value if info.kind == LEARNED else 0)
    return _NATIVE_COPIES * picture.pixels.nbytes + per_value * picture.pixels.size


def _denoise(
    picture: Picture, sigma: float, method: Callable[..., Image], within: tuple[DenoiserInfo, int, Progress]
) -> tuple[Picture, int]:
    """Return the clean picture, and in how many pieces it was done."""
    info, budget_bytes, progress = within
    scaled = replace(picture, limits=(0.0, 1.0)) if is_led_there(picture, sigma) else picture
    work = partial(method, sigma=sigma)
    with single_threaded_products():
        if info.kind == LEARNED:  # networks cut pictures themselves
            result, n_pieces = work(scaled.to_float(), progress=progress), 1
        else:
            result, n_pieces = denoise_in_pieces(work, scaled.to_float(), info, budget_bytes, progress)
    if scaled.limits != picture.limits:
        result = to_unit(result, picture.limits)
    if picture.palette is not None:
        return picture.with_filled(result, _most_opaque(picture)), n_pieces
    return _with_pixels(picture, result), n_pieces


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
