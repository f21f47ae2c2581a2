"""The photographs and masks of the benchmarks: scikit-image's bundled pictures, masks of retouch's own families."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from skimage import data

from benchmarks.engines import Hole, Pixels
from retouch.masks.sampler import sample_mask

SEED = 0


class MaskKind(NamedTuple):
    """A mask family and the bin of its share of missing pixels."""

    label: str
    family: str
    ratio_bin: tuple[float, float] | None

    def draw(self, shape: tuple[int, int], index: int = 0) -> Hole:
        """Return mask number `index` for a picture of shape (H, W)."""
        height, width = shape
        return sample_mask(self.family, height, width, ratio_bin=self.ratio_bin, seed=SEED, index=index)


class FinePrint(NamedTuple):
    """Lines of small digits across the whole picture, as of a date stamp or a watermark: strokes of 2-3 px at 256 px.

    Captions of the family "text" have an outline and run together into holes of 20 px, which are not thin any more.
    """

    label: str = "fine print"

    def draw(self, shape: tuple[int, int], index: int = 0) -> Hole:
        """Return mask number `index` for a picture of shape (H, W)."""
        rng = np.random.default_rng([SEED, index])
        font_px = max(8, min(shape) // 14)
        digits = Image.new("1", (shape[1], shape[0]))
        pen, font = ImageDraw.Draw(digits), ImageFont.load_default(size=font_px)
        for top in range(0, shape[0], 5 * font_px // 2):
            words = " ".join("".join(map(chr, rng.integers(ord("0"), ord("9") + 1, size=6))) for _ in range(12))
            pen.text((-int(rng.integers(2 * font_px)), top), words, fill=1, font=font)
        return np.array(digits)


FINE_PRINT = FinePrint()
SQUARE = MaskKind("centre square 25 %", "center_square", None)
BLOB = MaskKind("object-like blob 3-8 %", "blob", (0.03, 0.08))
BRUSH = MaskKind("free-form 20-30 %", "brush", (0.2, 0.3))
SCRATCH = MaskKind("scratch", "scratch", (0.02, 0.05))
TEXT = MaskKind("text", "text", (0.05, 0.1))


def load_picture(name: str) -> Pixels:
    """Return one of scikit-image's bundled pictures as (H, W, 3) uint8 RGB."""
    pixels = data.stereo_motorcycle()[0] if name == "motorcycle" else getattr(data, name)()
    return np.asarray(Image.fromarray(pixels).convert("RGB"))


def fit_picture(pixels: Pixels, height: int, width: int) -> Pixels:
    """Crop the middle to the wanted shape and resample it with a Lanczos filter (it averages when it shrinks)."""
    has_height, has_width = pixels.shape[:2]
    scale = min(has_height / height, has_width / width)
    crop_height, crop_width = round(height * scale), round(width * scale)
    top, left = (has_height - crop_height) // 2, (has_width - crop_width) // 2
    cropped = Image.fromarray(pixels[top : top + crop_height, left : left + crop_width])
    return np.asarray(cropped.resize((width, height), Image.Resampling.LANCZOS))


def photograph(name: str, height: int, width: int) -> Pixels:
    """Return a bundled picture in the wanted size."""
    return fit_picture(load_picture(name), height, width)
