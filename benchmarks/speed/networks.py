"""Networks of each kind in ONNX Runtime, as the product runs them, against the same networks in torch.

Aims, on two quiet cores at 512x512: the two-stage gated network with attention of 4 million weights (deepfill_v2) at
most 1.2 s, DnCNN of 17 convolutions (dncnn, released) at most 0.6 s, a network of LaMa's size (lama) at most 1.6 s; and
ONNX Runtime not slower than torch at 256 and 512 px.
"""

from __future__ import annotations

import importlib.util
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.measuring import ROOT, Bench
from benchmarks.records import Record
from retouch.nets.catalogue.entries import NetInfo, Preset, read_axes
from retouch.nets.catalogue.listing import find_net, find_preset

N_THREADS = 2
SIDES, QUICK_SIDES = (256, 512), (64, 96)
LIMIT_S, LIMIT_MB = 20.0, 6000.0
PROTOCOL = """Each network with its initial weights of seed 0, exported once by `retouch export`, which is not counted;
inputs uniform in [0, 1], masks a centre square of 25 %, batch of one. One process per network and size: the first call
in ONNX Runtime before torch is imported (its peak memory is that of a process without torch), the first call in torch,
then 5 timed runs of each in turns; 3 where a first call takes more than 2 s. ONNX Runtime as
`retouch.runtime.session.open_net` sets it up; torch eager in inference mode; 2 threads for both. One network of each
kind; those of a fixed size at that size. What needs more than 6 GB (by its card, or measured) or 20 s for its first
call in ONNX Runtime is not timed, which is recorded."""

NEEDED = ("torch", "onnx", "onnxscript")
MEASURED = (
    ("glcic", "full"),
    ("partial_conv_unet", "full"),
    ("deepfill_v2", "full"),
    ("gdn", "full"),
    ("lama", "full"),
    ("aotgan", "full"),
    ("migan", "full"),
    ("dncnn", "released"),
    ("ffdnet", "full"),
    ("drunet", "full"),
    ("fpd_m_net", "full"),
)
"""One network of each kind: dilated, partial, gated, with attention, residual, Fourier, separable, chains, U-Nets."""

AIMS_S: dict[tuple[str, str], float] = {("deepfill_v2", "full"): 1.2, ("dncnn", "released"): 0.6, ("lama", "full"): 1.6}
"""Wall seconds at 512x512, by network and preset."""

_QUICK = (("dncnn", "tiny"), ("gdn", "tiny"), ("prenet", "tiny"))


class Subject(NamedTuple):
    """One network at one of its sizes."""

    info: NetInfo
    preset: Preset

    @property
    def fixed_px(self) -> int:
        """The side that the network fixes; 0 where any does."""
        last = next(iter(read_axes(self.preset.inputs).values()))[-1]
        return last if isinstance(last, int) else 0

    @property
    def facts(self) -> dict[str, Any]:
        """What a result file says about it."""
        name, preset = self.info.name, self.preset
        return {"network": name, "preset": preset.name, "task": self.info.task, "n_parameters": preset.n_parameters}


def subjects(*, quick: bool = False) -> Iterator[Subject]:
    """Yield the networks to measure."""
    for name, preset in _QUICK if quick else MEASURED:
        yield Subject(find_net(name), find_preset(find_net(name), preset))


def export(bench: Bench, subject: Subject, file: Path) -> str:
    """Export a network in a process of its own; return why that failed, empty where it did not."""
    command = [str(Path(sys.executable).with_name("retouch")), "export", subject.info.name]
    options = ["--preset", subject.preset.name, "-o", str(file)]
    done = subprocess.run([*command, *options], env=bench.environment(), capture_output=True, text=True, check=False)
    return _last_line(done.stderr) if done.returncode else ""


def measure(bench: Bench, subject: Subject, file: Path, side_px: int, limit_s: float = LIMIT_S) -> dict[str, Any]:
    """Measure one network at one size in a process of its own.

    Returns
    -------
    dict
        As the worker prints it; `over_limit_s`, `crashed` or `failed` where there is nothing to report.
    """
    job = {
        "file": str(file),
        "network": subject.info.name,
        "preset": subject.preset.name,
        "inputs": subject.preset.inputs,
        "side_px": side_px,
        "repeats": bench.repeats,
        "limit_s": limit_s,
        "limit_mb": LIMIT_MB,
    }
    job_file = file.with_suffix(".json")
    job_file.write_text(json.dumps(job))
    command = [sys.executable, "-m", "benchmarks.network_worker", str(job_file)]
    done = subprocess.run(command, cwd=ROOT, env=bench.environment(), capture_output=True, text=True, check=False)
    if done.returncode == -signal.SIGALRM:
        return {"over_limit_s": limit_s}
    if done.returncode < 0:
        return {"crashed": signal.Signals(-done.returncode).name}
    if done.returncode:
        return {"failed": _last_line(done.stderr)}
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def run(bench: Bench) -> None:
    """Measure every network and write the result file."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        print(f"skipped: {', '.join(missing)} is not installed; run: pip install 'retouch[train]'")
        return
    bench = replace(bench, n_threads=N_THREADS)
    record = Record(bench, "networks", PROTOCOL)
    for subject in subjects(quick=bench.quick):
        with tempfile.TemporaryDirectory() as folder:
            _add(bench, record, subject, Path(folder, "net.onnx"))
    record.write()


def _add(bench: Bench, record: Record, subject: Subject, file: Path) -> None:
    """Export a network and add a case for each size."""
    fault = export(bench, subject, file)
    if fault:
        print(f"  {subject.info.name} cannot be exported: {fault}", flush=True)
        record.add(**subject.facts, side_px=subject.fixed_px, export_failed=fault)
        return
    sides = QUICK_SIDES if bench.quick else SIDES
    for side_px in (subject.fixed_px,) if subject.fixed_px else sides:
        report = measure(bench, subject, file, side_px)
        print(f"  {subject.info.name:22} {subject.preset.name:9} {side_px:4} px  {_as_text(report)}", flush=True)
        file_mb = round(file.stat().st_size / 1e6, 2)
        record.add(**subject.facts, file_mb=file_mb, aim_s=_aim(subject, side_px), side_px=side_px, **report)


def _aim(subject: Subject, side_px: int) -> float | None:
    return AIMS_S.get((subject.info.name, subject.preset.name)) if side_px == max(SIDES) else None


def _as_text(report: dict[str, Any]) -> str:
    if "engines" not in report:
        return str(report)
    onnx, torch = (min(report["engines"][name]["wall_s"]) for name in ("onnx", "torch"))
    return (
        f"ONNX Runtime {onnx:7.3f} s  torch {torch:7.3f} s  call {report['call_mb']:7.1f} MB  "
        f"difference {report['difference']:.1e}"
    )


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "no message")
