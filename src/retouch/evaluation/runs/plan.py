"""What an evaluation is to do: checked before it starts, and written down, so that a later run knows it again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from retouch import __version__
from retouch.degrade.noise.protocols import parse_noise
from retouch.errors import InputError, UsageError, unknown_name
from retouch.evaluation.cases.conditions import Case, Condition, list_cases, mask_conditions
from retouch.evaluation.cases.masks import Bin, parse_mask_source
from retouch.evaluation.cases.pictures import PictureEntry, hash_file, list_pictures
from retouch.evaluation.cases.preparation import AS_IS, Preparation, find_preparation
from retouch.evaluation.ruler.measures import Measure
from retouch.evaluation.ruler.protocols import Protocol, choose_measures, find_protocol
from retouch.evaluation.runs.contenders import DENOISE, INPAINT, Contender, parse_contenders
from retouch.io.pictures.reading import MAX_PIXELS
from retouch.metrics.catalogue import metric_names

TASKS = (INPAINT, DENOISE)


@dataclass(frozen=True)
class EvaluationRequest:
    """An evaluation as it is asked for, in the words of the command line.

    Attributes
    ----------
    images : str
        A folder, a picture, or a list of paths.
    methods : sequence of str
        See `retouch.evaluation.runs.contenders`.
    task : str
        "inpaint" or "denoise".
    masks : sequence of str
        For inpainting; see `retouch.evaluation.cases.masks`.
    bins : sequence of (float, float)
        Half-open bins of the share of missing pixels; none takes masks as they come.
    noise : sequence of str
        For denoising, such as "awgn:25", sigma on the 0-255 scale.
    protocol : str
    metrics : sequence of str
        Columns such as "psnr" and "ssim_hole"; none takes those of the protocol.
    prepare : str
        See `retouch.evaluation.cases.preparation`; empty takes what the protocol goes with, else pictures as they are.
    weights : mapping from metric to path
    dataset : str
        What the pictures are, such as "bsd68": published figures are looked up by it.
    against : str
        The method that others are compared with; empty takes the first.
    seed : int
    limit : int or None
        Take only the first so many pictures.
    max_pixels : int
        Refuse larger pictures.
    """

    images: str
    methods: Sequence[str]
    task: str = INPAINT
    masks: Sequence[str] = ()
    bins: Sequence[Bin] = ()
    noise: Sequence[str] = ()
    protocol: str = "standard"
    metrics: Sequence[str] = ()
    prepare: str = ""
    weights: Mapping[str, str] = field(default_factory=dict)
    dataset: str = ""
    against: str = ""
    seed: int = 0
    limit: int | None = None
    max_pixels: int = MAX_PIXELS


@dataclass(frozen=True, eq=False)
class EvaluationPlan:
    """An evaluation that can start; the attributes are those of the request, read."""

    task: str
    entries: tuple[PictureEntry, ...]
    conditions: tuple[Condition, ...]
    cases: tuple[Case, ...]
    contenders: tuple[Contender, ...]
    against: str
    protocol: Protocol
    measures: tuple[Measure, ...]
    preparation: Preparation
    weights: Mapping[str, Path]
    dataset: str
    seed: int
    max_pixels: int

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Everything that the figures of one method depend on, in plain types: the fixed lists with their hashes."""
        return {
            "task": self.task,
            "seed": self.seed,
            "protocol": self.protocol.name,
            "prepare": self.preparation.name,
            "measures": [measure.to_dict() for measure in self.measures],
            "weights": {name: hash_file(path) for name, path in sorted(self.weights.items())},
            "conditions": [condition.label for condition in self.conditions],
            "images": [{"name": entry.name, "sha256": entry.sha256} for entry in self.entries],
            "masks": _mask_files(self.cases),
        }

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the facts: two plans with the same one can share a folder."""
        return hashlib.sha256(json.dumps(self.facts, sort_keys=True).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        methods = [contender.label for contender in self.contenders]
        head = {"retouch": __version__, "fingerprint": self.fingerprint, "dataset": self.dataset, "methods": methods}
        return {**head, **self.facts}


def make_plan(request: EvaluationRequest) -> EvaluationPlan:
    """Read a request and gather its pictures.

    Raises
    ------
    UsageError
        If a name is unknown or the parts do not fit together.
    InputError
        If pictures, masks or weights are missing.
    """
    if request.task not in TASKS:
        raise UsageError(unknown_name("task", request.task, TASKS))
    protocol = find_protocol(request.protocol)
    conditions = _read_conditions(request)
    contenders = parse_contenders(request.methods, request.task)
    measures = choose_measures(protocol, request.metrics, with_masks=request.task == INPAINT)
    entries = list_pictures(request.images, limit=request.limit)
    return EvaluationPlan(
        task=request.task,
        entries=entries,
        conditions=conditions,
        cases=_list_cases(entries, conditions),
        contenders=contenders,
        against=_read_against(request.against, contenders),
        protocol=protocol,
        measures=measures,
        preparation=find_preparation(request.prepare or protocol.prepare or AS_IS),
        weights=_read_weights(request.weights),
        dataset=request.dataset,
        seed=request.seed,
        max_pixels=request.max_pixels,
    )


def _read_conditions(request: EvaluationRequest) -> tuple[Condition, ...]:
    if request.task == INPAINT:
        if not request.masks or request.noise:
            raise UsageError("task 'inpaint' needs masks and no noise, such as --masks brush --bins 0.1-0.2,0.2-0.3")
        conditions = mask_conditions(map(parse_mask_source, request.masks), request.bins)
    else:
        if not request.noise or request.masks or request.bins:
            raise UsageError("task 'denoise' needs noise and no masks, such as --noise awgn:25")
        pairs = map(parse_noise, request.noise)
        conditions = tuple(Condition(noise=noise, sigma=sigma) for noise, sigma in pairs)
    labels = [condition.label for condition in conditions]
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise UsageError(f"condition '{twice}' is asked for twice; name it once")
    return conditions


def _list_cases(entries: Sequence[PictureEntry], conditions: Sequence[Condition]) -> tuple[Case, ...]:
    cases = list_cases(entries, conditions)
    if not cases:
        raise InputError("no picture has a mask in these bins, so there is nothing to evaluate; widen --bins")
    return cases


def _read_against(against: str, contenders: Sequence[Contender]) -> str:
    labels = [contender.label for contender in contenders]
    if against and against not in labels:
        raise UsageError(unknown_name("method to compare with", against, labels))
    return against or labels[0]


def _read_weights(weights: Mapping[str, str]) -> dict[str, Path]:
    for name in weights:
        if name not in metric_names():
            raise UsageError(unknown_name("metric with weights", name, metric_names()))
    return {name: Path(path) for name, path in weights.items()}


def _mask_files(cases: Sequence[Case]) -> dict[str, str]:
    """Return the hash of every mask file, by source and place; masks that are drawn follow from seed and family."""
    names: dict[str, Path] = {}
    for case in cases:
        source = case.condition.masks
        if case.mask_file is not None and source is not None and source.folder is not None:
            names[f"{source.name}:{case.mask_file.relative_to(source.folder).as_posix()}"] = case.mask_file
    return {name: hash_file(file) for name, file in sorted(names.items())}
