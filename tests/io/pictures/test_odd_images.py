"""The 32 odd files of ../shared/data/odd-images behave as their manifest says."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from retouch.errors import RetouchError
from retouch.io.pictures.reading import open_image

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "odd-images"
MANIFEST = FOLDER / "MANIFEST.tsv"
ROWS = list(csv.DictReader(MANIFEST.read_text().splitlines(), delimiter="\t")) if MANIFEST.exists() else []

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not ROWS, reason=f"{MANIFEST} is not there"),
]


def refusal(path: Path) -> str:
    """Return the message with which a file is refused, or nothing."""
    try:
        open_image(path)
    except RetouchError as error:
        return str(error)
    return ""


def fill_and_save(path: Path, folder: Path) -> None:
    """Read, fill some rows, save under the same name and read again."""
    picture = open_image(path)
    mask = np.zeros(picture.shape, bool)
    mask[::3] = True
    filled = picture.with_filled(1 - picture.to_float(), mask)
    filled.save(folder / path.name)
    again = open_image(folder / path.name)
    assert again.size == picture.size
    if picture.facts.lossless and again.facts.lossless:
        np.testing.assert_array_equal(again.pixels[~mask], picture.pixels[~mask])
        np.testing.assert_array_equal(again.pixels, filled.pixels)


@pytest.mark.parametrize("row", ROWS, ids=[row["file"] for row in ROWS])
def test_an_odd_file_behaves_as_its_manifest_says(
    row: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = FOLDER / row["file"]
    message = refusal(path)
    if not message:
        fill_and_save(path, tmp_path)
    assert row["expected"] in ("either", "clear error" if message else "processed")
    assert not message or (path.name in message and "\n" not in message)
    assert capfd.readouterr() == ("", "")


def test_all_of_them_are_there() -> None:
    assert len(ROWS) == 32


def test_a_position_is_not_passed_on(tmp_path: Path) -> None:
    """dev-exif-gps.jpg holds a GPS folder (tag 0x8825)."""
    from PIL import Image as PillowImage  # noqa: PLC0415

    picture = open_image(FOLDER / "dev-exif-gps.jpg")
    picture.save(tmp_path / "default.jpg")
    picture.save(tmp_path / "kept.jpg", keep_metadata=True)
    folders = {}
    for name in ("default", "kept"):
        with PillowImage.open(tmp_path / f"{name}.jpg") as image:
            folders[name] = bool(image.getexif().get_ifd(0x8825))
    assert folders == {"default": False, "kept": True}
