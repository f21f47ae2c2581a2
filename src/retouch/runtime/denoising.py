"""Noise taken away by an exported network, tile by tile where a picture is large."""

from __future__ import annotations

from functools import partial

import numpy as np

from retouch.arrays.checks import check_noisy
from retouch.arrays.types import AnyArray, Image, Progress, ignore_progress
from retouch.runtime.exported import Exported, open_exported, to_batch
from retouch.runtime.tiling import Needs, apply_tiled, plan_tiling

TASK = "denoise"
_TILE_BYTES = 512 << 20
_RGB = 3


def denoise_network(
    image: Image,
    sigma: float,
    *,
    net: str,
    approximate: bool = False,
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
        If the network looks at the whole picture, which is too large for it, and `approximate` is off.
    WeightsError
        If there is no such network, or it does something else.

    Notes
    -----
    One tile takes up to 512 MB. Tiles overlap by twice the receptive field, so that the result is that of the whole.
    """
    check_noisy(image, sigma)
    if sigma == 0:
        return image.copy()
    exported = open_exported(net, TASK, "noisy", ("sigma",))
    card = exported.card
    needs = Needs(card.radius_px, card.bytes_per_pixel, card.multiple, card.least_px)
    tiling = plan_tiling((image.shape[0], image.shape[1]), needs, _TILE_BYTES, approximate=approximate)
    return apply_tiled(partial(_clean, exported, sigma), image, tiling, progress)


def _clean(exported: Exported, sigma: float, tile: Image) -> Image:
    channels = tile.shape[2]
    if exported.channels == 1 and channels > 1:
        return np.concatenate([_run(exported, sigma, tile[:, :, [i]]) for i in range(channels)], axis=2)
    if exported.channels == _RGB and channels == 1:
        clean: Image = _run(exported, sigma, np.repeat(tile, _RGB, axis=2)).mean(axis=2, keepdims=True)
        return clean
    return _run(exported, sigma, tile)


def _run(exported: Exported, sigma: float, tile: Image) -> Image:
    arrays: dict[str, AnyArray] = {"noisy": to_batch(tile)}
    if "sigma" in exported.net.inputs:
        arrays["sigma"] = np.full((1, 1, 1, 1), sigma, np.float32)
    return exported.run(**arrays)
