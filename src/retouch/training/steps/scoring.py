"""Composites, and what filled pictures are judged by: one number for each sample.

All scores look at the hole alone, since a composite is the truth elsewhere; `picture_scores` looks at all pixels.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

MOST_PSNR = 100.0
"""What a perfect picture gets, so that means stay finite."""
_LEAST_MSE = 10 ** (-MOST_PSNR / 10)

Scores = dict[str, Tensor]
"""Name of a score to (N,) numbers."""


def journal(values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return scalars without what they were computed from, so that the graph of a step is not kept for its report."""
    return {name: value.detach() for name, value in values.items()}


def paste(
    painted: Float[Tensor, "N C H W"], image: Float[Tensor, "N C H W"], mask: Float[Tensor, "N 1 H W"]
) -> Float[Tensor, "N C H W"]:
    """Return the painted picture in the hole and the known pixels elsewhere: what losses and critics look at.

    Nothing is clipped, so that pixels out of range keep their gradient.

    >>> mask = torch.tensor([[[[0.0, 1.0]]]])
    >>> paste(torch.full((1, 1, 1, 2), 1.5), torch.full((1, 1, 1, 2), 0.25), mask).flatten().tolist()
    [0.25, 1.5]
    """
    return image.where(mask == 0, painted)


def composite(
    painted: Float[Tensor, "N C H W"], image: Float[Tensor, "N C H W"], mask: Float[Tensor, "N 1 H W"]
) -> Float[Tensor, "N C H W"]:
    """Return the same clipped to [0, 1] in the hole: what a user would get.

    >>> mask = torch.tensor([[[[0.0, 1.0]]]])
    >>> composite(torch.full((1, 1, 1, 2), 1.5), torch.full((1, 1, 1, 2), 0.25), mask).flatten().tolist()
    [0.25, 1.0]
    """
    return paste(painted.clamp(0, 1), image, mask)


def hole_scores(
    painted: Float[Tensor, "N C H W"], image: Float[Tensor, "N C H W"], mask: Float[Tensor, "N 1 H W"]
) -> Scores:
    """Return "psnr" (dB, at most 100), "mse" and "l1" of the missing pixels of each sample; values in [0, 1].

    A sample without a hole is perfect.

    >>> mask = torch.tensor([[[[1.0, 0.0]]]])
    >>> scores = hole_scores(torch.full((1, 1, 1, 2), 0.6), torch.full((1, 1, 1, 2), 0.5), mask)
    >>> {name: round(value.item(), 3) for name, value in scores.items()}  # 10 log10(1 / 0.1^2)
    {'psnr': 20.0, 'mse': 0.01, 'l1': 0.1}
    """
    error = (painted - image) * mask
    n_values = (mask.sum(dim=(1, 2, 3)) * image.shape[1]).clamp(min=1)
    return _named(error.square().sum(dim=(1, 2, 3)) / n_values, error.abs().sum(dim=(1, 2, 3)) / n_values)


def picture_scores(painted: Float[Tensor, "N C H W"], image: Float[Tensor, "N C H W"]) -> Scores:
    """Return the same scores of all pixels.

    >>> scores = picture_scores(torch.tensor([[[[0.7, 0.5]]]]), torch.full((1, 1, 1, 2), 0.5))
    >>> round(scores["mse"].item(), 3)  # (0.04 + 0) / 2
    0.02
    """
    error = (painted - image).flatten(1)
    return _named(error.square().mean(dim=1), error.abs().mean(dim=1))


def detector_scores(artifacts: Float[Tensor, "N 1 H W"], mask: Float[Tensor, "N 1 H W"]) -> Scores:
    """Return how well a detector tells holes from known pixels.

    Parameters
    ----------
    artifacts : (N, 1, H, W) float
        High where the detector sees an artefact.
    mask : (N, 1, H, W) float
        1 where a pixel was missing.

    Returns
    -------
    mapping
        "detector_gap", the mean answer in the hole less that outside, and "detector_auc", the chance that a missing
        pixel has the higher answer of two, ties counting half. A sample with pixels of one kind only has 0 and 1/2.

    Examples
    --------
    The missing pixel 0.8 is above one of the others and equal to another:

    >>> scores = detector_scores(torch.tensor([[[[0.8, 0.8, 0.2]]]]), torch.tensor([[[[1.0, 0.0, 0.0]]]]))
    >>> round(scores["detector_gap"].item(), 3), scores["detector_auc"].item()
    (0.3, 0.75)
    """
    pairs = [
        _separation(answer, missing) for answer, missing in zip(artifacts.flatten(1), mask.flatten(1), strict=True)
    ]
    gaps, areas = zip(*pairs, strict=True)
    return {"detector_gap": torch.stack(gaps), "detector_auc": torch.stack(areas)}


def _separation(answer: Tensor, missing: Tensor) -> tuple[Tensor, Tensor]:
    inside, outside = answer[missing > 0], answer[missing == 0]
    if not len(inside) or not len(outside):
        return answer.new_zeros(()), answer.new_full((), 0.5)
    ordered = outside.sort().values
    below, not_above = (torch.searchsorted(ordered, inside, right=right) for right in (False, True))
    return inside.mean() - outside.mean(), (below + not_above).float().mean() / (2 * len(outside))


def _named(mse: Tensor, l1: Tensor) -> Scores:
    return {"psnr": -10 * mse.clamp(min=_LEAST_MSE).log10(), "mse": mse, "l1": l1}
