"""Noise models: their variance at every level, what they share and what they refuse."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.arrays.types import AnyArray, Image
from retouch.degrade.noise.additive import add_gaussian, add_multivariate_gaussian, add_uniform
from retouch.degrade.noise.impulses import add_random_impulses, add_salt_and_pepper
from retouch.degrade.noise.protocols import add_noise, noise_rng
from retouch.degrade.noise.signal_dependent import (
    FORMS,
    add_heteroscedastic,
    add_poisson,
    add_poisson_gaussian,
    add_speckle,
)
from retouch.errors import InputError

LEVELS = [0.1, 0.3, 0.5, 0.7, 0.9]


def flat(level: float, n_channels: int = 1) -> Image:
    return np.full((512, 512, n_channels), level, np.float32)


def rng(seed: int = 0) -> np.random.Generator:
    return noise_rng(seed, 0)


# 512^2 draws tell a variance to 0.3 %.
MODELS: dict[str, tuple[Callable[[Image], Image], Callable[[float], float]]] = {
    "gaussian": (lambda x: add_gaussian(x, 0.2, rng=rng()), lambda _: 0.04),
    "uniform": (lambda x: add_uniform(x, 0.2, rng=rng()), lambda _: 0.04),
    "poisson of 30": (lambda x: add_poisson(x, 30.0, rng=rng()), lambda level: level / 30),
    "poisson of 255": (lambda x: add_poisson(x, 255.0, rng=rng()), lambda level: level / 255),
    "poisson gauss": (lambda x: add_poisson_gaussian(x, 30.0, 0.1, rng=rng()), lambda level: level / 30 + 0.01),
    "speckle": (lambda x: add_speckle(x, 0.3, rng=rng()), lambda level: (0.3 * level) ** 2),
    "variance": (lambda x: add_heteroscedastic(x, 0.16, 0.06, rng=rng()), lambda level: 0.16**2 * level + 0.06**2),
    "python_code": (
        lambda x: add_heteroscedastic(x, 0.1, 0.03, form="python_code", rng=rng()),
        lambda level: 0.1 * level + 0.03,
    ),
    "matlab_code": (
        lambda x: add_heteroscedastic(x, 0.16, 0.06, form="matlab_code", rng=rng()),
        lambda level: (0.16 * level) ** 2 + 0.06**2,
    ),
    # half of 40 % go to 0 and half to 1: the mean square of the change is 0.2 level^2 + 0.2 (1 - level)^2
    "salt and pepper": (
        lambda x: add_salt_and_pepper(x, 0.4, rng=rng()),
        lambda level: 0.2 * level**2 + 0.2 * (1 - level) ** 2,
    ),
    # a uniform value is off by 1 / 12 + (level - 1 / 2)^2 in the mean square
    "random impulses": (
        lambda x: add_random_impulses(x, 0.4, rng=rng()),
        lambda level: 0.4 * (1 / 12 + (level - 0.5) ** 2),
    ),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", MODELS)
def test_the_mean_squared_change_is_that_of_the_formula(name: str, level: float) -> None:
    model, variance = MODELS[name]
    change = model(flat(level)).astype(np.float64) - np.float32(level)
    assert np.mean(change**2) == pytest.approx(variance(level), rel=0.02)


@pytest.mark.parametrize("name", MODELS)
def test_inputs_stay_and_shape_and_dtype_are_kept(name: str) -> None:
    image = flat(0.5, 3)[:20, :30]
    image.flags.writeable = False
    result = MODELS[name][0](image)
    assert (result.shape, result.dtype) == (image.shape, image.dtype)
    np.testing.assert_array_equal(result, MODELS[name][0](image))


@pytest.mark.parametrize("name", MODELS)
def test_a_nan_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="finite"):
        MODELS[name][0](np.full((3, 3, 1), np.nan, np.float32))


def test_a_map_of_levels_gives_each_pixel_its_own() -> None:
    levels = np.where(np.arange(512) < 256, 0.1, 0.3) * np.ones((512, 1))
    noise = add_gaussian(flat(0.0), levels, rng=rng())
    assert noise[:, :256].std() == pytest.approx(0.1, rel=0.01)
    assert noise[:, 256:].std() == pytest.approx(0.3, rel=0.01)


def test_a_map_of_one_level_is_that_level() -> None:
    image = flat(0.5, 3)[:40, :50]
    expected = add_gaussian(image, 0.1, rng=rng())
    np.testing.assert_array_equal(add_gaussian(image, np.full((40, 50), 0.1), rng=rng()), expected)
    np.testing.assert_array_equal(add_gaussian(image, np.full(3, 0.1), rng=rng()), expected)


@pytest.mark.parametrize("sigma", [np.zeros(2), np.zeros((5, 4)), np.zeros((0,)), -0.1, np.array([0.1, 0.1, 2])])
def test_levels_of_another_shape_or_range_are_refused(sigma: float | AnyArray) -> None:
    with pytest.raises(InputError, match="sigma must be"):
        add_gaussian(np.zeros((4, 5, 3), np.float32), sigma, rng=rng())


def test_channels_share_their_noise_as_the_covariance_says() -> None:
    covariance = np.array([[0.04, 0.02, 0.0], [0.02, 0.03, -0.01], [0.0, -0.01, 0.02]])
    noise = add_multivariate_gaussian(flat(0.5, 3), covariance, rng=rng()) - 0.5
    np.testing.assert_allclose(np.cov(noise.reshape(-1, 3).T), covariance, atol=0.0004)


@pytest.mark.parametrize(
    "covariance", [np.eye(2), np.array([[1.0, 0, 0], [1, 1, 0], [0, 0, 1]]), np.diag([1.0, 1, -1])]
)
def test_what_is_no_covariance_is_refused(covariance: AnyArray) -> None:
    with pytest.raises(InputError, match="covariance must"):
        add_multivariate_gaussian(flat(0.5, 3)[:4, :4], covariance, rng=rng())


def test_salt_is_as_frequent_as_pepper_and_the_rest_stays() -> None:
    noisy = add_salt_and_pepper(flat(0.5), 0.3, rng=rng())
    shares = [float((noisy == value).mean()) for value in (0, 0.5, 1)]
    assert shares == pytest.approx([0.15, 0.7, 0.15], abs=0.004)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    for add in (add_salt_and_pepper, add_random_impulses):
        with pytest.raises(InputError, match="share of lost values must be 0 to 1"):
            add(flat(0.5), share, rng=rng())


@pytest.mark.parametrize("peak", [0.0, -1.0, float("nan"), float("inf")])
def test_a_peak_that_is_no_number_of_photons_is_refused(peak: float) -> None:
    with pytest.raises(InputError, match="peak must be a finite number"):
        add_poisson(flat(0.5), peak, rng=rng())


def test_a_form_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InputError, match=f"'variants'; did you mean '{FORMS[0]}'"):
        add_heteroscedastic(flat(0.5), 0.1, 0.1, form="variants", rng=rng())


@pytest.mark.parametrize("name", ["uniform", "poisson", "speckle"])
def test_protocols_have_the_sigma_asked_for_at_mid_grey(name: str) -> None:
    noise = add_noise(flat(0.5), name, 0.1, rng=rng()) - 0.5
    assert noise.std() == pytest.approx(0.1, rel=0.01)
