"""Odd and malformed pictures through `retouch fill`: each behaves as its manifest says."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from retouch.cli.__main__ import main
from retouch.errors import RetouchError
from retouch.io.pictures.reading import open_image

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "odd-images"
MANIFEST = FOLDER / "MANIFEST.tsv"


def read_manifest() -> list[dict[str, str]]:
    if not MANIFEST.exists():
        return []
    with MANIFEST.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def displayed_shape(path: Path) -> tuple[int, int] | None:
    """Return (height, width), or None where the file cannot be read."""
    try:
        return open_image(path).shape
    except RetouchError:
        return None


def write_mask(path: Path, shape: tuple[int, int]) -> None:
    mask = np.zeros(shape, np.uint8)
    mask[shape[0] // 3 : shape[0] // 2, shape[1] // 3 : shape[1] // 2] = 255
    PillowImage.fromarray(mask).save(path)


@pytest.mark.shared
@pytest.mark.skipif(not MANIFEST.exists(), reason="needs ../shared/data/odd-images")
def test_the_manifest_is_not_empty() -> None:
    assert len(read_manifest()) == 32


@pytest.mark.shared
@pytest.mark.parametrize("row", read_manifest(), ids=lambda row: row["file"])
def test_an_odd_picture_is_filled_or_refused_as_its_manifest_says(
    row: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, mask, out = FOLDER / row["file"], tmp_path / "mask.png", tmp_path / f"out{Path(row['file']).suffix}"
    shape = displayed_shape(source)
    write_mask(mask, shape or (64, 64))
    code = main(["fill", str(source), "--mask", str(mask), "-o", str(out), "--method", "harmonic"])
    said = capsys.readouterr().err
    expected = {"processed": [True], "clear error": [False], "either": [True, False]}[row["expected"]]
    assert (code == 0) in expected, said
    assert out.exists() == (code == 0)
    if code == 0:
        assert open_image(out).shape == shape
    else:
        assert code < 124
        assert said.count("\n") == 1
        assert row["file"] in said
        assert [path.name for path in tmp_path.iterdir()] == ["mask.png"]
