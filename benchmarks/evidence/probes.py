"""What is read from finished runs besides their validations; each takes the folder of a run and its recipe.

Networks are taken as they are at the end of the run (averages, where the recipe asks for them), as in its last
validation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from retouch.training.batch import Batch
from retouch.training.data.curricula.allocation import allocate
from retouch.training.data.curricula.places import centred_square
from retouch.training.data.stream import open_stream
from retouch.training.loop.networks import build_networks, load_weights
from retouch.training.loop.records.checkpoints import CheckpointFolder
from retouch.training.loop.records.places import Places
from retouch.training.recipes.settings import Recipe
from retouch.training.steps.inpainting.filling import final_picture
from retouch.training.steps.scoring import composite, detector_scores, hole_scores

Found = dict[str, dict[str, float]]

RATIOS = (0.15, 0.25, 0.35, 0.45, 0.55)
"""Shares of the picture that centred squares cover: Fig. 3.7 of the thesis."""
LEVEL_BATCH = 100
"""Of the self-tuned paper, in which shares of the levels are given."""


def hole_sizes(folder: Path, recipe: Recipe) -> Found:
    """Return PSNR in centred squares of growing size, and under "growth" what is lost from first to last."""
    generator = last_networks(folder, recipe)["generator"]
    values: dict[str, list[float]] = {}
    for batch in growing_squares(recipe):
        painted = composite(_paint(generator, batch), batch.image, batch.mask)
        for group, value in zip(
            batch.groups, hole_scores(painted, batch.image, batch.mask)["psnr"].tolist(), strict=True
        ):
            values.setdefault(group, []).append(value)
    means = {group: {"psnr": sum(found) / len(found)} for group, found in values.items()}
    first, last = (means[square_name(ratio)]["psnr"] for ratio in (RATIOS[0], RATIOS[-1]))
    return means | {"growth": {"loss": first - last}}


def growing_squares(recipe: Recipe) -> Iterator[Batch]:
    """Go through the validation pictures with a centred square of each size."""
    for ratio in RATIOS:
        for batch in validation_batches(recipe):
            square = torch.from_numpy(centred_square((recipe.data.size_px, recipe.data.size_px), ratio)).float()
            mask = square.expand(len(batch), 1, -1, -1).contiguous()
            yield Batch({"image": batch.image, "mask": mask}, batch.names, (square_name(ratio),) * len(batch))


def square_name(ratio: float) -> str:
    """Return the group of a size.

    >>> square_name(0.15)
    'square 15 %'
    """
    return f"square {100 * ratio:.0f} %"


def level_shares(folder: Path, recipe: Recipe) -> Found:
    """Return the share of a batch that each level had at the end, in percent."""
    checkpoint = CheckpointFolder(Places(folder).checkpoints).newest()
    if checkpoint is None:
        return {}
    weights = checkpoint.state["stream"]["curriculum"]["weights"]
    counts = allocate([float(weight) for weight in weights.values()], LEVEL_BATCH)
    return {level: {"share": 100 * count / LEVEL_BATCH} for level, count in zip(weights, counts, strict=True)}


def detector_on_truth(folder: Path, recipe: Recipe) -> Found:
    """Return how the detector tells holes from known pixels in true pictures, where there is nothing to be told."""
    if "detector" not in recipe.networks:
        return {}
    detector: Any = last_networks(folder, recipe)["detector"]
    values: dict[str, list[float]] = {}
    for batch in validation_batches(recipe):
        with torch.no_grad():
            scores = detector_scores(detector.artifact_map(batch.image), batch.mask)
        for name, found in scores.items():
            values.setdefault(name, []).extend(found.tolist())
    return {"truth": {name: sum(found) / len(found) for name, found in values.items()}}


def validation_batches(recipe: Recipe) -> Iterator[Batch]:
    """Go through the validation samples of a recipe."""
    stream = open_stream(recipe)
    try:
        yield from stream.validation()
    finally:
        stream.close()


def last_networks(folder: Path, recipe: Recipe) -> dict[str, nn.Module]:
    """Return the networks of a run with their last weights, in evaluation mode."""
    networks = build_networks(recipe)
    for role, net in networks.items():
        file = Places(folder).weights_of(role, "last")
        if file.exists():
            load_weights(net, str(file), role)
        net.eval()
    return networks


def _paint(generator: nn.Module, batch: Batch) -> torch.Tensor:
    with torch.no_grad():
        return final_picture(generator(batch.image, batch.mask))


def critic_loss(folder: Path, recipe: Recipe) -> Found:
    """Return the critic's loss as the last report of the training has it; nothing where none was trained."""
    lines = [json.loads(line) for line in Places(folder).metrics.read_text().splitlines()]
    reports = [line["critic"] for line in lines if line["kind"] == "training" and line.get("critic") is not None]
    return {"training": {"critic": float(reports[-1])}} if reports else {}
