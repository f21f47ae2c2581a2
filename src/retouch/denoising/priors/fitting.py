"""Fitting a Gaussian mixture to patches of photographs: expectation and maximisation on one batch after another.

    python -m retouch.denoising.priors.fitting --data PHOTOS -o mixture.npz

Source: O. Cappe, E. Moulines, "On-line expectation-maximization algorithm for latent data models", J. Royal
Statistical Society B 71(3), 2009 (the statistics of a batch are mixed into those so far with a weight that falls); D.
Zoran, Y. Weiss, ICCV 2011 (8x8 patches without their mean, means of the components fixed at 0).
Departures: eigenvalues below a floor are lifted to it, which is the likeliest covariance above that floor. Photographs
are made smaller by area averaging first, where that is asked for: it takes away what lossy files did to fine detail.

s_k, T_k   mean responsibility, and mean of responsibility times z z', both of which the batches move
g          weight of a batch: 1 at first, then (t + 1)^-0.6
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float, Float32

from retouch.arrays.colour import to_grey
from retouch.denoising.priors.mixture import (
    Mixture,
    log_joint,
    responsibilities,
    save_mixture,
    with_noise,
    write_pairs,
)
from retouch.errors import InputError, RetouchError
from retouch.io.pictures.reading import open_image

_LOG = logging.getLogger(__name__)
_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"})
_FORGETTING = 0.6  # between 1/2 and 1, as convergence asks
_PATCHES_AT_ONCE = 4096
_LEAST_SHARE = 1e-7  # a component that nothing belongs to keeps this weight


@dataclass(frozen=True)
class FittingSettings:
    """How a mixture is fitted.

    Attributes
    ----------
    n_components : int
    patch_px : int
        Side of a patch.
    batch : int
        Patches drawn for each step.
    steps : int
    scales : sequence of float, in (0, 1]
        Photographs are read at each of these sizes.
    floor : float
        Least variance in any direction; 1.5e-5 is that of noise of one level of 255.
    """

    n_components: int = 200
    patch_px: int = 8
    batch: int = 10_000
    steps: int = 1000
    scales: Sequence[float] = (0.75, 0.5)
    floor: float = 1.5e-5


@dataclass
class Statistics:
    """What a mixture is made from: s (K,) and T (K, d (d + 1) / 2) of the head, along the pairs."""

    shares: Float[np.ndarray, " K"]
    moments: Float[np.ndarray, "K p"]

    def mix(self, batch: Statistics, weight: float) -> None:
        """Move towards the statistics of a batch."""
        self.shares += weight * (batch.shares - self.shares)
        self.moments += weight * (batch.moments - self.moments)


def fit_mixture(
    draw: Callable[[int], Float32[np.ndarray, "N d"]],
    settings: FittingSettings,
    rng: np.random.Generator,
    report: Callable[[int, float], None] = lambda step, density: None,
) -> Mixture:
    """Fit a mixture to batches of patches.

    Parameters
    ----------
    draw : callable
        `draw(n)` returns n patches of d pixels without their mean.
    settings : FittingSettings
    rng : numpy.random.Generator
        Of the first guess.
    report : callable, optional
        Called as report(step, mean log density of the batch) after each step.

    Returns
    -------
    Mixture

    Notes
    -----
    A step costs 2 batch K d^2 multiplications: about half a second for 10,000 patches and 200 components on one core.
    """
    patches = draw(settings.batch)
    statistics = first_guess(patches, settings.n_components, rng)
    mixture = maximise(statistics, settings.floor)
    for step in range(settings.steps):
        batch, density = expect(draw(settings.batch), mixture)
        statistics.mix(batch, (step + 1) ** -_FORGETTING)
        mixture = maximise(statistics, settings.floor)
        report(step, density)
    return mixture


def first_guess(patches: Float[np.ndarray, "N d"], n_components: int, rng: np.random.Generator) -> Statistics:
    """Gather patches by their likeness, up to sign and contrast, to some drawn at random."""
    lengths = np.linalg.norm(patches, axis=1)
    drawn = rng.choice(len(patches), n_components, p=lengths / lengths.sum())
    directions = patches / np.maximum(lengths, np.finfo(patches.dtype).tiny)[:, None]
    nearest = np.abs(directions @ directions[drawn].T).argmax(axis=1)
    shares = np.eye(n_components, dtype=patches.dtype)[nearest]
    shares = 0.9 * shares + 0.1 / n_components  # so that none starts flat or empty
    shares *= rng.uniform(0.5, 1.5, n_components).astype(patches.dtype)
    shares /= shares.sum(axis=1, keepdims=True)
    return _gather(patches, lambda pairs, rows: shares[rows])


def expect(patches: Float[np.ndarray, "N d"], mixture: Mixture) -> tuple[Statistics, float]:
    """Return the statistics of patches under a mixture and their mean log density (the E step)."""
    density = np.empty(len(patches))
    ready = with_noise(mixture, 0.0, patches.dtype.type)

    def share(pairs: Float[np.ndarray, "N p"], rows: slice) -> Float[np.ndarray, "N K"]:
        shares, density[rows] = responsibilities(log_joint(pairs, ready))
        return shares

    return _gather(patches, share), float(density.mean())


def _gather(
    patches: Float[np.ndarray, "N d"],
    share: Callable[[Float[np.ndarray, "n p"], slice], Float[np.ndarray, "n K"]],
) -> Statistics:
    """Sum responsibilities, and with them the pairs, over all patches, some thousands at a time."""
    n_pixels = patches.shape[1]
    shares, moments = np.zeros(1), np.zeros((1, 1))
    for first in range(0, len(patches), _PATCHES_AT_ONCE):
        rows = slice(first, min(first + _PATCHES_AT_ONCE, len(patches)))
        pairs = np.empty((rows.stop - first, n_pixels * (n_pixels + 1) // 2), patches.dtype)
        write_pairs(patches[rows], pairs)
        found = share(pairs, rows)
        shares = shares + found.sum(axis=0, dtype=np.float64)
        moments = moments + (found.T @ pairs)
    return Statistics(shares / len(patches), moments / len(patches))


def maximise(statistics: Statistics, floor: float) -> Mixture:
    """Return the likeliest mixture with these statistics whose variances are nowhere below the floor (the M step)."""
    n_pixels = round((np.sqrt(8 * statistics.moments.shape[1] + 1) - 1) / 2)
    rows, columns = np.triu_indices(n_pixels)
    shares = np.maximum(statistics.shares, _LEAST_SHARE)
    covariances = np.empty((len(shares), n_pixels, n_pixels))
    covariances[:, rows, columns] = covariances[:, columns, rows] = statistics.moments / shares[:, None]
    values, vectors = np.linalg.eigh(covariances)
    lifted = (vectors * np.maximum(values, floor)[:, None, :]) @ np.swapaxes(vectors, 1, 2)
    return Mixture(shares / shares.sum(), lifted)


class PatchSource:
    """Patches at random places of photographs that are kept in memory as grey pictures of some sizes."""

    def __init__(self, paths: Sequence[Path], settings: FittingSettings, rng: np.random.Generator) -> None:
        self._side, self._rng = settings.patch_px, rng
        self._pictures = [
            resized
            for path in paths
            for resized in _sizes(path, settings.scales)
            if min(resized.shape) >= settings.patch_px
        ]
        if not self._pictures:
            raise InputError(f"there must be photographs of {settings.patch_px} px or more, got {len(paths)} files")

    def draw(self, n: int) -> Float32[np.ndarray, "N d"]:
        """Return n patches from pictures and places drawn anew, without their means."""
        patches = np.empty((n, self._side, self._side), np.float32)
        for patch, index in zip(patches, self._rng.integers(len(self._pictures), size=n), strict=True):
            picture = self._pictures[index]
            top, left = (self._rng.integers(length - self._side + 1) for length in picture.shape)
            patch[...] = picture[top : top + self._side, left : left + self._side]
        flat = patches.reshape(n, -1)
        flat -= flat.mean(axis=1, keepdims=True)
        return flat


def _sizes(path: Path, scales: Sequence[float]) -> Iterator[Float32[np.ndarray, "H W"]]:
    grey = to_grey(open_image(path).to_float()[:, :, :3])[:, :, 0]
    for scale in scales:
        size = (round(grey.shape[1] * scale), round(grey.shape[0] * scale))
        yield grey if scale == 1 else cv2.resize(grey, size, interpolation=cv2.INTER_AREA)


def find_photographs(folders: Sequence[Path]) -> list[Path]:
    """Return the pictures in folders and below them, in the order of their names."""
    return sorted(path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit a mixture to folders of photographs and write it with the facts of how that was done."""
    parser = argparse.ArgumentParser(description="Fit the patch mixture of the EPLL denoiser to photographs.")
    parser.add_argument("--data", type=Path, action="append", required=True, help="folder of photographs; repeatable")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the .npz file to write")
    parser.add_argument("--licence", default="not stated", help="licences of the photographs, written into the file")
    parser.add_argument("--components", type=int, default=FittingSettings.n_components)
    parser.add_argument("--steps", type=int, default=FittingSettings.steps)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = FittingSettings(n_components=options.components, steps=options.steps)
    rng = np.random.default_rng(options.seed)
    paths = find_photographs(options.data)
    source = PatchSource(paths, settings, rng)
    mixture = fit_mixture(source.draw, settings, rng, _log_step)
    facts = _facts(options, settings, len(paths))
    save_mixture(options.output, Mixture(mixture.weights, mixture.covariances, facts))


def _log_step(step: int, density: float) -> None:
    if step % 10 == 0:
        _LOG.info("step %d: mean log density %.3f", step, density)


def _facts(options: argparse.Namespace, settings: FittingSettings, n_pictures: int) -> dict[str, Any]:
    return {
        "pictures": sorted(folder.name for folder in options.data),
        "n_pictures": n_pictures,
        "licence": options.licence,
        "seed": options.seed,
        "n_patches": settings.batch * settings.steps,
        "patch_px": settings.patch_px,
        "scales": list(settings.scales),
        "floor": settings.floor,
    }


if __name__ == "__main__":
    try:
        main()
    except RetouchError as error:
        raise SystemExit(str(error)) from error
