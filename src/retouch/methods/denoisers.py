"""The catalogue of denoisers: one literal table of everything that takes noise away.

Importing it imports no array package: a denoiser's code is loaded when it is first used. The options of a denoiser are
read by `retouch.methods.options`, as those of the filling methods are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from retouch.errors import UsageError, unknown_name
from retouch.methods.catalogue import NET_PREFIX, load_method

FILTER, VARIATIONAL, WAVELET, PATCHES, PRIOR = "filter", "variational", "wavelet", "patches", "prior"


class DenoiserInfo(NamedTuple):
    """One line of the catalogue.

    Attributes
    ----------
    name : str
        What people type.
    kind : str
        "filter" averages or picks among near pixels; "variational" finds the picture of least energy; "wavelet" shrinks
        coefficients; "patches" filters or codes like patches together; "prior" knows what patches of pictures look
        like; "learned" is an exported network.
    summary, paper : str
        One sentence on what it does, and where it is published.
    build : str
        Dotted path "module:function", resolved by `load_denoiser` on use.
    limits : str
        One sentence for people: where it fails.
    bytes_per_value : int
        Working memory at its peak per value of the picture, beside the input, result included; measured at 2000x2000.
    halo_px : int
        How far the result at a pixel looks: pieces of a large picture overlap by it.
    given : tuple of (str, value)
        Keyword arguments that the line fixes, such as the file of a network.
    """

    name: str
    kind: str
    summary: str
    paper: str
    build: str
    limits: str
    bytes_per_value: int
    halo_px: int
    given: tuple[tuple[str, Any], ...] = ()


DENOISERS: tuple[DenoiserInfo, ...] = (
    DenoiserInfo(
        name="median",
        kind=FILTER,
        summary="Takes the median of the square around each pixel.",
        paper="Tukey, Exploratory Data Analysis, Addison-Wesley, 1977",
        build="retouch.denoising.filters.median:denoise_median",
        limits="Made for lone outliers: against Gaussian noise it does less than a blur, and it wipes out thin lines.",
        bytes_per_value=8,
        halo_px=16,
    ),
    DenoiserInfo(
        name="gaussian",
        kind=FILTER,
        summary="Blurs with a bell that grows with the noise.",
        paper="baseline",
        build="retouch.denoising.filters.gaussian:denoise_gaussian",
        limits="Blurs edges as much as noise.",
        bytes_per_value=8,
        halo_px=32,
    ),
    DenoiserInfo(
        name="total_variation",
        kind=VARIATIONAL,
        summary="Finds the near picture with the shortest contours: flat areas and sharp edges.",
        paper="Rudin, Osher and Fatemi, Nonlinear total variation based noise removal algorithms, Physica D 60, 1992; "
        "Chambolle, An algorithm for total variation minimization and applications, J. Math. Imaging Vis. 20, 2004",
        build="retouch.denoising.variational.total_variation:denoise_total_variation",
        limits="Turns ramps into stairs, flattens texture and takes contrast from whatever is small.",
        bytes_per_value=36,
        halo_px=64,
    ),
)


def denoiser_names() -> tuple[str, ...]:
    """Return the names of all denoisers in the order of the catalogue.

    >>> "total_variation" in denoiser_names()
    True
    """
    return tuple(info.name for info in DENOISERS)


def find_denoiser(name: str) -> DenoiserInfo:
    """Return the catalogue's line of that name, or one made for an exported network where it is "net:NAME".

    Raises
    ------
    UsageError
        If there is no such denoiser; the nearest name is suggested.
    WeightsError
        If there is no such network.

    >>> find_denoiser("gaussian").kind
    'filter'
    """
    if name.startswith(NET_PREFIX):
        from retouch.methods.networks import denoiser_of_network  # noqa: PLC0415 - ONNX Runtime, which others do without

        return denoiser_of_network(name)
    for info in DENOISERS:
        if info.name == name:
            return info
    raise UsageError(unknown_name("denoiser", name, denoiser_names()))


def load_denoiser(info: DenoiserInfo) -> Callable[..., Any]:
    """Import the module of a denoiser and return its function."""
    return load_method(info)
