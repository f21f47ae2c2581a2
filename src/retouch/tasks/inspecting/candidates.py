"""Several fills of the same hole, ranked without a reference.

Source: own. Fills differ by method and seed; those that look like one before are left out; the rest is ranked by a
judge of `retouch.tasks.inspecting.judges`, none of which sees the truth.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float32

from retouch.arrays.types import Mask, Progress, ignore_progress
from retouch.errors import UsageError, unknown_name
from retouch.io.pictures.picture import Picture
from retouch.methods.catalogue import AUTO
from retouch.methods.crop_run import FillRequest
from retouch.methods.fill import fill_picture
from retouch.methods.report import FillReport
from retouch.tasks.inspecting.artefact_map import artefact_map
from retouch.tasks.inspecting.door import judged_image
from retouch.tasks.inspecting.judges import DEFAULT_JUDGE, JUDGES

METHODS = (AUTO, "guided_patchmatch", "patchmatch", "learned_detail")
"""What is tried, in turns with ever new seeds: methods that compose, since they alone differ from seed to seed."""

ALIKE = 2 / 255
"""Two fills whose values differ by no more than this on average over the hole are taken for one."""

MOST = 16
_TRIES = 3


class Candidate(NamedTuple):
    """One of several fills.

    Attributes
    ----------
    picture : Picture
    method : str
        As it was asked for: "auto" or a name of the catalogue.
    seed : int
    score : float
        Of the judge; the least is the best.
    heat : (H, W) float32, range [0, 1]
        The artefact map under the mask.
    report : FillReport
    """

    picture: Picture
    method: str
    seed: int
    score: float
    heat: Float32[np.ndarray, "H W"]
    report: FillReport

    def to_dict(self) -> dict[str, Any]:
        """Return method, seed and score for JSON."""
        return {"method": self.method, "seed": self.seed, "score": round(self.score, 4)}


def fill_candidates(
    picture: Picture,
    mask: Mask,
    n: int,
    *,
    methods: Sequence[str] | None = None,
    seed: int = 0,
    judge: str = DEFAULT_JUDGE,
    progress: Progress = ignore_progress,
    **how: Any,
) -> tuple[Candidate, ...]:
    """Fill a hole in several ways and return the fills, the best first.

    Parameters
    ----------
    picture : Picture
    mask : (H, W) bool
        True where a pixel is missing; not empty.
    n : int, 1 to 16
        How many different fills are wanted.
    methods : sequence of str, optional
        "auto" or names of the catalogue, tried in turns; by default `METHODS`. What makes no use of its seed gives one
        fill only.
    seed : int
        The first of the seeds.
    judge : str
        A name of `JUDGES`.
    progress : callable, optional
        Called as progress(done, total) in fills; may raise `Cancelled`.
    **how
        Further fields of `FillRequest`: options, max_memory_bytes, seam, grain.

    Returns
    -------
    tuple of Candidate
        Fewer than `n` where three times as many tries gave no more that differ.

    Raises
    ------
    InputError, LimitError
        As of `fill_picture`.
    UsageError
        If `n`, a method or the judge is none, or the mask is empty.

    Notes
    -----
    Costs at most 3 n fills and as many artefact maps of the surroundings of the hole; holds n pictures and maps. What
    the order is worth stands at the head of `retouch.tasks.inspecting.judges`: no judge knows what the eye prefers.
    """
    if not 1 <= n <= MOST:
        raise UsageError(f"the number of candidates must be 1 to {MOST}, got {n}")
    if judge not in JUDGES:
        raise UsageError(unknown_name("judge of candidates", judge, JUDGES))
    if not mask.any():
        raise UsageError("candidates need something to fill, and the mask is empty; mark what is to be filled in white")
    found: list[Candidate] = []
    for request in islice(_requests(methods or METHODS, seed, how), _TRIES * n):
        progress(len(found), n)
        candidate = _filled(picture, mask, request)
        if not any(_are_alike(candidate, other, mask) for other in found):
            found.append(candidate)
        if len(found) == n:
            break
    progress(n, n)
    return _ranked(found, mask, judge)


def _requests(methods: Sequence[str], seed: int, how: Mapping[str, Any]) -> Iterator[FillRequest]:
    while True:
        for method in methods:
            yield FillRequest(method=method, seed=seed, **how)
        seed += 1


def _filled(picture: Picture, mask: Mask, request: FillRequest) -> Candidate:
    result = fill_picture(picture, mask, request)
    heat = artefact_map(judged_image(result.picture), mask)
    return Candidate(result.picture, request.method, request.seed, 0.0, heat, result.report)


def _ranked(found: Sequence[Candidate], mask: Mask, judge: str) -> tuple[Candidate, ...]:
    images, heats = [judged_image(candidate.picture) for candidate in found], [candidate.heat for candidate in found]
    scores = JUDGES[judge](images, heats, mask)
    scored = (candidate._replace(score=score) for candidate, score in zip(found, scores, strict=True))
    return tuple(sorted(scored, key=lambda candidate: candidate.score))


def _are_alike(one: Candidate, other: Candidate, mask: Mask) -> bool:
    difference = one.picture.to_float()[mask] - other.picture.to_float()[mask]
    return float(np.abs(difference).mean()) <= ALIKE
