"""What the artefact map is worth on pictures that its network never saw: finding fills, ranking them, repairing them.

Three questions, each with its answer by chance: does the map tell filled from known pixels (area under the curve, 1/2
by chance); does a judge put candidates into the order of their true errors (rank correlation, 0 by chance) and is its
choice better than the average candidate; does repair make the hole better. The pictures may not be published, so only
scores are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from scipy.stats import rankdata, spearmanr

from benchmarks.measuring import Bench
from benchmarks.quality.by_bin import MASKS, SHARED
from benchmarks.records import Record
from retouch.arrays.types import AnyArray, Mask
from retouch.evaluation.cases.conditions import load_case
from retouch.evaluation.runs.plan import EvaluationRequest, make_plan
from retouch.io.pictures.picture import Picture
from retouch.methods.catalogue import INTERPOLATION, find_method
from retouch.methods.crop_run import FillRequest
from retouch.methods.fill import fill_picture
from retouch.metrics.perceptual.hed_distance import hed_distance
from retouch.metrics.pixels.psnr import psnr
from retouch.tasks.inspecting.artefact_map import artefact_map
from retouch.tasks.inspecting.candidates import Candidate, fill_candidates
from retouch.tasks.inspecting.judges import JUDGES
from retouch.tasks.inspecting.repair import Repair, repair_worst
from retouch.tasks.inspecting.scores import THRESHOLD

CBSD68 = SHARED / "denoise-cbsd68"
BINS = ((0.1, 0.2), (0.2, 0.3))
SIDE_PX, N_PICTURES, N_CANDIDATES, N_PICKED = 256, 12, 6, 4
JPEG_QUALITY = 75
TRAINED_ON = (
    *("harmonic", "telea", "navier_stokes", "kriging", "blended", "learned_structure"),
    "patchmatch",
    "guided_patchmatch",
)
UNSEEN = ("biharmonic", "total_variation", "learned_detail")
REPAIRED = ("auto", "guided_patchmatch")
PROTOCOL = f"""The first {N_PICTURES} pictures of CBSD68 at {SIDE_PX} px (the whole square, averaged), masks of the
NVIDIA test set in two bins, mask i for picture i, resized by the nearest pixel. Kind "finding": area under the curve
of the artefact map over all pixels, missing against known, of the fills of methods with which the network was trained
and of others ({", ".join(UNSEEN)}), of the same through JPEG of quality {JPEG_QUALITY}, and within the hole for pixels
of more against pixels of less than the median error. Kind "ranking": {N_CANDIDATES} candidates of `fill_candidates`;
Spearman's correlation of a judge's score with the hole's squared error (minus PSNR) and with the HED distance, both the
larger the worse, so that a judge that is right is above 0; "composed" leaves out candidates that interpolate; gains are
the chosen one of the first {N_PICKED} less their mean. Kind "repair": PSNR and HED distance of the hole before and
after, {" and ".join(REPAIRED)}. Seed 0."""


class Loaded(NamedTuple):
    """One case: the whole picture, what is given, and where it is missing."""

    name: str
    condition: str
    truth: AnyArray
    damaged: Picture
    mask: Mask


def run(bench: Bench) -> None:
    """Measure every case and write the result file."""
    absent = [str(folder) for folder in (CBSD68, MASKS) if not folder.is_dir()]
    if absent:
        print(f"skipped: {', '.join(absent)} absent")
        return
    record = Record(bench, "quality-inspecting", PROTOCOL)
    for case in load_cases(CBSD68, BINS[:1] if bench.quick else BINS, 2 if bench.quick else N_PICTURES):
        what = {"picture": case.name, "condition": case.condition}
        for row in (*finding(case), *ranking(case), *repairing(case)):
            record.add(**what, **row)
        print(f"{case.name} {case.condition}", flush=True)
    for kind, text in summaries(record.cases):
        print(f"{kind}: {text}", flush=True)
    record.write()


def load_cases(folder: Path, bins: Sequence[tuple[float, float]], limit: int) -> Iterator[Loaded]:
    """Yield pictures of a folder under the irregular masks of some bins."""
    request = EvaluationRequest(
        str(folder), ["input"], masks=[f"nvidia:{MASKS}"], bins=bins, prepare=f"square:{SIDE_PX}", limit=limit
    )
    plan = make_plan(request)
    for case in plan.cases:
        loaded = load_case(case, plan.preparation, plan.seed)
        if loaded.mask is not None:
            damaged = Picture.from_array(loaded.damaged)
            yield Loaded(case.entry.name, case.condition.label, loaded.truth, damaged, loaded.mask)


def finding(case: Loaded) -> Iterator[dict[str, Any]]:
    """Yield how well the fills of each method are found, and how hot the picture is where nothing was filled."""
    for method in TRAINED_ON + UNSEEN:
        filled = fill_picture(case.damaged, case.mask, FillRequest(method)).picture.pixels
        heat = artefact_map(_unit(filled))
        again = artefact_map(_unit(_through_jpeg(filled)))
        error = np.abs(filled.astype(int) - case.truth).mean(axis=2)[case.mask]
        yield {
            "kind": "finding",
            "method": method,
            "auc": round(area_under_curve(heat, case.mask), 4),
            "auc_jpeg": round(area_under_curve(again, case.mask), 4),
            "auc_error": round(area_under_curve(heat[case.mask], error > np.median(error)), 4),
            "mean_hole": round(float(heat[case.mask].mean()), 4),
            "mean_known": round(float(heat[~case.mask].mean()), 4),
        }
    heat = artefact_map(_unit(case.truth))
    hot = float((heat >= THRESHOLD).mean())
    yield {"kind": "finding", "method": "none", "mean_known": round(float(heat.mean()), 4), "hot_share": round(hot, 4)}


def ranking(case: Loaded) -> Iterator[dict[str, Any]]:
    """Yield how each judge orders the candidates of one hole."""
    found = fill_candidates(case.damaged, case.mask, N_CANDIDATES)
    found = tuple(sorted(found, key=lambda candidate: (candidate.seed, candidate.method)))
    loss = [-psnr(case.truth, candidate.picture.pixels, mask=case.mask) for candidate in found]
    distance = [hed_distance(case.truth, candidate.picture.pixels) for candidate in found]
    images, heats = [_unit(candidate.picture.pixels) for candidate in found], [candidate.heat for candidate in found]
    composed = [i for i, candidate in enumerate(found) if not _interpolates(candidate)]
    for name, judge in JUDGES.items():
        scores = judge(images, heats, case.mask)
        best = int(np.argmin(judge(images[:N_PICKED], heats[:N_PICKED], case.mask)))
        yield {
            "kind": "ranking",
            "judge": name,
            "methods": [candidate.method for candidate in found],
            "rho_psnr": _correlation(scores, loss),
            "rho_hed": _correlation(scores, distance),
            "rho_psnr_composed": _correlation(*([values[i] for i in composed] for values in (scores, loss))),
            "rho_hed_composed": _correlation(*([values[i] for i in composed] for values in (scores, distance))),
            "gain_db": round(float(np.mean(loss[:N_PICKED]) - loss[best]), 4),
            "gain_hed": round(float(np.mean(distance[:N_PICKED]) - distance[best]), 5),
            "best_possible_db": round(float(np.mean(loss[:N_PICKED]) - min(loss[:N_PICKED])), 4),
            "gain_over_auto_db": _over_auto(found, loss, best),
            "gain_over_auto_hed": _over_auto(found, distance, best),
        }


def repairing(case: Loaded) -> Iterator[dict[str, Any]]:
    """Yield what repair changes."""
    for method in REPAIRED:
        repaired = repair_worst(case.damaged, case.mask, request=FillRequest(method))
        before = fill_picture(case.damaged, case.mask, FillRequest(method)).picture.pixels
        yield {"kind": "repair", "method": method, **_change(case, before, repaired)}


def _change(case: Loaded, before: AnyArray, repaired: Repair) -> dict[str, float]:
    after = repaired.picture.pixels
    psnrs = [psnr(case.truth, pixels, mask=case.mask) for pixels in (before, after)]
    distances = [hed_distance(case.truth, pixels) for pixels in (before, after)]
    return {
        "gain_db": round(psnrs[1] - psnrs[0], 4),
        "gain_hed": round(distances[0] - distances[1], 5),
        "score_before": round(repaired.scores[0], 4),
        "score_after": round(repaired.scores[-1], 4),
        "refilled_share": round(float((before != after).any(axis=2)[case.mask].mean()), 4),
    }


def area_under_curve(heat: AnyArray, is_filled: Mask) -> float:
    """Return the chance that a filled pixel is hotter than a known one, ties counting half.

    >>> area_under_curve(np.array([0.9, 0.1, 0.1]), np.array([True, False, True]))
    0.75
    """
    ranks = rankdata(heat.ravel())
    positive = is_filled.ravel()
    n_filled, n_known = int(positive.sum()), int((~positive).sum())
    if not n_filled or not n_known:
        return 0.5
    return float((ranks[positive].sum() - n_filled * (n_filled + 1) / 2) / (n_filled * n_known))


def summaries(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the mean of every number by method or judge, with twice its standard error."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["kind"], row.get("method") or row.get("judge") or "auto"), []).append(row)
    for (kind, name), members in groups.items():
        words = []
        for key in members[0]:
            values = [row[key] for row in members if isinstance(row[key], float)]
            if values:
                error = 2 * float(np.std(values)) / len(values) ** 0.5
                words.append(f"{key} {np.mean(values):.4f} +-{error:.4f}")
        yield f"{kind} {name} (n = {len(members)})", ", ".join(words)


def _correlation(scores: Sequence[float], errors: Sequence[float]) -> float | None:
    """Return Spearman's rank correlation; None where there are too few candidates or no order."""
    if len(scores) < 3 or len(set(scores)) == 1 or len(set(errors)) == 1:
        return None
    return round(float(spearmanr(scores, errors).statistic), 4)


def _interpolates(candidate: Candidate) -> bool:
    return any(find_method(crop.method).kind == INTERPOLATION for crop in candidate.report.crops)


def _over_auto(found: Sequence[Candidate], losses: Sequence[float], best: int) -> float:
    """Return by how much the chosen one is better than what a user gets without candidates."""
    auto = next(i for i, candidate in enumerate(found) if candidate.method == "auto")
    return round(losses[auto] - losses[best], 5)


def _unit(pixels: AnyArray) -> AnyArray:
    return (pixels / np.float32(255)).astype(np.float32)


def _through_jpeg(pixels: AnyArray) -> AnyArray:
    _, data = cv2.imencode(".jpg", pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[:, :, ::-1])
