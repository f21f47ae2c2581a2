"""One loss for a list of predictions, each at its own size.

Source: Y. Zeng, J. Fu, H. Chao, B. Guo: "Learning Pyramid-Context Encoder Network for High-Quality Image Inpainting",
CVPR 2019 (pyramid l1 loss); likewise the scales of L. Liao, J. Xiao, Z. Wang, C.-W. Lin, S. Satoh: "Guidance and
Evaluation: Semantic-Aware Image Inpainting for Mixed Scenes", ECCV 2020.

Departures: the truth is reduced by the mean of the pixels that fall together; PEN-Net's authors interpolate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from retouch.errors import InputError

Distance: TypeAlias = Callable[[Tensor, Tensor], Tensor]


def multiscale(
    predictions: Sequence[Float[Tensor, "N C _ _"]],
    image: Float[Tensor, "N C H W"],
    distance: Distance = functional.l1_loss,
    *,
    weights: Sequence[float] | None = None,
) -> Float[Tensor, ""]:
    """Return the weighted sum of the distances of predictions from the truth at their sizes.

    Parameters
    ----------
    predictions : sequence of (N, C, h, w) float
        Not empty, none larger than the truth.
    image : (N, C, H, W) float
        The truth.
    distance : callable
        Of a prediction and the reduced truth; the mean absolute error by default.
    weights : sequence of float, optional
        One for each prediction; 1 each by default.

    Raises
    ------
    InputError
        If there is no prediction, or not one weight for each.

    Examples
    --------
    The truth 0, 1 is 1/2 on average: errors 1/2 and 1/2 at full size, 0 at half.

    >>> import torch
    >>> truth, half = torch.tensor([[[[0.0, 1.0]]]]), torch.full((1, 1, 1, 1), 0.5)
    >>> multiscale([half.expand(1, 1, 1, 2), half], truth).item()
    0.5
    """
    chosen = [1.0] * len(predictions) if weights is None else list(weights)
    if not predictions or len(chosen) != len(predictions):
        raise InputError(f"each prediction needs one weight, got {len(predictions)} predictions, {len(chosen)} weights")
    terms = [
        weight * distance(prediction, reduced(image, prediction))
        for prediction, weight in zip(predictions, chosen, strict=True)
    ]
    return sum(terms[1:], start=terms[0])


def reduced(picture: Float[Tensor, "N C H W"], like: Float[Tensor, "N _ h w"]) -> Float[Tensor, "N C h w"]:
    """Return a picture at the size of another, by the mean of the pixels that fall together.

    >>> import torch
    >>> reduced(torch.tensor([[[[0.0, 1.0], [2.0, 3.0]]]]), torch.zeros(1, 1, 1, 2)).tolist()
    [[[[1.0, 2.0]]]]
    """
    size = tuple(like.shape[2:])
    return picture if tuple(picture.shape[2:]) == size else functional.interpolate(picture, size=size, mode="area")
