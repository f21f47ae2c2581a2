"""The studies are whole, their statistics are right, and their pages are what the result files say."""

from __future__ import annotations

import doctest
import importlib
import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.evidence.figures import by_seed, order_sentence, weigh_claim
from benchmarks.evidence.gathering import BASELINES, ENDED, folder_of, gather
from benchmarks.evidence.intervals import MeanInterval, judge, mean_interval, paired_interval
from benchmarks.evidence.pages import PAGES, RESULTS, evidence_pages, page_of
from benchmarks.evidence.running import Wish, run_study, runs_of
from benchmarks.evidence.searching import PATTERNS
from benchmarks.evidence.studies import STUDIES, find_study
from benchmarks.evidence.study import Arm, Claim, Column, Published, Study, recipe_of
from retouch.nets.latent.refinement_gan import CONFIDENCES
from retouch.training.recipes.reading import differences, recipe_to_dict

ROOT = Path(__file__).resolve().parents[2]
ARMS = [pytest.param(study, arm, id=f"{study.name}-{arm.name}") for study in STUDIES for arm in study.arms]
SCORE = Column("all", "all")

TRIAL = Study(
    name="trial",
    title="Trial",
    question="Is a above b?",
    paper="None.",
    published=Published(("method", "PSNR"), (("a", "30.0"),), "No note."),
    claims=(Claim("a", "b", "all", "Table 9"),),
    bars=(Claim("a", "mean", "all", "3 dB above the mean colour", margin=3.0),),
    arms=(Arm("a", "l2gan-toy_faces-small"), Arm("b", "l2gan-toy_faces-small"), Arm("c", "none", on_request=True)),
    reference="b",
    columns=(SCORE,),
    curve=SCORE,
    steps=8,
)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def results(values: dict[str, list[float]], **others: Any) -> dict[str, Any]:
    """Return results of runs with these scores, one for each seed."""
    arms = {arm: {"recipe": "r", "settings": [], "runs": runs_with(scores)} for arm, scores in values.items()}
    base = {"mean": {"all": {"psnr": 10.0}}}
    return {"steps": 8, "arms": arms, "baselines": base, "unfinished": [], **others}


def runs_with(scores: list[float]) -> dict[str, Any]:
    """Return a run for each score."""
    facts = {"batch": 2, "seconds": 1.0, "samples_per_s": 16.0, "machine": "a CPU", "threads": 1}
    facts |= {"commit": "0123456789", "date": "2026-11-28", "steps": 8}
    return {
        str(seed): {"scores": {"all": {"psnr": score}}, "curve": [[4, score - 1], [8, score]], **facts}
        for seed, score in enumerate(scores)
    }


@pytest.mark.parametrize(("study", "arm"), ARMS)
def test_every_arm_is_a_recipe_without_contradictions(study: Study, arm: Arm) -> None:
    recipe = recipe_of(study, arm, seed=1)
    assert recipe.run.steps == study.steps
    assert recipe.run.seed == 1
    assert sum(phase.steps for phase in recipe.phases) in {0, study.steps}


@pytest.mark.parametrize("study", [s for s in STUDIES if s.reference], ids=lambda study: study.name)
def test_arms_see_the_same_pictures_and_holes(study: Study) -> None:
    """How holes are shared out may be the question (self-tuned); `families` is not read by this curriculum (glcic)."""
    first, *others = (recipe_to_dict(recipe_of(study, arm, 0)) for arm in study.arms)
    told_apart = {"damage.options.alloc", "data.options.structure.scale", "data.options.structure.known"}
    for other in others:
        changed = {
            place
            for place in differences(first, other)
            if place.startswith(("data.", "damage.", "run.")) and not place.startswith("damage.families")
        }
        assert changed <= told_apart


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_claims_are_about_arms_and_columns_that_there_are(study: Study) -> None:
    names = [arm.name for arm in study.arms]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in [study.name, *names])
    assert study.reference in {"", *names}
    for claim in (*study.claims, *study.bars):
        assert claim.better in names
        assert claim.worse in {"", "mean", "harmonic", *names}
        assert study.column(claim.column)


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_published_tables_have_a_cell_for_every_column(study: Study) -> None:
    assert {len(row) for row in study.published.rows} == {len(study.published.header)}


def test_the_interval_of_three_seeds_is_students() -> None:
    """1, 2, 4: mean 7/3, deviation sqrt(7/3) = 1.5275; t of 2 degrees at 97.5 % is 4.3027; 4.3027 * 1.5275 / sqrt 3."""
    found = mean_interval([1.0, 2.0, 4.0])
    assert found.mean == pytest.approx(7 / 3)
    assert found.half == pytest.approx(3.7946, abs=1e-3)


def test_the_interval_of_two_seeds_is_students() -> None:
    """0 and 2: deviation sqrt 2, t of 1 degree 12.706; 12.706 * sqrt 2 / sqrt 2."""
    assert mean_interval([0.0, 2.0]).half == pytest.approx(12.706, abs=1e-3)


