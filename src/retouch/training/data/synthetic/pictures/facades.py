"""toy_facades: grids of windows on a wall seen from an angle, for learning regularity and planes.

The wall is a plane with its own coordinates: one cell is one window wide and one storey high. Each pixel is carried
back to the wall by a homography, the inverse of that under which the wall is seen, and looks up there what it sees.
Four looks a pixel smooth the edges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, UInt8

from retouch.arrays.types import Mask
from retouch.training.data.synthetic.drawing.canvas import Floats, coordinates
from retouch.training.data.synthetic.drawing.fields import add_grain, hue_colour, mix, random_colour, smooth_noise

_LOOKS = 2
_MOST_CELLS = 24
_PAINT, _STONE, _TRIM, _GLASS, _LIT, _BLIND, _STREET = range(7)
_LIT_SHARE = 0.12
_SILL = 0.07
_LEDGE = 0.03
_JOINT = 0.16


@dataclass(frozen=True)
class Wall:
    """A wall in cells; lengths are parts of a cell.

    Attributes
    ----------
    n_storeys : int
        Above the ground floor; the roof's edge lies at v = -n_storeys, the pavement at v = 1.
    half_wide, half_high : float
        Half a window's sides.
    frame : float
        Width of its frame.
    bars : (int, int)
        Panes across and down.
    arched : bool
    paint, trim, stone : (3,)
        Colours of wall, frames and ground floor.
    courses : int
        Rows of bricks in a storey, 0 for plaster.
    """

    n_storeys: int
    half_wide: float
    half_high: float
    frame: float
    bars: tuple[int, int]
    arched: bool
    paint: Floats
    trim: Floats
    stone: Floats
    courses: int


def draw_facade(height: int, width: int, rng: np.random.Generator) -> dict[str, Float32[np.ndarray, "H W 3"]]:
    """Draw the front of a house; "image" is (H, W, 3) float32 in [0, 1]."""
    wall, homography = _draw_wall(rng), random_homography(rng)
    storey, along, down = rng.uniform(0.19, 0.3), rng.uniform(-5, 5), rng.uniform(0.1, 0.45)
    x, y = coordinates(height * _LOOKS, width * _LOOKS)
    u, v = apply_homography(homography, x, y)
    u = np.asarray(u / (storey * rng.uniform(0.8, 1.2)) + along, np.float32)
    v = np.asarray((v - down) / storey, np.float32)
    pixels = _shrunk(_look_up(wall, u, v, rng))
    _paint_sky(pixels, _shrunk((v < -wall.n_storeys)[..., None].astype(np.float32))[..., 0], rng)
    pixels *= mix(smooth_noise(height, width, rng, 3), np.full(3, 0.9, np.float32), np.full(3, 1.06, np.float32))
    add_grain(pixels, rng, 0.01)
    return {"image": np.clip(pixels, 0, 1)}


def _shrunk(fine: Float32[np.ndarray, "fine_H fine_W C"]) -> Float32[np.ndarray, "H W C"]:
    """Return the mean of each pixel's looks."""
    return np.asarray((fine[::2, ::2] + fine[1::2, ::2] + fine[::2, 1::2] + fine[1::2, 1::2]) / 4, np.float32)


