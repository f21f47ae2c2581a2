"""The benchmarks measure what they say, and their result files are whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from benchmarks.engines import RIVALS
from benchmarks.measuring import Bench
from benchmarks.network_worker import alternate, draw_inputs
from benchmarks.network_worker import repeats_for as network_repeats_for
from benchmarks.quality.released_denoisers import RELEASED, published_psnr
from benchmarks.quality.sheet import CASES, window
from benchmarks.records import FACTS, REQUIRED, SCHEMA, Record
from benchmarks.scores import count_changed_known
from benchmarks.speed import networks
from benchmarks.speed.growth import LIMIT_S, draw_hole, measure, smaller_case
from benchmarks.tables.growth import GROWTH, growth_table
from benchmarks.tables.markdown import ENGINE_NAMES, Case
from benchmarks.tables.networks import networks_table, released_denoisers_table
from benchmarks.tables.speed import OURS, THEIRS, patchmatch_table
from benchmarks.worker import repeats_for
from retouch.nets.catalogue.listing import find_net, find_preset
from scripts.tables import RESULT_TABLES, plots

ROOT = Path(__file__).resolve().parents[2]
RIVALS_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
RESULT_FILES = sorted(ROOT.glob("benchmarks/results/*.json"))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return a quick bench that takes the rivals from this very environment."""
    return Bench(Path(sys.executable), tmp_path, quick=True)


def report(seconds: float, peak_mb: float, decibels: float) -> dict[str, object]:
    """Return what one engine measured on one case."""
    times = [seconds] * 5
    memory = {"peak_mb": peak_mb, "warm_mb": 50}
    return {"cpu_s": times, "wall_s": times, **memory, "hole_psnr_db": decibels, "changed_known": 0}


def test_a_changed_known_pixel_counts_once_whatever_its_channels() -> None:
    truth = np.zeros((2, 2, 3), np.uint8)
    filled = truth.copy()
    filled[0, 0] = 1  # known, all three channels
    filled[1, 1, 2] = 1  # missing
    assert count_changed_known(truth, filled, np.array([[False, False], [False, True]])) == 1


def test_slow_cases_are_run_less_often() -> None:
    assert [repeats_for(seconds, 5) for seconds in (1, 11, 31)] == [5, 3, 1]
    assert [repeats_for(seconds, 3) for seconds in (1, 11, 31)] == [3, 1, 1]


def test_an_engine_is_measured_in_its_own_process(bench: Bench) -> None:
    truth = np.full((24, 32, 3), 90, np.uint8)
    mask = np.zeros((24, 32), bool)
    mask[8:12, 8:12] = True
    measured, filled = bench.run("retouch:nearest", truth, mask)
    assert np.array_equal(filled, truth)  # a constant picture is filled with its constant
    assert len(measured["wall_s"]) == len(measured["cpu_s"]) == 1
    assert 0 < measured["loaded_mb"] <= measured["warm_mb"] <= measured["peak_mb"]


def test_an_engine_that_fails_is_not_passed_over(bench: Bench) -> None:
    truth, mask = np.zeros((8, 8, 3), np.uint8), np.eye(8, dtype=bool)
    with pytest.raises(RuntimeError, match="retouch:no_such_method failed"):
        bench.run("retouch:no_such_method", truth, mask)


def test_a_record_is_written_whole(bench: Bench) -> None:
    record = Record(bench, "trial", "One case.")
    record.add(picture="none", engines={})
    check_result_file(record.write())


def check_result_file(path: Path) -> None:
    """Fail unless a result file holds all that the contract asks for."""
    content = json.loads(path.read_text())
    assert [field for field in REQUIRED if field not in content] == []
    assert [fact for fact in FACTS if fact not in content["facts"]] == []
    assert content["schema"] == SCHEMA
    assert content["benchmark"] == path.stem
    assert content["cases"]


@pytest.mark.parametrize("path", RESULT_FILES, ids=lambda path: path.name)
def test_committed_results_are_whole_and_measured_in_full(path: Path) -> None:
    check_result_file(path)
    assert path.stem in {file for file, _ in RESULT_TABLES.values()}
    assert not json.loads(path.read_text())["quick"]


