"""Every denoiser that is measured, behind one signature: (noisy, sigma) -> clean, of the same shape and kind.

`noisy` is (H, W) or (H, W, 3), float32 in [0, 1] with noise beyond it and sigma stated, or uint8 RGB and sigma None:
blind, the level is told from the picture. This file runs in two environments, as `benchmarks.engines` does, so each
builder imports what it needs when it is called.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[Any]
Denoiser = Callable[[Values, float | None], Values]

OURS = "retouch:"
"""Prefix of our own: "retouch:bm3d:max_memory=400M" is retouch.denoise(..., method="bm3d", max_memory="400M")."""

_WHITE = 255

# Nobody documents how these follow from sigma. TV: the best weights of a small grid on BSD68, which flatters the rival.
# OpenCV: the best factor of a small grid on photographs of no test set.
_TV_LEVELS, _TV_WEIGHTS = (15 / 255, 25 / 255, 50 / 255), (0.04, 0.08, 0.20)
_OPENCV_H_PER_SIGMA = 0.9


def _retouch(text: str) -> Denoiser:
    import retouch

    method, *pairs = text.split(":")
    options: dict[str, Any] = dict(pair.split("=", 1) for pair in pairs)

    def run(noisy: Values, sigma: float | None) -> Values:
        clean: Values = retouch.denoise(noisy, sigma, method=method, **options)
        return clean

    return run


def _pypi_bm3d() -> Denoiser:
    from bm3d import bm3d  # type: ignore[import-not-found]

    def run(noisy: Values, sigma: float | None) -> Values:
        clean: Values = bm3d(noisy, sigma)
        return clean

    return run


def _skimage_nlm() -> Denoiser:
    """Fast mode with the sizes and the strength of its gallery; blind, the level is that of its own estimate."""
    from skimage.restoration import denoise_nl_means, estimate_sigma

    def run(noisy: Values, sigma: float | None) -> Values:
        axis = -1 if noisy.ndim == 3 else None
        values = noisy / np.float32(_WHITE) if sigma is None else noisy
        level = float(estimate_sigma(values, channel_axis=axis, average_sigmas=True)) if sigma is None else sigma
        sizes = {"patch_size": 5, "patch_distance": 6, "fast_mode": True}
        clean: Values = denoise_nl_means(values, h=0.8 * level, sigma=level, channel_axis=axis, **sizes)
        return _as_levels(clean) if sigma is None else clean

    return run


def _skimage_tv() -> Denoiser:
    from skimage.restoration import denoise_tv_chambolle

    def run(noisy: Values, sigma: float | None) -> Values:
        weight = float(np.interp(_stated(sigma), _TV_LEVELS, _TV_WEIGHTS))
        clean: Values = denoise_tv_chambolle(noisy, weight=weight)
        return clean

    return run


def _skimage_wavelet() -> Denoiser:
    """BayesShrink as its documentation has it for colour; blind, it estimates the level itself."""
    from skimage.restoration import denoise_wavelet

    def run(noisy: Values, sigma: float | None) -> Values:
        values = noisy / np.float32(_WHITE) if sigma is None else noisy
        colour = {"channel_axis": -1, "convert2ycbcr": True} if noisy.ndim == 3 else {}
        clean: Values = denoise_wavelet(values, sigma=sigma, method="BayesShrink", mode="soft", **colour)
        return _as_levels(clean) if sigma is None else clean

    return run


def _opencv_nlm() -> Denoiser:
    """Take OpenCV's, which is for 8 bits; blind, in colour with its defaults, as it measures no noise."""
    import cv2

    cv2.setNumThreads(int(os.environ["RETOUCH_THREADS"]))

    def run(noisy: Values, sigma: float | None) -> Values:
        if sigma is None:
            bgr = cv2.fastNlMeansDenoisingColored(np.ascontiguousarray(noisy[:, :, ::-1]))
            return np.ascontiguousarray(bgr[:, :, ::-1])
        levels = cv2.fastNlMeansDenoising(_as_levels(noisy), None, _OPENCV_H_PER_SIGMA * _WHITE * sigma)
        clean: Values = levels.astype(np.float32) / np.float32(_WHITE)
        return clean

    return run


RIVALS: dict[str, Callable[[], Denoiser]] = {
    "pypi_bm3d": _pypi_bm3d,
    "skimage_nlm": _skimage_nlm,
    "opencv_nlm": _opencv_nlm,
    "skimage_tv": _skimage_tv,
    "skimage_wavelet": _skimage_wavelet,
}
"""Built by name in the rivals' environment."""

PACKAGES = {"pypi_bm3d": "bm3d"}
"""Modules that a rival needs and that the environment may lack."""


def build_denoiser(name: str) -> Denoiser:
    """Import what the denoiser needs and return it."""
    return _retouch(name.removeprefix(OURS)) if name.startswith(OURS) else RIVALS[name]()


def _stated(sigma: float | None) -> float:
    if sigma is None:
        raise ValueError("this denoiser must be told sigma")
    return sigma


def _as_levels(values: Values) -> npt.NDArray[np.uint8]:
    """Turn [0, 1] into uint8, rounded, with what lies outside clipped."""
    levels: npt.NDArray[np.uint8] = np.rint(np.clip(values, 0, 1) * _WHITE).astype(np.uint8)
    return levels
