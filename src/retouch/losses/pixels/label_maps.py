"""Cross-entropy of label maps, with labels that do not count, and weights of classes and places.

Source: the loss of every network of labels; weights of places as in L. Berlincioni, F. Becattini, L. Galteri,
L. Seidenari, A. Del Bimbo: "Road Layout Understanding by Generative Adversarial Inpainting", 2019 (discounted by the
distance to what is known: `retouch.losses.discounted.discount_weights`).
Departures: none. As torch does it, the sum is divided by the sum of weights.
"""

from __future__ import annotations

from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional


def label_cross_entropy(
    logits: Float[Tensor, "N C H W"],
    labels: Int[Tensor, "N H W"],
    *,
    class_weights: Float[Tensor, " C"] | None = None,
    place_weights: Float[Tensor, "N 1 H W"] | None = None,
) -> Float[Tensor, ""]:
    """Return the weighted mean cross-entropy of the pixels whose label counts; 0 where none does.

    Parameters
    ----------
    logits : (N, C, H, W) float
    labels : (N, H, W) int
        0 to C - 1; any other label does not count, such as -1 or 255.
    class_weights : (C,) float, optional
        By true label, at least 0.
    place_weights : (N, 1, H, W) float, optional
        At least 0: a mask for the hole alone.

    Examples
    --------
    A net that knows nothing of two classes pays log 2, and nothing for a label that does not count:

    >>> import torch
    >>> round(label_cross_entropy(torch.zeros(1, 2, 1, 2), torch.tensor([[[1, 255]]])).item(), 4)
    0.6931
    """
    counts = (labels >= 0) & (labels < logits.shape[1])
    asked = labels.where(counts, 0).long()
    weights = counts.to(logits.dtype)
    if class_weights is not None:
        weights = weights * class_weights[asked]
    if place_weights is not None:
        weights = weights * place_weights[:, 0]
    total = weights.sum()
    each = functional.cross_entropy(logits, asked, reduction="none")
    return (weights * each).sum() / total.where(total > 0, 1)
