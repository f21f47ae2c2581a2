"""The benchmarks of denoisers measure what they say, go on where they stopped, and show losses."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks.denoisers import resuming
from benchmarks.denoisers.engines import RIVALS, Values, build_denoiser
from benchmarks.denoisers.measuring import likeness, present, run_process
from benchmarks.denoisers.resuming import SOURCES, Job, add_scores, code_key, every_fourth, plain_code, reached_files
from benchmarks.measuring import Bench
from benchmarks.quality.denoising import SLOW, jobs
from benchmarks.quality.real_noise import RIVALS as BLIND_RIVALS
from benchmarks.records import Record
from benchmarks.run import BENCHMARKS, BY_DEFAULT
from benchmarks.speed.denoising import FAMILIES, add_noise
from benchmarks.tables.denoising import AIM_SLACK_DB, ENGINE_NAMES, FLOORS, LEVELS
from retouch.methods.denoisers import denoiser_names

ROOT = Path(__file__).resolve().parents[2]
RIVALS_PYTHON = ROOT / ".venv-bench" / "bin" / "python"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return a quick bench that takes the rivals from this very environment."""
    return Bench(Path(sys.executable), tmp_path, quick=True)


def committed(name: str) -> list[dict[str, Any]]:
    """Return the cases of a result file that stands in the repository; skips without it."""
    path = ROOT / "benchmarks" / "results" / f"{name}.json"
    if not path.exists():
        pytest.skip(f"not measured yet: python -m benchmarks.run {name}")
    cases: list[dict[str, Any]] = json.loads(path.read_text())["cases"]
    return cases


def test_every_denoiser_is_scored_either_quickly_or_slowly() -> None:
    quick = {job.method for job in jobs()} - {"input"}
    assert quick | set(SLOW) == set(denoiser_names())
    assert not quick & set(SLOW)


def test_the_slow_denoisers_are_run_on_request_only() -> None:
    assert "quality-denoising-slow" in BENCHMARKS
    assert "quality-denoising-slow" not in BY_DEFAULT


def test_sentences_and_layout_are_no_code() -> None:
    told = 'def f(x):\n    """Add 1."""\n    return x + 1  # one\n'
    assert plain_code(told) == plain_code("def f(x): return x+1")
    assert plain_code(told) != plain_code("def f(x): return x+2")


def test_what_a_denoiser_imports_is_reached_and_what_others_import_is_not() -> None:
    names = {path.relative_to(SOURCES).as_posix() for path in reached_files(["retouch.denoising.priors.epll"])}
    assert {"retouch/denoising/priors/mixture.py", "retouch/denoising/priors/mixture.npz"} <= names
    assert not any("block_matching" in name for name in names)


def test_denoisers_of_other_code_have_other_keys() -> None:
    assert len({code_key(name) for name in denoiser_names()}) == len(denoiser_names())


