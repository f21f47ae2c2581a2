"""Masks by content: captions by style, scratches, and marks by opacity, laid over photographs whose truth is known."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

import retouch
from benchmarks.measuring import Bench
from benchmarks.pictures import SEED, photograph
from benchmarks.records import Record
from retouch.arrays.regions import dilate_mask
from retouch.arrays.types import Image as Picture
from retouch.arrays.types import Mask
from retouch.masks.finding.scratches import find_scratches
from retouch.masks.finding.text import find_text
from retouch.masks.scratches import draw_scratch
from retouch.masks.watermarks.consensus import estimate_mark
from retouch.masks.watermarks.unblending import unblend

PICTURES = (
    "astronaut",
    "coffee",
    "chelsea",
    "rocket",
    "camera",
    "motorcycle",
    "immunohistochemistry",
    "coins",
    "hubble_deep_field",
    "retina",
)
SIDE = 256
N_EACH = 17
N_FILLED = 3
SEEN = 0.08
"""A pixel belongs to a caption where that changes it by more, in some channel."""

PROTOCOL = """Ten bundled photographs at 256 px; 17 captions in each of twelve styles (204), in Pillow's own font and in
eight of DejaVu and Liberation where the machine has them. A pixel is true where the caption changes it by more than
0.08; precision counts masked pixels that are true, precision_grown those within 2 px of a true one (1 px for
scratches), as masks are grown to cover soft borders. Glyph contrast: medians under the letters and in a ring around,
after retouch.fill of what was found. Marks: 20 pictures (photographs and their mirror images) with one mark, PSNR under
it after estimate_mark and unblend, beside that of filling the mask."""
NO_FONT = "none"
FONTS = (
    "",
    "DejaVuSans.ttf",
    "DejaVuSans-Bold.ttf",
    "DejaVuSerif.ttf",
    "DejaVuSansMono.ttf",
    "LiberationSans-Regular.ttf",
    "LiberationSans-Italic.ttf",
    "LiberationSerif-Regular.ttf",
    "LiberationSansNarrow-Bold.ttf",
)
WORDS = "the old House by river where WE were children 1924 quiet Sunday morning, garden of summer light? Anna & Peter"
WHITE, YELLOW, BLACK, GREY = (1.0, 1.0, 1.0), (1.0, 0.92, 0.1), (0.0, 0.0, 0.0), (0.75, 0.75, 0.75)
GAUDY = ((0.1, 0.9, 0.95), (0.2, 0.95, 0.2), (1.0, 0.25, 0.2), (0.95, 0.3, 0.9), (1.0, 0.55, 0.1), (0.15, 0.3, 1.0))


class Style(NamedTuple):
    """How a caption looks; lengths in pixels, opacities 0 to 1."""

    colours: tuple[tuple[float, float, float], ...] = (WHITE, YELLOW)
    outline_px: int = 0
    shadow_px: int = 0
    box: float = 0.0
    opacity: float = 1.0
    heights_px: tuple[int, int] = (12, 24)
    turns_deg: tuple[float, float] = (0.0, 0.0)
    fonts: tuple[str, ...] = FONTS


STYLES = {
    "plain": Style(),
    "black": Style(colours=(BLACK,)),
    "coloured": Style(colours=GAUDY),
    "outlined": Style(outline_px=1),
    "thick outline": Style(outline_px=2, heights_px=(16, 26)),
    "shadowed": Style(shadow_px=2),
    "on a box": Style(colours=(WHITE, YELLOW, GREY), box=1.0),
    "on a veil": Style(box=0.5),
    "thin and spaced": Style(fonts=("DejaVuSans-ExtraLight.ttf",), heights_px=(14, 24)),
    "tiny": Style(heights_px=(8, 10)),
    "translucent": Style(opacity=0.55),
    "turned": Style(outline_px=1, turns_deg=(3.0, 12.0)),
}


class Captioned(NamedTuple):
    """A picture with its caption, and which pixels that has changed in earnest."""

    picture: Picture
    truth: Mask


def open_font(name: str, size_px: int) -> ImageFont.FreeTypeFont:
    """Return a font of the machine, or Pillow's own where that is not there."""
    try:
        return ImageFont.truetype(name or NO_FONT, size_px)
    except OSError:
        own = ImageFont.load_default(size_px)
        if not isinstance(own, ImageFont.FreeTypeFont):
            raise SystemExit("captions need a Pillow built with FreeType") from None
        return own


