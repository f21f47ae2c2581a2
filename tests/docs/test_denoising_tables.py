"""The tables of denoisers show what the result files say: aims that were met and missed, floors, losses."""

from __future__ import annotations

from typing import Any

from benchmarks.tables.denoising import (
    BM3D_AIMS_DB,
    LEVELS,
    bm3d_table,
    denoising_growth_table,
    denoising_speed_table,
    denoising_table,
    real_noise_table,
    slow_denoising_table,
)


def scored(dataset: str, sigma: int, method: str, decibels: float) -> dict[str, Any]:
    """Return what a denoiser scored, as a result file has it."""
    scores = {"psnr": [decibels, 0, 0], "ssim": [0.8, 0, 0]}
    facts = {"dataset": dataset, "sigma": sigma, "method": method}
    return {**facts, "scores": scores, "psnr_every_fourth": decibels + 1}


def test_denoisers_stand_beside_their_floors_and_published_figures() -> None:
    ours = [scored("bsd68", sigma, "median", value) for sigma, value in zip(LEVELS, (26.5, 24.5, 20.5), strict=True)]
    theirs = {"dataset": "bsd68", "sigma": 25, "method": "BM3D", "published": 28.57}
    assert denoising_table([*ours, theirs]).splitlines()[2:] == [
        "| `median` | 26.50 / 0.800 | 24.50 / 0.800 | 20.50 / 0.800 | 27.50 / 25.50 / 21.50 | 26.88 / 24.90 / 20.94 |",
        "| *BM3D (published)* |  | *28.57* |  |  |  |",
    ]


def test_bm3d_is_held_against_its_aim_on_each_set() -> None:
    cases: list[dict[str, Any]] = []
    for dataset, aims in BM3D_AIMS_DB.items():
        name = "CBM3D" if dataset == "cbsd68" else "BM3D"
        for sigma, aim in zip(LEVELS, aims, strict=True):
            cases.append(scored(dataset, sigma, "bm3d", aim - 0.01 if sigma == 50 else aim))
            cases.append({"dataset": dataset, "sigma": sigma, "method": name, "published": aim + 0.02})
    row = bm3d_table(cases).splitlines()[2]
    assert row.startswith("| BSD68 | 31.05 / *31.07* (-0.02; 31.05 met) |")
    assert row.endswith("| 25.59 / *25.62* (-0.03; 25.60 missed) |")


def test_slow_denoisers_are_held_against_what_they_are_to_reach() -> None:
    published = {"dataset": "bsd68", "sigma": 25, "method": "WNNM", "published": 28.83}
    cases = [published, scored("bsd68", 25, "wnnm", 28.7), scored("bsd68", 25, "fusion", 28.5)]
    assert slow_denoising_table(cases).splitlines()[2:] == [
        "| `wnnm` | 28.70 / 0.800 | *28.83* | 28.78, missed |",
        "| `fusion` | 28.50 / 0.800 |  |  |",
    ]


def test_real_noise_counts_the_pictures_that_are_better_than_before() -> None:
    """Means of 30 and 32 are 31, of 31 and 33 are 32; both of ours are better, one of theirs."""
    scores = [(30, 31, 29), (32, 33, 34)]
    cases = [
        {
            "picture": f"0{number}",
            "engines": {engine: {"psnr": value, "ssim": 0.9} for engine, value in engines.items()},
        }
        for number, engines in enumerate(
            (dict(zip(("input", "retouch:auto", "opencv_nlm"), row, strict=True)) for row in scores), start=1
        )
    ]
    assert real_noise_table(cases).splitlines()[2:] == [
        "| 01 | 30.00 / 0.900 | **31.00** / 0.900 | 29.00 / 0.900 |",
        "| 02 | 32.00 / 0.900 | 33.00 / 0.900 | **34.00** / 0.900 |",
        "| **mean** | 31.00 / 0.900 | **32.00** / 0.900 | 31.50 / 0.900 |",
        "| better than noisy |  | 2 of 2 | 1 of 2 |",
    ]


def timed(seconds: float, decibels: float) -> dict[str, Any]:
    """Return what one engine measured on one picture."""
    return {"cpu_s": [seconds] * 3, "wall_s": [seconds / 2] * 3, "warm_mb": 50, "peak_mb": 90, "psnr": decibels}


def test_times_are_shown_by_strength_and_as_ratios() -> None:
    """Theirs takes 2, 4 and 8 times as long: the geometric mean is 4."""
    cases = [
        {
            "series": "rivals",
            "family": "BM3D",
            "sigma": sigma,
            "engines": {"retouch:bm3d": timed(1, 30), "pypi_bm3d": timed(factor, 29)},
        }
        for sigma, factor in zip(LEVELS, (2, 4, 8), strict=True)
    ]
    three = "30.00 / 30.00 / 30.00 | 30.00 | 0% |"
    assert denoising_speed_table(cases).splitlines()[2:] == [
        f"| **retouch, `bm3d`** | 1.00 / 1.00 / 1.00 | 0.50 / 0.50 / 0.50 |  | 90 (40) | {three}",
        "| PyPI bm3d | 2.00 / 4.00 / 8.00 | 1.00 / 2.00 / 4.00 | 4.00 | 90 (40) | 29.00 / 29.00 / 29.00 | 29.00 | 0% |",
    ]


def test_growth_is_shown_for_each_megapixel_and_budget() -> None:
    budgets = {"2G": timed(6, 30), "400M": timed(9, 30)}
    case = {"series": "growth", "shape": [1500, 2000], "megapixels": 3.0, "budgets": budgets}
    assert denoising_growth_table([case]).splitlines()[2] == (
        "| 2000x1500 | 3.00 | 6.00 (2.00) | 3.00 | 90 | 9.00 (3.00) | 4.50 | 90 |"
    )
