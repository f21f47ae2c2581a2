"""`retouch eval`, `retouch compare` and `retouch metrics`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retouch.cli.__main__ import main
from retouch.evaluation.ruler.protocols import protocol_names
from retouch.metrics.catalogue import metric_names

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with two pictures, and a third beside it that differs from the first by 51 in one corner."""
    rng = np.random.default_rng(0)
    (tmp_path / "pictures").mkdir()
    for index in range(2):
        Image.fromarray(rng.integers(0, 200, (40, 40, 3), np.uint8)).save(tmp_path / f"pictures/{index}.png")
    changed = np.array(Image.open(tmp_path / "pictures/0.png"))
    changed[:20, :20] += np.uint8(51)
    Image.fromarray(changed).save(tmp_path / "changed.png")
    mask = np.zeros((40, 40), np.uint8)
    mask[:20, :20] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    return tmp_path


def evaluate(folder: Path, *more: str) -> int:
    """Run `retouch eval` on the two pictures in this process."""
    usual = ["eval", "--images", str(folder / "pictures"), "-o", str(folder / "out"), "--workers", "1"]
    return main([*usual, *more])


def test_eval_prints_a_table_and_where_to_read_on(folder: Path, capsys: Captured) -> None:
    assert evaluate(folder, "--masks", "brush", "--bins", "0.1-0.2,0.2-0.3", "--methods", "nearest,telea") == 0
    out = capsys.readouterr().out
    assert "brush 0.1-0.2" in out
    assert "telea" in out
    assert "psnr [dB]" in out
    assert str(folder / "out" / "report.html") in out
    assert (folder / "out" / "report.html").exists()


def test_eval_with_failures_finishes_and_exits_with_4(folder: Path, capsys: Captured) -> None:
    (folder / "theirs").mkdir()
    code = evaluate(folder, "--masks", "brush", "--methods", f"nearest,theirs={folder / 'theirs'}")
    captured = capsys.readouterr()
    assert code == 4
    assert "2 of 4 results failed, the first: theirs on 0.png" in captured.err
    assert (folder / "out" / "summary.json").exists()


def test_eval_prints_json(folder: Path, capsys: Captured) -> None:
    assert evaluate(folder, "--masks", "center_square", "--methods", "nearest", "--json") == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["rows"][0]["cells"]["psnr"]["n"] == 2


def test_eval_denoises(folder: Path, capsys: Captured) -> None:
    code = evaluate(folder, "--task", "denoise", "--noise", "awgn:15,awgn:50", "--methods", "input,median")
    assert code == 0
    assert "awgn 50" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--masks", "brush", "--methods", "telae"], "did you mean 'telea'"),
        (["--masks", "brush", "--methods", "telea", "--protocol", "gdm"], "did you mean 'gdn'"),
        (["--masks", "brush", "--methods", "telea", "--metrics", "psmr"], "did you mean 'psnr'"),
        (["--methods", "telea"], "needs masks"),
        (["--masks", "brush", "--methods", "telea", "--weights", "lpips"], "NAME=FILE"),
    ],
)
def test_wrong_usage_of_eval_exits_with_2(arguments: list[str], message: str, folder: Path, capsys: Captured) -> None:
    assert evaluate(folder, *arguments) == 2
    assert message in capsys.readouterr().err


def test_eval_without_pictures_exits_with_3(folder: Path, capsys: Captured) -> None:
    (folder / "pictures/0.png").unlink()
    (folder / "pictures/1.png").unlink()
    assert evaluate(folder, "--masks", "brush", "--methods", "telea") == 3
    assert "no picture found" in capsys.readouterr().err


def test_missing_weights_exit_with_7_and_name_the_file(folder: Path, capsys: Captured) -> None:
    code = evaluate(
        folder,
        "--masks",
        "brush",
        "--methods",
        "telea",
        "--metrics",
        "lpips",
        "--weights",
        f"lpips={folder / 'gone.pth'}",
    )
    assert code == 7
    assert "gone.pth" in capsys.readouterr().err


def test_compare_measures_one_pair(folder: Path, capsys: Captured) -> None:
    """A quarter of the pixels is off by a fifth: MAE 0.05; in the hole 20 log10(5) = 13.98 dB."""
    arguments = [str(folder / "pictures/0.png"), str(folder / "changed.png"), "--mask", str(folder / "mask.png")]
    assert main(["compare", *arguments, "--metrics", "mae,psnr_hole"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["mae", "0.0500"]
    assert lines[1].split()[:3] == ["psnr_hole", "13.98", "dB"]


def test_compare_says_that_pictures_are_equal(folder: Path, capsys: Captured) -> None:
    same = str(folder / "changed.png")
    assert main(["compare", same, same, "--metrics", "psnr,ssim", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["infinite"] == ["psnr"]
    assert found["scores"] == {"psnr": None, "ssim": 1.0}


def test_compare_draws_the_error(folder: Path) -> None:
    """An error of 51, four times as bright, is 204."""
    arguments = [str(folder / "pictures/0.png"), str(folder / "changed.png"), "--error-map", str(folder / "error.png")]
    assert main(["compare", *arguments]) == 0
    error = np.asarray(Image.open(folder / "error.png"))
    assert (error[:20, :20] == 204).all()
    assert not error[20:].any()


def test_compare_refuses_pictures_of_two_sizes(folder: Path, capsys: Captured) -> None:
    Image.new("RGB", (30, 40)).save(folder / "small.png")
    assert main(["compare", str(folder / "changed.png"), str(folder / "small.png")]) == 3
    assert "40x40 with 3 channels and 30x40 with 3 channels" in capsys.readouterr().err


def test_compare_does_not_write_its_error_over_a_picture(folder: Path, capsys: Captured) -> None:
    path = str(folder / "changed.png")
    assert main(["compare", str(folder / "pictures/0.png"), path, "--error-map", path]) == 2
    assert main(["compare", str(folder / "pictures/0.png"), path, "--error-map", "error.jpg"]) == 2
    assert "must end in .png" in capsys.readouterr().err


def test_compare_does_not_judge_sets(folder: Path, capsys: Captured) -> None:
    path = str(folder / "changed.png")
    assert main(["compare", path, path, "--metrics", "fid"]) == 2
    assert "judges sets of pictures" in capsys.readouterr().err


def test_metrics_are_listed_and_shown(capsys: Captured) -> None:
    assert main(["metrics"]) == 0
    listed = capsys.readouterr().out
    assert [name for name in metric_names() if f"{name} " not in listed] == []
    assert main(["metrics", "ssim"]) == 0
    shown = capsys.readouterr().out
    assert "Wang" in shown
    assert "ssim_hole" in shown
    assert main(["metrics", "sism"]) == 2


def test_protocols_are_listed_with_what_they_fix(capsys: Captured) -> None:
    assert main(["metrics", "--protocols"]) == 0
    listed = capsys.readouterr().out
    assert [name for name in protocol_names() if f"{name}\n" not in listed] == []
    assert "51 px" in listed


def test_metrics_and_protocols_come_as_json(capsys: Captured) -> None:
    for arguments, first in ((["metrics"], "mse"), (["metrics", "--protocols"], "standard")):
        assert main([*arguments, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)[0]["name"] == first
    assert main(["metrics", "psnr", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["unit"] == "dB"
