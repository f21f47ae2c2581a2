"""Tables of networks: their time beside torch's, and what released weights score beside what was published."""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import geometric_mean, median

from benchmarks.tables.markdown import Case, grouped, pair, spread, table

SIDES = (256, 512)
_NO_LIMIT = math.inf


def networks_table(cases: list[Case]) -> str:
    """Show ONNX Runtime against torch, one row per network; the better time is bold."""
    names = grouped(cases, "network", "preset")
    rows = [_network_row(network, preset, group) for (network, preset), group in names]
    times = ((f"wall s at {side} px, ONNX Runtime / torch", "ratio") for side in SIDES)
    header = (
        *("network", "weights, M", "file, MB", *(word for both in times for word in both)),
        *("aim at 512 px", "peak MB (of it the call's own)", "largest difference", "spread"),
    )
    return table(header, [*rows, _all_row(cases)])


def _network_row(network: str, preset: str, cases: list[Case]) -> list[str]:
    """Return a network's row; its memory is that of the largest size that was measured."""
    label = f"`{network}`" + ("" if preset == "full" else f" ({preset})")
    weights = f"{cases[0]['n_parameters'] / 1e6:.2f}"
    if "export_failed" in cases[0]:
        return [label, weights, "not exported", *[""] * (2 * len(SIDES) + 4)]
    by_column = {_column_of(case["side_px"]): case for case in cases}
    times = [word for side in SIDES for word in _time_cells(by_column.get(side), side)]
    measured = [case for case in cases if "engines" in case]
    return [label, weights, f"{cases[0]['file_mb']:.1f}", *times, _aim_cell(cases), *_memory_cells(measured)]


def _column_of(side_px: int) -> int:
    """Return the column for a size; one that a network fixes stands under the next larger, and says what it is."""
    return next((side for side in SIDES if side_px <= side), SIDES[-1])


def _time_cells(case: Case | None, side: int) -> list[str]:
    if case is None:
        return ["", ""]
    at = "" if case["side_px"] == side else f" at {case['side_px']} px"
    if "engines" not in case:
        return [_why_none(case) + at, ""]
    ours, theirs = _seconds(case)
    digits = 3 if max(ours, theirs) < 1 else 2
    return [pair(ours, theirs, digits=digits, smaller_wins=True) + at, f"{ours / theirs:.2f}"]


def _why_none(case: Case) -> str:
    """Say why a size was not timed: nothing is left out in silence."""
    if "over_limit_s" in case:
        return f"> {case['over_limit_s']:g} s"
    if "over_mb" in case:
        return f"> {case['over_mb'] / 1000:g} GB"
    return f"crashes ({case['crashed']})" if "crashed" in case else "fails"


def _aim_cell(cases: list[Case]) -> str:
    for case in cases:
        if case["aim_s"] is not None:
            seconds = _seconds(case)[0] if "engines" in case else _NO_LIMIT
            return f"{case['aim_s']:g} s, {'met' if seconds <= case['aim_s'] else 'missed'}"
    return ""


def _memory_cells(measured: list[Case]) -> list[str]:
    if not measured:
        return ["", "", ""]
    runs = [report["wall_s"] for case in measured for report in case["engines"].values()]
    return [
        f"{measured[-1]['peak_mb']:.0f} ({measured[-1]['call_mb']:.0f})",
        f"{max(case['difference'] for case in measured):.0e}",
        f"{max(map(spread, runs)):.0%}",
    ]


def _all_row(cases: list[Case]) -> list[str]:
    """Return the mean ratio of each size, over the networks that were timed at it, and how many were not faster."""
    cells = []
    for side in SIDES:
        ratios = [us / them for us, them in _timed(cases, side)]
        slower = sum(ratio > 1 for ratio in ratios)
        cells += [f"slower in {slower} of {len(ratios)}", f"{geometric_mean(ratios):.2f}"] if ratios else ["", ""]
    return ["**all**", "", "", *cells, "", "", "", ""]


def _timed(cases: list[Case], side: int) -> Iterable[tuple[float, float]]:
    return (_seconds(case) for case in cases if case["side_px"] == side and "engines" in case)


def _seconds(case: Case) -> tuple[float, float]:
    return median(case["engines"]["onnx"]["wall_s"]), median(case["engines"]["torch"]["wall_s"])


def released_denoisers_table(cases: list[Case]) -> str:
    """PSNR of released weights, ours / published (difference), by strength of the noise."""
    sigmas = sorted({case["sigma"] for case in cases})
    rows = []
    for (dataset, method), group in grouped(cases, "dataset", "method"):
        found = {case["sigma"]: case for case in group}
        rows.append([dataset, method, f"`{group[0]['file']}`", *(_released_cell(found.get(sigma)) for sigma in sigmas)])
    levels = (f"sigma {sigma}, ours / published" for sigma in sigmas)
    return table(("pictures", "network", "weights", *levels), rows)


def _released_cell(case: Case | None) -> str:
    if case is None:
        return ""
    ours, published = case["scores"]["psnr"][0], case["published"]
    return f"{ours:.2f}" if published is None else f"{ours:.2f} / *{published:.2f}* ({ours - published:+.2f})"
