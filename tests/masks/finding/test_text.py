"""Captions are found letter by letter, in several fonts and colours, and nothing is where there is no text."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage import data

from retouch.arrays.regions import Box
from retouch.arrays.types import Image, Mask
from retouch.errors import InputError
from retouch.masks.finding.candidates import candidate_lines
from retouch.masks.finding.scores import scored
from retouch.masks.finding.text import find_text, letters_within

FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX)
PLACE = Box(150, 0, 200, 256)


def photo() -> Image:
    picture: Image = (data.astronaut()[100:356, 100:356] / 255).astype(np.float32)
    return picture


def captioned(face: int, colour: tuple[float, ...], outlined: bool) -> tuple[Image, Mask]:
    picture = photo()
    letters = np.zeros(picture.shape[:2], np.uint8)
    outline = np.zeros_like(letters)
    cv2.putText(letters, "A quiet morning", (20, 180), face, 0.7, 255, 1, cv2.LINE_AA)
    cv2.putText(outline, "A quiet morning", (20, 180), face, 0.7, 255, 5, cv2.LINE_AA)
    if outlined:
        picture *= 1 - outline[:, :, None] / 255
    weight = (letters / 255).astype(np.float32)[:, :, None]
    shown = (1 - weight) * picture + weight * np.array(colour, np.float32)
    return shown.astype(np.float32), np.abs(shown - photo()).max(axis=2) > 0.05


@pytest.mark.parametrize("face", FONTS)
@pytest.mark.parametrize("colour", [(1, 1, 1), (1, 1, 0)])
def test_an_outlined_caption_is_covered_with_its_outline(face: int, colour: tuple[float, ...]) -> None:
    picture, truth = captioned(face, colour, outlined=True)
    mask = find_text(picture).mask
    assert (mask & truth).sum() >= 0.85 * truth.sum()  # its soft outline is the rest
    assert (mask & truth).sum() >= 0.25 * mask.sum()


def test_a_line_is_where_its_letters_are() -> None:
    lines = find_text(captioned(FONTS[0], (1, 1, 1), outlined=True)[0]).lines
    assert lines
    assert any(150 <= box.top < box.bottom <= 200 for box in lines)


def test_nothing_is_masked_outside_the_region() -> None:
    mask = find_text(captioned(FONTS[0], (1, 1, 1), outlined=True)[0], region=PLACE).mask
    assert mask[PLACE.slices].any()
    mask[PLACE.slices] = False
    assert not mask.any()


def test_more_than_the_largest_share_is_refused_with_a_reason() -> None:
    found = find_text(captioned(FONTS[0], (1, 1, 1), outlined=True)[0], most_share=0.01)
    assert not found.mask.any()
    assert found.lines == ()
    assert "most_share" in found.reason


def test_an_even_picture_has_no_text_and_says_so() -> None:
    found = find_text(np.full((32, 48, 3), 0.5, np.float32))
    assert not found.mask.any()
    assert "no text" in found.reason


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 30, 3), (31, 1, 3)])
def test_a_picture_of_any_size_is_looked_at(shape: tuple[int, ...]) -> None:
    assert find_text(np.random.default_rng(0).random(shape).astype(np.float32)).mask.shape == shape[:2]


def test_a_region_outside_the_picture_is_refused() -> None:
    with pytest.raises(InputError, match="inside the picture"):
        find_text(photo(), region=Box(0, 0, 300, 10))


def test_a_rising_line_is_covered() -> None:
    picture, letters = photo(), np.zeros((256, 256), np.uint8)
    cv2.putText(letters, "A quiet morning", (30, 140), FONTS[1], 0.7, 255, 1, cv2.LINE_AA)
    turned = cv2.warpAffine(letters, cv2.getRotationMatrix2D((128, 128), 9, 1), (256, 256)).astype(np.float32) / 255
    shown = picture * (1 - turned[:, :, None]) + turned[:, :, None]
    truth = np.abs(shown - picture).max(axis=2) > 0.1
    assert (find_text(shown.astype(np.float32)).mask & truth).sum() >= 0.9 * truth.sum()


def test_a_word_of_one_letter_belongs_to_its_line() -> None:
    """Its letter stands 1.5 heights of a capital before the next."""
    picture, letters = np.full((120, 256, 1), 0.4, np.float32), np.zeros((120, 256), np.uint8)
    cv2.putText(letters, "B", (20, 60), FONTS[0], 0.6, 255, 1)
    cv2.putText(letters, "MORNING", (60, 60), FONTS[0], 0.6, 255, 1)
    picture[letters > 0] = 1
    assert find_text(picture).mask[letters > 0].all()


def test_letters_score_higher_than_the_gaps_between_them_and_than_random_specks() -> None:
    """The same letters, once as they are and once shuffled pixel by pixel."""
    letters = np.zeros((64, 256), np.uint8)
    cv2.putText(letters, "A quiet morning", (20, 40), FONTS[0], 0.7, 255, 2)
    page = (letters[:, :, None] / 255).astype(np.float32)
    best = max((scored(page, c) for c in candidate_lines(page, 6)), key=lambda line: line.score)
    assert best.colour.tolist() == [1.0]
    shuffled = np.random.default_rng(0).permutation(page.ravel()).reshape(page.shape)
    assert all(scored(shuffled, c).score < best.score for c in candidate_lines(shuffled, 6))


def test_letters_are_drawn_inside_the_places_only() -> None:
    letters = np.zeros((120, 256), np.uint8)
    cv2.putText(letters, "A quiet morning", (20, 40), FONTS[0], 0.7, 255, 2)
    cv2.putText(letters, "A quiet morning", (20, 100), FONTS[0], 0.7, 255, 2)
    page = (letters[:, :, None] / 255).astype(np.float32)
    places = np.zeros((120, 256), bool)
    places[20:52, 10:250] = True
    mask = letters_within(page, places)
    assert mask[:60][letters[:60] > 0].all()
    assert not mask[60:].any()
    assert mask.sum() < 0.7 * places.sum()
