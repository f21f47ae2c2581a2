"""Maps of labels as tensors: one channel for each class, other numbers, and what a completed map is judged by.

A label outside of 0 to C - 1 is nobody's: such pixels have no channel set, and neither teach nor count.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

_NOBODY = -1


def one_hot(labels: Int[Tensor, "N H W"], n_classes: int) -> Float[Tensor, "N {n_classes} H W"]:
    """Return one channel for each class.

    >>> one_hot(torch.tensor([[[1, 255]]]), 2)[0].tolist()
    [[[0.0, 0.0]], [[1.0, 0.0]]]
    """
    classes = torch.arange(n_classes, device=labels.device)[:, None, None]
    return (labels[:, None] == classes).float()


def relabelled(labels: Int[Tensor, "N H W"], channels: Sequence[int]) -> Int[Tensor, "N H W"]:
    """Return other numbers for labels 0, 1, ...; others become nobody's. Without numbers nothing changes.

    >>> relabelled(torch.tensor([[[0, 1, 2]]]), (5, 7)).flatten().tolist()
    [5, 7, -1]
    """
    if not channels:
        return labels
    table = labels.new_tensor([*channels, _NOBODY])
    known = (labels >= 0) & (labels < len(channels))
    return table[labels.where(known, len(channels))]


def judge_labels(
    logits: Float[Tensor, "N C H W"], labels: Int[Tensor, "N H W"], mask: Float[Tensor, "N 1 H W"]
) -> dict[str, Float[Tensor, " N"]]:
    """Return the share of right pixels in the hole of each sample, and the mean overlap of the classes in it.

    Both are 1 where nothing is asked.

    >>> logits = one_hot(torch.tensor([[[0, 0, 1]]]), 2)
    >>> scores = judge_labels(logits, torch.tensor([[[0, 1, 1]]]), torch.ones(1, 1, 1, 3))
    >>> [round(scores[name].item(), 4) for name in ("accuracy", "mean_overlap")]  # each class shares 1 of 2 pixels
    [0.6667, 0.5]
    """
    n_classes = logits.shape[1]
    asked = (mask > 0) * (one_hot(labels, n_classes).sum(dim=1, keepdim=True) > 0)
    theirs = one_hot(labels, n_classes) * asked
    ours = one_hot(logits.argmax(dim=1), n_classes) * asked
    both, either = ((ours * theirs).sum(dim=(2, 3)), torch.maximum(ours, theirs).sum(dim=(2, 3)))  # (N, C)
    n_asked, n_present = asked.sum(dim=(1, 2, 3)), (either > 0).sum(dim=1)
    accuracy = both.sum(dim=1) / n_asked.clamp(min=1) + (n_asked == 0).float()
    overlap = (both / either.clamp(min=1)).sum(dim=1) / n_present.clamp(min=1) + (n_present == 0).float()
    return {"accuracy": accuracy, "mean_overlap": overlap}


def colour_labels(labels: Int[Tensor, "N H W"], n_classes: int) -> Float[Tensor, "N 3 H W"]:
    """Return a picture of a map, one colour for each class, spread over the colour circle; nobody is black."""
    turn = (
        torch.arange(n_classes, device=labels.device)[:, None] / n_classes + torch.arange(3, device=labels.device) / 3
    )
    colours = 0.5 + 0.5 * torch.cos(2 * torch.pi * turn)  # (C, 3)
    return torch.einsum("nchw,ck->nkhw", one_hot(labels, n_classes), colours)
