"""Runs the benchmarks: `python -m benchmarks.run [NAME ...]`, from the root of the repository.

See benchmarks/README.md for what each measures and how long it takes.
"""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from benchmarks.measuring import ROOT, Bench

BENCHMARKS = {
    "patchmatch": "benchmarks.speed.against_pypatchmatch",
    "thin-damage": "benchmarks.quality.thin_damage",
    "cold-start": "benchmarks.speed.cold_start",
    "mini-benchmark": "benchmarks.quality.mini_benchmark",
    "growth": "benchmarks.speed.growth",
    "quality-by-bin": "benchmarks.quality.by_bin",
    "quality-denoising": "benchmarks.quality.denoising",
    "quality-denoising-slow": "benchmarks.quality.slow_denoising",
    "real-noise": "benchmarks.quality.real_noise",
    "denoising": "benchmarks.speed.denoising",
    "quality-structure": "benchmarks.quality.structure",
    "released-denoisers": "benchmarks.quality.released_denoisers",
    "networks": "benchmarks.speed.networks",
    "patchmatch-shared": "benchmarks.speed.shared_photographs",
    "removal": "benchmarks.quality.removal",
    "finding": "benchmarks.quality.finding",
    "selecting": "benchmarks.quality.selecting",
    "quality-inspecting": "benchmarks.quality.inspecting",
    "guidance": "benchmarks.quality.guidance",
    "bulk": "benchmarks.speed.bulk",
    "quality-label-maps": "benchmarks.quality.label_maps",
    "sheet": "benchmarks.quality.sheet",
    "method-gallery": "benchmarks.quality.method_gallery",
}
ON_REQUEST = frozenset(
    {
        "bulk",
        "quality-label-maps",
        "removal",
        "finding",
        "selecting",
        "quality-inspecting",
        "guidance",
        "quality-denoising-slow",
        "quality-structure",
        "released-denoisers",
        "networks",
        "patchmatch-shared",
        "sheet",
        "method-gallery",
    }
)
"""Not run unless they are named: they take long, need what cannot be published, or draw."""

BY_DEFAULT = tuple(name for name in BENCHMARKS if name not in ON_REQUEST)
WITHOUT_RIVALS = frozenset(
    {
        "bulk",
        "quality-label-maps",
        "removal",
        "finding",
        "selecting",
        "quality-inspecting",
        "guidance",
        "cold-start",
        "mini-benchmark",
        "quality-denoising",
        "quality-denoising-slow",
        "quality-structure",
        "released-denoisers",
        "networks",
        "method-gallery",
    }
)


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(BENCHMARKS)}")
    parser.add_argument("--rivals-python", type=Path, default=ROOT / ".venv-bench" / "bin" / "python")
    parser.add_argument("--results", type=Path, help="folder for the result files")
    parser.add_argument("--quick", action="store_true", help="tiny cases, one repeat, results into scratch/")
    chosen = parser.parse_args(arguments)
    unknown = set(chosen.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"unknown benchmark {', '.join(sorted(unknown))}; known: {', '.join(BENCHMARKS)}")
    return chosen


def check_rivals(chosen: argparse.Namespace) -> None:
    """End the run where a benchmark needs rivals that are not installed."""
    needing = [name for name in chosen.names or BY_DEFAULT if name not in WITHOUT_RIVALS]
    if needing and not chosen.rivals_python.exists():
        raise SystemExit(
            f"{', '.join(needing)} needs the rivals, and {chosen.rivals_python} is absent; 'make bench' makes it"
        )


def main() -> None:
    """Run the named benchmarks, or the usual ones."""
    chosen = parse_arguments()
    check_rivals(chosen)
    results = chosen.results or ROOT / ("scratch/quick-results" if chosen.quick else "benchmarks/results")
    bench = Bench(chosen.rivals_python.absolute(), results.absolute(), quick=chosen.quick)
    for name in chosen.names or BY_DEFAULT:
        print(f"== {name}", flush=True)
        importlib.import_module(BENCHMARKS[name]).run(bench)


if __name__ == "__main__":
    main()
