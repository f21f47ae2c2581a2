"""Statistics of patch offsets as a whole: facades, sources, scales, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from retouch.arrays.types import Image, Mask
from retouch.classical.diffusion.harmonic import inpaint_harmonic
from retouch.classical.labelling.expansion import Energy, label
from retouch.classical.labelling.offset_statistics import (
    build_scales,
    fuse,
    inpaint_offset_statistics,
    label_smallest,
    refine,
)
from retouch.errors import InputError
from retouch.metrics.texture.texture_gap import texture_gap


def square_hole(shape: tuple[int, ...], side: int) -> Mask:
    mask = np.zeros(shape[:2], bool)
    top, left = (shape[0] - side) // 2, (shape[1] - side) // 2
    mask[top : top + side, left : left + side] = True
    return mask


def facade(shape: tuple[int, int], period: tuple[int, int]) -> Image:
    """Draw windows in a grid on a plain wall."""
    rows, columns = (places % step for places, step in zip(np.indices(shape), period, strict=True))
    pane = (rows > period[0] // 4) & (columns > period[1] // 4)
    return np.where(pane, 0.15, 0.75).astype(np.float32)[:, :, None]


def test_a_facade_is_completed_exactly() -> None:
    truth = facade((128, 160), (32, 20))
    np.testing.assert_array_equal(inpaint_offset_statistics(truth, square_hole(truth.shape, 36)), truth)


def test_a_facade_is_completed_exactly_from_a_picture_of_half_the_size() -> None:
    """Periods and sides are odd, so that no offset of the small picture is right before it is refined."""
    truth = facade((141, 301), (33, 21))
    mask = square_hole(truth.shape, 44)
    assert len(build_scales(truth, mask)) == 2
    np.testing.assert_array_equal(inpaint_offset_statistics(truth, mask, fusion=False), truth)


def test_without_fusion_every_filled_colour_is_one_of_the_known() -> None:
    photo = np.asarray(data.astronaut()[100:243, 60:360] / 255, np.float32)
    mask = square_hole(photo.shape, 40)
    filled = inpaint_offset_statistics(photo, mask, fusion=False)
    known = {tuple(colour) for colour in photo[~mask].tolist()}
    assert {tuple(colour) for colour in filled[mask].tolist()} <= known


def test_fusion_takes_off_a_constant_between_a_copy_and_its_surroundings() -> None:
    """The right half is the left one, brighter by 0.1, and all is copied from there."""
    half = 0.8 * np.random.default_rng(0).random((40, 40, 3), dtype=np.float32)
    truth = np.concatenate([half, half + np.float32(0.1)], axis=1)
    mask = np.zeros((40, 80), bool)
    mask[10:26, 12:30] = True
    places = np.argwhere(mask)
    mosaic = truth.copy()
    mosaic[mask] = truth[tuple((places + np.array([0, 40])).T)]
    fitted = fuse(mosaic, truth, mask, np.broadcast_to([0, 40], places.shape).astype(np.int64))
    np.testing.assert_allclose(fitted, truth, atol=1e-5)


def test_refinement_lowers_the_energy_of_the_doubled_offsets() -> None:
    photo = np.asarray(data.astronaut()[100:243, 60:360] / 255, np.float32)
    mask = square_hole(photo.shape, 40)
    fine, coarse = build_scales(np.where(mask[:, :, None], np.float32(0), photo), mask)
    labelling = label_smallest(coarse, (30, 2))
    energy = Energy(*fine)
    doubled = np.zeros((*coarse.known.shape, 2), np.int64)
    doubled[~coarse.known] = 2 * labelling.offsets
    before = label(energy, doubled[tuple((energy.places // 2).T)])
    assert refine(labelling, coarse, fine).energy < before.energy


def test_a_smaller_pixel_is_known_where_all_four_are() -> None:
    mask = np.zeros((4, 300), bool)
    mask[1, 7] = True
    small = build_scales(np.zeros((4, 300, 1), np.float32), mask)[1]
    assert np.argwhere(~small.known).tolist() == [[0, 3]]


@pytest.mark.parametrize("name", ["grass", "gravel", "brick"])
def test_textures_lose_less_than_half_of_what_a_membrane_loses(name: str) -> None:
    crop = np.asarray(getattr(data, name)()[100:196, 100:196] / 255, np.float32)[:, :, None]
    mask = square_hole(crop.shape, 28)
    fills = (inpaint_offset_statistics, inpaint_harmonic)
    ours, smooth = (texture_gap(crop, fill(crop, mask), mask=mask) for fill in fills)
    assert ours < 0.5 * smooth


@pytest.mark.parametrize("threads", ["1", "3"])
def test_the_number_of_threads_changes_nothing(threads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = np.asarray(data.astronaut()[::8, ::8] / 255, np.float32)
    mask = square_hole(photo.shape, 20)
    monkeypatch.setenv("RETOUCH_THREADS", "2")
    with_two = inpaint_offset_statistics(photo, mask)
    monkeypatch.setenv("RETOUCH_THREADS", threads)
    assert inpaint_offset_statistics(photo, mask).tobytes() == with_two.tobytes()


def test_damage_too_dense_for_a_smaller_picture_gets_the_nearest_pixel() -> None:
    """Of every 2x2 pixels one is missing, and the picture is too large to be worked on as it is."""
    photo = np.random.default_rng(0).random((20, 300, 1), dtype=np.float32)
    mask = np.zeros((20, 300), bool)
    mask[::2, ::2] = True
    filled = inpaint_offset_statistics(photo, mask)
    assert np.isin(filled[mask], photo[~mask]).all()


def test_the_offsets_of_the_smallest_scale_lead_to_known_pixels() -> None:
    photo = np.asarray(data.astronaut()[::8, ::8] / 255, np.float32)
    mask = square_hole(photo.shape, 40)
    (scale,) = build_scales(np.where(mask[:, :, None], np.float32(0), photo), mask)
    energy = Energy(*scale)
    assert energy.are_known(energy.places + label_smallest(scale, (60, 1)).offsets).all()


def test_progress_of_the_offsets_comes_in_per_cent() -> None:
    seen: list[tuple[int, int]] = []
    truth = facade((64, 80), (16, 10))
    inpaint_offset_statistics(truth, square_hole(truth.shape, 16), progress=lambda k, n: seen.append((k, n)))
    assert {total for _, total in seen} == {100}
    assert seen == sorted(seen)


@pytest.mark.parametrize(
    ("option", "message"),
    [({"n_offsets": 0}, "n_offsets must be 1 to 200"), ({"sweeps": 0}, "sweeps must be at least 1")],
)
def test_options_out_of_range_are_refused(option: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        inpaint_offset_statistics(np.zeros((32, 32, 1), np.float32), square_hole((32, 32), 8), **option)  # type: ignore[arg-type]