def random_homography(rng: np.random.Generator) -> Float[np.ndarray, "3 3"]:
    """Return a homography from the picture to the plane: turned a little, leaning, and seen from an angle."""
    turn, lean = rng.uniform(-0.06, 0.06), rng.uniform(-0.08, 0.08)
    affine = np.array([[np.cos(turn), -np.sin(turn) + lean, 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    affine[2, :2] = rng.uniform(-0.7, 0.7), rng.uniform(-0.35, 0.35)
    return affine


def apply_homography(
    homography: Float[np.ndarray, "3 3"], x: Float32[np.ndarray, "1 W"], y: Float32[np.ndarray, "H 1"]
) -> tuple[Float32[np.ndarray, "H W"], Float32[np.ndarray, "H W"]]:
    """Return where points of the picture lie on the plane.

    >>> x, y = np.array([[1.0]], np.float32), np.array([[2.0]], np.float32)
    >>> [float(value[0, 0]) for value in apply_homography(np.diag([1.0, 1.0, 2.0]), x, y)]
    [0.5, 1.0]
    """
    rows = homography.astype(np.float32)
    depth = np.maximum(rows[2, 0] * x + rows[2, 1] * y + rows[2, 2], np.float32(0.05))
    return (rows[0, 0] * x + rows[0, 1] * y + rows[0, 2]) / depth, (
        rows[1, 0] * x + rows[1, 1] * y + rows[1, 2]
    ) / depth


def _draw_wall(rng: np.random.Generator) -> Wall:
    brick = bool(rng.random() < 0.45)  # noqa: PLR2004
    paint = hue_colour(rng.uniform(0.0, 0.15), rng.uniform(0.35, 0.8), rng.uniform(0.15, 0.6))
    return Wall(
        n_storeys=int(rng.integers(2, 7)),
        half_wide=rng.uniform(0.2, 0.32),
        half_high=rng.uniform(0.24, 0.36),
        frame=rng.uniform(0.03, 0.06),
        bars=(int(rng.integers(1, 4)), int(rng.integers(1, 4))),
        arched=bool(rng.random() < 0.3),  # noqa: PLR2004
        paint=hue_colour(rng.uniform(0.0, 0.06), rng.uniform(0.3, 0.5), rng.uniform(0.3, 0.55)) if brick else paint,
        trim=random_colour(rng, (0.7, 0.95), (0.0, 0.3)) if rng.random() < 0.75 else random_colour(rng, (0.1, 0.4)),  # noqa: PLR2004
        stone=random_colour(rng, (0.3, 0.65), (0.0, 0.25)),
        courses=int(rng.integers(6, 12)) if brick else 0,
    )


def _look_up(wall: Wall, u: Floats, v: Floats, rng: np.random.Generator) -> Floats:
    """Return the colour of each point (u, v) of the wall and of the street below it."""
    column, storey = np.floor(u), np.floor(v)
    across, down = u - column - np.float32(0.5), v - storey - np.float32(0.5)  # -0.5 to 0.5 in each cell
    ground = storey == 0
    sunk = down - np.where(ground, np.float32(0.1 - 0.5 * wall.half_high), np.float32(0))  # doors reach lower
    inside = _inside(wall, across, sunk)
    sill = (np.abs(across) < wall.half_wide + _SILL) & (np.abs(sunk - wall.half_high - _SILL / 2) < _SILL / 2)
    material = np.where(ground, np.uint8(_STONE), np.uint8(_PAINT))
    material[(inside < wall.frame) | (sill & ~ground)] = _TRIM
    glazed = inside < 0
    material[glazed] = _glass(column[glazed], storey[glazed], down[glazed], rng)
    material[glazed & _on_bars(wall, across, sunk)] = _TRIM
    material[v > 1] = _STREET
    light = np.where(
        np.abs(down + np.float32(0.46)) < _LEDGE, np.float32(0.75), np.float32(1)
    )  # a ledge at each storey
    if wall.courses:
        light[_on_joints(u, v, wall.courses) & (material == _PAINT)] *= 0.7
    panes = material == _GLASS
    light[panes] = 1.15 - 0.8 * down[panes]  # the sky in them
    return (_palette(wall, rng)[material] * light[..., None]).astype(np.float32)


def _palette(wall: Wall, rng: np.random.Generator) -> Float32[np.ndarray, "7 3"]:
    """Return the colour of each material."""
    palette = np.empty((_STREET + 1, 3), np.float32)
    palette[[_PAINT, _STONE, _TRIM]] = wall.paint, wall.stone, wall.trim
    palette[_GLASS] = random_colour(rng, (0.08, 0.4), (0.1, 0.5))
    palette[[_LIT, _BLIND]] = (0.95, 0.8, 0.45), (0.85, 0.84, 0.8)
    palette[_STREET] = random_colour(rng, (0.3, 0.5), (0.0, 0.1))
    return palette


def _inside(wall: Wall, across: Floats, down: Floats) -> Floats:
    """Return how far points lie outside of their cell's window, below 0 in it."""
    box = np.maximum(np.abs(across) - wall.half_wide, np.abs(down) - wall.half_high)
    if not wall.arched:
        return box
    spring = wall.half_wide - wall.half_high  # where the arch begins
    arch = np.hypot(across, down - spring) - wall.half_wide
    return np.where(down < spring, np.maximum(arch, box), box)


def _on_bars(wall: Wall, across: Floats, down: Floats) -> Mask:
    """Return where the bars between a window's panes are."""
    hit = np.zeros(across.shape, np.bool_)
    for place, half, count in ((across, wall.half_wide, wall.bars[0]), (down, wall.half_high, wall.bars[1])):
        pane = 2 * half / count
        for bar in range(1, count):
            hit |= np.abs(place + np.float32(half - bar * pane)) < wall.frame / 3
    return hit


def _on_joints(u: Floats, v: Floats, courses: int) -> Mask:
    """Return where the mortar between bricks is; every second course is shifted by half a brick."""
    row = v * np.float32(courses)
    course = np.floor(row)
    brick = u * np.float32(courses / 2) + np.float32(0.5) * (course % 2)
    return np.asarray((row - course < _JOINT) | (brick - np.floor(brick) < _JOINT / 2), np.bool_)


def _glass(column: Floats, storey: Floats, down: Floats, rng: np.random.Generator) -> UInt8[np.ndarray, " P"]:
    """Return what is behind each point of a window: dark glass, in a few light, or a blind down part of the way."""
    lit, blinds = rng.random((_MOST_CELLS, _MOST_CELLS)) < _LIT_SHARE, rng.random((_MOST_CELLS, _MOST_CELLS)) ** 3
    cell = (storey.astype(np.int32) % _MOST_CELLS, column.astype(np.int32) % _MOST_CELLS)
    glass = np.where(lit[cell], np.uint8(_LIT), np.uint8(_GLASS))
    glass[(down + 0.4) / 0.8 < blinds[cell]] = _BLIND
    return glass


def _paint_sky(pixels: Floats, share: Float32[np.ndarray, "H W"], rng: np.random.Generator) -> None:
    """Lay sky with clouds over a picture in place, each pixel by its share."""
    blue, pale = hue_colour(0.58, rng.uniform(0.5, 0.75), 0.6), hue_colour(0.58, 0.92, 0.5)
    clouds = mix(smooth_noise(share.shape[0], share.shape[1], rng, 3), blue, pale)
    pixels += share[..., None] * (clouds - pixels)
