"""Tables of time and memory."""

from __future__ import annotations

from statistics import fmean, geometric_mean, median

from benchmarks.tables.markdown import Case, grouped, pair, spread, table, with_range

OURS, THEIRS = "retouch:patchmatch", "pypatchmatch"


def patchmatch_table(cases: list[Case]) -> str:
    """Ours against pypatchmatch, one row per size and kind of hole, the better figure in bold."""
    return _patchmatch_rows(cases, "size", "mask")


def patchmatch_by_size_table(cases: list[Case]) -> str:
    """Compare ours with pypatchmatch, one row per size."""
    return _patchmatch_rows(cases, "size")


def _patchmatch_rows(cases: list[Case], *fields: str) -> str:
    rows = [_patchmatch_row(", ".join(values), group) for values, group in grouped(cases, *fields)]
    header = (
        *("hole", "CPU s, ours / theirs", "CPU ratio", "wall s, ours / theirs", "wall ratio", "peak MB, ours / theirs"),
        "of it the fill's own, MB, ours / theirs",
        *("PSNR in the hole, dB, ours / theirs", "changed known pixels, ours / theirs", "spread"),
    )
    return table(header, [*rows, _patchmatch_row("**all**", cases)])


def _patchmatch_row(label: str, cases: list[Case]) -> list[str]:
    ours, theirs = ([case["engines"][engine] for case in cases] for engine in (OURS, THEIRS))

    def seconds(field: str) -> tuple[str, str]:
        pairs = [(median(us[field]), median(them[field])) for us, them in zip(ours, theirs, strict=True)]
        means = fmean(us for us, _ in pairs), fmean(them for _, them in pairs)
        ratio = geometric_mean([us / them for us, them in pairs])
        return pair(*means, digits=2, smaller_wins=True), f"{ratio:.2f}"

    decibels = [fmean(report["hole_psnr_db"] for report in side) for side in (ours, theirs)]
    peaks = [max(report["peak_mb"] for report in side) for side in (ours, theirs)]
    own = [max(report["peak_mb"] - report["warm_mb"] for report in side) for side in (ours, theirs)]
    changed = [sum(report["changed_known"] for report in side) for side in (ours, theirs)]
    return [
        label,
        *seconds("cpu_s"),
        *seconds("wall_s"),
        pair(*peaks, digits=0, smaller_wins=True),
        pair(*own, digits=0, smaller_wins=True),
        pair(*decibels, digits=2, smaller_wins=False) + f" ({decibels[0] - decibels[1]:+.2f})",
        f"{changed[0]} / {changed[1]}",
        f"{max(spread(report['cpu_s']) for report in ours + theirs):.0%}",
    ]


def cold_start_table(cases: list[Case]) -> str:
    """Whole commands, and the size of an installation."""
    rows = []
    for case in cases:
        if "installed_mb" in case:
            parts = ", ".join(f"{name} {size:.0f}" for name, size in case["installed_mb"].items() if name != "total")
            rows.append([f"`{case['command']}`", "", "", f"**{case['installed_mb']['total']:.0f} on disk** ({parts})"])
        else:
            spent = (with_range(case[field], digits) for field, digits in (("wall_s", 2), ("cpu_s", 2)))
            rows.append([f"`{case['command']}`", *spent, f"{max(case['peak_mb']):.0f}"])
    return table(("command", "wall s (range)", "CPU s (range)", "peak MB"), rows)