def test_what_is_done_is_not_done_again(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, place in {"ROOT": tmp_path, "SHARED": tmp_path, "SCRATCH": tmp_path / "scratch"}.items():
        monkeypatch.setattr(resuming, name, place)
    job = Job("median", "set5", (25,))
    job.pictures.mkdir()
    Image.fromarray(np.full((16, 16), 128, np.uint8)).save(job.pictures / "one.png")
    first, second = Record(bench, "first", "Two runs."), Record(bench, "second", "Two runs.")
    add_scores(bench, first, job)
    journal = job.folder.with_name(f"{job.folder.name}-quick") / "items.jsonl"
    written = journal.read_bytes()
    add_scores(bench, second, job)
    assert journal.read_bytes() == written
    assert first.cases == second.cases
    assert [(case["method"], case["sigma"], case["n"]) for case in first.cases] == [("median", 25, 1)]


def test_every_fourth_picture_is_counted_from_the_first(tmp_path: Path) -> None:
    """Of 20, 21, ... 25 these are 20 and 24: 22 on average."""
    table = tmp_path / "scores.csv"
    table.write_text("condition,psnr\n" + "".join(f"awgn 15,{value}\n" for value in range(20, 26)))
    assert every_fourth(table) == {"awgn 15": 22.0}


def test_quick_filters_keep_above_the_floor() -> None:
    found = {
        (case["method"], case["sigma"]): case["psnr_every_fourth"]
        for case in committed("quality-denoising")
        if case["dataset"] == "bsd68" and "scores" in case
    }
    below = {
        (method, sigma): found[method, sigma] - floor
        for method, floors in FLOORS.items()
        for sigma, floor in zip(LEVELS, floors, strict=True)
        if found[method, sigma] < floor - AIM_SLACK_DB
    }
    assert below == {}


def test_noise_is_of_its_strength_and_neither_clipped_nor_rounded() -> None:
    """128x128 draws: the deviation of the sample is 25 within 3 of its own, 25 / sqrt(2 * 128^2) = 0.14 each."""
    truth = np.zeros((128, 128), np.uint8)
    noisy = add_noise(truth, 25, 0)
    assert abs(255 * noisy.std() - 25) < 0.42
    assert noisy.min() < 0
    assert not np.array_equal(noisy, add_noise(truth, 25, 1))


def test_likeness_is_that_of_the_clipped_and_rounded_picture() -> None:
    """100.4 of 255 rounds to 100 and 1.2 is clipped to white: equal pictures."""
    truth = np.full((16, 16), 100, np.uint8)
    truth[0] = 255
    clean = np.full((16, 16), 100.4 / 255, np.float32)
    clean[0] = 1.2
    assert likeness(truth, clean) == {"psnr": float("inf"), "ssim": 1.0}


def test_a_denoiser_is_measured_in_its_own_process(bench: Bench) -> None:
    flat = np.full((24, 32), 0.5, np.float32)
    report, clean = run_process(bench, "retouch:gaussian:max_memory=2G", flat, 0.1, repeats=2)
    assert np.allclose(clean, flat)
    assert len(report["wall_s"]) == len(report["cpu_s"]) == 2
    assert 0 < report["loaded_mb"] <= report["warm_mb"] <= report["peak_mb"]


def test_a_denoiser_that_fails_is_not_passed_over(bench: Bench) -> None:
    with pytest.raises(RuntimeError, match="retouch:no_such_method failed"):
        run_process(bench, "retouch:no_such_method", np.zeros((8, 8), np.float32), 0.1, repeats=1)


def test_a_rival_whose_package_is_absent_is_left_out_and_named(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert present(bench, FAMILIES["BM3D"]) == ["retouch:bm3d"]
    assert "skipped: pypi_bm3d" in capsys.readouterr().out


def test_every_engine_has_a_name_in_the_tables() -> None:
    engines = {engine for family in FAMILIES.values() for engine in family} | set(RIVALS) | {"retouch:auto", "input"}
    assert engines == set(ENGINE_NAMES)


@pytest.mark.parametrize("rival", ["skimage_nlm", "skimage_tv", "opencv_nlm"])
def test_a_rival_takes_a_stated_level(rival: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Noise of 0.1 on grey falls to less than half, whatever the rival."""
    monkeypatch.setenv("RETOUCH_THREADS", "1")
    clean = build_denoiser(rival)(grey_with_noise(), 0.1)
    assert clean.shape == (64, 64)
    assert clean.std() < 0.05


def grey_with_noise() -> Values:
    """Return grey with noise of 0.1."""
    return (0.5 + 0.1 * np.random.default_rng(0).standard_normal((64, 64))).astype(np.float32)


@pytest.mark.skipif(not RIVALS_PYTHON.exists(), reason="the rivals are not installed: make bench does that")
@pytest.mark.parametrize("rival", BLIND_RIVALS)
def test_a_blind_rival_takes_and_returns_8_bits_of_colour(rival: str, tmp_path: Path) -> None:
    """Channels keep their order: red stays the largest."""
    colour = np.array([200, 100, 50], np.float64)
    noise = 4 * np.random.default_rng(0).standard_normal((48, 48, 3))
    noisy = np.rint(colour + noise).astype(np.uint8)
    _, clean = run_process(Bench(RIVALS_PYTHON, tmp_path, quick=True), rival, noisy, None, repeats=1)
    assert clean.dtype == np.dtype(np.uint8)
    assert clean.shape == noisy.shape
    assert np.abs(clean.mean(axis=(0, 1)) - colour).max() < 2
    assert clean[..., 0].std() < noisy[..., 0].std()


@pytest.mark.skipif(not RIVALS_PYTHON.exists(), reason="the rivals are not installed: make bench does that")
def test_the_package_of_bm3d_is_measured_where_it_is_there(tmp_path: Path) -> None:
    bench = Bench(RIVALS_PYTHON, tmp_path, quick=True)
    if not present(bench, ["pypi_bm3d"]):
        pytest.skip("bm3d is for non-commercial use, and not installed")
    assert run_process(bench, "pypi_bm3d", grey_with_noise(), 0.1, repeats=1)[1].std() < 0.05
