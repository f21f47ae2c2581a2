"""Noise protocols: what exactly is added to a picture before a denoiser sees it, and from which random numbers.

Source: S. Gu, R. Timofte, "A brief review of image denoising algorithms and beyond", in Inpainting and Denoising
Challenges, Springer, 2019, Eq. 1 (y = x + n); the published tables that rest on it start the generator anew for each
picture and neither clip nor round y.
Departures: the tables come from Matlab's generator, which numpy does not have; ours starts from the seed and the number
of the picture instead of from the same seed for all, so that no two pictures of a set share their noise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from retouch.arrays.checks import check_noisy
from retouch.arrays.types import AnyArray, Image
from retouch.degrade.noise.additive import add_gaussian, add_uniform
from retouch.degrade.noise.signal_dependent import add_poisson, add_speckle
from retouch.errors import InputError, unknown_name

_WHITE = 255
_MID_GREY = 0.5


class NoiseProtocol(NamedTuple):
    """One kind of noise.

    Attributes
    ----------
    name : str
        What a user types.
    summary : str
        One sentence for help and tables.
    add : callable
        `add(image, sigma, rng) -> image`, both (H, W, C) float32.
    """

    name: str
    summary: str
    add: Callable[[Image, float, np.random.Generator], Image]


def _add_gaussian(image: Image, sigma: float, rng: np.random.Generator) -> Image:
    return add_gaussian(image, sigma, rng=rng)


def _add_gaussian_as_stored(image: Image, sigma: float, rng: np.random.Generator) -> Image:
    levels: AnyArray = np.rint(_add_gaussian(image, sigma, rng).clip(0, 1) * _WHITE)
    return (levels / _WHITE).astype(np.float32)


def _add_poisson_of_mid_grey(image: Image, sigma: float, rng: np.random.Generator) -> Image:
    if sigma == 0:
        return image.copy()
    return add_poisson(image, _MID_GREY / sigma**2, rng=rng)  # of variance x / peak


def _add_uniform(image: Image, sigma: float, rng: np.random.Generator) -> Image:
    return add_uniform(image, sigma, rng=rng)


def _add_speckle_of_mid_grey(image: Image, sigma: float, rng: np.random.Generator) -> Image:
    return add_speckle(image, min(sigma / _MID_GREY, 1.0), rng=rng)  # of deviation x sigma


PROTOCOLS: tuple[NoiseProtocol, ...] = (
    NoiseProtocol(
        "awgn",
        "white Gaussian noise, neither clipped nor rounded: the protocol of the published tables",
        _add_gaussian,
    ),
    NoiseProtocol(
        "awgn_clipped",
        "white Gaussian noise, clipped to [0, 1] and rounded to 8 bits: what a file can hold",
        _add_gaussian_as_stored,
    ),
    NoiseProtocol("uniform", "uniform noise of that standard deviation, not clipped", _add_uniform),
    NoiseProtocol(
        "poisson", "counts of light, with that standard deviation where the picture is 0.5", _add_poisson_of_mid_grey
    ),
    NoiseProtocol(
        "speckle",
        "noise in proportion to the picture, of that standard deviation where it is 0.5",
        _add_speckle_of_mid_grey,
    ),
)


def find_protocol(name: str) -> NoiseProtocol:
    """Return the protocol of that name.

    Raises
    ------
    InputError
        If there is none; the message names the nearest one.

    Examples
    --------
    >>> find_protocol("awgn").name
    'awgn'
    """
    for protocol in PROTOCOLS:
        if protocol.name == name:
            return protocol
    raise InputError(unknown_name("noise", name, [protocol.name for protocol in PROTOCOLS]))


def parse_noise(text: str) -> tuple[str, float]:
    """Read a noise that is written NAME:SIGMA, with sigma on the literature's scale of 0 to 255.

    Returns
    -------
    (str, float)
        The protocol's name, and sigma on the scale of the picture, 0 to 1.

    Raises
    ------
    InputError
        If it is not written so, the name is unknown, or sigma is not within 0 to 255.

    Examples
    --------
    >>> parse_noise("awgn:51")
    ('awgn', 0.2)
    """
    name, colon, number = text.partition(":")
    try:
        level = float(number)
    except ValueError:
        level = -1.0
    if not colon or not 0 <= level <= _WHITE:
        raise InputError(f"a noise must be written NAME:SIGMA with sigma 0 to 255, such as awgn:25, got '{text}'")
    return find_protocol(name.strip()).name, level / _WHITE


def noise_rng(seed: int, index: int) -> np.random.Generator:
    """Return the generator for the noise of one picture of a set.

    Parameters
    ----------
    seed : int
        Which set of noises, 0 or more.
    index : int
        The number of the picture in its set, 0 or more.

    Returns
    -------
    numpy.random.Generator
        Depends on the seed and the index only: not on the pictures before, their sizes, the protocol or the process.
        The same picture at another sigma or in another protocol thus carries the same noise, scaled.

    Raises
    ------
    InputError
        If the seed or the index is below 0.

    Examples
    --------
    >>> noise_rng(0, 3).random() == noise_rng(0, 3).random()
    True
    """
    if seed < 0 or index < 0:
        raise InputError(f"the seed and the index of a noise must be 0 or more, got {seed} and {index}")
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(index,)))


def add_noise(image: Image, protocol: str, sigma: float, *, rng: np.random.Generator) -> Image:
    """Return a noisy copy of a picture.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Clean picture.
    protocol : str
        A name from `PROTOCOLS`.
    sigma : float, range [0, 1]
        Standard deviation of the noise on the scale of the picture. At 0 "awgn" returns a copy, and "awgn_clipped" what
        an 8-bit file would hold.
    rng : numpy.random.Generator
        Every value of every channel has its own draw, in the order of memory; see `noise_rng`.

    Returns
    -------
    (H, W, C) float32
        From "awgn" also values out of [0, 1].

    Raises
    ------
    InputError
        If the picture or sigma fails `check_noisy`, or there is no such protocol.

    Examples
    --------
    >>> grey = np.full((200, 200, 1), 0.5, np.float32)
    >>> noisy = add_noise(grey, "awgn", 0.1, rng=noise_rng(0, 0))
    >>> round(float(noisy.mean()), 2), round(float(noisy.std()), 2)
    (0.5, 0.1)
    """
    check_noisy(image, sigma)
    return find_protocol(protocol).add(image, sigma, rng)
