"""Every command and every piece of Python on the pages of the project runs as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks.run import parse_arguments
from retouch.nets.catalogue.listing import build_preset, find_net, find_preset

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "benchmarks/README.md",
    *sorted(f"docs/{p.name}" for p in ROOT.glob("docs/*.md")),
]
NEEDS_NETWORK = {"pip install ."}
"""Commands that tests cannot run; what `make demo` and `make test` install is the same."""

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(language: str) -> list[Any]:
    """Return every fenced block of that language, named by its page and line."""
    found = []
    for page in PAGES:
        text = (ROOT / page).read_text()
        for match in _BLOCK.finditer(text):
            if match[1] == language:
                line = text.count("\n", 0, match.start()) + 1
                found.append(pytest.param(match[2], id=f"{page}:{line}"))
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the picture and the mask that the pages speak of."""
    rows, columns = np.mgrid[:72, :96]
    photo = np.stack([rows * 3, columns * 2, (rows // 8 + columns // 8) % 2 * 200], axis=2).astype(np.uint8)
    mask = np.zeros((72, 96), np.uint8)
    mask[20:40, 30:55] = 255
    mask[60:62, 5:90] = 255
    Image.fromarray(photo).save(tmp_path / "photo.jpg", quality=90)
    Image.fromarray(mask).save(tmp_path / "mask.png")
    Image.fromarray(1 + (np.arange(96) >= 48).astype(np.uint8) * np.ones((72, 1), np.uint8)).save(
        tmp_path / "labels.png"
    )
    Image.fromarray(255 * (np.arange(96) == 44).astype(np.uint8) * np.ones((72, 1), np.uint8)).save(
        tmp_path / "strokes.png"
    )
    streets = np.full((72, 96, 3), (128, 64, 128), np.uint8)  # road, with a car on it, in CamVid's colours
    streets[40:56, 40:60] = (64, 0, 128)
    Image.fromarray(streets).save(tmp_path / "streets.png")
    return tmp_path


def write_checkpoint(file: Path) -> None:
    """Write what stands for the authors' checkpoint of the page on networks: the right tensors, not trained."""
    torch = pytest.importorskip("torch")
    torch.save(build_preset(find_preset(find_net("dncnn"), "full")).state_dict(), file)


def run_line(line: str, folder: Path) -> None:
    """Run a `retouch` command in the folder; check of the others that what they name exists."""
    words = [word for word in shlex.split(line, comments=True) if not re.fullmatch(r"[A-Z_]+=\S*", word)]
    if words[0] == "make":
        subprocess.run(["make", "--dry-run", *words[1:]], cwd=ROOT, check=True, capture_output=True)
    elif words[0].startswith("scripts/"):
        named = [word for word in words if "/" in word]
        assert all((ROOT / name).exists() for name in named), named
    elif words[1:3] == ["-m", "benchmarks.run"]:
        parse_arguments(words[3:])
    else:
        assert words[0] == "retouch", f"nothing here knows how to run {line!r}"
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        shell = ["bash", "-eu", "-o", "pipefail", "-c", line]
        done = subprocess.run(shell, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stderr.decode()}"


@pytest.mark.parametrize("block", blocks("sh"))
def test_every_command_runs(block: str, folder: Path) -> None:
    lines = [line for line in block.splitlines() if line.strip() and not line.startswith("#")]
    assert lines
    if "dncnn_25.pth" in block:
        write_checkpoint(folder / "dncnn_25.pth")
    for line in lines:
        if line not in NEEDS_NETWORK:
            run_line(line, folder)


@pytest.mark.parametrize("block", blocks("python"))
def test_every_piece_of_python_runs(block: str, folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", block], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_blocks_that_are_not_run_hold_no_commands() -> None:
    """A block without a language is a picture of something; a command in it would escape these tests."""
    plain = [match[2] for page in PAGES for match in _BLOCK.finditer((ROOT / page).read_text()) if match[1] == ""]
    assert not [text for text in plain if re.search(r"^(\$ )?(retouch|make|pip|python) ", text, re.MULTILINE)]


def test_all_languages_of_blocks_are_known() -> None:
    languages = {match[1] for page in PAGES for match in _BLOCK.finditer((ROOT / page).read_text())}
    assert languages <= {"sh", "python", ""}
