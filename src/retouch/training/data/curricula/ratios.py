"""Masks of stated shares of missing pixels: spread evenly over bins, or growing over the run.

Source of the bins: Liu et al., Image Inpainting for Irregular Holes Using Partial Convolutions, ECCV 2018; training
evenly over them: GDN, whose 180,000 training masks are 30,000 for each bin.

The sampler of the mask room may need 200 drawings to meet a bin: broad strokes in the upper bins come at 10 to 20 a
second. There are two ways around it. Masks for bins are numbered, `pool` of them for each bin and family, drawn when
first needed, remembered one bit a pixel, and turned and mirrored at random, which makes eight of each. Or, `quick`, and
always where holes grow: the nearest of four drawings is shrunk or grown to a share drawn from the bin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from retouch.arrays.types import AnyArray, Mask
from retouch.errors import UsageError
from retouch.training.data.curricula.contract import SharedCurriculum
from retouch.training.data.curricula.families import checked_shares
from retouch.training.data.curricula.options import Options
from retouch.training.data.memory import ArrayMemory
from retouch.training.recipes.settings import DamageSettings

_POOL = 500
_POOL_MB = 256
_DEFAULT_BINS = ((0.01, 0.1), (0.1, 0.2), (0.2, 0.3), (0.3, 0.4), (0.4, 0.5), (0.5, 0.6))
_SPREAD = 0.8  # a mask of a growing share has 0.8 to 1 of it
_N_NAMED = 3
_N_DRAWINGS = 4


def build_ratio_bins(damage: DamageSettings, seed: int, size_px: int) -> SharedCurriculum:
    """Return masks spread evenly over `damage.bins`, by the shares of `damage.families` within each.

    Without bins they are the six of the NVIDIA test masks. Options: `pool`, how many masks there are of each bin and
    family (500), 0 draws every mask anew; `quick` (false), see above, needs no pool.
    """
    options = Options(damage, ("pool", "quick"))
    pool, is_quick = options.count("pool", _POOL), options.switch("quick", default=False)
    bins = check_bins(damage.bins or _DEFAULT_BINS, size_px)
    masks = RatioMasks(damage.families, seed, pool)
    draw = masks.moved if is_quick else masks.sampled

    def draw_mask(group: str, shape: tuple[int, int], step: int, rng: np.random.Generator) -> Mask:
        return draw(bins[group], shape, rng)

    return SharedCurriculum(dict.fromkeys(bins, 1.0), draw_mask, seed)


def build_growing(damage: DamageSettings, seed: int, size_px: int) -> SharedCurriculum:
    """Return masks whose share of missing pixels grows linearly over the first steps, then stays.

    Options: `lo` (0.02) and `hi` (0.4), the shares at step 0 and from step `grow_steps` (10,000) on; a mask has 0.8 to
    1 of the share. Families are those of `damage.families`. Validation has three fixed shares: `lo`, the middle, `hi`.
    """
    options = Options(damage, ("lo", "hi", "grow_steps"))
    lo, hi = options.number("lo", 0.02, 0.001, 0.95), options.number("hi", 0.4, 0.001, 0.95)
    n_steps = options.count("grow_steps", 10_000, least=1)
    if hi < lo:
        raise UsageError(f"growing holes must have lo <= hi, got {lo:g} and {hi:g}")
    masks = RatioMasks(damage.families, seed, pool=0)
    named = {f"share_{share:.2f}": share for share in np.linspace(lo, hi, _N_NAMED).tolist()}

    def draw_mask(group: str, shape: tuple[int, int], step: int, rng: np.random.Generator) -> Mask:
        share = named[group] if group else grown_share(step, lo, hi, n_steps)
        return masks.moved((_SPREAD * share, share), shape, rng)

    return _Growing(named, draw_mask, seed)


def grown_share(step: int, lo: float, hi: float, n_steps: int) -> float:
    """Return the share of missing pixels at a step.

    >>> grown_share(500, 0.1, 0.3, 1000)
    0.2
    """
    return lo + (hi - lo) * min(step / n_steps, 1.0)


def check_bins(bins: Sequence[tuple[float, float]], size_px: int) -> dict[str, tuple[float, float]]:
    """Return the bins by their names, such as "0.1-0.2".

    Raises
    ------
    UsageError
        If one is not 0 <= low < high < 1, or holds less than one pixel at this size.
    """
    named = {}
    for low, high in bins:
        if not 0 <= low < high < 1 or int(high * size_px**2) <= int(low * size_px**2):
            raise UsageError(
                f"a ratio bin must be (low, high) with 0 <= low < high < 1 and hold at least one pixel at "
                f"{size_px} px, got ({low}, {high})"
            )
        named[f"{low:g}-{high:g}"] = (float(low), float(high))
    return named


class _Growing(SharedCurriculum):
    """Classes for validation only: in training the share follows the step."""

    def training_groups(self, number: int, n_samples: int) -> tuple[str, ...]:
        """Return no classes."""
        return ("",) * n_samples


class RatioMasks:
    """Masks of some families inside bins (low, high].

    Parameters
    ----------
    shares : mapping of str to float
        Mask families and their shares.
    seed : int
    pool : int
        How many different ones `sampled` has for each family and bin; 0 draws each anew.
    """

    def __init__(self, shares: Mapping[str, Any], seed: int, pool: int) -> None:
        from retouch.masks.families import find_family  # noqa: PLC0415 - needs OpenCV, see `families`

        self._families = [find_family(name) for name in shares]
        weights = np.array(list(checked_shares(shares).values()), np.float64)
        self._weights = weights / weights.sum()
        self._seed = seed
        self._pool = pool
        self._memory = ArrayMemory(_POOL_MB)

    def sampled(self, ratio_bin: tuple[float, float], shape: tuple[int, int], rng: np.random.Generator) -> Mask:
        """Return a mask of the mask room's sampler."""
        from retouch.masks.sampler import sample_mask  # noqa: PLC0415

        family = self._families[rng.choice(len(self._families), p=self._weights)].name
        if not self._pool:
            return sample_mask(family, *shape, ratio_bin=ratio_bin, seed=int(rng.integers(2**62)))
        index = int(rng.integers(self._pool))

        def pack() -> AnyArray:
            return np.packbits(sample_mask(family, *shape, ratio_bin=ratio_bin, seed=self._seed, index=index))

        bits = self._memory.get((family, ratio_bin, shape, index), pack)
        mask = np.unpackbits(bits, count=shape[0] * shape[1]).view(np.bool_).reshape(shape)
        return turned(mask, rng)

    def moved(self, ratio_bin: tuple[float, float], shape: tuple[int, int], rng: np.random.Generator) -> Mask:
        """Return the nearest of a few drawings, with exactly as many missing pixels as a share drawn from the bin."""
        family = self._families[rng.choice(len(self._families), p=self._weights)]
        share = ratio_bin[1] - rng.random() * (ratio_bin[1] - ratio_bin[0])
        drawings = (family.draw(*shape, rng, **family.aim(share)) for _ in range(_N_DRAWINGS))
        nearest = min(drawings, key=lambda mask: abs(float(mask.mean()) - share))
        n_pixels = shape[0] * shape[1]
        return moved_to(nearest, min(max(round(share * n_pixels), 1), max(n_pixels - 1, 1)), rng)


def moved_to(mask: Mask, n_missing: int, rng: np.random.Generator) -> Mask:
    """Return a mask shrunk or grown to a number of missing pixels.

    Those are kept that lie deepest in the hole or nearest to it; which of several at the same distance is drawn.

    >>> square = np.zeros((5, 5), bool)
    >>> square[1:4, 1:4] = True
    >>> moved_to(square, 1, np.random.default_rng(0)).nonzero()
    (array([2]), array([2]))
    """
    from retouch.arrays.regions import hole_depth  # noqa: PLC0415 - needs OpenCV

    depth = hole_depth(mask) - hole_depth(~mask) + rng.uniform(0, 1e-3, mask.shape)
    last = np.partition(depth, depth.size - n_missing, axis=None)[depth.size - n_missing]
    return np.asarray(depth >= last)


def turned(mask: Mask, rng: np.random.Generator) -> Mask:
    """Return a mask mirrored and, if it is square, turned: one of its eight positions."""
    for axis in (0, 1):
        if rng.integers(2):
            mask = np.flip(mask, axis)
    return mask.T if mask.shape[0] == mask.shape[1] and rng.integers(2) else mask
