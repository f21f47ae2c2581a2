"""Blur of a camera that was not held still.

Source: O. Kupyn et al., "DeblurGAN: blind motion deblurring using conditional adversarial networks", CVPR 2018, section
4.2, after G. Boracchi, A. Foi, "Modeling the performance of image restoration from motion blur", TIP 2012: the camera's
path is a random walk with inertia, a pull back to the middle and now and then a jerk; the kernel is how long it stayed
where. Departures: fewer steps, and numbers of our own for inertia, pull and jerk.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64

from retouch.training.data.synthetic.damage.convolution import convolve

_STEPS = 64
_JERK_CHANCE = 0.04


def shake(
    image: Float32[np.ndarray, "H W C"], rng: np.random.Generator, *, most: float = 0.14
) -> Float32[np.ndarray, "H W C"]:
    """Return the picture blurred by a path at most `most` of its shorter side across."""
    reach_px = rng.uniform(0.25, 1.0) * most * min(image.shape[:2])
    return np.asarray(np.clip(convolve(image, path_kernel(draw_path(rng), reach_px)), 0, 1), np.float32)


def draw_path(rng: np.random.Generator) -> Float64[np.ndarray, "T 2"]:
    """Return places of a path around 0, the farthest at distance 1."""
    place, speed = np.zeros(2), rng.normal(0, 1, 2)
    path = np.empty((_STEPS, 2))
    jerks, pushes = rng.random(_STEPS) < _JERK_CHANCE, rng.normal(0, 0.35, (_STEPS, 2))
    for step in range(_STEPS):
        speed = 0.95 * speed + pushes[step] - 0.02 * place
        if jerks[step]:
            speed = -speed + 2 * pushes[step]
        place = place + speed
        path[step] = place
    path -= path.mean(axis=0)
    return np.asarray(path / max(np.hypot(path[:, 0], path[:, 1]).max(), 1e-9))


def path_kernel(path: Float64[np.ndarray, "T 2"], reach_px: float) -> Float32[np.ndarray, "k k"]:
    """Return the kernel of a path that reaches `reach_px` / 2 from the middle; its sum is 1.

    >>> path_kernel(np.array([[0.0, 0.0]]), 2.0).tolist()
    [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    half = max(int(np.ceil(reach_px / 2)), 1)
    places = path * (reach_px / 2) + half
    low = np.minimum(places.astype(np.int64), 2 * half - 1)
    part = places - low
    kernel = np.zeros((2 * half + 1, 2 * half + 1))
    for down in (0, 1):
        for right in (0, 1):
            weight = np.abs(1 - down - part[:, 1]) * np.abs(1 - right - part[:, 0])
            np.add.at(kernel, (low[:, 1] + down, low[:, 0] + right), weight)
    return np.asarray((kernel / kernel.sum()), np.float32)
