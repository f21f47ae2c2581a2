"""Masks from the mask families, by their shares; thin damage; single pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from retouch.arrays.types import Mask
from retouch.errors import UsageError
from retouch.training.data.curricula.contract import SharedCurriculum
from retouch.training.data.curricula.options import Options
from retouch.training.recipes.settings import DamageSettings

THIN_SHARES: Mapping[str, float] = {"scratch": 0.4, "text": 0.3, "lama_thin": 0.3}
"""What "thin" draws unless the option `shares` says otherwise: scratches and dust, captions, thin strokes."""


def build_families(damage: DamageSettings, seed: int, size_px: int) -> SharedCurriculum:
    """Return masks of `damage.families` by their shares; the option `family_options` has options by family."""
    options = Options(damage, ("family_options",))
    return families_curriculum(damage.families, options.table("family_options"), seed)


def build_thin(damage: DamageSettings, seed: int, size_px: int) -> SharedCurriculum:
    """Return thin damage; options `shares` and `family_options`."""
    options = Options(damage, ("shares", "family_options"))
    return families_curriculum(options.table("shares") or THIN_SHARES, options.table("family_options"), seed)


def build_random_pixels(damage: DamageSettings, seed: int, size_px: int) -> SharedCurriculum:
    """Return masks of single pixels, each missing with a probability drawn from the option `ratio`, (low, high)."""
    low, high = Options(damage, ("ratio",)).pair("ratio", (0.8, 0.8), 0.0, 1.0)

    def draw_mask(group: str, shape: tuple[int, int], step: int, rng: np.random.Generator) -> Mask:
        return never_all_nor_none(rng.random(shape) < rng.uniform(low, high), rng)

    return SharedCurriculum({"": 1.0}, draw_mask, seed)


def families_curriculum(given_shares: Mapping[str, Any], given: Mapping[str, Any], seed: int) -> SharedCurriculum:
    """Return a curriculum over mask families.

    Raises
    ------
    UsageError
        If there is no family, a share is not above 0, or options are given for a family that is not drawn.
    InputError
        If a family or an option of one does not exist.
    """
    # OpenCV draws these, and need not be there for recipes that take their masks from files.
    from retouch.masks.families import find_family  # noqa: PLC0415
    from retouch.masks.sampler import check_options  # noqa: PLC0415

    shares = checked_shares(given_shares)
    for name in given:
        if name not in shares:
            raise UsageError(f"family_options must be for families that are drawn, {', '.join(shares)}, got {name}")
    families = {name: find_family(name) for name in shares}
    for name, family in families.items():
        check_options(family, dict(given.get(name, {})))

    def draw_mask(group: str, shape: tuple[int, int], step: int, rng: np.random.Generator) -> Mask:
        return families[group].draw(*shape, rng, **given.get(group, {}))

    return SharedCurriculum(shares, draw_mask, seed)


def checked_shares(shares: Mapping[str, Any]) -> dict[str, float]:
    """Return shares as floats, or refuse them where they are empty, not numbers, or not above 0."""
    good = all(isinstance(share, int | float) and 0 < share < float("inf") for share in shares.values())
    if not shares or not good:
        raise UsageError(f"shares must be numbers above 0, one for each name, got {dict(shares)}")
    return {name: float(share) for name, share in shares.items()}


def never_all_nor_none(mask: Mask, rng: np.random.Generator) -> Mask:
    """Return a mask with at least one missing and, above one pixel, one known pixel: one drawn at random is changed."""
    n_missing = np.count_nonzero(mask)
    if n_missing == 0 or (n_missing == mask.size > 1):
        mask = mask.copy()
        pixel = rng.integers(mask.size)
        mask.flat[pixel] = not mask.flat[pixel]
    return mask
