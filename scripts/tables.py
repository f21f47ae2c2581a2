"""Writes tables, plots and pages from the result files, the catalogue and docstrings; no figure is typed by hand.

The pages are those of docs/evidence and docs/methods.

Usage: python -m scripts.tables [--check], from the root of the repository

A table stands between the lines `<!-- table NAME -->` and `<!-- end NAME -->`. With --check nothing is written, and the
exit code is 1 if a table or a plot is not what it should be.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.evidence.pages import evidence_pages
from benchmarks.tables.catalogues import (
    denoisers_table,
    families_table,
    methods_table,
    metrics_table,
    nets_table,
    protocols_table,
)
from benchmarks.tables.denoising import (
    bm3d_table,
    denoising_growth_table,
    denoising_speed_table,
    denoising_table,
    real_noise_table,
    slow_denoising_table,
)
from benchmarks.tables.growth import GALLERY, GROWTH, growth_plot, growth_table
from benchmarks.tables.markdown import Case
from benchmarks.tables.method_pages import gallery_table, method_pages
from benchmarks.tables.networks import networks_table, released_denoisers_table
from benchmarks.tables.quality import (
    by_bin_short_table,
    by_bin_table,
    mini_benchmark_table,
    selecting_table,
    structure_table,
    thin_damage_table,
)
from benchmarks.tables.speed import cold_start_table, patchmatch_by_size_table, patchmatch_table

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PAGES = (
    *("README.md", "benchmarks/README.md", "docs/start.md", "docs/evaluation.md", "docs/networks.md"),
    "docs/evidence/structure.md",
    "docs/methods/README.md",
)
_BLOCK = re.compile(r"<!-- table (?P<name>[\w-]+) -->\n.*?<!-- end (?P=name) -->", re.DOTALL)


def with_results(name: str, write: Callable[[list[Case]], str]) -> Callable[[Path], str]:
    """Return a table maker that reads the result file `name` and states where its figures come from."""

    def make(results: Path) -> str:
        path = results / f"{name}.json"
        if not path.exists():
            return f"Not measured yet: `python -m benchmarks.run {name}` writes `benchmarks/results/{name}.json`."
        record = json.loads(path.read_text())
        if record["quick"]:
            raise SystemExit(f"{path} comes from a --quick run, which measures nothing; run: make bench")
        return f"{write(record['cases'])}\n\n{origin(record['facts'])}"

    return make


def origin(facts: dict[str, Any]) -> str:
    """Say where and when the figures were measured."""
    return (
        f"Measured {facts['date']} at commit {facts['commit'][:8]} on {facts['cpu']}, {facts['n_threads']} threads, "
        f"Python {facts['python']}, load {facts['load_before']} before."
    )


RESULT_TABLES: dict[str, tuple[str, Callable[[list[Case]], str]]] = {
    "patchmatch": ("patchmatch", patchmatch_table),
    "patchmatch-by-size": ("patchmatch", patchmatch_by_size_table),
    "patchmatch-shared": ("patchmatch-shared", patchmatch_table),
    "thin-damage": ("thin-damage", thin_damage_table),
    "cold-start": ("cold-start", cold_start_table),
    "mini-benchmark": ("mini-benchmark", mini_benchmark_table),
    "quality-by-bin": ("quality-by-bin", by_bin_table),
    "quality-all-bins": ("quality-by-bin", by_bin_short_table),
    "quality-denoising": ("quality-denoising", denoising_table),
    "quality-denoising-bm3d": ("quality-denoising", bm3d_table),
    "quality-denoising-slow": ("quality-denoising-slow", slow_denoising_table),
    "real-noise": ("real-noise", real_noise_table),
    "denoising": ("denoising", denoising_speed_table),
    "denoising-growth": ("denoising", denoising_growth_table),
    "quality-structure-broad": ("quality-structure", partial(structure_table, "broad")),
    "quality-structure-thin": ("quality-structure", partial(structure_table, "thin")),
    "released-denoisers": ("released-denoisers", released_denoisers_table),
    "networks-speed": ("networks", networks_table),
    "growth-size": ("growth", partial(growth_table, "size")),
    "growth-hole": ("growth", partial(growth_table, "hole")),
    "method-gallery": ("method-gallery", gallery_table),
    "selecting": ("selecting", selecting_table),
}
"""By the name of the table: the result file and what writes its cases."""

TABLES: dict[str, Callable[[Path], str]] = {
    "methods": methods_table,
    "families": families_table,
    "denoisers": denoisers_table,
    "nets": nets_table,
    "metrics": metrics_table,
    "protocols": protocols_table,
    **{name: with_results(file, write) for name, (file, write) in RESULT_TABLES.items()},
}


def plots(results: Path = RESULTS) -> dict[str, str]:
    """Return the text of each plot by its path from the root of the repository; none before there are results."""
    path = results / "growth.json"
    if not path.exists():
        return {}
    cases = json.loads(path.read_text())["cases"]
    return {f"{GALLERY}/growth-{series}.svg": growth_plot(series, cases) for series in GROWTH}


def with_tables(page: str, results: Path = RESULTS) -> str:
    """Return the text of a page with every table as it should be."""

    def block(found: re.Match[str]) -> str:
        name = found["name"]
        return f"<!-- table {name} -->\n{TABLES[name](results)}\n<!-- end {name} -->"

    return _BLOCK.sub(block, page)


def main() -> None:
    """Write the pages and plots that changed, or with --check name them."""
    check = sys.argv[1:] == ["--check"]
    wanted = (
        {name: with_tables((ROOT / name).read_text()) for name in PAGES} | plots() | evidence_pages() | method_pages()
    )
    stale = [name for name, text in wanted.items() if not (ROOT / name).exists() or (ROOT / name).read_text() != text]
    for name in stale:
        if not check:
            (ROOT / name).write_text(wanted[name])
        print(f"{'stale' if check else 'wrote'}: {name}")
    raise SystemExit(bool(stale) and check)


if __name__ == "__main__":
    main()
