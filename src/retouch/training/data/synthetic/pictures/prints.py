"""toy_prints: fingerprints, and the same worn and smudged on a ground: clean and degraded partners.

Source: K. G. Larkin, P. A. Fletcher, "A coherent framework for fingerprint analysis: are fingerprints holograms?",
Optics Express 15, 2007: ridges are the cosine of a phase, and a minutia is a spiral of one turn added to it.
Departures: the smooth part of the phase is a distance to a curve, so that ridges are one period apart everywhere: to a
short piece for a whorl, to a bent line down to the wrist for a loop, to a hill for an arch. Below it ridges lie flat;
where both meet is the delta. About 32 ridges lie across the shorter side (9 px apart on the challenge's 275 x 400), but
on small pictures they are 5 px apart. Shares of the classes are natural ones. The degradations stand in
`retouch.training.data.synthetic.damage.wear`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32

from retouch.training.data.synthetic.damage.wear import degrade_print
from retouch.training.data.synthetic.drawing.canvas import Floats, coordinates
from retouch.training.data.synthetic.drawing.fields import smooth_noise

_KINDS = ("arch", "left loop", "right loop", "whorl")
_SHARES = (0.066, 0.338, 0.317, 0.279)
_MOST_RIDGES, _LEAST_PERIOD_PX = 32.0, 5.0
_SPREAD = (0.78, 1.22)


class Minutia(NamedTuple):
    """Where a ridge ends or forks: x, y in units of the picture's shorter side, and the sense of the spiral, +-1."""

    x: float
    y: float
    sense: int


def draw_print(height: int, width: int, rng: np.random.Generator) -> dict[str, Float32[np.ndarray, "H W C"]]:
    """Draw a print and its degraded partner.

    Returns
    -------
    dict of arrays
        "image" (H, W, 1), dark ridges on white, and "damaged" (H, W, 3), float32 in [0, 1]: the same finger in the same
        place, worn and on a ground.
    """
    image = draw_ridges(height, width, rng)
    return {"image": image, "damaged": degrade_print(image, rng)}


def draw_ridges(height: int, width: int, rng: np.random.Generator) -> Float32[np.ndarray, "H W 1"]:
    """Draw a clean print."""
    x, y = coordinates(height, width)
    turn, shift_x, shift_y = rng.uniform(-0.17, 0.17), rng.uniform(-0.03, 0.03), rng.uniform(-0.03, 0.03)
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    u = (x - np.float32(shift_x)) * cos + (y - np.float32(shift_y)) * sin
    v = (y - np.float32(shift_y)) * cos - (x - np.float32(shift_x)) * sin
    warp = [np.float32(0.09) * (smooth_noise(height, width, rng, 3) - np.float32(0.5)) for _ in range(2)]
    kind = str(rng.choice(_KINDS, p=_SHARES))
    ridges_across = rng.uniform(*_SPREAD) * min(_MOST_RIDGES, min(height, width) / _LEAST_PERIOD_PX)
    phase = smooth_phase(kind, u + warp[0], v + warp[1], rng) * np.float32(2 * np.pi * ridges_across)
    phase = phase + winding(_draw_minutiae(rng), u, v)
    thick, sharp = np.float32(rng.uniform(-0.35, 0.35)), np.float32(rng.uniform(1.2, 2.2))
    ridges = np.clip(0.5 + sharp * (np.cos(phase) + thick) / 2, 0, 1)  # 1 on a ridge
    ridges *= 0.75 + 0.25 * smooth_noise(height, width, rng, 12)
    inside = _silhouette(u, v, smooth_noise(height, width, rng, 9))
    return np.asarray(1 - inside * ridges, np.float32)[..., None]


def smooth_phase(kind: str, x: Floats, y: Floats, rng: np.random.Generator) -> Float32[np.ndarray, "H W"]:
    """Return the distance whose level lines the ridges are, without minutiae."""
    core_y, flat_from = np.float32(rng.uniform(-0.12, 0.0)), np.float32(rng.uniform(0.28, 0.36))
    if kind == "arch":
        hill, wide = rng.uniform(0.12, 0.3), rng.uniform(0.15, 0.25)
        return np.asarray(
            y + np.float32(hill) * np.exp(-((x / np.float32(wide)) ** 2)) * np.clip(0.9 - y, 0, 1), np.float32
        )
    if kind == "whorl":
        half = np.float32(rng.uniform(0.0, 0.07))
        around = np.hypot(0.9 * x, np.maximum(np.abs(y - core_y) - half, 0))
    else:
        lean = np.float32(rng.uniform(0.5, 1.1) * (-1 if kind == "left loop" else 1))
        below = np.maximum(y - core_y, 0)
        aside = (x - lean * below * below) / np.sqrt(1 + (2 * lean * below) ** 2)  # distance to a bent line
        around = np.hypot(aside, np.minimum(y - core_y, 0))
    flat = np.float32(0.33) + flat_from - y  # ridges that lie flat at the wrist
    return np.asarray(np.where(flat < around, flat, around), np.float32)


def winding(minutiae: list[Minutia], x: Floats, y: Floats) -> Float32[np.ndarray, "H W"]:
    """Return the phase that minutiae add: one turn around each.

    >>> x, y = coordinates(1, 2)
    >>> (winding([Minutia(0.0, 0.0, 1)], x, y) / np.pi).tolist()  # half a turn to the left of it, none to the right
    [[1.0, 0.0]]
    """
    total = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.float32)
    for minutia in minutiae:
        total += minutia.sense * np.arctan2(y - np.float32(minutia.y), x - np.float32(minutia.x))
    return total


def _draw_minutiae(rng: np.random.Generator) -> list[Minutia]:
    count = int(rng.integers(8, 19))
    spots, senses = rng.normal(0, 0.2, (count, 2)), rng.choice([-1, 1], count)
    return [Minutia(float(x), float(y), int(sense)) for (x, y), sense in zip(spots, senses, strict=True)]


def _silhouette(x: Floats, y: Floats, ragged: Floats) -> Floats:
    """Return 1 on the finger's pad, falling to 0 at its uneven border."""
    radius = np.hypot(x / np.float32(0.4), y / np.float32(0.49)) + np.float32(0.16) * (ragged - np.float32(0.5))
    return np.asarray(np.clip((1 - radius) * 10, 0, 1), np.float32)
