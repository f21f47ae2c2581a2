"""How well found boxes meet the true ones, picture by picture, and boxes drawn into pictures.

Source: M. Everingham et al., "The Pascal visual object classes (VOC) challenge", IJCV 2010, section 4.2; the area
under the curve at all its points. Departures: the curve is that of one picture, so that there is one number for each
sample; means of it rank detectors but are not a benchmark's mAP, which `retouch.metrics.labels.average_precision` takes
of what `as_objects` and `as_detections` make.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from retouch.metrics.labels.detections import Detections, Objects
from retouch.nets.detection.boxes import overlap

_LEAST_OVERLAP = 0.5
_ROWS_FIRST = [1, 0, 3, 2]  # (x1, y1, x2, y2) to (top, left, bottom, right)
_COLOUR = (1.0, 0.2, 0.2)


def average_precision(
    found: Float[Tensor, "K M 5"], boxes: Float[Tensor, "T 4"], classes: Int[Tensor, " T"]
) -> Float[Tensor, ""]:
    """Return the area under the precision-recall curve of one picture; 1 where nothing is there and nothing was found.

    Parameters
    ----------
    found : (K, M, 5)
        Of `retouch.nets.detection.boxes.detect`: score and corners by class, class 0 is the background; rows of score 0
        are no boxes.
    boxes, classes : (T, 4), (T,)
        True corners, and classes from 0, the background not counted.

    Examples
    --------
    Two things, one found with score 0.9 and a false one with 0.8: precision 1 up to a recall of 1/2.

    >>> boxes = torch.tensor([[0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 1.0, 1.0]])
    >>> found = torch.zeros(2, 2, 5)
    >>> found[1] = torch.tensor([[0.9, 0.0, 0.0, 0.5, 0.5], [0.8, 0.0, 0.5, 0.5, 1.0]])
    >>> average_precision(found, boxes, torch.tensor([0, 0])).item()
    0.5
    """
    real = found[..., 0] > 0
    labels = real.nonzero()[:, 0]
    guesses = found[real]
    if len(boxes) == 0:
        return found.new_tensor(float(len(guesses) == 0))
    order = guesses[:, 0].argsort(descending=True, stable=True)
    hits = _hits(guesses[order, 1:], labels[order] - 1, boxes, classes)
    caught = hits.cumsum(dim=0)
    precision = caught / torch.arange(1, len(hits) + 1, device=hits.device)
    best_after = precision.flip(0).cummax(dim=0).values.flip(0) if len(hits) else precision
    return (best_after * hits).sum() / len(boxes)


def as_objects(boxes: Float[Tensor, "T 4"], classes: Int[Tensor, " T"], side_px: int) -> Objects:
    """Return true boxes of a square picture as the measures of whole sets take them, in pixels.

    >>> as_objects(torch.tensor([[0.25, 0.5, 1.0, 1.0]]), torch.tensor([2]), 8).regions.tolist()
    [[4.0, 2.0, 8.0, 8.0]]
    """
    return Objects((boxes[:, _ROWS_FIRST] * side_px).cpu().numpy(), classes.cpu().numpy())


def as_detections(found: Float[Tensor, "K M 5"], side_px: int) -> Detections:
    """Return found boxes of a square picture as the measures of whole sets take them, in pixels.

    >>> found = torch.zeros(3, 1, 5)
    >>> found[2, 0] = torch.tensor([0.5, 0.25, 0.5, 1.0, 1.0])
    >>> [part.tolist() for part in as_detections(found, 8)]
    [[[4.0, 2.0, 8.0, 8.0]], [1], [0.5]]
    """
    real = found[..., 0] > 0
    guesses = found[real]
    boxes = (guesses[:, 1:][:, _ROWS_FIRST] * side_px).cpu().numpy()
    return Detections(boxes, (real.nonzero()[:, 0] - 1).cpu().numpy(), guesses[:, 0].cpu().numpy())


def _hits(
    guesses: Float[Tensor, "G 4"], labels: Int[Tensor, " G"], boxes: Float[Tensor, "T 4"], classes: Int[Tensor, " T"]
) -> Float[Tensor, " G"]:
    """Return 1 for each box that meets a true one of its class which no better box has met before."""
    shared = overlap(guesses, boxes).where(labels[:, None] == classes[None], 0.0)
    taken: set[int] = set()
    hits = guesses.new_zeros(len(guesses))
    for number, row in enumerate(shared):
        best = int(row.argmax())
        if row[best] >= _LEAST_OVERLAP and best not in taken:
            taken.add(best)
            hits[number] = 1
    return hits


def draw_boxes(picture: Float[Tensor, "3 H W"], boxes: Float[Tensor, "M 4"]) -> Float[Tensor, "3 H W"]:
    """Return the picture with frames of one pixel around boxes (corners, fractions of the sides).

    >>> draw_boxes(torch.zeros(3, 3, 3), torch.tensor([[0.0, 0.0, 1.0, 1.0]]))[0].tolist()
    [[1.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0]]
    """
    drawn = picture.clone()
    height, width = picture.shape[1:]
    colour = picture.new_tensor(_COLOUR)[:, None]
    for x1, y1, x2, y2 in boxes.clamp(0, 1).tolist():
        left, right = int(x1 * (width - 1)), int(x2 * (width - 1))
        top, bottom = int(y1 * (height - 1)), int(y2 * (height - 1))
        drawn[:, [top, bottom], left : right + 1] = colour[:, None].expand(3, 2, right + 1 - left)
        drawn[:, top : bottom + 1, [left, right]] = colour[:, None].expand(3, bottom + 1 - top, 2)
    return drawn
