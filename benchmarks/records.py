"""Result files: what was measured, where and with what. The tables of the docs are made from these files only."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measuring import ROOT, Bench

SCHEMA = 1
REQUIRED = ("schema", "benchmark", "quick", "facts", "protocol", "cases")
FACTS = ("commit", "date", "cpu", "n_cores", "n_threads", "load_before", "load_after", "python", "ours", "rivals")

_OURS = ("retouch", "numpy", "scipy", "numba", "opencv-python-headless", "pillow", "onnxruntime", "torch")
_RIVALS = (
    *("numpy", "opencv-contrib-python-headless", "pypatchmatch", "patchmatch-cython", "scikit-image", "scipy"),
    *("bm3d", "PyWavelets"),
)
_ASK_VERSIONS = """
import json, sys
from importlib.metadata import PackageNotFoundError, version
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = version(name)
    except PackageNotFoundError:
        found[name] = "absent"
print(json.dumps(found))
"""


class Record:
    """Gathers the cases of one benchmark and writes its result file."""

    def __init__(self, bench: Bench, name: str, protocol: str) -> None:
        self.bench = bench
        self.name = name
        self.protocol = " ".join(protocol.split())
        self.cases: list[dict[str, Any]] = []
        self.load_before = os.getloadavg()[0]

    def add(self, **case: Any) -> None:
        """Add one case: what it is, and what each engine measured."""
        self.cases.append(case)

    def write(self) -> Path:
        """Write `<results>/<name>.json` and return its path."""
        path = self.bench.results / f"{self.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "schema": SCHEMA,
            "benchmark": self.name,
            "quick": self.bench.quick,
            "facts": gather_facts(self.bench, self.load_before),
            "protocol": self.protocol,
            "cases": self.cases,
        }
        path.write_text(json.dumps(content, indent=1) + "\n")
        print(f"wrote {path}", flush=True)
        return path


def gather_facts(bench: Bench, load_before: float) -> dict[str, Any]:
    """Return commit, date, machine, load and versions."""
    return {
        "commit": _commit(),
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": cpu_model(),
        "n_cores": os.cpu_count(),
        "n_threads": bench.n_threads,
        "load_before": round(load_before, 2),
        "load_after": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "ours": _versions(bench.python_of("retouch:auto"), _OURS),
        "rivals": _versions(str(bench.rivals_python), _RIVALS),
    }


def _commit() -> str:
    """Return the commit, with a plus sign where the sources (not the results) differ from it."""
    described = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    if described.returncode:
        return "none"
    changed = subprocess.run(
        ["git", "status", "--porcelain", "src", "benchmarks/*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return described.stdout.strip() + ("+" if changed.stdout.strip() else "")


def cpu_model() -> str:
    """Return what the processor calls itself."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def _versions(python: str, names: tuple[str, ...]) -> dict[str, str]:
    if not Path(python).exists():
        return dict.fromkeys(names, "absent")
    done = subprocess.run([python, "-c", _ASK_VERSIONS, *names], capture_output=True, text=True, check=True)
    versions: dict[str, str] = json.loads(done.stdout)
    return versions
