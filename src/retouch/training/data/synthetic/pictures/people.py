"""toy_people: stick people of capsules before a ground, with their joints, for filling people in.

Source: S. Escalera et al., "ChaLearn Looking at People: Inpainting and Denoising Challenges", Springer 2019, track 1,
for the joints. The drawing is this project's: its photographs are not to be had.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.training.data.synthetic.drawing.canvas import Canvas, Colour, Floats
from retouch.training.data.synthetic.drawing.fields import add_grain, gradient, random_colour
from retouch.training.data.synthetic.drawing.outlines import Ellipse, Stroke
from retouch.training.data.synthetic.pictures.textures import draw_texture

JOINTS = (
    "head top",
    "upper neck",
    "left shoulder",
    "right shoulder",
    "left elbow",
    "right elbow",
    "left wrist",
    "right wrist",
    "pelvis",
    "left hip",
    "right hip",
    "left knee",
    "right knee",
    "left ankle",
    "right ankle",
)
"""Names of the rows of "joints"."""
_Point: TypeAlias = tuple[float, float]


def draw_person(height: int, width: int, rng: np.random.Generator) -> dict[str, AnyArray]:
    """Draw a person.

    Returns
    -------
    dict of arrays
        "image" (H, W, 3) float32 in [0, 1]; "joints" (15, 2) float32, (x, y) of `JOINTS` as fractions of the sides.
    """
    canvas = Canvas(height, width)
    canvas.pixels[:] = _draw_ground(canvas, rng)
    joints = _draw_pose(rng)
    _paint_person(canvas, joints, rng)
    light = rng.uniform(0.6, 0.95)
    canvas.pixels *= gradient(canvas, np.full(3, light, np.float32), np.full(3, 1.1, np.float32), rng.uniform(0, 6.3))
    add_grain(canvas.pixels, rng, 0.012)
    side = min(height, width)
    places = np.array([joints[name] for name in JOINTS], np.float32)
    return {"image": canvas.finish(), "joints": places * (side / width, side / height) + np.float32(0.5)}


def _draw_ground(canvas: Canvas, rng: np.random.Generator) -> Floats:
    """Return a wall and a floor, or a pale surface."""
    height, width = canvas.pixels.shape[:2]
    wall = gradient(
        canvas, random_colour(rng, (0.4, 0.8), (0.0, 0.4)), random_colour(rng, (0.4, 0.8), (0.0, 0.4)), 1.57
    )
    if rng.random() < 0.4:  # noqa: PLR2004
        return (0.5 * wall + 0.5 * draw_texture(height, width, rng)["image"]).astype(np.float32)
    floor = np.clip((canvas.y - rng.uniform(0.2, 0.35)) * canvas.unit_px, 0, 1)[..., None]
    return np.asarray(wall + floor * (random_colour(rng, (0.25, 0.5), (0.0, 0.4)) - wall), np.float32)


def _draw_pose(rng: np.random.Generator) -> dict[str, _Point]:
    """Return where the joints are; limbs have fixed lengths, and elbows and knees bend one way only."""
    unit = rng.uniform(0.9, 1.1)
    lean = rng.uniform(-0.2, 0.2)
    pelvis = (rng.uniform(-0.08, 0.08), rng.uniform(0.02, 0.1))
    neck = _reach(pelvis, 0.27 * unit, math.pi + lean)
    joints = {"pelvis": pelvis, "upper neck": neck}
    joints["head top"] = _reach(neck, 0.14 * unit, math.pi + lean + rng.uniform(-0.2, 0.2))
    for name, side in (("left", -1), ("right", 1)):
        shoulder = _reach(_reach(neck, 0.03 * unit, lean), 0.085 * unit, side * math.pi / 2 + lean)
        arm, bend = side * rng.uniform(-0.2, 2.4), side * rng.uniform(0, 1.6)
        elbow = _reach(shoulder, 0.13 * unit, arm)
        hip = _reach(pelvis, 0.05 * unit, side * math.pi / 2 + lean)
        leg, knee_bend = side * rng.uniform(-0.1, 0.75), -side * rng.uniform(0, 0.8)
        knee = _reach(hip, 0.17 * unit, leg)
        joints |= {f"{name} shoulder": shoulder, f"{name} elbow": elbow, f"{name} hip": hip, f"{name} knee": knee}
        joints[f"{name} wrist"] = _reach(elbow, 0.12 * unit, arm + bend)
        joints[f"{name} ankle"] = _reach(knee, 0.17 * unit, leg + knee_bend)
    return joints


def _reach(start: _Point, length: float, angle: float) -> _Point:
    """Return the other end of a limb that hangs down at angle 0 and points to the right at pi / 2."""
    return start[0] + length * math.sin(angle), start[1] + length * math.cos(angle)


def _paint_person(canvas: Canvas, joints: dict[str, _Point], rng: np.random.Generator) -> None:
    tone = rng.random()
    skin = ((1 - tone) * np.array([0.95, 0.78, 0.66]) + tone * np.array([0.4, 0.26, 0.18])).astype(np.float32)
    shirt, trousers = random_colour(rng, (0.2, 0.75), (0.2, 0.9)), random_colour(rng, (0.1, 0.5), (0.1, 0.7))
    hair, sleeve = random_colour(rng, (0.05, 0.4), (0.1, 0.5)), shirt if rng.random() < 0.5 else skin  # noqa: PLR2004

    def limb(first: str, last: str, width: float, colour: Colour) -> None:
        canvas.paint(Stroke((joints[first], joints[last]), width), colour)

    for side in ("left", "right"):
        limb(f"{side} hip", f"{side} knee", 0.085, trousers)
        limb(f"{side} knee", f"{side} ankle", 0.065, trousers * 0.92)
        x, y = joints[f"{side} ankle"]
        canvas.paint(Ellipse(x + (0.02 if side == "right" else -0.02), y + 0.01, 0.045, 0.022), (0.12, 0.1, 0.1))
    limb("upper neck", "head top", 0.055, skin * 0.85)
    torso = tuple(
        joints[name] for name in ("left shoulder", "left hip", "right hip", "right shoulder", "left shoulder")
    )
    canvas.paint(Stroke(torso, 0.07), shirt)
    limb("upper neck", "pelvis", 0.15, shirt)
    for side in ("left", "right"):
        limb(f"{side} shoulder", f"{side} elbow", 0.065, shirt * 0.88)
        limb(f"{side} elbow", f"{side} wrist", 0.05, sleeve * 0.95)
        canvas.paint(Ellipse(*joints[f"{side} wrist"], 0.028, 0.028), skin)
    (x1, y1), (x2, y2) = joints["head top"], joints["upper neck"]
    x, y = 0.62 * x1 + 0.38 * x2, 0.62 * y1 + 0.38 * y2
    canvas.paint(Ellipse(x, y - 0.012, 0.062, 0.074), hair)
    canvas.paint(Ellipse(x, y + 0.008, 0.05, 0.058), skin)
    for step in (-0.02, 0.02):
        canvas.paint(Ellipse(x + step, y, 0.008, 0.008), (0.1, 0.08, 0.08))
