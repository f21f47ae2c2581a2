"""The commands: what they write, what they print, and what they refuse, each in one line with its exit code."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from retouch.arrays.types import AnyArray
from retouch.cli.__main__ import main
from retouch.methods.catalogue import method_names
from retouch.methods.denoisers import denoiser_names


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with a picture, a mask with a scratch and a hole, and masks that do not fit."""
    monkeypatch.chdir(tmp_path)
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    mask = np.zeros((60, 80), np.uint8)
    mask[5:8, 10:70] = mask[20:40, 30:50] = 255
    arrays = {"in": image, "mask": mask, "empty": mask * 0, "full": mask * 0 + 255, "other": mask[1:]}
    for name, array in arrays.items():
        PillowImage.fromarray(array).save(f"{name}.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "in.png").read_bytes()[:3000])
    (tmp_path / "words.png").write_text("this is no picture")
    return tmp_path


def run(line: str) -> int:
    return main(line.split())


def read(path: Path | str) -> AnyArray:
    return np.asarray(PillowImage.open(path))


def fails(arguments: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run a command that must fail: one line, no traceback, nothing left behind, inputs untouched."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code = run(arguments)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith("retouch: ")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    return code, said.err


def test_fill_writes_a_picture_whose_known_pixels_are_those_of_the_input(folder: Path) -> None:
    assert run("fill in.png --mask mask.png -o out.png --method harmonic") == 0
    mask = read("mask.png") > 0
    np.testing.assert_array_equal(read("out.png")[~mask], read("in.png")[~mask])
    assert (read("out.png")[mask] != read("in.png")[mask]).any()


def test_fill_is_silent_when_all_is_well(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fill in.png --mask mask.png -o out.png --method harmonic") == 0
    assert capsys.readouterr() == ("", "")


def test_an_empty_mask_returns_the_picture(folder: Path) -> None:
    assert run("fill in.png --mask empty.png -o out.png") == 0
    np.testing.assert_array_equal(read("out.png"), read("in.png"))


@pytest.mark.parametrize(
    "more", ["--option radius_px=5", "--seed 3 --grain", "--no-seam", "--dilate 2", "--max-memory 1G"]
)
def test_options_of_fill_are_taken(more: str, folder: Path) -> None:
    assert run(f"fill in.png --mask mask.png -o out.png --method telea {more}") == 0


def test_dilate_grows_the_hole(folder: Path) -> None:
    assert run("fill in.png --mask mask.png -o out.png --method harmonic --dilate 2") == 0
    changed = (read("out.png") != read("in.png")).any(axis=2)
    assert changed[19, 40]  # one row above the hole of rows 20 to 39
    assert not changed[16, 40]


def test_an_inverted_mask_fills_what_is_black(folder: Path) -> None:
    PillowImage.fromarray(255 - read("mask.png")).save("negative.png")
    assert run("fill in.png --mask mask.png -o one.png --method harmonic") == 0
    assert run("fill in.png --mask negative.png --invert-mask -o two.png --method harmonic") == 0
    np.testing.assert_array_equal(read("one.png"), read("two.png"))


def test_the_alpha_channel_can_be_the_mask_and_becomes_opaque_there(folder: Path) -> None:
    image = np.dstack([read("in.png"), 255 - read("mask.png")])
    PillowImage.fromarray(image).save("layer.png")
    assert run("fill layer.png --mask-from-alpha -o out.png --method harmonic") == 0
    assert run("fill in.png --mask mask.png -o expected.png --method harmonic") == 0
    assert (read("out.png")[:, :, 3] == 255).all()
    np.testing.assert_array_equal(read("out.png")[:, :, :3], read("expected.png"))


def test_json_is_one_object_on_standard_output(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fill in.png --mask mask.png -o out.png --method harmonic --json --explain") == 0
    said = capsys.readouterr()
    report = json.loads(said.out)
    assert (report["image"], report["out"], report["width"], report["method"]) == ("in.png", "out.png", 80, "harmonic")
    assert "harmonic: method 'harmonic' was asked for" in said.err


def test_explain_says_what_was_done_and_why(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fill in.png --mask mask.png -o out.png --explain") == 0
    assert "is interpolated from its banks" in capsys.readouterr().out


def test_a_dash_reads_standard_input_and_writes_standard_output(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((folder / "in.png").read_bytes())))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(stream))
    assert run("fill - --mask mask.png -o - --method harmonic --json") == 0
    piped = PillowImage.open(io.BytesIO(stream.getvalue()))
    assert run("fill in.png --mask mask.png -o out.png --method harmonic") == 0
    np.testing.assert_array_equal(np.asarray(piped), read("out.png"))


def test_overwrite_allows_the_input_as_output(folder: Path) -> None:
    assert run("fill in.png --mask mask.png -o out.png --method harmonic") == 0
    assert run("fill in.png --mask mask.png -o in.png --overwrite --method harmonic") == 0
    np.testing.assert_array_equal(read("in.png"), read("out.png"))


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("fill in.png --mask other.png -o out.png", 3, "image 80x60 and mask 80x59"),
        ("fill in.png --mask full.png -o out.png", 3, "covers the whole picture"),
        ("fill cut.png --mask mask.png -o out.png", 3, "cut.png"),
        ("fill in.png --mask cut.png -o out.png", 3, "cut.png"),
        ("fill words.png --mask mask.png -o out.png", 3, "words.png"),
        ("fill in.png --mask words.png -o out.png", 3, "words.png"),
        ("fill absent.png --mask mask.png -o out.png", 3, "absent.png"),
        ("fill in.png --mask absent.png -o out.png", 3, "absent.png"),
        ("fill in.png --mask-from-alpha -o out.png", 3, "alpha"),
        ("fill in.png --mask mask.png -o out.xyz", 3, ".xyz"),
        ("fill in.png --mask mask.png -o out.png --max-pixels 100", 5, "--max-pixels"),
        ("fill in.png --mask mask.png -o out.png --max-memory 50M", 5, "--max-memory"),
        ("fill in.png --mask mask.png -o absent/out.png", 6, "absent/out.png"),
        ("fill in.png --mask mask.png -o in.png/out.png", 6, "in.png/out.png"),
        ("fill in.png --mask mask.png -o .", 6, "folder"),
        ("fill in.png --mask mask.png -o in.png", 2, "--overwrite"),
        ("fill in.png --mask mask.png -o mask.png --overwrite", 2, "must not be the input"),
        ("fill in.png --mask mask.png -o out.png --method patchmach", 2, "did you mean 'patchmatch'"),
        ("fill in.png --mask mask.png -o out.png --method telea --option radius=3", 2, "did you mean 'radius_px'"),
        ("fill in.png --mask mask.png -o out.png --method telea --option radius_px=x", 2, "a whole number, got 'x'"),
        ("fill in.png --mask mask.png -o out.png --method telea --option radius_px=0", 3, "radius"),
        ("fill in.png --mask mask.png -o out.png --option radius_px=3", 2, "'auto' takes no options"),
        ("fill in.png --mask mask.png -o out.png --max-memory lots", 2, "such as 2G"),
        ("fill in.png --mask mask.png -o out.png --seed -1", 2, "--seed"),
        ("fill in.png --mask mask.png -o out.png --metod telea", 2, "--method"),
        ("fill in.png -o out.png", 2, "--mask MASK or --mask-from-alpha"),
        ("fill in.png --mask mask.png", 2, "see 'retouch fill --help'"),
        ("fill - --mask - -o out.png", 2, "standard input"),
        ("fil in.png", 2, "fill"),
        ("methods harmonc", 2, "did you mean 'harmonic'"),
        ("mask-make brsh --size 64x64 -o new.png", 3, "did you mean 'brush'"),
        ("mask-make brush --size 64 -o new.png", 2, "such as 640x480"),
        ("mask-make brush --size 64x64 --bin 0.3 -o new.png", 3, "0.2-0.3"),
        ("mask-make text --size 64x64 --option lines=1 -o new.png", 2, "did you mean 'n_lines'"),
        ("mask-make brush --size 64x64 -o new.jpg", 2, ".png"),
        ("mask-make brush --size 64x64 -o absent/new.png", 6, "absent/new.png"),
        ("mask-make brush --size 64x64", 2, "-o MASK"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_its_exit_code(
    arguments: str, code: int, words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given, line = fails(arguments, folder, capsys)
    assert (given, words in line, "Traceback" in line) == (code, True, False), line


def test_debug_shows_where_an_error_arose(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fill in.png --mask full.png -o out.png --debug") == 3
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (MemoryError(), 5, "--max-memory"),
        (RuntimeError("broken\nin two"), 1, "internal error (RuntimeError: broken in two)"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_what_nobody_expects_is_one_line_too(
    error: BaseException,
    code: int,
    words: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("retouch.cli.fill_run.fill_picture", fail)
    given, line = fails("fill in.png --mask mask.png -o out.png", folder, capsys)
    assert given == code
    assert words in line


def test_methods_lists_every_method(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods"]) == 0
    fillers, denoisers = capsys.readouterr().out.split("\n\n")
    assert [line.split()[0] for line in fillers.splitlines()[1:]] == ["auto", *method_names()]
    assert [line.split()[0] for line in denoisers.splitlines()[1:]] == list(denoiser_names())


@pytest.mark.parametrize("name", dict.fromkeys(["auto", *method_names(), *denoiser_names()]))
def test_every_method_has_a_page(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", name]) == 0
    assert capsys.readouterr().out.startswith(name + "\n")
    assert main(["methods", name, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == name


def test_a_page_shows_options_with_default_and_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", "telea"]) == 0
    page = capsys.readouterr().out
    assert "radius_px=3  a whole number" in page
    assert "Limits: " in page


def test_a_name_of_both_catalogues_shows_both_pages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", "total_variation"]) == 0
    fill_page, denoise_page = capsys.readouterr().out.split("\n\n")
    assert "Command: retouch fill" in fill_page
    assert "Command: retouch denoise" in denoise_page
    assert "strength=None  a number or none" in denoise_page
    assert main(["methods", "total_variation", "--json"]) == 0
    page = json.loads(capsys.readouterr().out)
    assert (page["command"], page["denoiser"]["command"]) == ("fill", "denoise")


def test_the_list_can_be_read_by_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", "--json"]) == 0
    listed = [(entry["command"], entry["name"]) for entry in json.loads(capsys.readouterr().out)]
    assert listed == [("fill", name) for name in method_names()] + [("denoise", name) for name in denoiser_names()]


def test_mask_make_writes_a_mask_of_the_size_and_the_bin(folder: Path) -> None:
    assert run("mask-make brush --size 90x70 --bin 0.2-0.3 --seed 5 -o new.png") == 0
    mask = read("new.png")
    assert mask.shape == (70, 90)
    assert 0.2 < mask.mean() <= 0.3  # a 1-bit PNG: bool


def test_mask_make_is_a_function_of_seed_and_index(folder: Path) -> None:
    for name, more in (("a", ""), ("b", ""), ("c", "--index 1"), ("d", "--seed 1")):
        assert run(f"mask-make brush --size 64x64 -o {name}.png {more}") == 0
    files = [(folder / f"{name}.png").read_bytes() for name in "abcd"]
    assert files[0] == files[1]
    assert len(set(files)) == 3


def test_mask_make_lists_its_families(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mask-make", "list"]) == 0
    assert "brush" in [line.split()[0] for line in capsys.readouterr().out.splitlines()]


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "mask-make" in capsys.readouterr().out
