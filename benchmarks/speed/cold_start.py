"""What a person waits for: start of the command, a VGA fill, a 12-megapixel fill, and the size of an installation."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.measuring import ROOT, Bench
from benchmarks.pictures import BLOB, MaskKind, photograph
from benchmarks.records import Record

PROTOCOL = """Whole processes, from the start of the interpreter to its end, kernel cache warm: one run first, then 5
measured (3 for 4000x3000). CPU is user and system time; peak memory is the process's maximum resident set. The picture
is motorcycle, resampled, saved as PNG. Installed size: a fresh environment with retouch and no extras, without pip."""

_FIVE_PERCENT = MaskKind("object-like blob 5 %", "blob", (0.045, 0.055))


def measure_command(bench: Bench, command: list[str], repeats: int) -> dict[str, list[float]]:
    """Run a command `repeats` times after one unmeasured run; return lists of wall_s, cpu_s and peak_mb."""
    launcher = [sys.executable, "-S", str(ROOT / "benchmarks" / "speed" / "launch.py")]
    reports = []
    for _ in range(repeats + 1):
        done = subprocess.run(
            [*launcher, *command], env=bench.environment(), capture_output=True, text=True, check=True
        )
        report = json.loads(done.stdout.splitlines()[-1])
        if report["exit_code"]:
            raise RuntimeError(f"{command} ended with {report['exit_code']}:\n{done.stderr}")
        reports.append(report)
    return {name: [report[name] for report in reports[1:]] for name in ("wall_s", "cpu_s", "peak_mb")}


def fill_command(folder: Path, height: int, width: int, kind: MaskKind) -> list[str]:
    """Write a picture and a mask of that size into the folder; return the command that fills it."""
    image, mask, filled = (str(folder / f"{name}.png") for name in ("image", "mask", "filled"))
    Image.fromarray(photograph("motorcycle", height, width)).save(image, compress_level=1)
    Image.fromarray(kind.draw((height, width))).save(mask)
    return [_retouch_command(), "fill", image, "--mask", mask, "-o", filled]


def installed_mb(folder: Path) -> dict[str, float]:
    """Install retouch without extras into a fresh environment; return MB of 10^6 bytes per package and in total."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "-c", str(ROOT / "constraints.txt"), str(ROOT)]
    subprocess.run(pip, check=True)
    packages = next((folder / "lib").glob("python*")) / "site-packages"
    sizes = {entry.name: _size_mb(entry) for entry in packages.iterdir() if not entry.name.startswith(("pip", "__"))}
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:8]
    return {"total": round(sum(sizes.values()), 1), **{name: round(size, 1) for name, size in largest}}


def run(bench: Bench) -> None:
    """Measure every command and write the result file."""
    record = Record(bench, "cold-start", PROTOCOL)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _add(bench, record, "retouch --version", [_retouch_command(), "--version"])
        _add(bench, record, "import retouch", [sys.executable, "-c", "import retouch"])
        _add(bench, record, "retouch fill, 640x480, 3-8 % hole", fill_command(folder, 480, 640, BLOB))
        if not bench.quick:
            command = fill_command(folder, 3000, 4000, _FIVE_PERCENT)
            _add(bench, record, "retouch fill, 4000x3000, 5 % hole", command, repeats=3)
            record.add(command="pip install retouch", installed_mb=installed_mb(folder / "venv"))
    record.write()


def _add(bench: Bench, record: Record, label: str, command: list[str], repeats: int = 5) -> None:
    measured: dict[str, Any] = measure_command(bench, command, min(repeats, bench.repeats))
    print(f"  {label:36} {measured}", flush=True)
    record.add(command=label, **measured)


def _retouch_command() -> str:
    return str(Path(sys.executable).with_name("retouch"))


def _size_mb(path: Path) -> float:
    if path.is_file():
        return path.stat().st_size / 1e6
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file() and not file.is_symlink()) / 1e6
