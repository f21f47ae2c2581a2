"""What is read from a finished detector: average precision over all held-out pictures at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmarks.evidence.probes import Found, last_networks, validation_batches
from retouch.metrics.labels.average_precision import coco_map
from retouch.metrics.labels.detections import Detections, Objects
from retouch.nets.detection.boxes import detect
from retouch.nets.detection.ssd import centre_picture
from retouch.training.recipes.settings import Recipe
from retouch.training.steps.detecting.multibox import true_boxes
from retouch.training.steps.detecting.precision import as_detections, as_objects

N_PICTURES = 100
"""Held-out pictures; training watches fewer, since suppression of doubles takes longer than its steps."""


@torch.no_grad()
def held_out_precision(folder: Path, recipe: Recipe) -> Found:
    """Return COCO's average precisions in percent, "ap", "ap50" and "ap75", under "held out"."""
    whole = replace(recipe, run=replace(recipe.run, validation_pictures=N_PICTURES))
    net: Any = last_networks(folder, recipe)["generator"]
    truth: list[Objects] = []
    found: list[Detections] = []
    for batch in validation_batches(whole):
        offsets, logits = net(centre_picture(batch.image, net.side))
        boxes = detect(offsets, logits.softmax(dim=2), net.priors)
        found += [as_detections(each, recipe.data.size_px) for each in boxes]
        truth += [as_objects(*each, recipe.data.size_px) for each in true_boxes(batch)]
    scores = coco_map(truth, found)
    return {"held out": {"ap": 100 * scores.ap, "ap50": 100 * scores.ap50, "ap75": 100 * scores.ap75}}
