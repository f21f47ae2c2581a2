"""`retouch denoise`: what it writes, what it prints, and what it refuses, each in one line with its exit code."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

import retouch
from retouch.arrays.types import AnyArray
from retouch.cli.__main__ import main

SIGMA = 25 / 255


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with a noisy ramp in colour, with alpha, in 16 bits, and files that are no picture."""
    monkeypatch.chdir(tmp_path)
    truth = np.broadcast_to(np.linspace(50, 200, 80)[None, :, None], (60, 80, 4))
    noisy = truth + 25 * np.random.default_rng(0).standard_normal(truth.shape)
    image = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    PillowImage.fromarray(image[:, :, :3]).save("in.png", dpi=(300, 300))
    PillowImage.fromarray(image).save("layer.png")
    PillowImage.fromarray(image[:, :, 0].astype(np.uint16) * 257).save("deep.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "in.png").read_bytes()[:3000])
    PillowImage.fromarray(image[:31, :31, 0]).save("tiny.png")
    (tmp_path / "words.png").write_text("this is no picture")
    return tmp_path


def run(line: str) -> int:
    return main(line.split())


def read(name: str) -> AnyArray:
    return np.asarray(PillowImage.open(name))


def mode_and_dpi(name: str) -> tuple[str, Any]:
    with PillowImage.open(name) as image:
        return image.mode, image.info.get("dpi")


def test_denoise_writes_what_the_python_door_returns(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("denoise in.png --sigma 25 -o out.png") == 0
    np.testing.assert_array_equal(read("out.png"), retouch.denoise(read("in.png"), SIGMA))
    assert capsys.readouterr() == ("", "")


def test_method_and_options_are_taken(folder: Path) -> None:
    assert run("denoise in.png --sigma 25 -o out.png --method gaussian --option radius_px=2.5") == 0
    expected = retouch.denoise(read("in.png"), SIGMA, method="gaussian", radius_px=2.5)
    np.testing.assert_array_equal(read("out.png"), expected)


def test_no_noise_changes_no_value(folder: Path) -> None:
    for name in ("in", "layer", "deep"):
        assert run(f"denoise {name}.png --sigma 0 -o out.png") == 0
        assert mode_and_dpi("out.png") == mode_and_dpi(f"{name}.png")
        np.testing.assert_array_equal(read("out.png"), read(f"{name}.png"))


def test_alpha_and_resolution_stay(folder: Path) -> None:
    assert run("denoise layer.png --sigma 25 -o out.png") == 0
    np.testing.assert_array_equal(read("out.png")[:, :, 3], read("layer.png")[:, :, 3])
    assert run("denoise in.png --sigma 25 -o out.png") == 0
    assert mode_and_dpi("out.png")[1] == pytest.approx((300, 300), abs=0.01)


def test_16_bits_stay_16_bits(folder: Path) -> None:
    assert run("denoise deep.png --sigma 25 -o out.png") == 0
    assert mode_and_dpi("out.png")[0] == "I;16"
    np.testing.assert_array_equal(read("out.png"), retouch.denoise(read("deep.png").astype(np.uint16), SIGMA))


def test_json_is_one_object_on_standard_output(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("denoise in.png --sigma 12.5 -o out.png --method median --json --explain") == 0
    said = capsys.readouterr()
    report = json.loads(said.out)
    assert (report["image"], report["out"], report["method"], report["sigma_255"]) == (
        "in.png",
        "out.png",
        "median",
        12.5,
    )
    assert "median: noise of sigma 12.5 (of 255)" in said.err


def test_explain_says_what_was_done(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("denoise in.png --sigma 25 -o out.png --explain --method median") == 0
    assert capsys.readouterr().out.startswith("median: noise of sigma 25 (of 255) was taken from 80x60 pixels")


@pytest.mark.parametrize("arguments", ["", "--blind"])
def test_without_sigma_the_noise_is_told_from_the_picture(
    arguments: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The noise of the ramp is clipped at hardly a pixel: its sigma is 25."""
    assert run(f"denoise in.png -o out.png --explain --json {arguments}") == 0
    np.testing.assert_array_equal(read("out.png"), retouch.denoise(read("in.png")))
    said = capsys.readouterr()
    found = json.loads(said.out)["found"]
    assert found["kind"] == "white"
    assert found["sigma_255"] == pytest.approx(25, rel=0.1)
    assert len(found["by_channel_255"]) == 3
    assert said.err.startswith("found white noise of sigma 2")


def test_a_dash_reads_standard_input_and_writes_standard_output(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((folder / "in.png").read_bytes())))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(stream))
    assert run("denoise - --sigma 25 -o - --json") == 0
    piped = np.asarray(PillowImage.open(io.BytesIO(stream.getvalue())))
    np.testing.assert_array_equal(piped, retouch.denoise(read("in.png"), SIGMA))


def test_overwrite_allows_the_input_as_output(folder: Path) -> None:
    expected = retouch.denoise(read("in.png"), SIGMA)
    assert run("denoise in.png --sigma 25 -o in.png --overwrite") == 0
    np.testing.assert_array_equal(read("in.png"), expected)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("in.png --sigma 256 -o out.png", 2, "--sigma must be 0 to 255"),
        ("in.png --sigma -1 -o out.png", 2, "--sigma must be 0 to 255"),
        ("in.png --sigma nan -o out.png", 2, "--sigma must be 0 to 255"),
        ("in.png --sigma much -o out.png", 2, "--sigma"),
        ("in.png --sigma 25 --blind -o out.png", 2, "give one of them"),
        ("tiny.png -o out.png", 3, "--sigma"),
        ("in.png --sigma 25", 2, "see 'retouch denoise --help'"),
        ("in.png --sigma 25 -o out.png --method gausian", 2, "did you mean 'gaussian'"),
        ("in.png --sigma 25 -o out.png --method total_variation --option strenght=1", 2, "did you mean 'strength'"),
        ("in.png --sigma 25 -o out.png --method total_variation --option strength=x", 2, "a number or none, got 'x'"),
        ("in.png --sigma 25 -o out.png --max-memory lots", 2, "such as 2G"),
        ("in.png --sigma 25 -o in.png", 2, "--overwrite"),
        ("in.png --sigma 25 -o out.png --method median --option size_px=4", 3, "odd number"),
        ("cut.png --sigma 25 -o out.png", 3, "cut.png"),
        ("words.png --sigma 25 -o out.png", 3, "words.png"),
        ("absent.png --sigma 25 -o out.png", 3, "absent.png"),
        ("in.png --sigma 25 -o out.xyz", 3, ".xyz"),
        ("in.png --sigma 25 -o out.png --max-pixels 100", 5, "--max-pixels"),
        ("in.png --sigma 25 -o out.png --max-memory 50M", 5, "--max-memory"),
        ("in.png --sigma 25 -o absent/out.png", 6, "absent/out.png"),
        ("in.png --sigma 25 -o .", 6, "folder"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_its_exit_code(
    arguments: str, code: int, words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    given = run(f"denoise {arguments}")
    said = capsys.readouterr()
    assert (given, said.out, said.err.count("\n")) == (code, "", 1), said.err
    assert words in said.err
    assert "Traceback" not in said.err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_debug_shows_where_an_error_arose(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("denoise words.png --sigma 25 -o out.png --debug") == 3
    assert "Traceback" in capsys.readouterr().err
