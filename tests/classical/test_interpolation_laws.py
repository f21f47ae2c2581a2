"""What every fill by diffusion or interpolation promises, over random pictures and masks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retouch.classical.diffusion.biharmonic import inpaint_biharmonic
from retouch.classical.diffusion.harmonic import inpaint_harmonic
from retouch.classical.diffusion.navier_stokes import inpaint_navier_stokes
from retouch.classical.diffusion.telea import inpaint_telea
from retouch.classical.diffusion.total_variation import inpaint_total_variation
from retouch.classical.nearest import inpaint_nearest
from retouch.classical.sparse.kriging import inpaint_kriging
from retouch.errors import Cancelled, InputError

Fill = Callable[..., np.ndarray]
FILLS: list[Fill] = [
    inpaint_nearest,
    inpaint_harmonic,
    inpaint_biharmonic,
    inpaint_total_variation,
    inpaint_telea,
    inpaint_navier_stokes,
    inpaint_kriging,
]
every_fill = pytest.mark.parametrize("fill", FILLS, ids=lambda f: f.__name__)
WITHIN_RANGE = [fill for fill in FILLS if fill not in (inpaint_biharmonic, inpaint_kriging)]  # these overshoot

SIZES = [(1, 1), (1, 2), (1, 19), (23, 1), (2, 2), (5, 3), (13, 17), (31, 16)]


def random_pair(seed: int, shape: tuple[int, int], n_channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Make a picture of noise and a mask of random density that leaves at least one pixel."""
    rng = np.random.default_rng(seed)
    image = rng.random((*shape, n_channels), dtype=np.float32)
    mask = rng.random(shape) < rng.random()
    mask[rng.integers(shape[0]), rng.integers(shape[1])] = False
    return image, mask


pairs = st.builds(random_pair, st.integers(0, 10**6), st.sampled_from(SIZES), st.integers(1, 5))


@every_fill
@settings(max_examples=30, deadline=None)
@given(pair=pairs)
def test_known_pixels_shape_and_dtype_stay_and_holes_become_finite(
    fill: Fill, pair: tuple[np.ndarray, np.ndarray]
) -> None:
    image, mask = pair
    result = fill(image, mask)
    assert result.dtype == np.float32
    assert result.shape == image.shape
    assert np.array_equal(result[~mask], image[~mask])
    assert ((result >= 0) & (result <= 1)).all()


@every_fill
@settings(max_examples=30, deadline=None)
@given(pair=pairs)
def test_what_lies_under_the_mask_is_never_read(fill: Fill, pair: tuple[np.ndarray, np.ndarray]) -> None:
    image, mask = pair
    garbage = image.copy()
    garbage[mask] = np.resize(np.array([np.nan, np.inf, -5, 1e30], np.float32), garbage[mask].shape)
    before = garbage.copy()
    assert fill(garbage, mask).tobytes() == fill(image, mask).tobytes()
    assert garbage.tobytes() == before.tobytes()  # and the input is left as it was


@every_fill
@settings(max_examples=30, deadline=None)
@given(pair=pairs, level=st.floats(0, 1, width=32))
@example(pair=random_pair(5563, (1, 19), 2), level=0.8125)  # a long march, on which Telea's rounding errors added up
def test_a_constant_picture_is_returned(fill: Fill, pair: tuple[np.ndarray, np.ndarray], level: float) -> None:
    image, mask = pair
    constant = np.full_like(image, level)
    np.testing.assert_allclose(fill(constant, mask), constant, rtol=0, atol=1e-6)


@pytest.mark.parametrize("fill", WITHIN_RANGE, ids=lambda f: f.__name__)
@settings(max_examples=30, deadline=None)
@given(pair=pairs)
def test_filled_pixels_lie_between_the_least_and_the_greatest_known_one(
    fill: Fill, pair: tuple[np.ndarray, np.ndarray]
) -> None:
    image, mask = pair
    result, known = fill(image, mask), image[~mask]
    assert (result >= known.min(axis=0) - 1e-5).all()
    assert (result <= known.max(axis=0) + 1e-5).all()


@every_fill
def test_an_empty_mask_returns_a_copy(fill: Fill) -> None:
    image = np.random.default_rng(0).random((7, 9, 3), dtype=np.float32)
    result = fill(image, np.zeros((7, 9), bool))
    assert np.array_equal(result, image)
    assert not np.shares_memory(result, image)


@every_fill
def test_a_full_mask_is_refused(fill: Fill) -> None:
    with pytest.raises(InputError, match="nothing is known"):
        fill(np.zeros((4, 4, 1), np.float32), np.ones((4, 4), bool))


@every_fill
def test_progress_ends_at_its_total_and_never_falls(fill: Fill) -> None:
    seen: list[tuple[int, int]] = []
    image, mask = random_pair(1, (40, 30), 3)
    fill(image, mask, progress=lambda done, total: seen.append((done, total)))
    done = [d for d, _ in seen]
    assert seen[-1][0] == seen[-1][1]
    assert done == sorted(done)
    assert len({total for _, total in seen}) == 1


@every_fill
def test_an_exception_from_progress_stops_the_work(fill: Fill) -> None:
    def cancel(_done: int, _total: int) -> None:
        raise Cancelled

    image, mask = random_pair(1, (40, 30), 3)
    with pytest.raises(Cancelled):
        fill(image, mask, progress=cancel)


@every_fill
def test_the_orientation_of_the_memory_does_not_matter(fill: Fill) -> None:
    image, mask = random_pair(4, (15, 22), 3)
    turned = np.asfortranarray(image)
    np.testing.assert_array_equal(fill(turned, np.asfortranarray(mask)), fill(image, mask))
