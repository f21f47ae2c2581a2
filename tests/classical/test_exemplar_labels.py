"""Labels that say who borrows where: at every scale, in every vote, and where they cannot be obeyed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from skimage import data

from retouch.arrays.types import Image, Mask
from retouch.classical.exemplar.guided import inpaint_guided_patchmatch
from retouch.classical.exemplar.level_run import Settings, start_level
from retouch.classical.exemplar.levels import Level, build_levels
from retouch.classical.exemplar.patchmatch import inpaint_patchmatch
from retouch.classical.exemplar.sources import allowed_patches, build_sources, restrict

HALF = 3
RED, BLUE = (0.8, 0.2, 0.1), (0.1, 0.3, 0.9)


def hole_in(shape: tuple[int, int], top: int, left: int, side: int) -> Mask:
    mask = np.zeros(shape, bool)
    mask[top : top + side, left : left + side] = True
    return mask


def two_textures(shape: tuple[int, int] = (96, 128)) -> Image:
    """Draw red noise on the left, blue noise on the right."""
    left = (np.arange(shape[1]) < shape[1] // 2)[None, :, None]
    noise = 0.08 * np.random.default_rng(0).standard_normal((*shape, 3))
    return np.clip(np.where(left, RED, BLUE) + noise, 0, 1).astype(np.float32)


def is_red(picture: Image) -> Mask:
    """Tell for each pixel whether the nearer of the two colours is red."""
    red, blue = (np.square(picture - np.asarray(colour)).sum(axis=2) for colour in (RED, BLUE))
    return np.asarray(red < blue)


def photograph(step: int = 3) -> Image:
    return np.asarray(data.astronaut()[::step, ::step] / 255, np.float32)


def wavy_labels(shape: tuple[int, int]) -> np.ndarray:
    """Cut the plane into two labels by a wave, and leave a third part without a say."""
    rows, columns = np.indices(shape)
    labels = np.where(columns < shape[1] / 2 + 9 * np.sin(rows / 7), 1, 2)
    labels[: shape[0] // 5] = 0
    return labels.astype(np.int32)


def allowed_twin(source: np.ndarray, labels: np.ndarray, half: int) -> np.ndarray:
    """Look at every patch, pixel by pixel."""
    found = np.full(source.shape, -1, np.int32)
    for y in range(half, source.shape[0] - half):
        for x in range(half, source.shape[1] - half):
            window = slice(y - half, y + half + 1), slice(x - half, x + half + 1)
            if source[window].all():
                values = set(labels[window].ravel().tolist())
                found[y, x] = values.pop() if len(values) == 1 else 0
    return found


def test_a_patch_serves_a_label_if_all_of_its_pixels_carry_it() -> None:
    labels, source = wavy_labels((40, 50)), ~hole_in((40, 50), 12, 20, 9)
    np.testing.assert_array_equal(allowed_patches(source, labels, HALF), allowed_twin(source, labels, HALF))


def test_every_offset_of_every_scale_points_to_a_patch_that_is_allowed() -> None:
    """Scales at which whole patches are compared: there a field is held against the twin of what is allowed."""
    picture, mask = photograph(2), hole_in((256, 256), 90, 96, 60)
    labels = wavy_labels(mask.shape)
    levels = [level for level in build_levels(Level(picture, mask, ~mask, labels)) if level.mask.any()]
    rng = np.random.default_rng(0)
    n_checked = 0
    with ThreadPoolExecutor(1) as pool:
        for level in levels[:3]:
            run = start_level(level, Settings(HALF, (), ()), 1, pool)
            run.start(level.picture.copy(), None, rng)
            run.search(rng, thorough=True)
            own = allowed_twin(level.source, np.asarray(level.labels), HALF)
            restricted = run.wanted > 0
            rows, columns = run.field[restricted].T
            np.testing.assert_array_equal(own[rows, columns], run.wanted[restricted])
            n_checked += int(restricted.sum())
    assert n_checked > 4000  # 66 x 66 patches touch the hole at the finest scale


def test_where_every_patch_is_tried_only_pixels_of_the_label_are_borrowed() -> None:
    """Label 1 is 0.25 and label 2 is 0.75; the hole lies in the middle of both and is told to be 2, but for a strip."""
    labels = np.where(np.arange(36) < 18, 1, 2) * np.ones((36, 36), np.int32)
    picture, mask = np.where(labels == 1, 0.25, 0.75).astype(np.float32)[:, :, None], hole_in((36, 36), 10, 10, 16)
    labels[mask] = 2
    labels[22:26, 10:26] = 1
    level = Level(np.where(mask[:, :, None], 0, picture).astype(np.float32), mask, ~mask, labels.astype(np.int32))
    with ThreadPoolExecutor(1) as pool:
        run = start_level(level, Settings(HALF, (), ()), HALF, pool)
        run.start(np.where(mask[:, :, None], np.float32(0.5), picture), None, np.random.default_rng(0))
        run.search(np.random.default_rng(0), thorough=True)
        run.vote()
    np.testing.assert_allclose(run.picture[mask, 0], np.where(labels[mask] == 1, 0.25, 0.75), atol=1e-6)


def test_a_coarser_pixel_is_made_of_its_own_label_alone() -> None:
    """Label 1 is 0.25 and label 2 is 0.75: no scale shows anything between."""
    labels = np.where(wavy_labels((128, 128)) == 1, 1, 2).astype(np.int32)
    picture = np.where(labels == 1, 0.25, 0.75).astype(np.float32)[:, :, None]
    mask = hole_in((128, 128), 40, 50, 30)
    levels = build_levels(Level(np.where(mask[:, :, None], 0, picture).astype(np.float32), mask, ~mask, labels))
    assert len(levels) > 3
    for level in levels:
        known = ~level.mask
        expected = np.where(np.asarray(level.labels) == 1, 0.25, 0.75)
        np.testing.assert_allclose(level.picture[known, 0], expected[known], atol=1e-6)


def test_a_coarser_pixel_whose_label_is_unknown_is_missing() -> None:
    """All of label 2 is missing, so it stays missing at every scale; without labels the hole closes."""
    mask = hole_in((96, 96), 30, 30, 24)
    level = Level(np.zeros((96, 96, 1), np.float32), mask, ~mask)
    labels = np.where(mask, 2, 1).astype(np.int32)
    assert not build_levels(level)[-1].mask.any()
    for coarse in build_levels(level._replace(labels=labels)):
        np.testing.assert_array_equal(coarse.mask, np.asarray(coarse.labels) == 2)


@pytest.mark.parametrize("inpaint", [inpaint_patchmatch, inpaint_guided_patchmatch])
@pytest.mark.parametrize("wanted_red", [True, False])
def test_a_hole_between_two_textures_takes_the_one_it_is_told_to(inpaint: object, wanted_red: bool) -> None:
    picture, mask = two_textures(), hole_in((96, 128), 33, 49, 30)
    red = np.arange(128) < 64
    labels = np.where(np.broadcast_to(red, mask.shape), 1, 2)
    labels[mask] = 1 if wanted_red else 2
    right = is_red(inpaint(picture, mask, labels=labels)) == wanted_red  # type: ignore[operator]
    assert right[mask].mean() > 0.99
    assert (is_red(inpaint(picture, mask)) == wanted_red)[mask].mean() < 0.9  # type: ignore[operator]


def test_two_labels_in_one_hole_meet_in_the_line_that_is_drawn() -> None:
    """The colours meet in the middle of the picture; the labels say that they meet further to the right."""
    picture, mask = two_textures(), hole_in((96, 128), 33, 49, 30)
    labels = np.where(np.indices(mask.shape)[1] < np.where(mask, 72, 64), 1, 2)
    filled = inpaint_patchmatch(picture, mask, labels=labels)
    assert (is_red(filled) == (labels == 1))[mask].mean() > 0.99


@pytest.mark.parametrize("inpaint", [inpaint_patchmatch, inpaint_guided_patchmatch])
@pytest.mark.parametrize("label", [0, 1, 7])
def test_one_label_everywhere_changes_no_bit(inpaint: object, label: int) -> None:
    photo = photograph()
    mask = hole_in(photo.shape[:2], 60, 50, 44)
    labels = np.full(mask.shape, label)
    assert np.array_equal(inpaint(photo, mask, labels=labels), inpaint(photo, mask))  # type: ignore[operator]


def test_a_label_that_no_patch_carries_restricts_nothing() -> None:
    photo = photograph()
    mask = hole_in(photo.shape[:2], 60, 50, 44)
    labels = np.where(mask, 3, 1)
    assert np.array_equal(inpaint_patchmatch(photo, mask, labels=labels), inpaint_patchmatch(photo, mask))
    assert restrict(labels, mask, ~mask, HALF) == (None, 0, 44 * 44, (3,))


def test_labels_that_are_served_and_labels_that_are_not_are_told_apart() -> None:
    mask = hole_in((40, 40), 10, 10, 20)
    labels = np.ones((40, 40), int)
    labels[10:15, 10:30] = 2
    labels[0, :] = 2  # one row, and no patch of 7 px fits into it
    labels[15:17, 10:30] = -4  # below 0 is no label
    found = restrict(labels, mask, ~mask, HALF)
    assert found[1:] == (20 * 13, 20 * 5, (2,))
    assert found.labels is not None
    assert set(found.labels[mask].tolist()) == {0, 1}


def test_turned_sources_carry_a_label_only_where_it_is_whole() -> None:
    """Turned by half a turn, left and right change sides; the pixel between them is of neither label."""
    labels = np.where(np.indices((40, 41))[1] < 20, 1, 2).astype(np.int32)
    nothing = np.zeros((40, 41), bool)
    level = Level(np.zeros((40, 41, 1), np.float32), nothing, ~nothing, labels)
    turned = build_sources(level, HALF, (180.0, 30.0), ()).allowed
    # Columns 0-20 of the half turn hold label 2, columns 21-40 label 1.
    assert set(turned[43:77, 3:18].ravel().tolist()) == {2}
    assert set(turned[43:77, 24:38].ravel().tolist()) == {1}
    oblique = turned[80:]
    assert (oblique == 1).any()
    assert (oblique == 2).any()
    assert (oblique == 0).any()


def test_labelled_fills_are_the_same_for_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = photograph()
    mask = hole_in(photo.shape[:2], 40, 50, 70)
    filled = []
    for threads in ("1", "2", "3"):
        monkeypatch.setenv("RETOUCH_THREADS", threads)
        filled.append(inpaint_patchmatch(photo, mask, labels=wavy_labels(mask.shape), rotations=True).tobytes())
    assert filled[0] == filled[1] == filled[2]
