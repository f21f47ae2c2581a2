"""Noise taken away by an exported network, tile by tile where a picture is large."""

from __future__ import annotations

from functools import partial

import numpy as np

from retouch.arrays.checks import check_noisy
from retouch.arrays.types import AnyArray, Image, Progress, ignore_progress
from retouch.errors import WeightsError
from retouch.io.wording import shown
from retouch.runtime.cards import Card
from retouch.runtime.exported import Exported, open_exported, run_by_channels, to_batch
from retouch.runtime.padding import padded_shape
from retouch.runtime.tiling import Needs, apply_tiled, plan_tiling

TASK = "denoise"
OTHER_INPUTS = ("sigma",)
_BUDGET_BYTES = 512 << 20
_BYTES_OF_TILE = (
    64  # for each of its pixels, beside the network: copies of a tile and of its result, up to four channels
)


def denoise_network(
    image: Image,
    sigma: float,
    *,
    net: str,
    approximate: bool = False,
    budget_bytes: int = _BUDGET_BYTES,
    progress: Progress = ignore_progress,
) -> Image:
    """Return the picture without its noise, as an exported network sees it.

    Parameters
    ----------
    image : (H, W, C) float32
        Finite everywhere; noise may have taken values out of [0, 1].
    sigma : float, range [0, 1]
        Standard deviation of the noise. Networks that are blind, or were trained for one level, do not look at it; at 0
        the picture comes back as it is.
    net : str
        A name in the weight store, or the path of an ONNX file that `retouch export` wrote.
    approximate : bool
        Work in tiles even where the network looks at the whole picture, so that tiles may differ in level.
    budget_bytes : int
        What one tile may use.
    progress : callable, optional
        Called as progress(done, total) in tiles.

    Returns
    -------
    (H, W, C) float32
        Not clipped.

    Raises
    ------
    InputError
        If the picture or sigma fails `check_noisy`.
    LimitError
        If the network looks at the whole picture, which is too large for the budget, and `approximate` is off; or not
        even one tile fits.
    WeightsError
        If there is no such network, or it does something else.

    Notes
    -----
    Tiles are as large as the budget allows and overlap by twice the receptive field, so that the result is that of the
    whole; the picture is held three times beside them. A picture that has not the network's number of channels is shown
    to it channel by channel, to a network of colour as three equal ones, of whose results the mean is taken.
    """
    check_noisy(image, sigma)
    if sigma == 0:
        progress(1, 1)
        return image.copy()
    exported = open_denoiser(net)
    needs = _needs_of(exported.card, (image.shape[0], image.shape[1]))
    tiling = plan_tiling((image.shape[0], image.shape[1]), needs, budget_bytes, approximate=approximate)
    return apply_tiled(partial(_clean, exported, sigma), image, tiling, progress)


def open_denoiser(net: str) -> Exported:
    """Open an exported network that takes noise away.

    Raises
    ------
    WeightsError
        If there is no such network, it does something else, or takes pictures of one size only.
    """
    exported = open_exported(net, TASK, "noisy", OTHER_INPUTS)
    if exported.fixed_px is not None:
        raise WeightsError(
            f"the network {shown(exported.net.path)} takes squares of {exported.fixed_px} px only, and noise is taken "
            "from pictures of any size; export it with free sizes"
        )
    return exported


def _needs_of(card: Card, shape: tuple[int, int]) -> Needs:
    """Return what one call needs; where memory grows with the square of the pixels, what the whole picture needs."""
    bytes_per_pixel = card.bytes_per_pixel + _BYTES_OF_TILE
    if card.radius_px is None:
        height, width = padded_shape(shape, card.multiple, card.least_px)
        bytes_per_pixel += card.bytes_per_square * height * width
    return Needs(card.radius_px, bytes_per_pixel, card.multiple, card.least_px)


def _clean(exported: Exported, sigma: float, tile: Image) -> Image:
    return run_by_channels(exported, tile, partial(_run, exported, sigma))


def _run(exported: Exported, sigma: float, tile: Image) -> Image:
    arrays: dict[str, AnyArray] = {"noisy": to_batch(tile)}
    if "sigma" in exported.net.inputs:
        arrays["sigma"] = np.full((1, 1, 1, 1), sigma, np.float32)
    return exported.run(**arrays)