def test_the_table_shows_means_ratios_and_losses() -> None:
    """CPU 1 and 4 against 2 and 2: means 2.5 and 2, ratios 0.5 and 2, so their geometric mean is 1."""
    cases = [
        {"size": "8", "mask": "dot", "engines": {OURS: report(1, 90, 20), THEIRS: report(2, 70, 21)}},
        {"size": "8", "mask": "dot", "engines": {OURS: report(4, 80, 24), THEIRS: report(2, 60, 21)}},
    ]
    row = patchmatch_table(cases).splitlines()[2]
    assert row.startswith("| 8, dot | 2.50 / **2.00** | 1.00 |")
    assert "| 90 / **70** | 40 / **20** |" in row  # the largest peak of each side, and what it adds to 50
    assert "| **22.00** / 21.00 (+1.00) | 0 / 0 | 0% |" in row


def test_the_launcher_reports_time_memory_and_exit_code() -> None:
    burn = "import time; block = bytearray(50_000_000)\nwhile time.process_time() < 0.2: pass\nraise SystemExit(7)"
    command = [sys.executable, str(ROOT / "benchmarks/speed/launch.py"), sys.executable, "-c", burn]
    measured = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert measured["exit_code"] == 7
    assert measured["cpu_s"] >= 0.2
    assert measured["peak_mb"] > 50


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.picture} {case.what}")
def test_the_holes_of_the_sheet_are_broad_and_shown_whole(case: object) -> None:
    mask = case.mask((400, 400))  # type: ignore[attr-defined]
    assert 0.025 < mask.mean() < 0.12
    assert mask[window(mask)].sum() == mask.sum()


def test_all_engines_get_the_same_number_of_threads(bench: Bench) -> None:
    counts = {bench.environment()[name] for name in ("RETOUCH_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS")}
    assert counts == {str(len(os.sched_getaffinity(0)))}


def test_a_run_that_takes_longer_than_its_limit_ends_the_measured_process() -> None:
    """Also inside a library, which would not notice an exception: so by the signal's default action."""
    assert run_with_limit("time.sleep(60)", limit_s=0.05) == -signal.SIGALRM


def test_a_run_within_its_limit_leaves_no_timer_behind() -> None:
    assert run_with_limit("None", limit_s=60, then="raise SystemExit(signal.getitimer(signal.ITIMER_REAL)[0] > 0)") == 0


def run_with_limit(call: str, limit_s: float, then: str = "") -> int:
    """Return the exit code of a process that makes a call under a limit, and then something else."""
    code = "import signal, time; from benchmarks.worker import timed_first"
    limited = f"timed_first(lambda image, mask: {call}, None, None, {limit_s})"
    return subprocess.run([sys.executable, "-c", f"{code}; {limited}; {then}"], cwd=ROOT, check=False).returncode


@pytest.mark.parametrize(
    ("signal_name", "expected"),
    [("ALRM", {"over_limit_s": LIMIT_S}), ("SEGV", {"crashed": "SIGSEGV"})],
)
def test_a_rival_that_is_stopped_is_recorded(tmp_path: Path, signal_name: str, expected: dict[str, object]) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\nkill -{signal_name} $$\n")
    python.chmod(0o755)
    truth, mask = np.zeros((8, 8, 3), np.uint8), np.eye(8, dtype=bool)
    assert measure(Bench(python, tmp_path), "opencv_ns", truth, mask) == expected


def test_an_engine_over_the_limit_is_dropped_only_where_neither_picture_nor_hole_is_smaller() -> None:
    over = [(512, 0.05)]
    assert smaller_case(over, 1024, 0.05) == smaller_case(over, 512, 0.1) == {"side_px": 512, "share": 0.05}
    assert smaller_case(over, 256, 0.4) is smaller_case(over, 1024, 0.01) is None


def test_the_growing_hole_keeps_its_outline_and_its_share() -> None:
    """Every other pixel of the hole at 512 px is the hole at 256 px, but for its outline: of 240 px round, half off."""
    small, large = draw_hole(256, 0.05), draw_hole(512, 0.05)
    assert [small.sum(), large.sum()] == [round(0.05 * 256**2), round(0.05 * 512**2)]
    assert np.count_nonzero(small != large[1::2, 1::2]) < 120


def test_the_largest_growing_hole_is_not_cut_by_the_border() -> None:
    hole = draw_hole(512, 0.4)
    assert not np.concatenate([hole[[0, -1]], hole[:, [0, -1]].T]).any()


