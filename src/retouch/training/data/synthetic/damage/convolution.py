"""Convolution with a mirrored border by Fourier transforms: quick for the broad kernels of shakes and streaks."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32
from scipy import fft


def convolve(pixels: Float32[np.ndarray, "H W C"], kernel: Float32[np.ndarray, "k k"]) -> Float32[np.ndarray, "H W C"]:
    """Return a picture convolved with a square kernel of odd side; beyond its border it is mirrored.

    >>> row = np.array([0, 0, 1, 0, 0], np.float32).reshape(1, 5, 1)
    >>> kernel = np.zeros((3, 3), np.float32)
    >>> kernel[1] = 0.25, 0.5, 0.25
    >>> (convolve(row, kernel)[0, :, 0] * 100).round().astype(int).tolist()
    [0, 25, 50, 25, 0]
    """
    half = kernel.shape[0] // 2
    height, width = pixels.shape[:2]
    padded = np.pad(pixels, ((half, half), (half, half), (0, 0)), mode="symmetric")
    sides = [fft.next_fast_len(length, real=True) for length in padded.shape[:2]]
    spectrum = fft.rfft2(padded, sides, axes=(0, 1)) * fft.rfft2(kernel, sides)[..., None]
    whole = fft.irfft2(spectrum, sides, axes=(0, 1))
    return np.asarray(whole[2 * half : 2 * half + height, 2 * half : 2 * half + width], np.float32)


def streak_kernel(length_px: float, angle: float, width_px: float = 1.0) -> Float32[np.ndarray, "k k"]:
    """Return a straight streak of so many pixels, at an angle in radians from the x axis; its sum is 1."""
    half = int(np.ceil(length_px / 2 + width_px))
    steps = np.arange(-half, half + 1, dtype=np.float32)
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    along, across = steps * cos + steps[:, None] * sin, steps[:, None] * cos - steps * sin
    beyond = np.hypot(np.maximum(np.abs(along) - np.float32(length_px / 2), 0), across)
    kernel = np.clip(np.float32(width_px / 2 + 0.5) - beyond, 0, 1)
    return np.asarray((kernel / kernel.sum()), np.float32)
