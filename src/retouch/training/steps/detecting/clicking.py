"""What is clicked on in a map of labels: a thing, its mask, and a point inside it."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

_LEAST_PIXELS = 16
_BACKGROUND = 0


class Clicked(NamedTuple):
    """One thing in each picture.

    Attributes
    ----------
    labels : (N,)
        Its label; 0, the background, where a picture has nothing else of 16 pixels.
    masks : (N, 1, H, W)
        1 where it is.
    points : (N, 2)
        (column, row) of a pixel of it.
    """

    labels: Int[Tensor, " N"]
    masks: Float[Tensor, "N 1 H W"]
    points: Float[Tensor, "N 2"]


def click(labels: Int[Tensor, "N H W"], rng: torch.Generator | None = None) -> Clicked:
    """Choose a thing of each picture and a pixel of it.

    Parameters
    ----------
    labels : (N, H, W)
        0 is the background.
    rng : torch.Generator, optional
        For any thing and any of its pixels; without it the largest thing, and the one of its pixels that is nearest to
        the mean of them all.

    Examples
    --------
    >>> labels = torch.zeros(1, 8, 8, dtype=torch.long)
    >>> labels[:, 1:6, 3:8] = 2
    >>> chosen = click(labels)
    >>> chosen.labels.item(), int(chosen.masks.sum()), chosen.points.tolist()
    (2, 25, [[5.0, 3.0]])
    """
    numbers = [_choose_label(each, rng) for each in labels]
    masks = torch.stack([each == number for each, number in zip(labels, numbers, strict=True)])
    points = torch.stack([_choose_pixel(mask, rng) for mask in masks])
    return Clicked(labels.new_tensor(numbers), masks[:, None].float(), points)


def _choose_label(labels: Int[Tensor, "H W"], rng: torch.Generator | None) -> int:
    values, counts = labels.unique(return_counts=True)  # type: ignore[no-untyped-call]
    large = (values != _BACKGROUND) & (counts >= _LEAST_PIXELS)
    if not bool(large.any()):
        return _BACKGROUND if bool((values == _BACKGROUND).any()) else int(values[counts.argmax()])
    values, counts = values[large], counts[large]
    place = int(counts.argmax()) if rng is None else _draw(len(values), rng)
    return int(values[place])


def _choose_pixel(mask: Bool[Tensor, "H W"], rng: torch.Generator | None) -> Float[Tensor, " 2"]:
    places = mask.nonzero().float()  # (K, 2): row, column
    if rng is None:
        distance = (places - places.mean(dim=0)).square().sum(dim=1)
        return places[distance.argmin()].flip(0)
    return places[_draw(len(places), rng)].flip(0)


def _draw(count: int, rng: torch.Generator) -> int:
    return int(torch.randint(count, (), generator=rng, device=rng.device))
