"""The package starts light: nothing heavy is imported before it is needed."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from tests.tiny_graphs import denoiser, filler

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


@pytest.mark.parametrize(
    "command", [["--version"], ["--help"], ["fill", "--help"], ["denoise", "--help"], ["methods"], ["nets"]]
)
def test_help_and_version_load_no_array_package(command: list[str]) -> None:
    code = (
        "import sys\nfrom retouch.cli.__main__ import main\n"
        f"code = main({command!r})\n"
        "heavy = {'numpy', 'numba', 'cv2', 'scipy', 'PIL', 'rich', 'jaxtyping'} & set(sys.modules)\n"
        "sys.exit(code or len(heavy))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(find_spec("torch") is None, reason="needs torch, or its absence proves nothing")
@pytest.mark.parametrize(
    "command",
    [
        [],
        ["fill", "in.png", "--mask", "mask.png", "-o", "out.png"],
        ["denoise", "in.png", "--sigma", "25", "-o", "out.png"],
        ["fill", "in.png", "--mask", "mask.png", "-o", "out.png", "--method", "net:mean.onnx"],
        ["denoise", "in.png", "--sigma", "25", "-o", "out.png", "--method", "net:blur.onnx"],
    ],
    ids=["import retouch", "fill", "denoise", "fill with a network", "denoise with a network"],
)
def test_the_everyday_product_never_imports_torch(command: list[str], tmp_path: Path) -> None:
    """The mask has a line and a square, so that the fill interpolates the one and composes the other of patches."""
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    mask = np.zeros((60, 80), np.uint8)
    mask[5:7, 5:75] = mask[20:50, 20:50] = 255
    PillowImage.fromarray(image).save(tmp_path / "in.png")
    PillowImage.fromarray(mask).save(tmp_path / "mask.png")
    filler(tmp_path / "mean.onnx")
    denoiser(tmp_path / "blur.onnx")
    code = (
        "import sys, retouch\n"
        f"command = {command!r}\n"
        "if command:\n"
        "    from retouch.cli.__main__ import main\n"
        "    assert main(command) == 0\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.png").exists() == bool(command)