def test_growth_is_shown_with_its_exponent_and_what_was_not_measured() -> None:
    """Four times the pixels: 4 s after 2 is half a power, 2 s after 1 likewise; CPU is wall time, so 1.0 cores."""
    seen_at = {"side_px": 256, "share": 0.05}
    sizes = [
        {"x": report(2, 90, 20), "y": report(1, 70, 20), "z": {"over_limit_s": 40.0}},
        {"x": report(4, 90, 20), "y": {"crashed": "SIGSEGV"}, "z": {"over_limit_s": 40.0, "seen_at": seen_at}},
    ]
    sides = (256, 512)
    cases = [
        {"series": ["size"], "side_px": side, "engines": {f"retouch:{name}": one for name, one in engines.items()}}
        for side, engines in zip(sides, sizes, strict=True)
    ]
    rows = growth_table("size", cases).splitlines()[4:]
    assert rows == [
        "| retouch, `x` | 2.00 | **4.00** | 0.50 | 1.0 | 90 |",
        "| retouch, `y` | **1.00** | crashes (SIGSEGV) |  |  |  |",
        "| retouch, `z` | > 40 | > 40 at 256 px, 5 % |  |  |  |",
    ]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[networks.Subject, Path]:
    """Return the tiny DnCNN and its ONNX file."""
    for package in networks.NEEDED:
        pytest.importorskip(package, reason=f"{package} is not installed: pip install 'retouch[train]'")
    folder = tmp_path_factory.mktemp("networks")
    subject, file = next(networks.subjects(quick=True)), folder / "net.onnx"
    assert not networks.export(Bench(Path(sys.executable), folder, quick=True), subject, file)
    return subject, file


def test_a_network_is_measured_beside_torch(bench: Bench, exported: tuple[networks.Subject, Path]) -> None:
    measured = networks.measure(bench, *exported, side_px=40)
    assert {name: len(report["wall_s"]) for name, report in measured["engines"].items()} == {"onnx": 1, "torch": 1}
    assert measured["difference"] < 1e-5  # the same weights, on the same inputs
    assert 0 < measured["call_mb"] < measured["peak_mb"]


def test_a_network_over_the_time_limit_is_recorded(bench: Bench, exported: tuple[networks.Subject, Path]) -> None:
    assert networks.measure(bench, *exported, side_px=512, limit_s=1e-3) == {"over_limit_s": 1e-3}


def test_a_network_that_fails_is_recorded_with_the_reason(bench: Bench, tmp_path: Path) -> None:
    report = networks.measure(bench, next(networks.subjects(quick=True)), tmp_path / "absent.onnx", side_px=8)
    assert "cannot open the network" in report["failed"]


def test_an_export_that_fails_says_why(bench: Bench, tmp_path: Path) -> None:
    info = find_net("l2gan")
    fault = networks.export(bench, networks.Subject(info, find_preset(info, "tiny")), tmp_path / "net.onnx")
    assert info.no_export in fault


def test_a_network_is_given_a_centre_hole_of_a_quarter_and_a_stated_noise_level() -> None:
    inputs = draw_inputs("noisy 3xHxW, mask 1xHxW, sigma 1x1x1", 8)
    assert {name: array.shape for name, array in inputs.items()} == {
        "noisy": (1, 3, 8, 8),
        "mask": (1, 1, 8, 8),
        "sigma": (1, 1, 1, 1),
    }
    assert inputs["mask"][0, 0, 2:6, 2:6].all()
    assert inputs["mask"].sum() == 16  # of 64
    assert inputs["sigma"] == np.float32(25 / 255)


def test_both_engines_take_turns() -> None:
    called: list[str] = []

    def engine(name: str) -> list[np.ndarray]:
        called.append(name)
        return []

    times = alternate({name: partial(engine, name) for name in ("onnx", "torch")}, repeats=2)
    assert called == ["onnx", "torch", "onnx", "torch"]
    assert [len(report["wall_s"]) for report in times.values()] == [2, 2]


def test_slow_networks_are_timed_three_times() -> None:
    assert [network_repeats_for(1.9, 5), network_repeats_for(2.1, 5), network_repeats_for(2.1, 1)] == [5, 3, 1]


def test_networks_that_are_measured_have_an_onnx_form_and_fill_or_denoise_among_others() -> None:
    infos = [subject.info for subject in networks.subjects()]
    assert not any(info.no_export for info in infos)
    assert {"inpaint", "denoise", "restore"} <= {info.task for info in infos}


def test_what_an_aim_is_about_is_measured_once() -> None:
    measured = [(subject.info.name, subject.preset.name) for subject in networks.subjects()]
    assert [measured.count(name) for name in networks.AIMS_S] == [1, 1, 1]


def network_case(network: str, side_px: int, **measured: object) -> dict[str, object]:
    """Return one network at one size as a result file has it."""
    facts = {"network": network, "preset": "full", "task": "inpaint", "n_parameters": 4_000_000, "file_mb": 16.0}
    return {**facts, "aim_s": None, "side_px": side_px} | measured