def caption(picture: Picture, style: Style, rng: np.random.Generator) -> Captioned:
    """Lay one to three centred lines over a picture; outline and shadow are part of the truth, a box is not."""
    height, width = picture.shape[:2]
    size_px = int(rng.integers(style.heights_px[0], style.heights_px[1] + 1))
    font = open_font(str(rng.choice(style.fonts)), size_px)
    lines = _lines(font, width, rng)
    top = _top(height, round(1.3 * size_px * len(lines)), rng)
    turn = float(rng.uniform(*style.turns_deg) * rng.choice((-1, 1)))
    letters = _drawn(lines, font, (height, width), top, 0)
    around = _drawn(lines, font, (height, width), top, style.outline_px) if style.outline_px else letters
    if style.shadow_px:
        shadow = Image.fromarray(np.uint8(np.roll(letters, (style.shadow_px, style.shadow_px), (0, 1)) * 255))
        around = np.asarray(shadow.filter(ImageFilter.GaussianBlur(0.6)), np.float32) / 255
    letters, around = _turned(letters, turn), _turned(around, turn)
    ground = picture
    if style.box:
        rows = slice(max(top - 4, 0), top + round(1.3 * size_px * len(lines)) + 4)
        ground = picture.copy()
        ground[rows, 8 : width - 8] *= 1 - style.box
    colour = np.array(style.colours[rng.integers(len(style.colours))], np.float32)
    result = ground * (1 - around[:, :, None]) if style.outline_px or style.shadow_px else ground
    weight = style.opacity * letters[:, :, None]
    result = np.rint((result * (1 - weight) + weight * colour) * 255) / 255
    return Captioned(result.astype(np.float32), np.abs(result - ground).max(axis=2) > SEEN)


def _lines(font: ImageFont.FreeTypeFont, width: int, rng: np.random.Generator) -> list[str]:
    words, lines = WORDS.split(), []
    for _ in range(rng.integers(1, 4)):
        line, longest = str(rng.choice(words)), rng.uniform(0.45, 0.9) * width
        while font.getlength(longer := f"{line} {rng.choice(words)}") <= longest:
            line = longer
        lines.append(line)
    return lines


def _top(height: int, block_px: int, rng: np.random.Generator) -> int:
    """Return the first row: at the bottom mostly, as captions stand."""
    room = max(height - block_px - 10, 1)
    return 5 + int(rng.choice([room - 1, 0, int(rng.integers(room))], p=(0.6, 0.2, 0.2)))


def _drawn(
    lines: list[str],
    font: ImageFont.FreeTypeFont,
    shape: tuple[int, int],
    top: int,
    outline_px: int,
) -> np.ndarray:
    sheet = Image.new("L", (shape[1], shape[0]))
    pen = ImageDraw.Draw(sheet)
    for i, line in enumerate(lines):
        at = ((shape[1] - font.getlength(line)) / 2, top + 1.3 * i * font.size)
        pen.text(at, line, fill=255, font=font, stroke_width=outline_px)
    return np.asarray(sheet, np.float32) / 255


def _turned(sheet: np.ndarray, turn_deg: float) -> np.ndarray:
    if turn_deg == 0:
        return sheet
    height, width = sheet.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), turn_deg, 0.85)
    turned: np.ndarray = cv2.warpAffine(sheet, matrix, (width, height), flags=cv2.INTER_LINEAR)
    return turned


def _marked(picture: Picture, letters: np.ndarray, colour: np.ndarray, opacity: float) -> Picture:
    weight = opacity * letters[:, :, None]
    marked: Picture = (np.rint((picture * (1 - weight) + weight * colour) * 255) / 255).astype(np.float32)
    return marked


def _decibels(errors: list[float]) -> float:
    return round(float(-10 * np.log10(np.mean(errors))), 2)


def _clean_pictures(quick: bool) -> list[Picture]:
    names = PICTURES[: 2 if quick else None]
    return [(photograph(name, SIDE, SIDE) / 255).astype(np.float32) for name in names]


def _counts(found: Mask, truth: Mask, grown_px: int) -> np.ndarray:
    """Return the numbers of true pixels found, true pixels, masked pixels, and masked pixels near a true one."""
    near = dilate_mask(truth, grown_px)
    return np.array([(found & truth).sum(), truth.sum(), found.sum(), (found & near).sum()], np.float64)


def _rates(counts: np.ndarray) -> dict[str, float]:
    hit, true, masked, near = counts
    return {
        "recall": round(float(hit / true), 4),
        "precision": round(float(hit / max(masked, 1)), 3),
        "precision_grown": round(float(near / max(masked, 1)), 3),
    }


def _residual_contrast(filled: Picture, truth: Mask) -> float:
    """Return how far the median of what was covered differs from that of a ring of 4 px around it."""
    ring = dilate_mask(truth, 6) & ~dilate_mask(truth, 2)
    return float(np.abs(np.median(filled[truth], axis=0) - np.median(filled[ring], axis=0)).max())


