"""Missing single pixels: each one is lost or kept on its own.

Source: Yeh et al., Semantic Image Inpainting with Deep Generative Models, CVPR 2017, the mask "random" (80 % removed).
"""

from __future__ import annotations

import numpy as np

from retouch.arrays.types import Mask
from retouch.masks.canvas import blank_canvas, check_share, finish_mask


def draw_random_pixels(height: int, width: int, rng: np.random.Generator, *, ratio: float = 0.8) -> Mask:
    """Draw each pixel as missing with the same probability, independently of the others.

    Parameters
    ----------
    height, width : int
        Size of the picture in pixels, 1 x 1 and up.
    rng : numpy.random.Generator
        Source of every random choice.
    ratio : float, above 0 and below 1
        Probability that a pixel is missing; the share that is missing differs from it by chance, with standard
        deviation sqrt(ratio (1 - ratio) / (H W)).

    Raises
    ------
    InputError
        If `ratio` is not as above.
    """
    check_share("ratio", ratio)
    canvas = blank_canvas(height, width)
    canvas[rng.random(canvas.shape) < ratio] = 1
    return finish_mask(canvas, rng)