def test_one_seed_has_no_interval() -> None:
    assert math.isnan(mean_interval([3.0]).half)


def test_differences_are_taken_within_seeds() -> None:
    """Seeds differ by 10 dB, arms by 1 everywhere: the interval of the difference is a point."""
    found = paired_interval({"0": 21.0, "1": 31.0, "2": 26.0}, {"0": 20.0, "1": 30.0, "2": 25.0})
    assert found == MeanInterval(1.0, 0.0, 3)


def test_seeds_that_only_one_arm_has_do_not_count() -> None:
    assert paired_interval({"0": 1.0}, {"1": 1.0}) is None


@pytest.mark.parametrize(
    ("mean", "half", "word"),
    [
        (0.3, 0.2, "holds"),
        (0.3, 0.4, "same way, within noise"),
        (-0.3, 0.4, "other way, within noise"),
        (-0.3, 0.2, "reversed"),
        (0.3, math.nan, "one seed only"),
    ],
)
def test_a_claim_holds_when_its_whole_interval_is_above_zero(mean: float, half: float, word: str) -> None:
    assert judge(MeanInterval(mean, half, 3)) == word


def test_a_margin_must_be_reached_too() -> None:
    """13.5 is 3.5 above the mean fill's 10: 0.5 beyond the margin of 3."""
    verdict = weigh_claim(TRIAL, results({"a": [13.5, 13.5]}), TRIAL.bars[0])
    assert verdict.difference == MeanInterval(0.5, 0.0, 2)
    assert verdict.word == "holds"


def test_where_lower_is_better_the_sign_turns() -> None:
    """2 against 5: ahead by 3."""
    claim = replace_claim(TRIAL.claims[0], is_lower=True)
    assert weigh_claim(TRIAL, results({"a": [2.0, 2.0], "b": [5.0, 5.0]}), claim).difference == MeanInterval(
        3.0, 0.0, 2
    )


def test_where_lower_is_better_a_slack_lets_it_be_higher() -> None:
    """5.2 against 5 with 0.3 allowed: 0.1 is left."""
    claim = replace_claim(TRIAL.claims[0], is_lower=True, margin=-0.3)
    difference = weigh_claim(TRIAL, results({"a": [5.2, 5.2], "b": [5.0, 5.0]}), claim).difference
    assert difference is not None
    assert difference.mean == pytest.approx(0.1)


def replace_claim(claim: Claim, **changes: Any) -> Claim:
    """Return a claim with other values."""
    return claim._replace(**changes)


@pytest.mark.parametrize(
    ("a", "b", "sentence"),
    [
        ([2.0, 2.1], [1.0, 1.1], "The paper's order holds"),
        ([2.0, 1.0], [1.0, 1.1], "Means stand in the paper's order, but not beyond noise"),
        ([1.0, 1.1], [2.0, 2.1], "The paper's order is not seen at this scale (reversed: 1)"),
        ([2.0], [1.0], "Nothing can be said"),
    ],
)
def test_the_page_says_whether_the_order_holds(a: list[float], b: list[float], sentence: str) -> None:
    verdicts = [weigh_claim(TRIAL, results({"a": a, "b": b}), claim) for claim in TRIAL.claims]
    assert order_sentence(verdicts).startswith(sentence)


def test_a_page_shows_every_arm_and_baseline_with_its_interval() -> None:
    """20 and 22: mean 21, half 12.706 * sqrt 2 / sqrt 2 = 12.71; differences from b are 2 and 2."""
    page = page_of(TRIAL, results({"a": [20.0, 22.0], "b": [18.0, 20.0]}))
    assert "| `a` | 21.00 ± 12.71 |" in page
    assert "| mean fill | 10.00 |" in page
    assert "| `a` | +2.00 ± 0.00 |" in page
    assert "8 steps of 2 samples; 2 seeds. Measured 2026-11-28 at commit 01234567 on a CPU (1 threads)" in page


def test_a_run_that_broke_off_counts_nowhere_and_is_named() -> None:
    found = results({"a": [20.0, 22.0], "b": [18.0, 20.0]})
    found["arms"]["a"]["runs"]["1"]["failed"] = "the loss is no number"
    assert by_seed(found, "a", SCORE) == {"0": 20.0}
    page = page_of(TRIAL, found)
    assert "`a`, seed 1: the loss is no number" in page
    assert "1, 1 broke off" in page


def test_what_is_not_finished_is_named() -> None:
    page = page_of(TRIAL, results({"a": [20.0]}, unfinished=["b, seed 0"], steps=4))
    assert "Not finished: b, seed 0. Meant for 8 steps." in page


def test_seeds_come_before_arms_and_unasked_arms_stay_out() -> None:
    wish = Wish(Path())
    assert [(seed, arm.name) for seed, arm in runs_of(replace(TRIAL, seeds=(0, 1)), wish)] == [
        (0, "a"),
        (0, "b"),
        (1, "a"),
        (1, "b"),
    ]
    assert [arm.name for _, arm in runs_of(TRIAL, Wish(Path(), arms=("c",), seeds=(7,)))] == ["c"]


