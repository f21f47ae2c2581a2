"""Watermarks as targets: taken off where translucent, filled where opaque, told from several pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageDraw
from tests.tasks.scenes import hole_psnr

import retouch
from retouch.arrays.types import AnyArray, Mask
from retouch.errors import InputError
from retouch.masks.watermarks.marks import Mark, mark_of, place_mark
from retouch.tasks.door import find_mask, remove
from retouch.tasks.targeting.marks import as_laid, opacity_in, take_off
from retouch.tasks.targeting.target import Target

SIZE = (120, 160)


def logo() -> AnyArray:
    """Return a white ring with a bar, drawn opaque on a clear ground."""
    drawn = PillowImage.new("RGBA", (90, 90), (255, 255, 255, 0))
    pen = ImageDraw.Draw(drawn)
    pen.ellipse((6, 6, 83, 83), outline=(255, 255, 255, 255), width=10)
    pen.polygon([(30, 20), (42, 20), (66, 70), (52, 70)], fill=(255, 255, 255, 255))
    pen.rectangle((26, 55, 40, 66), fill=(255, 240, 200, 255))
    return np.asarray(drawn)


def photo(seed: int, grain_levels: float = 22) -> AnyArray:
    """Return random waves of colour with a grain of about 3 px, no two pictures alike."""
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[: SIZE[0], : SIZE[1]] / 30
    planes = []
    for _ in range(3):
        waves = [rng.normal(0, 24) * np.sin(a * rows + b * cols + c) for a, b, c in rng.uniform(-3, 3, (6, 3))]
        planes.append(110 + rng.normal(0, 15) + sum(waves))
    grain = cv2.GaussianBlur(rng.normal(0, 1, SIZE), (0, 0), 1.2)
    grainy: AnyArray = np.stack(planes, axis=2) + grain_levels * (grain / grain.std())[:, :, None]
    levels: AnyArray = grainy.clip(0, 255).astype(np.uint8)
    return levels


def laid(corner: tuple[float, float]) -> Mark:
    """Return the logo as large as a picture, its upper left at (x, y)."""
    move = np.array([[1.0, 0, corner[0]], [0, 1, corner[1]], [0, 0, 1]])
    return place_mark(mark_of(logo().astype(np.float32) / np.float32(255)), move, SIZE)


def stamped(picture: AnyArray, opacity: float) -> tuple[AnyArray, Mask]:
    """Lay the logo over a picture; return also where it is."""
    placed = laid((50.3, 20.6))
    alpha = placed.opacity[:, :, None] * opacity
    mixed = picture * (1 - alpha) + 255 * placed.colour * alpha
    return np.rint(mixed).astype(np.uint8), placed.opacity > 0.05


def test_a_translucent_mark_is_taken_off_far_better_than_it_could_be_filled() -> None:
    """The sheet asks for 5 dB; the logo is drawn opaque, so that its opacity of 0.5 has to be told as well.

    Beside the mark a square is meant too: that is filled, as ever.
    """
    truth, square = photo(2), np.zeros(SIZE, bool)
    square[100:110, 10:30] = True
    seen, where = stamped(truth, 0.5)
    done = remove(seen, Target(watermark=logo(), mask=square))
    filled = retouch.fill(seen, where | done.mask)
    assert hole_psnr(done.picture, truth, where) > hole_psnr(filled, truth, where) + 5
    np.testing.assert_array_equal(done.picture[~done.mask], seen[~done.mask])
    assert done.mask[where | square].all()
    assert (done.picture[square] != seen[square]).any()
    opacity = float(done.findings[-1].label.rsplit(" ", 1)[1])
    assert opacity == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("opacity", [0.3, 0.6, 1.0])
@pytest.mark.parametrize("n_channels", [1, 3])
def test_the_opacity_is_told_even_from_a_place_one_pixel_off(opacity: float, n_channels: int) -> None:
    seen = stamped(photo(3), opacity)[0][:, :, :n_channels].astype(np.float32) / np.float32(255)
    placed = laid((51.3, 20.6))
    mark = Mark(placed.colour[:, :, :n_channels], placed.opacity)
    assert opacity_in(seen, mark) == pytest.approx(opacity, abs=0.06)


def test_what_is_opaque_or_a_soft_border_is_left_to_be_filled() -> None:
    """Around what is opaque 3 px are left too, as far as the mark goes: its soft border cannot be taken off."""
    mark = laid((50.3, 20.6))
    seen = np.full((*SIZE, 3), 0.4, np.float32)
    cleaned = take_off(seen, [as_laid(mark)])
    assert cleaned.to_fill[mark.opacity > 0.05].all()
    np.testing.assert_array_equal(cleaned.image[mark.opacity == 0], seen[mark.opacity == 0])


def test_a_logo_that_is_not_there_changes_nothing_and_says_so() -> None:
    picture = photo(12, grain_levels=2)
    done = remove(picture, Target(watermark=logo()))
    np.testing.assert_array_equal(done.picture, picture)
    assert "the mark was not found" in done.status[0]


def test_a_mark_shared_by_a_folder_is_told_from_it_and_taken_off(tmp_path: Path) -> None:
    """Files that are no pictures, and one of another size, are left out and counted."""
    for seed in range(16):
        PillowImage.fromarray(stamped(photo(seed), 0.5)[0]).save(tmp_path / f"{seed:02d}.png")
    (tmp_path / "notes.txt").write_text("no picture")
    PillowImage.fromarray(photo(0)[:50]).save(tmp_path / "small.png")
    seen, where = stamped(photo(3), 0.5)
    done = remove(seen, Target(watermark_from=tmp_path))
    filled = retouch.fill(seen, where | done.mask)
    assert hole_psnr(done.picture, photo(3), where) > hole_psnr(filled, photo(3), where)
    assert "2 pictures of another size or kind were left out" in done.status
    assert done.provenance["target"] == {"watermark_from": str(tmp_path)}


def test_too_few_pictures_or_no_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least 8 pictures of the same size that carry it, got 2, and 1 of another"):
        find_mask(photo(0), Target(watermark_from=[photo(1), photo(2), photo(3)[:50]]))
    with pytest.raises(InputError, match="must lie in a folder"):
        find_mask(photo(0), Target(watermark_from=tmp_path / "absent"))
