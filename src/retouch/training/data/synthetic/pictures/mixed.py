"""toy_mixed, toy_rain, toy_blur: pictures of all sets, and the same in the rain or with a shaken camera."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32

from retouch.arrays.types import AnyArray
from retouch.training.data.synthetic.damage.rain import add_rain, draw_density
from retouch.training.data.synthetic.damage.shake import shake
from retouch.training.data.synthetic.pictures.facades import draw_facade
from retouch.training.data.synthetic.pictures.faces import draw_face
from retouch.training.data.synthetic.pictures.people import draw_person
from retouch.training.data.synthetic.pictures.scenes import draw_scene
from retouch.training.data.synthetic.pictures.shapes import draw_shapes
from retouch.training.data.synthetic.pictures.textures import draw_texture

_DRAWINGS = (draw_face, draw_facade, draw_texture, draw_scene, draw_shapes, draw_person)


def draw_mixed(height: int, width: int, rng: np.random.Generator) -> dict[str, Float32[np.ndarray, "H W 3"]]:
    """Draw a face, a facade, a surface, a street, shapes or a person; "image" is (H, W, 3) float32 in [0, 1]."""
    drawing = _DRAWINGS[int(rng.integers(len(_DRAWINGS)))]
    return {"image": drawing(height, width, rng)["image"]}


def draw_rainy(height: int, width: int, rng: np.random.Generator) -> dict[str, AnyArray]:
    """Draw a picture as "image" and in the rain as "damaged"; "density" is 1 (heavy), 2 or 3 (light), () int64."""
    image, density = draw_mixed(height, width, rng)["image"], draw_density(rng)
    return {"image": image, "damaged": add_rain(image, rng, density), "density": np.array(density, np.int64)}


def draw_shaken(height: int, width: int, rng: np.random.Generator) -> dict[str, Float32[np.ndarray, "H W 3"]]:
    """Draw a picture as "image" and blurred by a shaken camera as "damaged"."""
    image = draw_mixed(height, width, rng)["image"]
    return {"image": image, "damaged": shake(image, rng)}
