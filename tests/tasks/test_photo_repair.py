"""Photographs repaired: scratches found and filled, faces left alone, nothing else touched unless it is asked for."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from PIL import Image as PillowImage
from tests.tasks.scenes import shapes

from retouch.arrays.regions import dilate_mask
from retouch.arrays.types import AnyArray, Mask
from retouch.errors import InputError, UsageError
from retouch.tasks.door import restore_photo
from retouch.tasks.doubtful_damage import without_doubtful
from retouch.tasks.fading import correct_fading, from_linear, to_linear
from retouch.tasks.photo_repair import Repair


def scratched() -> tuple[AnyArray, AnyArray, Mask]:
    """Return a grainy ground with two white scratches of 2 px, the ground, and where the scratches are."""
    ground = shapes().ground
    drawn = np.zeros(ground.shape[:2], np.uint8)
    cv2.line(drawn, (10, 15), (150, 60), 1, 2)
    cv2.line(drawn, (30, 110), (90, 20), 1, 2)
    photo = ground.copy()
    photo[drawn > 0] = 245
    return photo, ground, drawn > 0


def test_scratches_are_found_and_filled_and_no_other_pixel_changes() -> None:
    photo, ground, damage = scratched()
    done = restore_photo(photo, denoise=0.0)
    assert (done.mask & damage).sum() >= 0.95 * damage.sum()
    np.testing.assert_array_equal(done.picture[~done.mask], photo[~done.mask])
    before, after = (np.abs(p[damage].astype(float) - ground[damage]).mean() for p in (photo, done.picture))
    assert after < before / 10
    assert "scratches and specks" in done.status[0]


def test_nothing_found_is_said_and_with_no_other_step_nothing_changes() -> None:
    ground = np.full((60, 80, 3), 120, np.uint8)
    done = restore_photo(ground, denoise=0.0)
    np.testing.assert_array_equal(done.picture, ground)
    assert "no scratches were found" in done.status[0]
    assert done.report is None


def test_noise_is_taken_by_the_share_that_is_asked_for() -> None:
    """White noise of 12 levels; half of the level leaves more of it than the whole level does."""
    clean = cv2.GaussianBlur(shapes().ground, (0, 0), 3)
    noisy = (clean + np.random.default_rng(1).normal(0, 12, clean.shape)).clip(0, 255).astype(np.uint8)
    left = {
        share: float((restore_photo(noisy, scratches=False, denoise=share).picture.astype(float) - clean).std())
        for share in (0.5, 1.0)
    }
    assert left[1.0] < left[0.5] < 0.8 * float((noisy.astype(float) - clean).std())


def test_each_step_says_what_it_did() -> None:
    photo, _, _ = scratched()
    done = restore_photo(photo, fade=True)
    assert "scratches and specks" in done.status[0]
    assert "full range" in done.status[-1]
    assert json.loads(json.dumps(done.provenance))["repair"]["fade"] is True


def test_a_tiny_photo_keeps_its_noise_and_says_so() -> None:
    done = restore_photo(np.full((20, 20), 90, np.uint8), scratches=False)
    assert "too small to tell its noise" in done.status[0]


@pytest.mark.parametrize("mode", ["CMYK", "1"])
def test_fading_of_other_colours_is_left_and_said_to_be(mode: str) -> None:
    picture = PillowImage.fromarray(shapes().ground).convert(mode)
    done = restore_photo(picture, scratches=False, denoise=0.0, fade=True)
    assert f"left in this {mode} picture" in done.status[-1]
    np.testing.assert_array_equal(np.asarray(done.picture), np.asarray(picture))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_depth_and_alpha_are_kept(dtype: str) -> None:
    photo, _, _ = scratched()
    scale = {"uint8": 1, "uint16": 257, "float32": np.float32(1 / 255)}[dtype]
    values = np.dstack([photo, np.full(photo.shape[:2], 77, np.uint8)]).astype(dtype) * np.array(scale).astype(dtype)
    done = restore_photo(values, fade=True)
    assert done.picture.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(done.picture[:, :, 3], values[:, :, 3])
    assert done.mask.any()


def test_an_eye_is_left_alone_and_a_scratch_beside_it_is_not() -> None:
    """A dark ellipse of 14 x 7 px is what an eye looks like; the light line through it stays damage."""
    image = np.full((80, 120, 1), 0.6, np.float32)
    eye, line = np.zeros((80, 120), np.uint8), np.zeros((80, 120), np.uint8)
    cv2.ellipse(eye, (60, 40), (7, 4), 0, 0, 360, 1, -1)
    cv2.line(line, (5, 30), (115, 38), 1, 2)
    image[eye > 0] = 0.1
    image[line > 0] = 0.95
    damage = dilate_mask((eye | line) > 0, 1)
    kept = without_doubtful(image, damage)
    assert kept.n_left == 1
    assert not kept.mask[42:44, 56:65].any()
    assert kept.mask[line > 0].mean() > 0.95


def test_all_damage_is_filled_where_that_is_wanted() -> None:
    photo = shapes().ground.copy()
    photo[50:54, 70:80] = 5
    assert not restore_photo(photo, denoise=0.0).mask.any()
    assert restore_photo(photo, denoise=0.0, all_damage=True).mask[51, 75]


def test_what_was_faded_and_tinted_in_linear_light_comes_back() -> None:
    """Each channel was shrunk to a span of its own in linear light; the same span taken back gives the ramp again."""
    ramp = np.linspace(0, 1, 2001)
    light = to_linear(ramp)
    spans = ((0.1, 0.5), (0.05, 0.45), (0.02, 0.6))
    faded = np.stack([from_linear(low + (high - low) * light) for low, high in spans], axis=1)
    back = correct_fading(faded[None].astype(np.float32))
    middle = slice(100, 1900)  # beyond the percentiles values are clipped
    np.testing.assert_allclose(back[0, middle, 0], ramp[middle], atol=0.015)
    assert np.ptp(back[0], axis=1).max() < 0.015  # grey again


def test_the_range_is_measured_beside_the_damage() -> None:
    """A tenth of the pixels is white damage; with it the range would end at 1 and hardly anything be stretched."""
    image = np.linspace(0, 0.6, 1000, dtype=np.float32).reshape(20, 50, 1).copy()
    damaged = np.zeros((20, 50), bool)
    damaged[:, ::10] = True
    image[damaged] = 1
    assert correct_fading(image, damaged)[~damaged].max() == 1
    assert correct_fading(image)[~damaged].max() < 0.65


def test_an_even_channel_stays_and_no_channel_is_stretched_without_bound() -> None:
    even = np.full((8, 8, 3), 0.3, np.float32)
    np.testing.assert_allclose(correct_fading(even), even, atol=1e-6)
    dim = np.linspace(0, 0.1, 1000, dtype=np.float32).reshape(20, 50, 1)
    assert to_linear(correct_fading(dim)).max() <= 4 * float(to_linear(np.array(0.1))) + 1e-6


def test_the_curve_of_srgb_runs_through_its_published_values() -> None:
    """IEC 61966-2-1: linear light of 0.5 is 0.2140; both pieces meet at 0.04045."""
    assert float(to_linear(np.array(0.5))) == pytest.approx(0.21404, abs=1e-5)
    values = np.linspace(0, 1, 101)
    np.testing.assert_allclose(from_linear(to_linear(values)), values, atol=1e-6)


def test_what_cannot_be_done_is_refused() -> None:
    with pytest.raises(UsageError, match="share of noise"):
        Repair(denoise_share=1.5)
    with pytest.raises(UsageError, match="nothing is left to do"):
        Repair(scratches=False, denoise_share=0.0, fade=False)
    with pytest.raises(InputError, match="region"):
        restore_photo(np.zeros((40, 40), np.uint8), region=(0, 0, 99, 9))
