"""What fills without learning score on the very samples that a study validates on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

import numpy as np
import torch

import retouch
from retouch.arrays.types import AnyArray
from retouch.training.batch import Batch
from retouch.training.recipes.settings import Recipe
from retouch.training.steps.scoring import hole_scores, picture_scores

SCORES = ("psnr", "mse", "l1")
METHODS = ("mean", "harmonic", "blended")
"""The colour of the known pixels, the membrane, and the best interpolation of this project."""


def score_fills(batches: Iterable[Batch], recipe: Recipe) -> dict[str, dict[str, dict[str, float]]]:
    """Return method to group to score to mean, as a validation gives them: "all", and every group of the samples.

    Scores look at the hole, or at the whole picture where the recipe's loss says so (`scored_region`).
    """
    sums: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    on_picture = getattr(recipe.loss, "scored_region", "hole") == "picture"
    for batch in batches:
        for method in METHODS:
            filled = fill_batch(batch, method)
            scores = picture_scores(filled, batch.image) if on_picture else hole_scores(filled, batch.image, batch.mask)
            for name in SCORES:
                for group, value in zip(batch.groups or ("",) * len(batch), scores[name].tolist(), strict=True):
                    for where in {"all", group or "all"}:
                        sums[method, where, name].append(value)
    found: dict[str, dict[str, dict[str, float]]] = {}
    for (method, group, name), values in sums.items():
        found.setdefault(method, {}).setdefault(group, {})[name] = float(np.mean(values))
    return found


def fill_batch(batch: Batch, method: str) -> torch.Tensor:
    """Return the pictures of a batch filled, (N, 3, H, W) in [0, 1]; known pixels as they were."""
    images = batch.image.permute(0, 2, 3, 1).numpy()  # (N, H, W, 3)
    masks = batch.mask[:, 0].numpy() > 0
    fill = mean_fill if method == "mean" else _classical(method)
    filled = np.stack([fill(image, mask) for image, mask in zip(images, masks, strict=True)])
    return torch.from_numpy(filled).permute(0, 3, 1, 2).contiguous()


def mean_fill(image: AnyArray, mask: AnyArray) -> AnyArray:
    """Return the picture with the mean colour of its known pixels in the hole.

    >>> image = np.array([[[0.0], [1.0], [9.0]]], np.float32)
    >>> mean_fill(image, np.array([[False, False, True]])).ravel().tolist()
    [0.0, 1.0, 0.5]
    """
    filled = image.copy()
    filled[mask] = image[~mask].mean(axis=0)
    return filled


def _classical(method: str) -> Callable[[AnyArray, AnyArray], AnyArray]:
    def fill(image: AnyArray, mask: AnyArray) -> AnyArray:
        masked = np.where(mask[..., None], np.float32(0), image)
        filled: AnyArray = retouch.fill(masked, mask, method=method, seam=False)
        return filled

    return fill
