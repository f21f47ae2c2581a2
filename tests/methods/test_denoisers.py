"""The catalogue of denoisers: complete, resolvable, light, and its options read like those of the methods."""

from __future__ import annotations

import inspect
import subprocess
import sys

import numpy as np
import pytest

from retouch.errors import UsageError
from retouch.methods.denoisers import DENOISERS, DenoiserInfo, denoiser_names, find_denoiser, load_denoiser
from retouch.methods.options import check_options, options_of, parse_options

every_denoiser = pytest.mark.parametrize("info", DENOISERS, ids=lambda info: info.name)


@every_denoiser
def test_every_entry_leads_to_a_function_of_its_name(info: DenoiserInfo) -> None:
    assert load_denoiser(info).__name__ == f"denoise_{info.name}"


@every_denoiser
def test_every_denoiser_has_the_one_signature(info: DenoiserInfo) -> None:
    parameters = inspect.signature(load_denoiser(info)).parameters.values()
    names = [p.name for p in parameters]
    assert (names[:2], names[-1]) == (["image", "sigma"], "progress")
    assert all(p.kind is p.KEYWORD_ONLY and p.default is not p.empty for p in list(parameters)[2:])


@every_denoiser
def test_every_entry_is_filled_in(info: DenoiserInfo) -> None:
    assert info.summary.endswith(".")
    assert info.limits.endswith(".")
    assert info.paper


def test_names_are_unique_and_found() -> None:
    assert [find_denoiser(name) for name in dict.fromkeys(denoiser_names())] == list(DENOISERS)


def test_an_unknown_name_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(UsageError, match="unknown denoiser 'gausian'; did you mean 'gaussian'"):
        find_denoiser("gausian")


@every_denoiser
def test_every_option_is_described_and_takes_its_default(info: DenoiserInfo) -> None:
    assert [option.name for option in options_of(info) if not option.sentence] == []
    defaults = {option.name: option.default for option in options_of(info)}
    assert check_options(info, defaults) == defaults


@pytest.mark.parametrize(
    ("name", "pair", "value"),
    [
        ("median", "size_px=5", 5),
        ("gaussian", "radius_px=1.5", 1.5),
        ("gaussian", "radius_px=none", None),
        ("total_variation", "strength=0.08", 0.08),
    ],
)
def test_options_of_denoisers_are_read_from_text(name: str, pair: str, value: object) -> None:
    assert list(parse_options(find_denoiser(name), [pair]).values()) == [value]


def test_a_wrong_option_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match="'median': unknown option 'size'; did you mean 'size_px'"):
        parse_options(find_denoiser("median"), ["size=5"])


def test_a_python_value_of_the_wrong_type_is_refused() -> None:
    with pytest.raises(UsageError, match="'size_px' of method 'median' must be a whole number"):
        check_options(find_denoiser("median"), {"size_px": np.float64(2.5)})


def test_importing_the_catalogue_imports_no_array_package() -> None:
    code = (
        "import sys, retouch.methods.denoisers\n"
        "print(sorted({'numpy', 'numba', 'cv2', 'scipy', 'PIL', 'rich', 'jaxtyping'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
