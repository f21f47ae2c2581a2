"""A detector with fixed answers on a tiny folder in VOC's layout."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.runtime.segmenters.constant_nets import write_detector

from retouch.errors import InputError
from retouch.evaluation.ruler.label_scoring import score_labels
from retouch.evaluation.runs.detecting import judge_detector, main, write_sides
from retouch.runtime.segmenters.ssd_detector import open_ssd

LABELS = ("disc", "square", "triangle")
LEFT, RIGHT = (0.125, 0.25, 0.375, 0.5), (0.5, 0.5, 0.75, 1.0)


def write_voc(root: Path) -> Path:
    """Two pictures of 64x32: one with a disc where RIGHT is, one with a square where LEFT is and a difficult disc."""
    for folder in ("Annotations", "ImageSets/Main", "JPEGImages"):
        (root / folder).mkdir(parents=True)
    things = {"a": [("disc", RIGHT, 0)], "b": [("square", LEFT, 0), ("disc", RIGHT, 1)]}
    for name, entries in things.items():
        Image.fromarray(np.full((32, 64, 3), 99, np.uint8)).save(root / "JPEGImages" / f"{name}.png")
        objects = "".join(_object(*entry) for entry in entries)
        size = "<size><width>64</width><height>32</height></size>"
        (root / "Annotations" / f"{name}.xml").write_text(f"<annotation>{size}{objects}</annotation>")
    (root / "ImageSets/Main/test.txt").write_text("a\nb\n")
    return root


def _object(name: str, box: tuple[float, float, float, float], difficult: int) -> str:
    x1, y1, x2, y2 = box
    ends = {"xmin": x1 * 64 + 1, "ymin": y1 * 32 + 1, "xmax": x2 * 64, "ymax": y2 * 32}
    corners = "".join(f"<{end}>{value:.0f}</{end}>" for end, value in ends.items())
    return f"<object><name>{name}</name><difficult>{difficult}</difficult><bndbox>{corners}</bndbox></object>"


@pytest.fixture
def net(tmp_path: Path) -> Path:
    """Return a net that finds a disc at RIGHT and, less sure, a square at LEFT in every picture."""
    return write_detector(tmp_path / "net.onnx", [(300, 0, RIGHT, 8.0), (400, 1, LEFT, 6.0)])


def test_precision_is_what_the_curve_says(tmp_path: Path, net: Path) -> None:
    """Disc: found in both, one of them difficult, so all is right. Square: of two equally sure ones the first is false.

    The precision at the only recall is 1/2, so the mean of both classes 0.75. The triangle has no object.
    """
    judged = judge_detector(open_ssd(net, LABELS), write_voc(tmp_path / "voc"))
    assert judged.voc10 == pytest.approx(0.75)
    assert judged.coco.ap50 == pytest.approx(0.75, abs=0.01)
    assert judged.coco.ap == pytest.approx(judged.coco.ap50)  # the boxes are exact


def test_both_sides_in_files_measure_the_same(tmp_path: Path, net: Path) -> None:
    judged = judge_detector(open_ssd(net, LABELS), write_voc(tmp_path / "voc"))
    write_sides(judged, tmp_path)
    scores = score_labels(("voc_map", "coco_map"), tmp_path / "truth.json", tmp_path / "found.json")
    assert scores["voc_map"] == {"VOC07": pytest.approx(judged.voc07), "VOC10": pytest.approx(judged.voc10)}
    assert isinstance(scores["coco_map"], dict)
    assert scores["coco_map"]["ap50"] == pytest.approx(judged.coco.ap50)


def test_the_command_prints_the_figures(tmp_path: Path, net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_voc(tmp_path / "voc")
    assert main([str(net), str(root), "--labels", ",".join(LABELS)]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["VOC10"] == 0.75
    assert figures["large"] is None  # nothing of 96 x 96 px or more


def test_a_wrong_split_ends_with_a_sentence(tmp_path: Path, net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_voc(tmp_path / "voc")
    assert main([str(net), str(root), "--labels", ",".join(LABELS), "--split", "val"]) == InputError.exit_code
    assert "ImageSets/Main/val.txt" in capsys.readouterr().err


def test_progress_counts_pictures(tmp_path: Path, net: Path) -> None:
    seen: list[tuple[int, int]] = []
    root = write_voc(tmp_path / "voc")
    judge_detector(open_ssd(net, LABELS), root, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]


def test_classes_need_names(tmp_path: Path, net: Path) -> None:
    with pytest.raises(InputError, match="needs the names of its classes"):
        judge_detector(open_ssd(net), tmp_path)
