"""Lost pixels, scratches, captions and blobs."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from retouch.arrays.regions import find_holes, hole_depth, mask_ratio
from retouch.errors import InputError
from retouch.masks.blobs import draw_blob
from retouch.masks.captions import draw_text
from retouch.masks.pixels import draw_random_pixels
from retouch.masks.scratches import draw_scratch


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("ratio", [0.2, 0.5, 0.8])
def test_random_pixels_lose_the_share_asked_for(ratio: float) -> None:
    # standard deviation sqrt(p (1 - p)) / 256 <= 0.002; five of them
    assert mask_ratio(draw_random_pixels(256, 256, rng(), ratio=ratio)) == pytest.approx(ratio, abs=0.01)


def test_random_pixels_are_80_percent_unless_asked_otherwise() -> None:
    assert mask_ratio(draw_random_pixels(256, 256, rng())) == pytest.approx(0.8, abs=0.01)


def test_random_pixels_do_not_depend_on_their_neighbours() -> None:
    lost = draw_random_pixels(256, 256, rng(), ratio=0.5).astype(float)
    for neighbour in (lost[1:, :-1], lost[:-1, 1:]):
        correlation = np.corrcoef(lost[:-1, :-1].ravel(), neighbour.ravel())[0, 1]
        assert abs(correlation) < 5 / 255  # five standard deviations of 1 / sqrt(n)


@pytest.mark.parametrize("size", [(256, 256), (600, 800)])
def test_scratches_are_thin_at_every_size(size: tuple[int, int]) -> None:
    for seed in range(10):
        mask = draw_scratch(*size, rng(seed), n_scratches=3)
        # a stroke of 3 px is 2 deep at its middle line; crossings and dust on a scratch reach a little further
        assert np.mean(hole_depth(mask)[mask] <= 2) > 0.97
        assert hole_depth(mask).max() < 5


def test_scratches_are_long_lines_and_not_spots() -> None:
    holes = find_holes(draw_scratch(256, 256, rng(1), n_scratches=10))
    assert max(max(hole.height, hole.width) for hole in holes) > 100
    assert min(max(hole.height, hole.width) for hole in holes) <= 3  # dust


def test_more_scratches_cover_more() -> None:
    few, many = (
        np.mean([mask_ratio(draw_scratch(256, 256, rng(seed), n_scratches=n)) for seed in range(20)]) for n in (1, 30)
    )
    assert many > 5 * few


@pytest.mark.parametrize("n_scratches", [-1, 31])
def test_a_number_of_scratches_out_of_range_is_refused(n_scratches: int) -> None:
    with pytest.raises(InputError, match="n_scratches must be 1 to 30"):
        draw_scratch(64, 64, rng(), n_scratches=n_scratches)


def test_each_glyph_of_a_wide_caption_is_a_hole_of_its_own() -> None:
    # Four letters without dots, set apart by spaces: four connected parts, side by side.
    holes = find_holes(draw_text(256, 256, rng(), caption="H   O   L   E"))
    assert len(holes) == 4
    assert len({hole.top for hole in holes}) <= 3  # round letters overshoot by a pixel
    assert all(8 <= hole.height <= 40 for hole in holes)


def test_a_glyph_keeps_its_counter() -> None:
    # The inside of an O is known: it is a hole of the hole.
    mask = draw_text(512, 512, rng(), caption="O")
    n_known_parts = cv2.connectedComponents((~mask).astype(np.uint8), connectivity=4)[0] - 1
    assert n_known_parts == 2


def test_the_lines_of_a_caption_lie_below_each_other() -> None:
    one, three = (find_holes(draw_text(256, 256, rng(), caption=text)) for text in ("I", "I\nI\nI"))
    assert len(one) == 1
    assert len(three) == 3
    assert three[0].bottom < three[1].top < three[1].bottom < three[2].top


def test_captions_mostly_stand_at_the_bottom() -> None:
    rows = [np.nonzero(draw_text(256, 256, rng(seed), n_lines=1))[0].mean() for seed in range(200)]
    # 60 % at the bottom and 20 % anywhere: about 66 % below two thirds, give or take 3.3 % (one deviation)
    assert 0.55 < np.mean(np.array(rows) > 170) < 0.8


def test_more_lines_of_text_cover_more() -> None:
    shares = [np.mean([mask_ratio(draw_text(256, 256, rng(s), n_lines=n)) for s in range(20)]) for n in (1, 3, 6)]
    assert shares[1] > 2 * shares[0]
    assert shares[2] > 1.5 * shares[1]


def test_a_negative_number_of_lines_is_refused() -> None:
    with pytest.raises(InputError, match="n_lines must be 1 or more"):
        draw_text(64, 64, rng(), n_lines=-1)


def test_blobs_cover_3_to_8_percent_in_one_piece() -> None:
    for seed in range(60):
        mask = draw_blob(200, 300, rng(seed))
        assert 0.03 <= mask_ratio(mask) <= 0.08
        assert len(find_holes(mask)) == 1


def test_a_blob_has_the_share_asked_for_to_the_pixel() -> None:
    assert np.count_nonzero(draw_blob(100, 100, rng(), ratio=0.1234)) == 1234


def test_a_blob_is_smooth_and_without_holes() -> None:
    for seed in range(30):
        mask = draw_blob(256, 256, rng(seed)).astype(np.uint8)
        opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7)))
        assert np.count_nonzero(mask - opened) < 0.02 * np.count_nonzero(mask)  # no spikes thinner than 7 px
        assert cv2.connectedComponents(1 - mask, connectivity=4)[0] - 1 == 1


def test_a_blob_of_more_than_everything_is_refused() -> None:
    with pytest.raises(InputError, match="ratio must be above 0 and below 1"):
        draw_blob(32, 32, rng(), ratio=1.0)
