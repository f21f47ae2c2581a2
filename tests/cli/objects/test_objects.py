"""The commands mask, remove and restore photo: what they write and say, and what they refuse with which code."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as PillowImage
from tests.tasks.scenes import CLICK, pair, shapes

import retouch
from retouch.arrays.types import AnyArray
from retouch.cli.__main__ import main
from retouch.tasks.targeting.target import Target

AT = f"--at {CLICK[1]},{CLICK[0]}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with a thing on a ground, two that touch, a scratched one, and an even one."""
    monkeypatch.chdir(tmp_path)
    scratched = shapes().ground.copy()
    scratched[30:32, 10:150] = 245
    pictures = {"in": shapes().picture, "pair": pair()[0], "scratched": scratched, "even": shapes().ground * 0 + 90}
    for name, picture in pictures.items():
        PillowImage.fromarray(picture).save(f"{name}.png")
    return tmp_path


def run(line: str) -> int:
    return main(line.split())


def read(path: str) -> AnyArray:
    return np.asarray(PillowImage.open(path))


def fails(line: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run a command that must fail: one line, and no file written or changed."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code = run(line)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    return code, said.err


def test_remove_writes_what_the_python_twin_gives(folder: Path) -> None:
    assert run(f"remove in.png {AT} -o out.png --save-mask mask.png --seed 3") == 0
    twin = retouch.remove(shapes().picture, Target(at=[CLICK]), seed=3)
    np.testing.assert_array_equal(read("out.png"), twin.picture)
    np.testing.assert_array_equal(read("mask.png"), twin.mask)


def test_mask_writes_a_mask_that_fill_takes(folder: Path) -> None:
    assert run(f"mask in.png {AT} -o mask.png --preview seen.png") == 0
    assert run("fill in.png --mask mask.png -o filled.png") == 0
    assert run(f"remove in.png {AT} -o removed.png") == 0
    np.testing.assert_array_equal(read("filled.png"), read("removed.png"))
    assert read("seen.png").shape == (120, 160, 3)
    assert (read("seen.png")[CLICK] != read("in.png")[CLICK]).any()


def test_json_holds_all_that_repeats_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(f"remove in.png {AT} --box 52,40,108,80 -o out.png --json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["provenance"]["target"] == {"at": [[80, 60]], "boxes": [[52, 40, 108, 80]]}
    assert facts["provenance"]["fill"]["seed"] == 0
    assert [found["kind"] for found in facts["provenance"]["found"]] == ["click", "box"]
    assert facts["report"]["crops"]


def test_mask_as_json_tells_kind_box_and_area(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(f"mask in.png {AT} -o mask.png --json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["found"][0]["kind"] == "click"
    assert facts["mask_ratio"] == pytest.approx(read("mask.png").mean(), abs=1e-6)


def test_explain_says_what_was_found_and_what_filled_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(f"remove in.png {AT} -o out.png --explain") == 0
    said = capsys.readouterr().out
    assert "found click: " in said
    assert "% of the picture's 160x120 pixels were missing" in said


def test_a_neighbour_that_is_clicked_on_is_kept(folder: Path) -> None:
    assert run("mask pair.png --at 65,60 --not-at 95,60 --protect-neighbours --grow 8 -o mask.png") == 0
    assert not read("mask.png")[45:75, 84:108].any()


def test_invert_and_a_mask_file_are_heard(folder: Path) -> None:
    assert run(f"mask in.png {AT} -o mask.png") == 0
    assert run("mask in.png --mask mask.png --invert -o rest.png") == 0
    np.testing.assert_array_equal(read("rest.png"), ~read("mask.png"))


def test_a_click_on_the_ground_writes_nothing_and_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("remove", "mask"):
        code, said = fails(f"{command} even.png --at 5,5 -o out.png", folder, capsys)
        assert code == 3
        assert "nothing was found and no file was written: click at x=5, y=5" in said


def test_restore_photo_writes_even_where_nothing_is_found_and_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("restore photo even.png -o out.png --no-denoise") == 0
    assert "no scratches were found" in capsys.readouterr().out
    np.testing.assert_array_equal(read("out.png"), read("even.png"))


def test_restore_photo_fills_scratches_and_saves_their_mask(folder: Path) -> None:
    assert run("restore photo scratched.png -o out.png --no-denoise --save-mask mask.png") == 0
    mask = read("mask.png")
    assert mask[30:32, 12:148].all()
    np.testing.assert_array_equal(read("out.png")[~mask], read("scratched.png")[~mask])
    assert read("out.png")[30:32, 12:148].max() < 200


def test_restore_photo_with_all_steps_changes_the_rest_too(folder: Path) -> None:
    assert run("restore photo scratched.png -o out.png --fade") == 0
    assert (read("out.png")[60:] != read("scratched.png")[60:]).any()


def test_several_candidates_are_written_beside_the_best(folder: Path) -> None:
    """On coarse noise two fills differ by far more than the two levels within which they count as one."""
    coarse = np.random.default_rng(0).integers(40, 160, (30, 40, 3), dtype=np.uint8)
    picture = cv2.resize(coarse, (160, 120), interpolation=cv2.INTER_CUBIC)
    PillowImage.fromarray(picture).save("coarse.png")
    given = np.zeros((120, 160), bool)
    given[45:75, 60:100] = True
    PillowImage.fromarray(given).save("given.png")
    assert run("remove coarse.png --mask given.png -o out.png --candidates 2") == 0
    assert read("out.png").shape == read("out-2.png").shape == (120, 160, 3)
    assert (read("out.png") != read("out-2.png")).any()


def test_guidance_reaches_the_fill(folder: Path) -> None:
    """All that is left of the thing carries label 1, and so does the thing: it may borrow from there only."""
    labels = np.full((120, 160), 2, np.uint8)
    labels[:, :110] = 1
    PillowImage.fromarray(labels).save("labels.png")
    assert run(f"remove in.png {AT} -o led.png --guidance labels.png") == 0
    twin = retouch.remove(shapes().picture, Target(at=[CLICK]), guidance=labels)
    np.testing.assert_array_equal(read("led.png"), twin.picture)
    assert "marks" in twin.provenance["fill"]


def test_a_sketch_and_what_finishes_reach_the_fill(folder: Path) -> None:
    drawn = np.zeros((120, 160), np.uint8)
    drawn[60] = 255
    PillowImage.fromarray(drawn).save("drawn.png")
    assert run(f"remove in.png {AT} -o led.png --sketch drawn.png --grain --no-seam") == 0
    twin = retouch.remove(shapes().picture, Target(at=[CLICK]), sketch=drawn, grain=True, seam=False)
    np.testing.assert_array_equal(read("led.png"), twin.picture)
    assert "sketch" in twin.provenance["fill"]["marks"]


def test_guidance_that_cannot_be_obeyed_is_said_once_and_unasked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(f"mask in.png {AT} -o mask.png") == 0
    PillowImage.fromarray(np.where(read("mask.png"), 7, 0).astype(np.uint8)).save("labels.png")
    for explain in ("", "--explain"):
        capsys.readouterr()
        assert run(f"remove in.png {AT} -o out.png --guidance labels.png {explain}") == 0
        assert capsys.readouterr().out.count("no whole known patch carries label or area 7") == 1


def test_a_mask_on_standard_output_is_not_mixed_with_the_account(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(f"remove in.png {AT} -o out.png --save-mask - --json") == 0
    said = capfdbinary.readouterr()
    assert said.out.endswith(b"IEND\xaeB`\x82")
    assert json.loads(said.err)["out"] == "out.png"


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("remove in.png -o out.png", 2, "say what is meant"),
        ("remove in.png --at 5 -o out.png", 2, "a point x,y"),
        ("remove in.png --at 160,5 -o out.png", 3, "inside the picture 160x120, got x,y = 160,5"),
        ("remove in.png --at -1,5 -o out.png", 3, "got x,y = -1,5"),
        ("remove in.png --box 9,9,5,20 -o out.png", 2, "x0 < x1"),
        (
            "remove in.png --class person -o out.png",
            2,
            "a model is needed; give an exported YOLOX or SSD (--model FILE)",
        ),
        ("remove in.png --class person --model absent.onnx -o out.png", 7, "absent.onnx"),
        ("remove in.png --text --max-area 300% -o out.png", 2, "a share such as 30%"),
        ("remove in.png --text -o in.png", 2, "must not be the input"),
        ("remove in.png --text -o out.jpeg2", 3, "did you mean '.jpeg'"),
        ("remove in.png --text -o out.png --save-mask mask.jpg", 2, "must end in .png"),
        ("remove in.png --text -o out.png --save-mask out.png", 2, "must not be one file"),
        ("remove in.png --text -o out.png --method patchmach", 2, "did you mean 'patchmatch'"),
        ("remove in.png --text -o out.png --candidates 99", 2, "--candidates must be 1 to"),
        ("remove in.png --text -o - --candidates 2", 2, "need names"),
        ("remove in.png --text -o o.png --candidates 2 --save-mask o-2.png", 2, "must not be one file"),
        ("remove in.png --mask even.png -o e.png --candidates 2 --guidance -", 2, "must be files, got '-'"),
        ("remove in.png --box 200,0,220,9 -o out.png", 3, "got x0,y0,x1,y1 = 200,0,220,9"),
        ("mask in.png --at 80,60 --region 0,0,161,9 -o m.png", 3, "got x0,y0,x1,y1 = 0,0,161,9"),
        ("remove in.png --watermark absent.png -o out.png", 3, "absent.png"),
        ("remove in.png --watermark-from absent -o out.png", 3, "must lie in a folder"),
        ("mask in.png --text -o mask.jpg", 2, "must end in .png"),
        ("mask in.png --text -o mask.png --preview mask.png", 2, "a file of its own"),
        ("restore photo in.png -o out.png --no-scratches --no-denoise", 2, "nothing is left to do"),
        ("restore photo in.png -o out.png --region 0,0,999,9", 3, "region"),
        ("restore photo absent.png -o out.png", 3, "absent.png"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    line: str, code: int, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given, message = fails(line, folder, capsys)
    assert given == code, message
    assert said in message
