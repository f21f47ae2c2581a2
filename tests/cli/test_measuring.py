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


def test_compare_names_protocol_and_rounding(folder: Path, capsys: Captured) -> None:
    pair = [str(folder / "pictures/0.png"), str(folder / "changed.png")]
    assert main(["compare", *pair, "--protocol", "edgeconnect", "--metrics", "psnr"]) == 0
    assert "One pair, rounded to 8 bits; protocol edgeconnect: Nazeri" in capsys.readouterr().out
    assert main(["compare", *pair, "--protocol", "standard_float", "--metrics", "psnr", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["values"] == "not rounded, clipped to [0, 1]"


def test_compare_sees_what_lies_below_8_bits_only_unrounded(folder: Path, capsys: Captured) -> None:
    """100 of 65535 is 0.39 of 255; 20 log10(655.35) = 56.33 dB."""
    for name, level in (("a", 25700), ("b", 25800)):
        Image.fromarray(np.full((20, 20), level, np.uint16)).save(folder / f"{name}.png")
    pair = [str(folder / "a.png"), str(folder / "b.png"), "--metrics", "psnr"]
    assert main(["compare", *pair]) == 0
    assert capsys.readouterr().out.split()[:2] == ["psnr", "inf"]
    assert main(["compare", *pair, "--protocol", "standard_float"]) == 0
    assert capsys.readouterr().out.split()[:2] == ["psnr", "56.33"]


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


def write_json(path: Path, content: object) -> str:
    """Write a JSON file and return its name."""
    path.write_text(json.dumps(content))
    return str(path)


def test_compare_measures_joints(tmp_path: Path, capsys: Captured) -> None:
    """Two joints are off by 5 px and by none, the third is not labelled; the diagonal is 500 px: 2.5 / 500."""
    size = {"width": 400, "height": 300}
    truth = write_json(tmp_path / "a.json", {**size, "joints": [[10, 20], [30, 40], None]})
    found = write_json(tmp_path / "b.json", {**size, "joints": [[13, 24], [30, 40], [1, 1]]})
    assert main(["compare", truth, found, "--metrics", "wnjd", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scores"] == {"wnjd": 0.005}
    other = write_json(tmp_path / "c.json", {"width": 40, "height": 30, "joints": [[13, 24], [30, 40], [1, 1]]})
    assert main(["compare", truth, other, "--metrics", "wnjd"]) == 3


def test_compare_measures_label_maps_inside_a_mask(tmp_path: Path, capsys: Captured) -> None:
    """Of 16 pixels 2 are wrong, both inside the mask of 8; label 7 has 12 of its 14 left."""
    truth, found, mask = np.full((4, 4), 7, np.uint8), np.full((4, 4), 7, np.uint8), np.zeros((4, 4), np.uint8)
    truth[0, :2], mask[:2] = 3, 255
    found[0, :2], found[1, :2] = 3, 3
    for name, plane in (("truth", truth), ("found", found), ("mask", mask)):
        Image.fromarray(plane).save(tmp_path / f"{name}.png")
    pair = [str(tmp_path / "truth.png"), str(tmp_path / "found.png"), "--mask", str(tmp_path / "mask.png")]
    columns = "pixel_accuracy,pixel_accuracy_hole,confusion_matrix,class_recall,mean_pixel_accuracy_hole,mean_iou"
    assert main(["compare", *pair, "--metrics", columns, "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)["scores"]
    assert scores["pixel_accuracy"] == 14 / 16
    assert scores["pixel_accuracy_hole"] == 6 / 8
    assert scores["confusion_matrix"] == {"labels": [3, 7], "matrix": [[2, 0], [2, 12]]}
    assert scores["class_recall"] == {"3": 1.0, "7": 12 / 14}
    assert scores["mean_pixel_accuracy_hole"] == {"mean": 6 / 8, "n": 1, "n_skipped": 0}
    assert scores["mean_iou"] == pytest.approx((2 / 4 + 12 / 14) / 2)
    assert main(["compare", *pair, "--metrics", columns]) == 0
    assert "  7               2       12\n" in capsys.readouterr().out


def test_compare_measures_masks(tmp_path: Path, capsys: Captured) -> None:
    """The object is 4 of 16 pixels; the mask covers 3 of them and 1 beside: 3/4, 1/4 and 3/5."""
    target, mask = np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint8)
    target[0], mask[0, :3], mask[1, 0] = 255, 255, 255
    for name, plane in (("target", target), ("mask", mask)):
        Image.fromarray(plane).save(tmp_path / f"{name}.png")
    pair = [str(tmp_path / "target.png"), str(tmp_path / "mask.png")]
    assert main(["compare", *pair, "--metrics", "mask_recall,over_cover,mask_iou", "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)["scores"]
    assert scores == {"mask_recall": 0.75, "over_cover": 0.25, "mask_iou": 0.6}


def test_compare_measures_boxes(tmp_path: Path, capsys: Captured) -> None:
    """Three objects, found with 0.9, missed by one with 0.8, found with 0.7: precision 1 up to 1/3, 2/3 up to 2/3.

    VOC10: 1/3 + 2/9. VOC07: (4 + 3 x 2/3) / 11. COCO: 34 of 101 recalls at 1 and 33 at 2/3.
    """
    box, far = [0, 5, 10, 20], [50, 50, 60, 60]
    truth = write_json(tmp_path / "a.json", [{"boxes": [box], "labels": [1]}] * 3)
    one = [{"boxes": [b], "labels": [1], "scores": [s]} for b, s in ((box, 0.9), (far, 0.8), (box, 0.7))]
    found = write_json(tmp_path / "b.json", one)
    assert main(["compare", truth, found, "--metrics", "voc_map,coco_map", "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)["scores"]
    assert scores["voc_map"] == pytest.approx({"VOC07": 6 / 11, "VOC10": 5 / 9})
    assert scores["coco_map"]["ap50"] == pytest.approx(56 / 101)
    assert scores["coco_map"]["large"] is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([{"boxes": [[0, 0, 1]], "labels": [1]}], "a box must be"),
        ([{"boxes": [[0, 0, 1, 1]]}], "cannot read the labels"),
        ([{"boxes": [[0, 0, 1, 1]], "labels": [0.5]}], "cannot read the labels"),
        ({}, "must be a list"),
        ([{"boxes": [], "labels": []}], "cannot read the scores"),
    ],
)
def test_compare_refuses_boxes_of_another_form(content: object, message: str, tmp_path: Path, capsys: Captured) -> None:
    path = write_json(tmp_path / "a.json", content)
    assert main(["compare", path, path, "--metrics", "voc_map"]) == 3
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("columns", "code", "message"),
    [
        ("psnr,wnjd", 2, "ask for them one after the other"),
        ("mean_iou_hole", 2, "cannot be restricted"),
        ("pixel_accuracy_hole", 2, "needs a mask"),
        ("pixel_accuracy", 3, "must be a grey picture"),
        ("wnjd", 3, "give a JSON file"),
    ],
)
def test_compare_refuses_labels_that_do_not_fit(
    columns: str, code: int, message: str, folder: Path, capsys: Captured
) -> None:
    assert main(["compare", *[str(folder / "changed.png")] * 2, "--metrics", columns]) == code
    assert message in capsys.readouterr().err


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
