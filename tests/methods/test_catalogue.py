"""The catalogue: complete, resolvable and light."""

from __future__ import annotations

import subprocess
import sys

import pytest

from retouch.errors import UsageError
from retouch.methods.catalogue import CATALOGUE, MethodInfo, find_method, load_method, method_names


@pytest.mark.parametrize("info", CATALOGUE, ids=lambda info: info.name)
def test_every_entry_leads_to_a_function_of_its_name(info: MethodInfo) -> None:
    assert load_method(info).__name__ == f"inpaint_{info.name}"


@pytest.mark.parametrize("info", CATALOGUE, ids=lambda info: info.name)
def test_every_entry_is_filled_in(info: MethodInfo) -> None:
    assert info.summary.endswith(".")
    assert info.limits.words.endswith(".")
    assert info.paper
    assert info.limits.bytes_per_pixel > 0
    assert 0 < info.context.least_px <= info.context.most_px


def test_names_are_unique() -> None:
    assert len(set(method_names())) == len(CATALOGUE)


def test_an_unknown_name_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(UsageError, match="did you mean 'harmonic'"):
        find_method("harmonc")


def test_importing_the_catalogue_imports_no_array_package() -> None:
    code = (
        "import sys, retouch, retouch.methods.catalogue, retouch.cli.app, retouch.cli.method_pages\n"
        "print(sorted({'numpy', 'numba', 'cv2', 'scipy', 'PIL', 'rich', 'jaxtyping'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