def write_run(out: Path, arm: str, seed: int, values: list[float], steps: int = 8) -> None:
    """Write the folder of a run whose validations gave these values."""
    folder = folder_of(out, TRIAL, TRIAL.arm(arm), seed)
    folder.mkdir(parents=True)
    session = {"device": "CPU", "threads": 1, "seconds": 2.0, "samples": 16, "started": "2026-11-28T10:00:00+00:00"}
    facts = {"recipe": {"run": {"steps": steps, "batch": 2}}, "versions": {"torch": "2"}, "commit": "0123"}
    (folder / "run.json").write_text(json.dumps({**facts, "sessions": [session, session]}))
    lines = [
        {"step": i, "kind": "validation", "scores": {"all": {"psnr": value}}} for i, value in enumerate(values, start=1)
    ]
    lines.append({"step": len(values), "kind": "training", "loss": 1.0})
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / ENDED).write_text(json.dumps({"cpu": "a CPU", "scores": {"all": {"share": 5.0}}}))


def test_a_run_counts_by_the_mean_of_its_last_three_validations(tmp_path: Path) -> None:
    """9, 20, 21, 25: the last three have the mean 22; two sessions of 16 samples in 2 s are 8 samples/s."""
    write_run(tmp_path, "a", 0, [9.0, 20.0, 21.0, 25.0])
    found = gather(TRIAL, tmp_path)
    run = found["arms"]["a"]["runs"]["0"]
    assert run["scores"] == {"all": {"psnr": 22.0, "share": 5.0}}
    assert run["curve"] == [[1, 9.0], [2, 20.0], [3, 21.0], [4, 25.0]]
    assert run["samples_per_s"] == 8.0
    assert found["unfinished"] == ["a, seed 1", "a, seed 2", "b, seed 0", "b, seed 1", "b, seed 2"]


def test_runs_of_unequal_length_are_not_compared(tmp_path: Path) -> None:
    write_run(tmp_path, "a", 0, [20.0])
    write_run(tmp_path, "b", 0, [20.0], steps=9)
    with pytest.raises(SystemExit, match=r"equally long, got \[8, 9\] steps"):
        gather(TRIAL, tmp_path)


def test_a_study_without_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no run of trial"):
        gather(TRIAL, tmp_path)


def test_a_study_runs_once_and_makes_a_page(tmp_path: Path) -> None:
    study = replace(find_study("l2gan"), settings=("run.batch=2", "run.validation_pictures=2"), seeds=(0,))
    said: list[str] = []
    wish = Wish(tmp_path, arms=("squares-only",), steps=2, threads=1)
    assert run_study(study, wish, said.append)
    assert run_study(study, wish, said.append)
    assert said[-1] == "l2gan, squares-only, seed 0: done before"
    assert set(json.loads((tmp_path / "l2gan" / BASELINES).read_text())) == {"mean", "harmonic", "blended"}
    page = page_of(study, gather(study, tmp_path))
    assert "| `squares-only` |" in page
    assert "| harmonic fill |" in page


def test_nothing_is_begun_without_time(tmp_path: Path) -> None:
    said: list[str] = []
    assert not run_study(TRIAL, Wish(tmp_path, ends_at=0.0), said.append)
    assert said == ["trial, a, seed 0: no time left"]


def test_the_six_patterns_miss_what_the_paper_says() -> None:
    """Squares of 32 of 64 px, and of 45 (a half is 45.25); two stripes of 21: 1 - (43 / 64)^2; half; pixels: 70 %."""
    shares = {name: draw(64, np.random.default_rng(0)).mean() for name, draw in PATTERNS.items()}
    expected = {"square": 0.25, "big-square": 45**2 / 64**2, "stripes": 1 - 43**2 / 64**2, "left": 0.5, "centre": 0.25}
    assert {name: shares[name] for name in expected} == pytest.approx(expected)
    assert shares["pixels"] == pytest.approx(0.7, abs=0.03)
    assert list(PATTERNS) == list(CONFIDENCES)


@pytest.mark.parametrize("name", ["baselines", "drawing", "figures", "gathering", "intervals", "searching", "study"])
def test_examples_in_docstrings_are_right(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"benchmarks.evidence.{name}"))
    assert found.attempted > 0
    assert found.failed == 0


def test_pages_are_what_the_result_files_say() -> None:
    for name, text in evidence_pages().items():
        assert (ROOT / name).read_text() == text, "run: make tables"


def test_there_is_no_page_without_its_results() -> None:
    made = {Path(name).stem for name in evidence_pages()} - {"README"}
    pages = {path.stem for path in (ROOT / PAGES).glob("*.md")}
    assert pages & {study.name for study in STUDIES} == made


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*.json")), ids=lambda path: path.stem)
def test_committed_results_are_of_a_study_and_its_arms(path: Path) -> None:
    found = json.loads(path.read_text())
    study = find_study(path.stem)
    assert set(found["arms"]) <= {arm.name for arm in study.arms}
    assert found["study"] == study.name
