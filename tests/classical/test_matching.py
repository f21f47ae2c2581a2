"""The kernels of PatchMatch completion against plain numpy twins, and the laws of the search."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from skimage import data

from retouch.classical.exemplar.level_run import LevelRun, Settings
from retouch.classical.exemplar.levels import Level
from retouch.classical.exemplar.matching import measure_band, patch_cost, search_band, vote_band
from retouch.classical.exemplar.sources import as_bytes

HALF = 3
SIDE = 2 * HALF + 1


def cost_twin(target: np.ndarray, source: np.ndarray, at: tuple[int, int], there: tuple[int, int]) -> int:
    """Sum the squared differences of two patches of (H, W, C) uint8 pictures."""
    parts = [
        picture[y - HALF : y + HALF + 1, x - HALF : x + HALF + 1].astype(np.int64)
        for picture, (y, x) in ((target, at), (source, there))
    ]
    return int(((parts[0] - parts[1]) ** 2).sum())


def random_picture(seed: int, shape: tuple[int, int, int] = (24, 30, 3)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def rows_of(picture: np.ndarray) -> np.ndarray:
    return picture.reshape(len(picture), -1)


def inner(shape: tuple[int, ...]) -> np.ndarray:
    inside = np.full(shape[:2], -1, np.int32)
    inside[HALF : shape[0] - HALF, HALF : shape[1] - HALF] = 0
    return inside


def test_the_cost_of_two_patches_equals_its_twin() -> None:
    target, source = random_picture(0), random_picture(1)
    stride = target.shape[1] * 3
    for at, there in (((3, 3), (20, 26)), ((10, 15), (7, 4)), ((20, 3), (3, 26))):
        starts = [(y - HALF) * stride + (x - HALF) * 3 for y, x in (at, there)]
        found = patch_cost(target.ravel(), source.ravel(), (SIDE, SIDE * 3), (*starts, stride, stride), 2**31 - 1)
        assert found == cost_twin(target, source, at, there)


def test_a_cost_beyond_the_limit_is_only_said_to_be_beyond() -> None:
    target, source = random_picture(0), random_picture(1)
    found = patch_cost(target.ravel(), source.ravel(), (SIDE, SIDE * 3), (0, 0, 90, 90), 1000)
    assert 1000 < found < cost_twin(target, source, (3, 3), (3, 3))


def test_the_field_is_measured_as_by_its_twin() -> None:
    target, source = random_picture(2), random_picture(3)
    wanted = inner(target.shape)
    rng = np.random.default_rng(4)
    field = np.stack([rng.integers(HALF, 24 - HALF, (24, 30)), rng.integers(HALF, 30 - HALF, (24, 30))], axis=2)
    cost = np.full(wanted.shape, -1, np.int32)
    measure_band(rows_of(target), rows_of(source), wanted, field.astype(np.int32), cost, (HALF, 24 - HALF), HALF, 3)
    for y, x in np.argwhere(wanted >= 0)[::17]:
        assert cost[y, x] == cost_twin(target, source, (y, x), tuple(field[y, x]))
    assert (cost[wanted < 0] == -1).all()


def search_twin(field: np.ndarray, cost: np.ndarray, pictures: tuple[np.ndarray, np.ndarray]) -> None:
    """Propagate downwards and to the right, without any random search, in place."""
    height, width = cost.shape
    for y in range(HALF, height - HALF):
        for x in range(HALF, width - HALF):
            for dy, dx in ((1, 0), (0, 1)):
                if cost[y - dy, x - dx] < 0:
                    continue
                there = field[y - dy, x - dx] + (dy, dx)
                if not (HALF <= there[0] < height - HALF and HALF <= there[1] < width - HALF):
                    continue
                found = cost_twin(*pictures, (y, x), tuple(there))
                if found < cost[y, x]:
                    field[y, x], cost[y, x] = there, found


def test_a_sweep_without_random_search_equals_its_twin() -> None:
    target, source = random_picture(5), random_picture(6)
    source[5:20, 8:25] = target[2:17, 4:21]  # so that there is something to propagate
    wanted = inner(target.shape)
    rng = np.random.default_rng(7)
    field = np.stack([rng.integers(HALF, 21, (24, 30)), rng.integers(HALF, 27, (24, 30))], axis=2).astype(np.int32)
    cost = np.full(wanted.shape, -1, np.int32)
    whole = (HALF, 24 - HALF)
    measure_band(rows_of(target), rows_of(source), wanted, field, cost, whole, HALF, 3)
    twin_field, twin_cost = field.copy(), cost.copy()
    search_band(
        rows_of(target), rows_of(source), wanted, wanted, field, field.copy(), cost, whole, HALF, 3, True, 0, 1
    )  # fmt: skip
    search_twin(twin_field, twin_cost, (target, source))
    np.testing.assert_array_equal(field, twin_field)
    np.testing.assert_array_equal(cost, twin_cost)


@pytest.mark.parametrize("vote_px", [0, 1, HALF])
def test_a_vote_equals_the_mean_that_is_written_down(vote_px: int) -> None:
    rng = np.random.default_rng(8)
    source = rng.random((20, 22, 2), dtype=np.float32)
    picture = np.zeros_like(source)
    mask = rng.random((20, 22)) < 0.4
    weight = np.where(inner(source.shape) >= 0, rng.random((20, 22)), 0).astype(np.float32)
    field = np.stack([rng.integers(HALF, 17, (20, 22)), rng.integers(HALF, 19, (20, 22))], axis=2).astype(np.int32)
    vote_band(picture, source, mask, field, weight, (0, 20), HALF, vote_px)
    for y, x in np.argwhere(mask):
        cy, cx = np.clip(y, HALF, 19 - HALF), np.clip(x, HALF, 21 - HALF)
        voters = [
            (py, px)
            for py in range(max(cy - vote_px, y - HALF), min(cy + vote_px, y + HALF) + 1)
            for px in range(max(cx - vote_px, x - HALF), min(cx + vote_px, x + HALF) + 1)
            if 0 <= py < 20 and 0 <= px < 22 and weight[py, px] > 0
        ]
        votes = [source[tuple(field[p] + np.array([y, x]) - p)] for p in voters]
        np.testing.assert_allclose(picture[y, x], np.average(votes, axis=0, weights=[weight[p] for p in voters]), 1e-5)
    assert (picture[~mask] == 0).all()


def whole_picture_run(target: np.ndarray, source: np.ndarray, pool: ThreadPoolExecutor) -> LevelRun:
    """Make a run that seeks every patch of one picture in another of the same size, from a random field."""
    mask = np.zeros(target.shape[:2], bool)
    mask[HALF:-HALF, HALF:-HALF] = True
    known = np.ones_like(mask)
    level = Level(source, mask, known, np.zeros(mask.shape, np.int32))
    run = LevelRun(level, Settings(HALF, (), ()), HALF, pool)
    run.start(source.copy(), None, np.random.default_rng(0))
    run.picture = target.copy()
    return run


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return np.asarray(data.chelsea()[40:168, 100:228], np.float32) / 255


def test_no_sweep_raises_a_cost(photo: np.ndarray) -> None:
    with ThreadPoolExecutor(2) as pool:
        run = whole_picture_run(photo[::-1].copy(), photo, pool)
        run.search(np.random.default_rng(0), thorough=True)
        for round_ in range(4):
            before = run.cost.copy()
            run.search(np.random.default_rng(round_), thorough=round_ < 2)
            assert (run.cost <= before).all()


def test_after_five_rounds_the_mean_distance_is_within_15_percent_of_the_exact_one(photo: np.ndarray) -> None:
    """Figure of the specification; the exact neighbours of every 12th patch are found by trying all."""
    target = photo[::-1, ::-1].copy()
    with ThreadPoolExecutor(2) as pool:
        run = whole_picture_run(target, photo, pool)
        rng = np.random.default_rng(0)
        for _ in range(5):
            run.search(rng, thorough=True)
    windows = np.lib.stride_tricks.sliding_window_view(as_bytes(photo).reshape(photo.shape), (SIDE, SIDE), axis=(0, 1))
    patches = windows.reshape(-1, SIDE * SIDE * 3).astype(np.float64)
    squares = (patches**2).sum(axis=1)
    chosen = np.argwhere(run.wanted >= 0)[::12]
    mine = np.array([run.cost[y, x] for y, x in chosen], float)
    turned = np.lib.stride_tricks.sliding_window_view(as_bytes(target).reshape(photo.shape), (SIDE, SIDE), axis=(0, 1))
    wanted = np.stack([turned[y - HALF, x - HALF].ravel() for y, x in chosen]).astype(np.float64)
    exact = ((wanted**2).sum(axis=1)[:, None] + squares - 2 * wanted @ patches.T).min(axis=1)
    assert np.sqrt(mine).mean() <= 1.15 * np.sqrt(np.maximum(exact, 0)).mean()


def test_a_shifted_picture_gives_back_its_shift(photo: np.ndarray) -> None:
    shift = (5, -9)
    target = np.roll(photo, shift, axis=(0, 1))
    with ThreadPoolExecutor(2) as pool:
        run = whole_picture_run(target, photo, pool)
        rng = np.random.default_rng(1)
        for _ in range(5):
            run.search(rng, thorough=True)
    rows, columns = np.nonzero(run.wanted >= 0)
    away = (rows >= 5 + HALF) & (columns < photo.shape[1] - 9 - HALF)  # where what was shifted is still in the picture
    found = run.field[rows, columns] - np.stack([rows, columns], axis=1)
    assert (found[away] == (-5, 9)).all(axis=1).mean() > 0.95
