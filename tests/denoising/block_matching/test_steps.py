"""A whole step against its definition: patch by patch, in float64, without anything that the columns share."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from retouch.arrays.types import AnyArray
from retouch.denoising.block_matching.profiles import Step
from retouch.denoising.block_matching.steps import count_bands, run_step
from retouch.denoising.block_matching.transforms import make_transform
from retouch.denoising.patches.grouping import Matching, find_groups, reference_grid

SIGMA = 0.1
HARD = Step("bior1.5", 3, 2.5, Matching(8, 6, 8, 0.03, powers_of_two=True))
SOFT = Step("dct", 4, 0.9, Matching(7, 5, 4, 0.01, powers_of_two=True), kaiser_beta=1.5)


def picture(shape: tuple[int, int, int], seed: int = 0) -> AnyArray:
    waves = np.sin(np.arange(shape[2]) / 3) * np.cos(np.arange(shape[1]) / 5)[:, None]
    return (waves + SIGMA * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def haar(stack: AnyArray) -> AnyArray:
    """Transform along the first axis, pairs of neighbours first."""
    if len(stack) == 1:
        return stack
    even, odd = stack[::2], stack[1::2]
    return np.concatenate([haar((even + odd) / np.sqrt(2)), (even - odd) / np.sqrt(2)])


def spectrum(plane: AnyArray, places: list[tuple[int, int]], step: Step) -> AnyArray:
    forward, size = make_transform(step.transform, step.matching.patch_px).forward.astype(float), step.matching.patch_px
    return haar(np.stack([forward @ plane[y : y + size, x : x + size] @ forward.T for y, x in places]))


def filter_plainly(step: Step, planes: AnyArray, pilot: AnyArray | None, sigmas: list[float]) -> AnyArray:
    """Run a step as the paper tells it."""
    size, (_, height, width) = step.matching.patch_px, planes.shape
    pairs = itertools.product(*(reference_grid(length, size, step.step_px).tolist() for length in (height, width)))
    tops, lefts = np.array(list(pairs)).T
    guide = planes if pilot is None else pilot
    groups = find_groups(guide[0][:, :, None], tops, lefts, step.matching, 1)
    window = np.outer(*[np.kaiser(size, step.kaiser_beta)] * 2)
    inverse = np.linalg.inv(make_transform(step.transform, size).forward.astype(float))
    numerator, denominator = np.zeros(planes.shape), np.zeros(planes.shape)
    for r, n in enumerate(groups.counts):
        places = list(zip(groups.tops[r, :n].tolist(), groups.lefts[r, :n].tolist(), strict=True))
        back = np.linalg.inv(haar(np.eye(n)))
        for c, sigma in enumerate(sigmas):
            noisy = spectrum(planes[c].astype(float), places, step)
            if pilot is None:
                factors = (np.abs(noisy) > step.strength * sigma).astype(float)
            else:
                power = spectrum(pilot[c].astype(float), places, step) ** 2
                factors = power / (power + step.strength * sigma**2)
            factors[0, 0, 0] = 1
            weight = window / (factors**2).sum()
            for (y, x), patch in zip(places, np.tensordot(back, factors * noisy, 1), strict=True):
                numerator[c, y : y + size, x : x + size] += weight * (inverse @ patch @ inverse.T)
                denominator[c, y : y + size, x : x + size] += weight
    return numerator / denominator


def white(sigmas: list[float]) -> AnyArray:
    """White noise in the words of `run_step`."""
    return np.asarray([[[sigma**2]] for sigma in sigmas], np.float32)


def run(step: Step, planes: AnyArray, pilot: AnyArray | None = None) -> AnyArray:
    return run_step(step, planes, pilot, white([SIGMA] * len(planes)), lambda: None)


@pytest.mark.parametrize("shape", [(1, 40, 37), (3, 21, 24), (1, 8, 8)], ids=str)
@pytest.mark.parametrize("step", [HARD, SOFT], ids=["thresholds", "factors"])
def test_a_step_is_what_the_paper_tells(shape: tuple[int, int, int], step: Step) -> None:
    planes = picture(shape)
    pilot = None if step is HARD else picture(shape, seed=1)
    sigmas = [SIGMA * (c + 1) for c in range(shape[0])]
    result = run_step(step, planes, pilot, white(sigmas), lambda: None)
    np.testing.assert_allclose(result, filter_plainly(step, planes, pilot, sigmas), atol=2e-5)


def test_a_period_that_is_the_step_of_the_grid_is_kept() -> None:
    """Moved round by the step of the grid, the interior moves with it; the outermost patches reach 8 + 2 * 6 pixels."""
    planes = picture((1, 66, 66))
    moved = np.roll(planes, (3, 3), axis=(1, 2))
    interior = slice(30, 40)
    expected = run(HARD, planes)[0, interior, interior]
    np.testing.assert_allclose(run(HARD, moved)[0, 33:43, 33:43], expected, atol=1e-5)


def test_with_hardly_any_noise_the_picture_stays() -> None:
    planes = picture((1, 30, 30))
    for step, pilot in ((HARD, None), (SOFT, planes)):
        result = run_step(step, planes, pilot, white([1e-6]), lambda: None)
        np.testing.assert_allclose(result, planes, atol=1e-5)


def test_any_number_of_threads_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    planes = picture((1, 70, 40))
    assert count_bands(HARD, 70) == 3  # (70 - 8) / 3 + 1 rows of the grid and the last, eight to a band
    monkeypatch.setenv("RETOUCH_THREADS", "1")
    alone = run(HARD, planes)
    monkeypatch.setenv("RETOUCH_THREADS", "3")
    np.testing.assert_array_equal(run(HARD, planes), alone)


def test_each_band_ticks_once() -> None:
    ticks: list[int] = []
    run_step(SOFT, picture((1, 50, 20)), picture((1, 50, 20)), white([SIGMA]), lambda: ticks.append(1))
    assert len(ticks) == count_bands(SOFT, 50) == 2  # (50 - 7) / 4 + 1 rows and the last
