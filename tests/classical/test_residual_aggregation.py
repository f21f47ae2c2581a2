"""Contextual residual aggregation: what is mixed, what stays as it is, and how much detail the hole gets."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest

from retouch.arrays.types import Image, Mask
from retouch.classical.diffusion.harmonic import inpaint_harmonic
from retouch.classical.exemplar.residual_aggregation import aggregate_residuals, inpaint_residual_aggregation, shrink
from retouch.classical.exemplar.residual_mixtures import (
    attend_blocks,
    copy_cells,
    find_offsets,
    from_cells,
    mix_blocks,
    to_cells,
)
from retouch.errors import Cancelled, InputError
from retouch.metrics.texture.texture_gap import texture_gap

MIXTURES = pytest.mark.parametrize("blocks", [False, True], ids=["offsets", "blocks"])


def hole_in(height: int, width: int) -> Mask:
    mask = np.zeros((height, width), bool)
    mask[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3] = True
    return mask


def weave(height: int, width: int) -> Image:
    """Draw a fine periodic texture over wide waves: nothing of it is left at a quarter of the size."""
    rows, columns = np.indices((height, width))
    fine = np.sin(columns * np.pi / 2 + 0.3) * np.sin(rows * np.pi / 2 + 0.4)  # 4 px: the mean over a cell of 4 is 0
    wide = np.sin(rows * 2 * np.pi / 64)
    return (0.5 + 0.25 * fine + 0.15 * wide)[:, :, None].astype(np.float32)


def grain(height: int, width: int) -> Image:
    """Draw noise of one strength everywhere."""
    noise = np.random.default_rng(0).standard_normal((height, width, 3))
    return np.clip(0.5 + 0.1 * noise, 0, 1).astype(np.float32)


def enlarged_alone(image: Image, mask: Mask, factor: int) -> Image:
    """Return the small picture, filled harmonically and enlarged: what the wrapper adds detail to."""
    small = shrink(image, mask, factor)
    size = (small.picture.shape[1] * factor, small.picture.shape[0] * factor)
    large = cv2.resize(inpaint_harmonic(small.picture, small.mask), size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(large.reshape(size[1], size[0], -1)[: image.shape[0], : image.shape[1]], np.float32)


@MIXTURES
def test_known_pixels_stay_bit_equal_at_any_size(blocks: bool) -> None:
    for size in ((131, 97), (64, 200), (1, 90), (40, 40)):
        image, mask = grain(*size), hole_in(*size)
        mask[0, -1] = True
        filled = inpaint_residual_aggregation(image, mask, longest_px=33, blocks=blocks)
        assert filled.shape == image.shape
        assert np.array_equal(filled[~mask], image[~mask])
        assert 0 <= filled.min() <= filled.max() <= 1


def test_nothing_is_lost_where_every_block_takes_its_own_detail() -> None:
    # With A the identity, the enlarged small picture and its residual are the picture again.
    image = grain(64, 64)
    small = shrink(image, np.zeros((64, 64), bool), 4, multiple=4)
    own = np.eye(16, dtype=np.float32).reshape(16, 4, 4)
    enlarged = cv2.resize(small.picture, (64, 64), interpolation=cv2.INTER_CUBIC)
    detail = from_cells(mix_blocks(to_cells(image - enlarged, 4), own), 4)
    np.testing.assert_allclose(enlarged + detail, image, atol=1e-6)


@MIXTURES
def test_the_hole_of_a_periodic_texture_gets_the_energy_of_its_detail(blocks: bool) -> None:
    image, mask = weave(256, 256), hole_in(256, 256)
    filled = inpaint_residual_aggregation(image, mask, longest_px=64, blocks=blocks)
    detail = filled - cv2.GaussianBlur(filled, (0, 0), 3)[:, :, None]
    assert np.square(detail[mask]).mean() == pytest.approx(np.square(detail[~mask]).mean(), rel=0.2)


def test_the_hole_of_a_grainy_picture_gets_the_energy_of_its_grain() -> None:
    image, mask = grain(256, 256), hole_in(256, 256)
    filled = inpaint_residual_aggregation(image, mask, longest_px=64)
    assert filled[mask].std() == pytest.approx(image[~mask].std(), rel=0.1)


@MIXTURES
def test_the_gap_of_texture_is_far_smaller_than_that_of_the_enlargement_alone(blocks: bool) -> None:
    image, mask = weave(256, 256), hole_in(256, 256)
    filled = inpaint_residual_aggregation(
        image,
        mask,
        fill=inpaint_harmonic,
        longest_px=64,
        blocks=blocks,
    )
    plain = texture_gap(image, enlarged_alone(image, mask, 4), mask=mask)
    assert texture_gap(image, filled, mask=mask) < 0.7 * plain


def test_the_gap_of_grain_is_far_smaller_too() -> None:
    image, mask = grain(256, 256), hole_in(256, 256)
    filled = inpaint_residual_aggregation(image, mask, longest_px=64)
    assert texture_gap(image, filled, mask=mask) < 0.1 * texture_gap(image, enlarged_alone(image, mask, 4), mask=mask)


def test_a_small_pixel_is_the_mean_of_the_known_ones() -> None:
    image = np.arange(16, dtype=np.float32).reshape(4, 4, 1)
    mask = np.zeros((4, 4), bool)
    mask[0, 0], mask[2:, 2:] = True, True
    small = shrink(image, mask, 2)
    # Top left 1, 4 and 5; top right 2, 3, 6, 7; bottom left 8, 9, 12, 13; nothing known at the bottom right.
    np.testing.assert_allclose(small.picture[:, :, 0], [[10 / 3, 4.5], [10.5, 0]], rtol=1e-6)
    assert small.mask.tolist() == [[False, False], [False, True]]
    assert small.whole.tolist() == [[False, True], [True, False]]


def test_sides_are_mirrored_up_to_the_multiple() -> None:
    small = shrink(np.array([[[1], [2], [3]]], np.float32), np.zeros((1, 3), bool), 2, multiple=2)
    # 1 2 3 | 3, in rows that are all alike: means 1.5 and 3; and twice two rows.
    assert small.picture[:, :, 0].tolist() == [[1.5, 3.0], [1.5, 3.0]]


def test_attention_takes_known_blocks_only_and_sums_to_one() -> None:
    picture, whole = grain(48, 64), ~hole_in(48, 64)
    attention = attend_blocks(picture, whole, 8)
    assert attention.shape == (48, 6, 8)
    incomplete = ~whole.reshape(6, 8, 8, 8).all(axis=(1, 3)).ravel()
    assert incomplete.any()
    assert not attention[incomplete].any()
    np.testing.assert_allclose(attention.sum(axis=0), 1, rtol=1e-5)


def test_attention_is_the_softmax_of_cosines() -> None:
    picture = grain(4, 8)
    blocks = [
        picture[2 * r : 2 * r + 2, 2 * c : 2 * c + 2] - picture.mean(axis=(0, 1)) for r in (0, 1) for c in range(4)
    ]
    scores = np.array([[np.vdot(a, b) / np.sqrt(np.vdot(a, a) * np.vdot(b, b)) for b in blocks] for a in blocks])
    shares = np.exp(10 * scores) / np.exp(10 * scores).sum(axis=0)
    np.testing.assert_allclose(attend_blocks(picture, np.ones((4, 8), bool), 2), shares.reshape(8, 2, 4), rtol=1e-4)


def test_where_no_block_is_known_nothing_is_mixed() -> None:
    assert not attend_blocks(grain(8, 8), np.zeros((8, 8), bool), 4).any()


def test_a_mixture_of_half_known_blocks_keeps_their_mean() -> None:
    # Both blocks of one small pixel are mixed half and half; of the second the left column is missing. The detail of a
    # left pixel comes from the first block alone, that of a right one from both.
    image = np.array([[0.2, 0.4, 0.0, 0.6], [0.2, 0.4, 0.0, 0.6]], np.float32)[:, :, None]
    mask = np.zeros((2, 4), bool)
    mask[:, 2] = True
    filled = np.full((1, 2, 1), 0.5, np.float32)
    halves = np.full((2, 1, 2), 0.5, np.float32)
    result = aggregate_residuals(image, mask, filled, 2, lambda cells: mix_blocks(cells, halves))
    np.testing.assert_allclose(result[:, 2, 0], 0.2, atol=1e-6)  # 0.5 + (0.2 - 0.5)


def test_offsets_lead_from_the_hole_to_known_pixels_that_look_alike() -> None:
    stripes = np.tile(np.repeat([0.2, 0.8], 4), (48, 6)).astype(np.float32)[:, :, None]
    whole = ~hole_in(48, 48)
    places = find_offsets(stripes, whole, np.random.default_rng(0))
    assert whole[places[:, :, 0], places[:, :, 1]].all()
    assert np.array_equal(places[whole], np.argwhere(whole))
    np.testing.assert_allclose(copy_cells(stripes, places), stripes, atol=1e-6)


def test_where_no_whole_patch_is_known_every_pixel_keeps_its_own_place() -> None:
    whole = np.zeros((20, 20), bool)
    whole[::3, ::3] = True
    places = find_offsets(grain(20, 20), whole, np.random.default_rng(0))
    assert np.array_equal(places, np.argwhere(np.ones((20, 20))).reshape(20, 20, 2))


@MIXTURES
def test_values_under_the_mask_are_never_read(blocks: bool) -> None:
    image, mask = grain(90, 80), hole_in(90, 80)
    spoilt = np.where(mask[:, :, None], np.float32(np.nan), image)
    first, second = (
        inpaint_residual_aggregation(given, mask, longest_px=30, blocks=blocks) for given in (image, spoilt)
    )
    assert np.array_equal(first[mask], second[mask])


def test_a_constant_picture_stays_constant() -> None:
    image = np.full((70, 70, 1), 0.3, np.float32)
    np.testing.assert_allclose(inpaint_residual_aggregation(image, hole_in(70, 70), longest_px=20), 0.3, atol=1e-5)


def test_a_picture_that_is_small_already_is_filled_as_it_is() -> None:
    image, mask = weave(48, 40), hole_in(48, 40)
    filled = inpaint_residual_aggregation(image, mask, fill=inpaint_harmonic)
    np.testing.assert_array_equal(filled, inpaint_harmonic(image, mask))


def test_an_empty_mask_changes_nothing() -> None:
    image = grain(30, 30)
    assert np.array_equal(inpaint_residual_aggregation(image, np.zeros((30, 30), bool), longest_px=10), image)


def test_damage_thinner_than_a_small_pixel_needs_no_fill() -> None:
    def never(image: Image, mask: Mask) -> Image:
        raise AssertionError

    image, mask = grain(64, 64), np.zeros((64, 64), bool)
    mask[:, 30] = True
    assert np.isfinite(inpaint_residual_aggregation(image, mask, fill=never, longest_px=16)).all()


def test_the_same_seed_gives_the_same_bytes_and_progress_can_cancel() -> None:
    def cancel(done: int, total: int) -> None:
        raise Cancelled

    image, mask = grain(90, 80), hole_in(90, 80)
    one, two = (
        inpaint_residual_aggregation(image, mask, longest_px=40, rng=np.random.default_rng(5)) for _ in range(2)
    )
    assert one.tobytes() == two.tobytes()
    with pytest.raises(Cancelled):
        inpaint_residual_aggregation(image, mask, longest_px=40, progress=cancel)


def test_it_starts_without_torch() -> None:
    code = "import sys, retouch.classical.exemplar.residual_aggregation as _; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_makes_no_sense_is_refused() -> None:
    image, mask = grain(32, 32), hole_in(32, 32)
    with pytest.raises(InputError, match="longest_px must be at least 1"):
        inpaint_residual_aggregation(image, mask, longest_px=0)
    with pytest.raises(InputError, match="fill what shrink returns"):
        aggregate_residuals(image, mask, np.zeros((4, 4, 3), np.float32), 4, lambda cells: cells)
    with pytest.raises(InputError, match="divide 9x9 small pixels evenly"):
        mix_blocks(np.zeros((9, 9, 1), np.float32), np.zeros((4, 2, 2), np.float32))
