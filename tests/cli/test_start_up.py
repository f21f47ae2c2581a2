"""The package starts light: nothing heavy is imported before it is needed."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

import retouch


def test_the_version_is_the_installed_one() -> None:
    assert retouch.__version__ == version("retouch")


@pytest.mark.parametrize("name", retouch.__all__)
def test_every_public_name_exists(name: str) -> None:
    assert getattr(retouch, name) is not None
    assert name in dir(retouch)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'fil'"):
        retouch.fil  # noqa: B018


@pytest.mark.parametrize("command", [["--version"], ["--help"], ["fill", "--help"], ["methods"]])
def test_help_and_version_load_no_array_package(command: list[str]) -> None:
    code = (
        "import sys\nfrom retouch.cli.__main__ import main\n"
        f"code = main({command!r})\n"
        "heavy = {'numpy', 'numba', 'cv2', 'scipy', 'PIL', 'rich', 'jaxtyping'} & set(sys.modules)\n"
        "sys.exit(code or len(heavy))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0
