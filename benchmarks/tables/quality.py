"""Tables of likeness."""

from __future__ import annotations

from statistics import fmean, median

from benchmarks.engines import RIVALS
from benchmarks.tables.markdown import Case, engine_name, grouped, table
from retouch.methods.catalogue import AUTO

_SELECTED = ("overlap", "recall", "cpu_s")


def thin_damage_table(cases: list[Case]) -> str:
    """PSNR in the hole for scratches and captions, and the CPU time, of every engine."""
    fsr = _mean_cpu(cases, "opencv_fsr_fast")
    kinds = dict(grouped(cases, "mask"))
    rows = []
    for engine in cases[0]["engines"]:
        decibels = [fmean(case["engines"][engine]["hole_psnr_db"] for case in group) for group in kinds.values()]
        cpu = _mean_cpu(cases, engine)
        changed = sum(case["engines"][engine]["changed_known"] for case in cases)
        spent = f"{cpu:.3f}", f"{cpu / fsr:.3f}"
        rows.append([engine_name(engine), *(f"{value:.2f}" for value in decibels), *spent, str(changed)])
    masks = (f"{mask}, dB" for (mask,) in kinds)
    return table(("256 px", *masks, "CPU s", "CPU / FSR_FAST", "changed known pixels"), rows)


def _mean_cpu(cases: list[Case], engine: str) -> float:
    return fmean(median(case["engines"][engine]["cpu_s"]) for case in cases)


def selecting_table(cases: list[Case]) -> str:
    """Overlap, recall after growing and time of clicks and boxes on the frames of each clip."""
    rows = [
        [
            case["prompt"],
            f"`{case['engine']}`",
            f"{case['clip']} ({case['n']})",
            *(_two(case[key]) for key in _SELECTED),
        ]
        for case in cases
    ]
    return table(("prompt", "by", "clip (things)", "overlap", "recall after growing", "CPU s at 640x480"), rows)


def _two(value: float) -> str:
    return f"{value:.2f}"


def mini_benchmark_table(cases: list[Case]) -> str:
    """Every method on every kind of hole: PSNR of the picture / of the hole / SSIM."""
    methods = {case["method"]: None for case in cases}
    cells = {
        (case["method"], case["mask"]): f"{case['psnr_db']:.2f} / {case['hole_psnr_db']:.2f} / {case['ssim']:.3f}"
        for case in cases
    }
    masks = {case["mask"]: None for case in cases}
    return table(("method", *masks), ([f"`{m}`", *(cells[m, mask] for mask in masks)] for m in methods))


CHOSEN_BY_AUTO = ("kriging", "guided_patchmatch")
"""The methods of `retouch.methods.planning.auto`."""

BY_BIN_COLUMNS = {"psnr_hole": 2, "ssim": 3, "edge_f1_hole": 3, "texture_gap_hole": 3}
"""What the table by share of missing pixels shows, with decimals."""


def by_bin_table(cases: list[Case]) -> str:
    """PSNR in the hole / SSIM / edge F1 / texture gap of every method and rival, by share of missing pixels."""
    conditions = list(dict.fromkeys(case["condition"] for case in cases))
    best = {(c, name): _best(cases, c, name) for c in conditions for name in BY_BIN_COLUMNS}
    rows = []
    for _, group in grouped(cases, "method"):
        found = {case["condition"]: case for case in group}
        rows.append([_by_bin_name(found[conditions[-1]]), *(_by_bin_cell(found[c], best) for c in conditions)])
    return table(("method", *conditions), rows)


def by_bin_short_table(cases: list[Case]) -> str:
    """Show what `auto` chooses from, and the rivals, over all bins together; one measure a column."""
    shown = {AUTO, *CHOSEN_BY_AUTO, *RIVALS}
    together = [case for case in cases if case["condition"] == "all" and case["method"] in shown]
    best = {("all", name): _best(together, "all", name) for name in BY_BIN_COLUMNS}
    rows = ([_by_bin_name(case), *_by_bin_cell(case, best).split(" / ")] for case in together)
    return table(("method", "PSNR in the hole, dB", "SSIM", "edge F1 in the hole", "texture gap in the hole"), rows)


def structure_table(kind: str, cases: list[Case]) -> str:
    """PSNR in the hole / SSIM / perceptual distance of each method under one kind of damage, sets side by side."""
    chosen = [case for case in cases if case["kind"] == kind and case["condition"] != "all"]
    columns = {(case["dataset"], case["condition"]): None for case in chosen}
    rows = []
    for (method,), group in grouped(chosen, "method"):
        found = {(case["dataset"], case["condition"]): case["scores"] for case in group}
        rows.append([f"`{method}`", *(_structure_cell(found[column]) for column in columns)])
    return table(("method", *(f"{dataset}, {condition}" for dataset, condition in columns)), rows)


def _structure_cell(scores: dict[str, list[float]]) -> str:
    return f"{scores['psnr_hole'][0]:.2f} / {scores['ssim'][0]:.3f} / {scores['hed_distance'][0]:.3f}"


def _by_bin_name(case: Case) -> str:
    """Return what a table calls a method, with the number of pictures that it could not do."""
    known = engine_name(case["method"])
    name = f"`{case['method']}`" if known.startswith("retouch, ") else known
    return f"{name} ({case['n_failed']} of {case['n'] + case['n_failed']} failed)" if case["n_failed"] else name


def _best(cases: list[Case], condition: str, name: str) -> float:
    """Return the best figure among those who did every picture: means over other pictures cannot be compared."""
    values: list[float] = [
        round(case["scores"][name][0], BY_BIN_COLUMNS[name])
        for case in cases
        if case["condition"] == condition and not case["n_failed"]
    ]
    return min(values) if name.startswith("texture_gap") else max(values)


def _by_bin_cell(case: Case, best: dict[tuple[str, str], float]) -> str:
    words = []
    for name, digits in BY_BIN_COLUMNS.items():
        value = case["scores"][name][0]
        text = f"{value:.{digits}f}"
        wins = not case["n_failed"] and round(value, digits) == best[case["condition"], name]
        words.append(f"**{text}**" if wins else text)
    return " / ".join(words)
