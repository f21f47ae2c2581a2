"""From the folders of runs to one small file of results for each study, from which its page can be made again.

The score of a run is the mean of its last three validations (curves of short runs wobble); what probes read off the
finished networks is taken as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.evidence.study import Arm, Study
from retouch.training.loop.records.places import Places

SCHEMA = 1
ENDED = "evidence.json"
"""In the folder of a run: what came of it, written when it is through."""
BASELINES = "baselines.json"
"""In the folder of a study."""
LAST = 3
"""So many validations at the end are averaged."""

Results = dict[str, Any]
"""What a result file holds; see `gather`."""
_DIGITS = 5


def folder_of(out: Path, study: Study, arm: Arm, seed: int) -> Path:
    """Return where a run lies."""
    return out / study.name / arm.name / f"seed-{seed}"


def gather(study: Study, out: Path) -> Results:
    """Return the results of all finished runs of a study.

    Returns
    -------
    dict
        "arms": arm to "recipe" and "runs", which are seed to "scores" (group to score to mean), "curve" (step and
        score), "steps", "batch", "samples_per_s", "seconds", "machine", "commit", "date", or "failed" in words;
        "baselines": method to group to score to mean; "unfinished": arms and seeds without an end.

    Raises
    ------
    SystemExit
        If no run is finished, or runs are not equally long.
    """
    arms: dict[str, Any] = {}
    unfinished: list[str] = []
    for arm in study.arms:
        runs = {}
        for seed in _seeds_of(study, arm, out):
            folder = folder_of(out, study, arm, seed)
            if (folder / ENDED).exists():
                runs[str(seed)] = read_run_folder(study, folder)
            elif not arm.on_request:
                unfinished.append(f"{arm.name}, seed {seed}")
        if runs:
            arms[arm.name] = {"recipe": arm.recipe, "settings": list(arm.settings), "runs": runs}
    if not arms:
        raise SystemExit(f"no run of {study.name} in {out} is finished; run: python -m benchmarks.evidence.run")
    lengths = {run["steps"] for arm in arms.values() for run in arm["runs"].values()}
    if len(lengths) > 1:
        raise SystemExit(f"runs of {study.name} must be equally long, got {sorted(lengths)} steps; give each a folder")
    baselines = out / study.name / BASELINES
    return {
        "schema": SCHEMA,
        "study": study.name,
        "steps": lengths.pop(),
        "arms": arms,
        "baselines": _rounded(json.loads(baselines.read_text())) if baselines.exists() else {},
        "unfinished": unfinished,
    }


def read_run_folder(study: Study, folder: Path) -> dict[str, Any]:
    """Return what is kept of a run that came to an end."""
    end = json.loads((folder / ENDED).read_text())
    facts = json.loads(Places(folder).run.read_text())
    lines = [json.loads(line) for line in Places(folder).metrics.read_text().splitlines()]
    validations = [line for line in lines if line["kind"] == "validation"]
    sessions = facts["sessions"]
    seconds = sum(session.get("seconds", 0.0) for session in sessions)
    samples = sum(session.get("samples", 0) for session in sessions)
    means = mean_scores([line["scores"] for line in validations[-LAST:]])
    kept: dict[str, Any] = {
        "scores": _rounded(_with_probe(means, end["scores"])),
        "curve": _rounded(curve(validations, study.curve.group, study.curve.score)),
        "steps": facts["recipe"]["run"]["steps"],
        "batch": facts["recipe"]["run"]["batch"],
        "seconds": round(seconds, 1),
        "samples_per_s": round(samples / seconds, 1) if seconds else 0.0,
        "machine": end["cpu"] if sessions[-1]["device"] == "CPU" else sessions[-1]["device"],
        "threads": sessions[-1]["threads"],
        "torch": facts["versions"].get("torch", ""),
        "commit": facts["commit"],
        "date": sessions[-1]["started"][:10],
    }
    return kept | ({"failed": end["failed"]} if "failed" in end else {})


def mean_scores(validations: Iterable[Mapping[str, Mapping[str, float | None]]]) -> dict[str, dict[str, float]]:
    """Return the mean over some validations of every score of every group; what is no number is left out.

    >>> mean_scores([{"all": {"psnr": 20.0}}, {"all": {"psnr": 22.0, "l1": None}}])
    {'all': {'psnr': 21.0}}
    """
    values: dict[str, dict[str, list[float]]] = {}
    for scores in validations:
        for group, named in scores.items():
            for name, value in named.items():
                if value is not None:
                    values.setdefault(group, {}).setdefault(name, []).append(value)
    return {group: {name: fmean(found) for name, found in named.items()} for group, named in values.items()}


def curve(validations: Iterable[Mapping[str, Any]], group: str, score: str) -> list[list[float]]:
    """Return steps and scores.

    >>> curve([{"step": 5, "scores": {"all": {"psnr": 20.0}}}, {"step": 9, "scores": {}}], "all", "psnr")
    [[5, 20.0]]
    """
    points = ((line["step"], line["scores"].get(group, {}).get(score)) for line in validations)
    return [[step, value] for step, value in points if value is not None]


def _with_probe(means: Mapping[str, Mapping[str, float]], probed: Mapping[str, Mapping[str, float]]) -> Any:
    """Return both, group by group."""
    return {group: {**means.get(group, {}), **probed.get(group, {})} for group in {**means, **probed}}


def _seeds_of(study: Study, arm: Arm, out: Path) -> list[int]:
    """Return the study's seeds, and any other that was run."""
    found = {int(path.name.removeprefix("seed-")) for path in (out / study.name / arm.name).glob("seed-*")}
    return sorted(found | set(study.seeds))


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, _DIGITS) if isinstance(value, float) else value
