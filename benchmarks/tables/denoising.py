"""Tables of denoisers: their likeness beside published figures and floors, real noise, time and memory."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean, geometric_mean, median

from benchmarks.tables.markdown import Case, grouped, spread, table

LEVELS = (15, 25, 50)
AIM_SLACK_DB = 0.1
FLOORS: dict[str, tuple[float, float, float]] = {
    "median": (26.88, 24.90, 20.94),
    "gaussian": (28.48, 26.32, 24.02),
    "bilateral": (29.44, 26.77, 23.95),
    "non_local_means": (29.33, 27.55, 24.65),
    "total_variation": (29.93, 27.56, 25.02),
    "perona_malik": (29.42, 27.06, 24.17),
    "bayes_shrink": (28.76, 26.29, 23.72),
    "undecimated_wavelet": (29.71, 27.27, 24.53),
}
"""PSNR at `LEVELS` on every fourth picture of BSD68 that plain filters with hand-set strengths reach."""

LEAST_SLOW_DB = {"wnnm": 28.78, "epll": 28.60, "ksvd": 28.00, "ncsr": 28.30}
"""What slow denoisers are to reach on BSD68 at sigma 25."""

PUBLISHED_AS = {"wnnm": "WNNM", "epll": "EPLL", "bm3d": "BM3D"}
BM3D_AIMS_DB = {"bsd68": (31.05, 28.55, 25.60), "set12": (32.35, 29.95, 26.70), "cbsd68": (33.47, 30.66, 27.33)}
"""At `LEVELS`; in colour within 0.05 dB of the published figures."""

_BM3D_AS = {"bsd68": "BM3D", "set12": "BM3D", "cbsd68": "CBM3D"}
_SET_NAMES = {"bsd68": "BSD68", "set12": "Set12", "cbsd68": "CBSD68"}
ENGINE_NAMES = {
    "input": "noisy",
    "retouch:auto": "**retouch, blind**",
    "retouch:bm3d": "**retouch, `bm3d`**",
    "retouch:non_local_means": "**retouch, `non_local_means`**",
    "retouch:total_variation": "**retouch, `total_variation`**",
    "pypi_bm3d": "PyPI bm3d",
    "skimage_nlm": "scikit-image NLM",
    "skimage_tv": "scikit-image TV",
    "skimage_wavelet": "scikit-image wavelets",
    "opencv_nlm": "OpenCV NLM",
}


def denoising_table(cases: list[Case]) -> str:
    """PSNR / SSIM of every quick denoiser on BSD68, its floor on every fourth picture, and published figures."""
    rows = []
    for (method,), group in grouped([case for case in cases if case["dataset"] == "bsd68"], "method"):
        found = {case["sigma"]: case for case in group}
        published = "published" in group[0]
        name = f"*{method} (published)*" if published else f"`{method}`"
        fourths = "" if published else _figures(found[sigma]["psnr_every_fourth"] for sigma in LEVELS)
        floors = _figures(FLOORS[method]) if method in FLOORS else ""
        rows.append([name, *(_likeness_cell(found.get(sigma)) for sigma in LEVELS), fourths, floors])
    columns = (f"sigma {sigma}" for sigma in LEVELS)
    return table(("BSD68, PSNR / SSIM", *columns, "PSNR of every fourth picture", "floor there"), rows)


def bm3d_table(cases: list[Case]) -> str:
    """PSNR of our BM3D on each set beside the published figure and the aim."""
    rows = []
    for dataset, name in _SET_NAMES.items():
        ours, published = (
            {case["sigma"]: case for case in cases if case["dataset"] == dataset and case["method"] == method}
            for method in ("bm3d", _BM3D_AS[dataset])
        )
        if not ours:
            rows.append([name, *["not measured"] * len(LEVELS)])
            continue
        cells = []
        for sigma, aim in zip(LEVELS, BM3D_AIMS_DB[dataset], strict=True):
            ours_db, theirs_db = ours[sigma]["scores"]["psnr"][0], published[sigma]["published"]
            met = "met" if round(ours_db, 2) >= aim else "missed"
            cells.append(f"{ours_db:.2f} / *{theirs_db:.2f}* ({ours_db - theirs_db:+.2f}; {aim:.2f} {met})")
        rows.append([name, *cells])
    return table(("ours / published (difference; aim)", *(f"sigma {sigma}" for sigma in LEVELS)), rows)


def slow_denoising_table(cases: list[Case]) -> str:
    """PSNR / SSIM of the slow denoisers on BSD68 at sigma 25, what they are to reach, and what was published."""
    published = {case["method"]: case["published"] for case in cases if "published" in case}
    rows = []
    for case in cases:
        if "published" in case:
            continue
        method, value = case["method"], case["scores"]["psnr"][0]
        least, paper = LEAST_SLOW_DB.get(method), published.get(PUBLISHED_AS.get(method, ""))
        met = "" if least is None else f"{least:.2f}, {'met' if round(value, 2) >= least else 'missed'}"
        rows.append([f"`{method}`", _likeness_cell(case), "" if paper is None else f"*{paper:.2f}*", met])
    return table(("BSD68, sigma 25", "PSNR / SSIM", "published PSNR", "least"), rows)


def real_noise_table(cases: list[Case]) -> str:
    """PSNR / SSIM of each blind engine on each picture with real noise; the best PSNR is bold."""
    engines = list(cases[0]["engines"])
    rows = [[case["picture"], *(_real_cell(case["engines"], engine) for engine in engines)] for case in cases]
    means = {
        engine: {name: fmean(case["engines"][engine][name] for case in cases) for name in ("psnr", "ssim")}
        for engine in engines
    }
    improved = (
        sum(case["engines"][engine]["psnr"] > case["engines"]["input"]["psnr"] for case in cases) for engine in engines
    )
    rows.append(["**mean**", *(_real_cell(means, engine) for engine in engines)])
    rows.append(["better than noisy", "", *(f"{count} of {len(cases)}" for count in list(improved)[1:])])
    return table(("picture", *(ENGINE_NAMES[engine] for engine in engines)), rows)


def denoising_speed_table(cases: list[Case]) -> str:
    """Time, memory and PSNR of each engine by strength, means over pictures; ratios are theirs over ours."""
    rows = []
    for _, group in grouped([case for case in cases if case["series"] == "rivals"], "family"):
        engines = list(group[0]["engines"])
        rows += [_speed_row(engine, engines[0], group) for engine in engines]
    times = (f"{kind} s at {' / '.join(map(str, LEVELS))}" for kind in ("CPU", "wall"))
    memory = "peak MB (of it its own)"
    return table(("512 px, grey", *times, "CPU, times ours", memory, "PSNR, dB", "mean", "spread"), rows)


def denoising_growth_table(cases: list[Case]) -> str:
    """CPU time per megapixel and peak memory of our BM3D as the picture grows, under each budget."""
    growing = [case for case in cases if case["series"] == "growth"]
    rows = []
    for case in growing:
        height, width = case["shape"]
        cells = [f"{width}x{height}", f"{case['megapixels']:.2f}"]
        for report in case["budgets"].values():
            cpu = median(report["cpu_s"])
            cells += [f"{cpu:.2f} ({cpu / case['megapixels']:.2f})", f"{median(report['wall_s']):.2f}"]
            cells.append(f"{report['peak_mb']:.0f}")
        rows.append(cells)
    columns = (
        words
        for budget in growing[0]["budgets"]
        for words in (f"max_memory {budget}: CPU s (for a megapixel)", "wall s", "peak MB")
    )
    return table(("picture", "megapixels", *columns), rows)


def _figures(values: Iterable[float]) -> str:
    return " / ".join(f"{value:.2f}" for value in values)


def _likeness_cell(case: Case | None) -> str:
    if case is None:
        return ""
    if "published" in case:
        return f"*{case['published']:.2f}*"
    return f"{case['scores']['psnr'][0]:.2f} / {case['scores']['ssim'][0]:.3f}"


def _real_cell(scores: dict[str, dict[str, float]], engine: str) -> str:
    best = max(round(found["psnr"], 2) for found in scores.values())
    words = f"{scores[engine]['psnr']:.2f}"
    if round(scores[engine]["psnr"], 2) == best:
        words = f"**{words}**"
    return f"{words} / {scores[engine]['ssim']:.3f}"


def _speed_row(engine: str, ours: str, cases: list[Case]) -> list[str]:
    reports = [case["engines"][engine] for case in cases]
    ratios = [median(case["engines"][engine]["cpu_s"]) / median(case["engines"][ours]["cpu_s"]) for case in cases]
    peak = max(report["peak_mb"] for report in reports)
    own = max(report["peak_mb"] - report["warm_mb"] for report in reports)
    decibels = [fmean(case["engines"][engine]["psnr"] for case in of) for of in _by_level(cases)]
    return [
        ENGINE_NAMES[engine],
        *(_seconds(engine, field, cases) for field in ("cpu_s", "wall_s")),
        "" if engine == ours else f"{geometric_mean(ratios):.2f}",
        f"{peak:.0f} ({own:.0f})",
        _figures(decibels),
        f"{fmean(decibels):.2f}",
        f"{max(spread(report['cpu_s']) for report in reports):.0%}",
    ]


def _seconds(engine: str, field: str, cases: list[Case]) -> str:
    means = (fmean(median(case["engines"][engine][field]) for case in of) for of in _by_level(cases))
    return " / ".join(f"{value:.2f}" if value >= 0.1 else f"{value:.3f}" for value in means)


def _by_level(cases: list[Case]) -> list[list[Case]]:
    return [[case for case in cases if case["sigma"] == sigma] for sigma in LEVELS]
