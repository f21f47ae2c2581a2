"""Noise of a camera: light is seen through a mosaic, with noise, and developed to a picture; the truth goes along.

Source: S. Guo, Z. Yan, K. Zhang, W. Zuo, L. Zhang, "Toward convolutional blind denoising of real photographs", CVPR
2019, section 3.1 and its code: y = f(DM(L + n(L))) with L = M f^-1(x), white balance taken off before the noise and put
on after it, and JPEG. Noisy picture and truth go the same way, so that demosaicing has the same artefacts in both.

Departures
----------
- The 201 measured response curves are not free to ship. Ours is a family of three numbers, monotone and with a closed
  form one way: a power with a toe, then a share of an S curve.
- The colour matrices of the code's four cameras are not shipped either. Ours is drawn: each row a mixture of red, green
  and blue with weights as sensors have them, and sum 1, so that grey stays grey.
- Shot and read noise are in the paper's variance form unless another is asked for, see `add_heteroscedastic`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float

from retouch.arrays.checks import check_noisy
from retouch.arrays.types import AnyArray, Image
from retouch.degrade.noise.demosaicing import PATTERNS, demosaic, mosaic
from retouch.degrade.noise.signal_dependent import VARIANCE, add_heteroscedastic
from retouch.errors import InputError

_NODES = np.linspace(0, 1, 4097)
_LEAST_SIDE_PX = 4
_WHITE = 255


@dataclass(frozen=True)
class Camera:
    """One camera with one exposure.

    Attributes
    ----------
    gamma, toe, contrast : float
        Of the response, see `develop`.
    mixing : three rows of three floats
        From linear sRGB to the sensor's colours; each row sums to 1.
    pattern : str
        Bayer pattern, such as "RGGB".
    red_gain, blue_gain : float
        What white balance is taken off by, 0.75 to 1.
    shot, read : float
        Strength of the noise.
    form : str
        What they mean, see `add_heteroscedastic`.
    quality : int or None
        Of the JPEG file, 1 to 100; None keeps floats.
    """

    gamma: float = 2.2
    toe: float = 0.01
    contrast: float = 0.0
    mixing: tuple[tuple[float, float, float], ...] = ((0.7, 0.25, 0.05), (0.15, 0.7, 0.15), (0.05, 0.25, 0.7))
    pattern: str = "RGGB"
    red_gain: float = 1.0
    blue_gain: float = 1.0
    shot: float = 0.0
    read: float = 0.0
    form: str = VARIANCE
    quality: int | None = None


class CameraPair(NamedTuple):
    """Two pictures of one scene, (H, W, 3) float32 in [0, 1]: with noise and without."""

    noisy: Image
    truth: Image


def draw_camera(*, most_shot: float = 0.16, most_read: float = 0.06, rng: np.random.Generator) -> Camera:
    """Return a camera at random: strengths uniform up to those given, JPEG quality 60 to 100.

    >>> draw_camera(rng=np.random.default_rng(0)).pattern in PATTERNS
    True
    """
    red, blue = rng.uniform(0.6, 0.8, 2)
    red_in_green, blue_in_green = rng.uniform(0.1, 0.25, 2)
    blue_in_red, red_in_blue = rng.uniform(0.02, 0.08, 2)
    mixing = (
        (red, 1 - red - blue_in_red, blue_in_red),
        (red_in_green, 1 - red_in_green - blue_in_green, blue_in_green),
        (red_in_blue, 1 - blue - red_in_blue, blue),
    )
    return Camera(
        gamma=rng.uniform(1.8, 2.6),
        toe=rng.uniform(0.002, 0.02),
        contrast=rng.uniform(0, 0.6),
        mixing=tuple((float(a), float(b), float(c)) for a, b, c in mixing),
        pattern=PATTERNS[int(rng.integers(len(PATTERNS)))],
        red_gain=rng.uniform(0.75, 1),
        blue_gain=rng.uniform(0.75, 1),
        shot=rng.uniform(0, most_shot),
        read=rng.uniform(0, most_read),
        quality=int(rng.integers(60, 101)),
    )


def photograph(image: Image, camera: Camera, *, rng: np.random.Generator) -> CameraPair:
    """Return what a camera makes of a scene, with its noise and without.

    Parameters
    ----------
    image : (H, W, 3) float32, range [0, 1]
        The scene as a good picture shows it; at least 4x4.
    camera : Camera
    rng : numpy.random.Generator
        Of the noise.

    Raises
    ------
    InputError
        If the picture fails `check_noisy`, is not in colour or smaller than that, or a setting is out of range.

    Examples
    --------
    Without noise both are the same, and a grey area stays what it is:

    >>> grey = np.full((8, 8, 3), 0.5, np.float32)
    >>> noisy, truth = photograph(grey, Camera(), rng=np.random.default_rng(0))
    >>> float(truth[4, 4, 1].round(3)), bool((noisy == truth).all())
    (0.5, True)
    """
    check_noisy(image, 0.0)
    if image.shape[2] != 3 or min(image.shape[:2]) < _LEAST_SIDE_PX:  # noqa: PLR2004 - red, green and blue
        raise InputError(f"a scene must be (H, W, 3) and at least 4x4 pixels, got {image.shape}")
    matrix = np.array(camera.mixing)
    gains = np.array([camera.red_gain, 1, camera.blue_gain], np.float32)
    light = (expose(image.clip(0, 1), camera) @ matrix.T).clip(0, 1)
    clean = mosaic((light * gains).astype(np.float32), camera.pattern)
    noisy = add_heteroscedastic(clean[:, :, None], camera.shot, camera.read, form=camera.form, rng=rng)[:, :, 0]
    noisy, truth = (_finish(seen, camera, matrix, gains) for seen in (noisy, clean))
    return CameraPair(noisy if camera.quality is None else compress_jpeg(noisy, camera.quality), truth)


def without_noise(camera: Camera) -> Camera:
    """Return the same camera in perfect light, its pictures not compressed."""
    return replace(camera, shot=0.0, read=0.0, quality=None)


def develop(light: Float[np.ndarray, "*shape"], camera: Camera) -> Float[np.ndarray, "*shape"]:
    """Return the value that a picture has for linear light in [0, 1]: f.

    With t = (L + toe)^(1 / gamma), brought to 0 for L = 0 and 1 for L = 1, it is t plus a share `contrast` of the way
    to the S curve 3 t^2 - 2 t^3.

    >>> develop(np.array([0.0, 0.25, 1.0]), Camera(gamma=2.0, toe=0.0)).tolist()
    [0.0, 0.5, 1.0]
    """
    low, high = camera.toe ** (1 / camera.gamma), (1 + camera.toe) ** (1 / camera.gamma)
    t = ((light + camera.toe) ** (1 / camera.gamma) - low) / (high - low)
    value: Float[np.ndarray, "*shape"] = _with_contrast(t, camera.contrast)
    return value


def expose(values: Float[np.ndarray, "*shape"], camera: Camera) -> Float[np.ndarray, "*shape"]:
    """Return the light behind values in [0, 1]: the inverse of `develop`, to 1e-7.

    >>> expose(np.array([0.5]), Camera(gamma=2.0, toe=0.0)).round(6).tolist()
    [0.25]
    """
    t = np.interp(values, _with_contrast(_NODES, camera.contrast), _NODES)
    low, high = camera.toe ** (1 / camera.gamma), (1 + camera.toe) ** (1 / camera.gamma)
    light: Float[np.ndarray, "*shape"] = (t * (high - low) + low) ** camera.gamma - camera.toe
    return light


def compress_jpeg(image: Image, quality: int) -> Image:
    """Return the picture as a JPEG file of that quality holds it.

    Parameters
    ----------
    image : (H, W, 1 or 3) float32
        Clipped to [0, 1] and rounded to 8 bits first.
    quality : int, 1 to 100

    Raises
    ------
    InputError
        If the quality is not 1 to 100.

    Examples
    --------
    >>> bool((compress_jpeg(np.full((8, 8, 1), 0.2, np.float32), 90) == np.float32(0.2)).all())
    True
    """
    if not 1 <= quality <= 100:  # noqa: PLR2004 - per cent
        raise InputError(f"JPEG quality must be 1 to 100, got {quality}")
    levels = np.rint(image.clip(0, 1) * _WHITE).astype(np.uint8)
    _, file = cv2.imencode(".jpg", levels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    flag = cv2.IMREAD_GRAYSCALE if image.shape[2] == 1 else cv2.IMREAD_COLOR
    decoded: AnyArray = np.asarray(cv2.imdecode(file, flag)).reshape(image.shape)[:, :, ::-1]
    return decoded.astype(np.float32) / np.float32(_WHITE)


def _with_contrast(t: Float[np.ndarray, "*shape"], share: float) -> Float[np.ndarray, "*shape"]:
    curve: Float[np.ndarray, "*shape"] = t + share * (3 * t**2 - 2 * t**3 - t)
    return curve


def _finish(seen: AnyArray, camera: Camera, matrix: AnyArray, gains: AnyArray) -> Image:
    """Demosaic, balance, mix back and develop."""
    balanced = demosaic(seen.clip(0, 1), camera.pattern) / gains
    light = (balanced.clip(0, 1) @ np.linalg.inv(matrix).T).clip(0, 1)
    return develop(light, camera).astype(np.float32)
