"""Damage made from clean pictures, by name: what the option `make` of pairs chooses from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from jaxtyping import UInt8

from retouch.arrays.types import AnyArray
from retouch.training.data.sources.decoding import with_channels
from retouch.training.data.synthetic.damage.captions import draw_caption
from retouch.training.data.synthetic.damage.rain import add_rain, draw_density
from retouch.training.data.synthetic.damage.shake import shake
from retouch.training.data.synthetic.damage.wear import degrade_print
from retouch.training.data.synthetic.drawing.canvas import Floats

Damage: TypeAlias = Callable[[Floats, np.random.Generator], tuple[AnyArray, dict[str, AnyArray]]]


def damage_picture(
    image: UInt8[np.ndarray, "H W C"], name: str, rng: np.random.Generator
) -> tuple[UInt8[np.ndarray, "H W C"], dict[str, AnyArray]]:
    """Return the picture damaged, and what is known of the damage: "density" of rain, "mask" of captions.

    Parameters
    ----------
    image : (H, W, C) uint8
        C = 1 or 3, and so of what is returned.
    name : str
        A key of `DAMAGES`.
    """
    damaged, more = DAMAGES[name](image.astype(np.float32) / np.float32(255), rng)
    pixels = np.rint(np.clip(damaged, 0, 1) * 255).astype(np.uint8)
    return with_channels(pixels, image.shape[2]), more


def _rain(clean: Floats, rng: np.random.Generator) -> tuple[AnyArray, dict[str, AnyArray]]:
    density = draw_density(rng)
    return add_rain(clean, rng, density), {"density": np.array(density, np.int64)}


def _shake(clean: Floats, rng: np.random.Generator) -> tuple[AnyArray, dict[str, AnyArray]]:
    return shake(clean, rng), {}


def _caption(clean: Floats, rng: np.random.Generator) -> tuple[AnyArray, dict[str, AnyArray]]:
    caption = draw_caption(clean.shape[0], clean.shape[1], rng)
    ink = caption.ink.mean(axis=2, keepdims=True) if clean.shape[2] == 1 else caption.ink
    return clean + caption.alpha[..., None] * (ink - clean), {"mask": caption.mask[None]}


def _wear(clean: Floats, rng: np.random.Generator) -> tuple[AnyArray, dict[str, AnyArray]]:
    return degrade_print(clean.mean(axis=2, keepdims=True), rng), {}


DAMAGES: dict[str, Damage] = {"rain": _rain, "shake": _shake, "captions": _caption, "wear": _wear}
"""Rain in three densities, a shaken camera, burnt-in captions, and the wear of fingerprints."""