def measure_text(record: Record, clean: list[Picture], n_each: int) -> None:
    """Add the rates of each style, those of all, and what is masked on pictures without a caption."""
    total = np.zeros(4)
    for k, (name, style) in enumerate(STYLES.items()):
        counts, before, after = np.zeros(4), [], []
        for i in range(n_each):
            case = caption(clean[(i + k) % len(clean)], style, np.random.default_rng([SEED, k, i]))
            found = find_text(case.picture).mask
            counts += _counts(found, case.truth, 2)
            if i < N_FILLED:
                before.append(_residual_contrast(case.picture, case.truth))
                filled = retouch.fill(case.picture, found) if found.any() else case.picture
                after.append(_residual_contrast(filled, case.truth))
        total += counts
        contrast = {"before": round(float(np.median(before)), 3), "after": round(float(np.median(after)), 3)}
        record.add(what="text", style=name, **_rates(counts), glyph_contrast=contrast)
        print(name, _rates(counts), contrast, flush=True)
    shares = [float(find_text(picture).mask.mean()) for picture in clean]
    record.add(what="text", style="all", **_rates(total), masked_on_clean=round(float(np.mean(shares)), 4))
    print("all", _rates(total), f"{np.mean(shares):.1%} of clean pictures", flush=True)


def measure_scratches(record: Record, clean: list[Picture], n_each: int) -> None:
    """Add the rates of drawn scratches, light and dark, and what is masked on pictures without."""
    for name, level in (("light", 0.95), ("dark", 0.05)):
        counts = np.zeros(4)
        for i in range(n_each):
            picture, rng = clean[i % len(clean)], np.random.default_rng([SEED, i])
            damage = draw_scratch(SIDE, SIDE, rng).astype(np.float32)
            scratched = _marked(picture, cv2.GaussianBlur(damage, (0, 0), 0.5), np.array([level]), 1.0)
            truth = np.abs(scratched - picture).max(axis=2) > SEEN
            counts += _counts(find_scratches(scratched).mask, truth, 1)
        record.add(what="scratches", style=name, **_rates(counts))
        print("scratches", name, _rates(counts), flush=True)
    shares = [float(find_scratches(picture).mask.mean()) for picture in clean]
    record.add(what="scratches", style="none", masked_on_clean=round(float(np.mean(shares)), 4))


def measure_marks(record: Record, clean: list[Picture]) -> None:
    """Add, for each opacity, how well 20 pictures are restored by un-blending and by filling, under the mark."""
    pictures = [np.ascontiguousarray(view) for p in clean for view in (p, p[::-1])][:20]
    sheet = Image.new("L", (4 * SIDE, 4 * SIDE))
    pen = ImageDraw.Draw(sheet)
    pen.text((160, 400), "STOCK", fill=255, font=ImageFont.load_default(200))
    pen.rectangle((144, 640, 800, 664), fill=255)
    letters = np.asarray(sheet.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32) / 255
    under = letters > 0
    for name, colour in (("white", (1.0, 1.0, 1.0)), ("grey", (0.6, 0.6, 0.6)), ("orange", (1.0, 0.55, 0.1))):
        for opacity in (0.3, 0.5, 0.7):
            seen = [_marked(picture, letters, np.array(colour), opacity) for picture in pictures]
            found = estimate_mark(seen)
            errors: dict[str, list[float]] = {"unblended": [], "filled": []}
            for marked, truth in zip(seen, pictures, strict=True):
                bare = unblend(marked, found.mark.colour, found.mark.opacity)
                image = retouch.fill(bare.image, bare.to_fill) if bare.to_fill.any() else bare.image
                errors["unblended"].append(float(np.mean((image - truth)[under] ** 2)))
                if len(errors["filled"]) < N_FILLED and found.mask.any():
                    errors["filled"].append(float(np.mean((retouch.fill(marked, found.mask) - truth)[under] ** 2)))
            psnrs = {way: _decibels(values) for way, values in errors.items() if values}
            record.add(what="mark", style=name, opacity=opacity, **psnrs)
            print("mark", name, opacity, psnrs, found.reason, flush=True)


def run(bench: Bench) -> None:
    """Measure all of it and write the result file."""
    record = Record(bench, "finding", PROTOCOL)
    clean = _clean_pictures(bench.quick)
    n_each = 1 if bench.quick else N_EACH
    measure_text(record, clean, n_each)
    measure_scratches(record, clean, n_each)
    if not bench.quick:
        measure_marks(record, clean)
    record.write()
