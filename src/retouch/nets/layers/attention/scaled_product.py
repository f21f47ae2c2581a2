"""Scaled dot-product attention, written out.

Source: A. Vaswani et al., "Attention is all you need", NeurIPS 2017, Eq. 1. Departures: none. torch's own function
gives the same, but its fast form on the processor cannot be exported.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor


def scaled_product_attention(
    query: Float[Tensor, "*B A C"],
    key: Float[Tensor, "*B L C"],
    value: Float[Tensor, "*B L D"],
    bias: Float[Tensor, "*_"] | None = None,
) -> Float[Tensor, "*B A D"]:
    """Return for each of A queries the mean of L values, weighted by how well their keys match.

    Parameters
    ----------
    query, key, value : (*B, A, C), (*B, L, C), (*B, L, D)
    bias : (..., A, L), optional
        Added to the scores.
    """
    scores = query @ key.mT / query.shape[-1] ** 0.5
    if bias is not None:
        scores = scores + bias
    found: Tensor = scores.softmax(dim=-1) @ value  # Eq. 1
    return found