def timed(onnx_s: float, torch_s: float) -> dict[str, object]:
    """Return what the worker prints, with equal runs but for one of torch that took twice as long."""
    engines = {"onnx": {"wall_s": [onnx_s] * 3}, "torch": {"wall_s": [torch_s, torch_s, 2 * torch_s]}}
    return {"engines": engines, "peak_mb": 90.0, "call_mb": 50.0, "difference": 2e-6}


def test_the_table_of_networks_shows_ratios_aims_and_what_was_not_timed() -> None:
    """Ratios 0.5 and 2 at 256 px have the geometric mean 1, and one of the two is slower."""
    cases = [
        network_case("a", 256, **timed(0.5, 1.0)),
        network_case("a", 512, **timed(1.0, 2.0), aim_s=1.2),
        network_case("b", 256, **timed(4.0, 2.0)),
        network_case("b", 512, over_mb=6000.0),
        network_case("c", 512, over_limit_s=20.0),
        network_case("d", 64, **timed(0.2, 0.4)),
        network_case("e", 0, export_failed="why"),
    ]
    assert networks_table(cases).splitlines()[2:] == [
        "| `a` | 4.00 | 16.0 | **0.50** / 1.00 | 0.50 | **1.00** / 2.00 | 0.50 | 1.2 s, met | 90 (50) | 2e-06 | 100% |",
        "| `b` | 4.00 | 16.0 | 4.00 / **2.00** | 2.00 | > 6 GB |  |  | 90 (50) | 2e-06 | 100% |",
        "| `c` | 4.00 | 16.0 |  |  | > 20 s |  |  |  |  |  |",
        "| `d` | 4.00 | 16.0 | **0.200** / 0.400 at 64 px | 0.50 |  |  |  | 90 (50) | 2e-06 | 100% |",
        "| `e` | 4.00 | not exported |  |  |  |  |  |  |  |  |",
        "| **all** |  |  | slower in 1 of 2 | 1.00 | slower in 0 of 1 | 0.50 |  |  |  |  |",
    ]


def test_released_weights_are_shown_beside_what_was_published() -> None:
    facts = {"dataset": "Set12", "method": "FFDNet", "file": "f.mat"}
    cases: list[Case] = [
        {**facts, "sigma": 15, "published": 32.5, "scores": {"psnr": [32.48, 32, 33]}},
        {**facts, "sigma": 25, "published": None, "scores": {"psnr": [30.45, 30, 31]}},
    ]
    row = released_denoisers_table(cases).splitlines()[2]
    assert row == "| Set12 | FFDNet | `f.mat` | 32.48 / *32.50* (-0.02) | 30.45 |"


@pytest.mark.parametrize(
    ("dataset", "method", "sigma", "expected"),
    [("BSD68", "DnCNN-S", 25, 29.23), ("CBSD68", "FFDNet", 50, 27.96), ("Set12", "FFDNet", 25, None)],
)
def test_published_figures_are_found_by_pictures_and_level(
    dataset: str, method: str, sigma: int, expected: float | None
) -> None:
    assert published_psnr(dataset, method, sigma)[0] == expected


@pytest.mark.parametrize("released", RELEASED, ids=lambda released: released.label)
def test_released_weights_name_a_preset_for_their_kind_of_pictures(released: object) -> None:
    preset = find_preset(find_net(released.network), released.preset)  # type: ignore[attr-defined]
    assert preset.inputs.startswith("noisy 3x" if released.colour else "noisy 1x")  # type: ignore[attr-defined]


def test_plots_are_what_the_result_file_says() -> None:
    wanted = plots()
    names = [f"docs/gallery/growth-{series}.svg" for series in GROWTH]
    found = {name: (ROOT / name).read_text() for name in names if (ROOT / name).exists()}
    assert found == wanted, "run: make tables"


def test_every_rival_has_a_name_in_the_tables() -> None:
    assert [name for name in RIVALS if name not in ENGINE_NAMES] == []


@pytest.mark.skipif(not RIVALS_PYTHON.exists(), reason="the rivals are not installed: make bench does that")
@pytest.mark.parametrize("rival", RIVALS)
def test_a_rival_fills_the_hole_and_not_the_rest(rival: str, tmp_path: Path) -> None:
    """A grey picture stays grey to two levels, which is what Telea is off here; the hole is black before."""
    truth = np.full((48, 48, 3), 100, np.uint8)
    mask = np.zeros((48, 48), bool)
    mask[20:26, 20:26] = True
    filled = Bench(RIVALS_PYTHON, tmp_path, quick=True).run(rival, truth, mask)[1]
    assert np.abs(filled.astype(int) - 100).max() <= 2
