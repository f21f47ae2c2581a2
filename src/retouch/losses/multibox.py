"""MultiBox loss of single-shot detectors: smooth L1 for places, cross-entropy for classes, hard negatives.

Source: W. Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016, section 2.2, Eqs. 1-3.
Departures: the two terms come apart (the paper adds them with weight 1); a batch without any object gives a class loss
over no negatives, hence 0, where the authors' code divides by zero.
"""

from __future__ import annotations

from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from retouch.errors import InputError


def location_loss(
    offsets: Float[Tensor, "N P 4"], target_offsets: Float[Tensor, "N P 4"], target_classes: Int[Tensor, "N P"]
) -> Float[Tensor, ""]:
    """Return the smooth L1 distance of offsets, summed over matched priors, per matched prior of the batch.

    Parameters
    ----------
    offsets, target_offsets : (N, P, 4)
        Of the net and of `retouch.nets.detection.boxes.match`.
    target_classes : (N, P)
        0 for background: such priors do not count.

    Examples
    --------
    >>> import torch
    >>> location_loss(torch.full((1, 2, 4), 2.0), torch.zeros(1, 2, 4), torch.tensor([[1, 0]])).item()
    6.0
    """
    matched = target_classes > 0
    total = functional.smooth_l1_loss(offsets[matched], target_offsets[matched], reduction="sum")  # Eq. 2
    return total / _n_matched(matched)


def class_loss(
    logits: Float[Tensor, "N P K"], target_classes: Int[Tensor, "N P"], *, negatives_per_match: int = 3
) -> Float[Tensor, ""]:
    """Return the cross-entropy over matched priors and the hardest backgrounds, per matched prior of the batch.

    Parameters
    ----------
    logits : (N, P, K)
        Class 0 is the background.
    target_classes : (N, P)
    negatives_per_match : int
        So many backgrounds of each picture, those of the highest loss, count for each of its matched priors.

    Raises
    ------
    InputError
        If `negatives_per_match` is below 0.

    Examples
    --------
    One match and three negatives at ln 2 each:

    >>> import torch
    >>> class_loss(torch.zeros(1, 8, 2), torch.tensor([[1, 0, 0, 0, 0, 0, 0, 0]]))
    tensor(2.7726)
    """
    if negatives_per_match < 0:
        raise InputError(f"negatives_per_match must be 0 or more, got {negatives_per_match}")
    each = functional.cross_entropy(logits.transpose(1, 2), target_classes.long(), reduction="none")  # (N, P), Eq. 3
    matched = target_classes > 0
    counted = matched | _hardest_backgrounds(each.detach(), matched, negatives_per_match)
    return each[counted].sum() / _n_matched(matched)


def _hardest_backgrounds(
    each: Float[Tensor, "N P"], matched: Bool[Tensor, "N P"], negatives_per_match: int
) -> Bool[Tensor, "N P"]:
    wanted = (negatives_per_match * matched.sum(dim=1, keepdim=True)).clamp(max=each.shape[1] - 1)  # (N, 1)
    order = each.masked_fill(matched, 0.0).argsort(dim=1, descending=True)
    return order.argsort(dim=1) < wanted


def _n_matched(matched: Bool[Tensor, "N P"]) -> Tensor:
    return matched.sum().clamp(min=1)  # N of Eq. 1
