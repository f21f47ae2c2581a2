"""Boxes of single-shot detectors: overlap, matching with priors, offsets, suppression of doubles.

Source: W. Liu, D. Anguelov, D. Erhan, C. Szegedy, S. Reed, C.-Y. Fu, A. C. Berg, "SSD: Single Shot MultiBox
Detector", ECCV 2016, sections 2.2 (matching, Eq. 2 for the offsets) and 2.1 (suppression). Offsets are divided by
"variances" (0.1 for centres, 0.2 for sizes), which the paper leaves to its code.
Departures: none.

Boxes here are parts of a published format and stay in it: fractions of the picture's width and height, either corners
(x1, y1, x2, y2) or centres (cx, cy, w, h).

P   number of priors        T   number of true boxes        K   number of classes with the background, which is class 0
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from retouch.nets.detection.priors import VARIANCES


def to_corners(boxes: Float[Tensor, "P 4"]) -> Float[Tensor, "P 4"]:
    """Turn (cx, cy, w, h) into (x1, y1, x2, y2).

    >>> to_corners(torch.tensor([[0.5, 0.5, 0.5, 1.0]])).tolist()
    [[0.25, 0.0, 0.75, 1.0]]
    """
    half = boxes[:, 2:] / 2
    return torch.cat([boxes[:, :2] - half, boxes[:, :2] + half], dim=1)


def to_centres(boxes: Float[Tensor, "P 4"]) -> Float[Tensor, "P 4"]:
    """Turn (x1, y1, x2, y2) into (cx, cy, w, h).

    >>> to_centres(torch.tensor([[0.25, 0.0, 0.75, 1.0]])).tolist()
    [[0.5, 0.5, 0.5, 1.0]]
    """
    return torch.cat([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], dim=1)


def overlap(first: Float[Tensor, "A 4"], second: Float[Tensor, "B 4"]) -> Float[Tensor, "A B"]:
    """Return intersection over union of all pairs of corner boxes; a box without area overlaps nothing.

    >>> overlap(torch.tensor([[0.0, 0.0, 2.0, 1.0]]), torch.tensor([[1.0, 0.0, 3.0, 1.0]]))
    tensor([[0.3333]])
    """
    low = torch.maximum(first[:, None, :2], second[None, :, :2])
    high = torch.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = (high - low).clamp(min=0).prod(dim=2)  # (A, B)
    union = _areas(first)[:, None] + _areas(second)[None] - shared
    return torch.where(shared > 0, shared / torch.where(union > 0, union, 1.0), 0.0)


def match(
    truths: Float[Tensor, "T 4"],
    labels: Int[Tensor, " T"],
    priors: Float[Tensor, "P 4"],
    *,
    threshold: float = 0.5,
) -> tuple[Float[Tensor, "P 4"], Int[Tensor, " P"]]:
    """Give each prior its true box and class.

    A prior takes the true box that overlaps it most, if by the threshold or more; besides, each true box keeps the
    prior that overlaps it most, however little. Where two true boxes want one prior, the later one gets it.

    Parameters
    ----------
    truths : (T, 4)
        Corners; T may be 0.
    labels : (T,)
        Class of each true box from 0, the background not counted.
    priors : (P, 4)
        Centres.
    threshold : float

    Returns
    -------
    offsets : (P, 4)
        What the net should give, by `encode`; of no meaning where the class is 0.
    classes : (P,)
        0 for background, otherwise label + 1.
    """
    if len(truths) == 0:
        return torch.zeros_like(priors), torch.zeros(len(priors), dtype=labels.dtype, device=priors.device)
    overlaps = overlap(truths, to_corners(priors))  # (T, P)
    best_overlap, best_truth = overlaps.max(dim=0)  # (P,), (P,)
    best_prior = overlaps.argmax(dim=1)  # (T,)
    for truth, prior in enumerate(best_prior.tolist()):  # in order, so that the later one wins on every device
        best_truth[prior] = truth
    forced = torch.zeros_like(best_overlap, dtype=torch.bool).index_fill(0, best_prior, value=True)
    classes = torch.where(forced | (best_overlap >= threshold), labels[best_truth] + 1, 0)
    return encode(truths[best_truth], priors), classes


def encode(truths: Float[Tensor, "P 4"], priors: Float[Tensor, "P 4"]) -> Float[Tensor, "P 4"]:
    """Return the offsets that lead from priors (centres) to true boxes (corners).

    >>> encode(torch.tensor([[0.25, 0.25, 0.75, 0.75]]), torch.tensor([[0.25, 0.5, 0.5, 0.5]])).tolist()
    [[5.0, 0.0, 0.0, 0.0]]
    """
    target = to_centres(truths)
    centre = (target[:, :2] - priors[:, :2]) / priors[:, 2:] / VARIANCES[0]  # Eq. 2, g^cx and g^cy
    size = (target[:, 2:] / priors[:, 2:]).log() / VARIANCES[1]  # Eq. 2, g^w and g^h
    return torch.cat([centre, size], dim=1)


def decode(offsets: Float[Tensor, "P 4"], priors: Float[Tensor, "P 4"]) -> Float[Tensor, "P 4"]:
    """Return corner boxes from offsets and priors (centres): the inverse of `encode`."""
    centre = priors[:, :2] + offsets[:, :2] * VARIANCES[0] * priors[:, 2:]
    size = priors[:, 2:] * (offsets[:, 2:] * VARIANCES[1]).exp()
    return to_corners(torch.cat([centre, size], dim=1))


def suppress_doubles(
    boxes: Float[Tensor, "P 4"], scores: Float[Tensor, " P"], *, threshold: float = 0.45, most: int = 200
) -> Int[Tensor, " K"]:
    """Return the boxes to keep, best first: non-maximum suppression.

    Among the `most` best, the best box stays and takes away all others that overlap it by more than the threshold; the
    best of the rest is next. Costs O(most^2).

    >>> pair = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.9], [2.0, 2.0, 3.0, 3.0]])
    >>> suppress_doubles(pair, torch.tensor([0.5, 0.9, 0.7])).tolist()
    [1, 2]
    """
    order = scores.argsort(descending=True, stable=True)[:most]
    hits = (overlap(boxes[order], boxes[order]) > threshold).cpu()
    alive = torch.ones(len(order), dtype=torch.bool)
    for rank in range(len(order)):
        if alive[rank]:
            alive[rank + 1 :] &= ~hits[rank, rank + 1 :]
    return order[alive.to(order.device)]


def detect(
    offsets: Float[Tensor, "N P 4"],
    probabilities: Float[Tensor, "N P K"],
    priors: Float[Tensor, "P 4"],
    *,
    least_score: float = 0.01,
    threshold: float = 0.45,
    most: int = 200,
) -> Float[Tensor, "N K {most} 5"]:
    """Turn a net's output into boxes, class by class.

    Parameters
    ----------
    offsets : (N, P, 4)
    probabilities : (N, P, K)
        After the softmax; class 0 is the background.
    priors : (P, 4)
        Centres.
    least_score : float
        Boxes must pass this probability.
    threshold : float
        Overlap above which the less probable of two boxes of one class goes.
    most : int
        Boxes kept of each class.

    Returns
    -------
    (N, K, most, 5)
        Score, x1, y1, x2, y2, best first, zeros after the last; row 0, the background, is zero.
    """
    found = offsets.new_zeros(len(offsets), probabilities.shape[2], most, 5)
    for picture, (shift, chance) in enumerate(zip(offsets, probabilities, strict=True)):
        boxes = decode(shift, priors)
        for label in range(1, probabilities.shape[2]):
            likely = (chance[:, label] > least_score).nonzero().flatten()
            kept = likely[suppress_doubles(boxes[likely], chance[likely, label], threshold=threshold, most=most)]
            found[picture, label, : len(kept)] = torch.cat([chance[kept, label, None], boxes[kept]], dim=1)
    return found


def _areas(boxes: Float[Tensor, "A 4"]) -> Float[Tensor, " A"]:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
