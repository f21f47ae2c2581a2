"""Guidance of contextual attention: labels say which patches each place may copy; nothing is trained.

Source: doctoral thesis on structure-first inpainting and object removal, Sec. 5.4 (a guidance map of foreground and
background); the equations of the attention stand in `retouch.nets.layers.attention.contextual_attention`.
Departures: the thesis multiplies scores by the map, after which a softmax still gives a forbidden patch exp(0); here a
forbidden patch has weight 0. Any number of labels instead of two.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from retouch.nets.layers.attention.contextual_attention import (
    OFFICIAL,
    AttentionSettings,
    to_grid,
    usable_patches,
    wholly_pasted,
)


def patches_within(source: Float[Tensor, "N 1 H W"], settings: AttentionSettings = OFFICIAL) -> Bool[Tensor, "N K 1 1"]:
    """Return the patches that lie wholly in a permitted area, as compared and as pasted: the same for every place.

    Parameters
    ----------
    source : (N, 1, H, W) float
        1 = may be copied, 0 = may not.
    settings : AttentionSettings

    Returns
    -------
    (N, K, 1, 1) bool

    Examples
    --------
    >>> source = torch.tensor([[[[0.0, 1.0, 1.0, 1.0]]]])
    >>> patches_within(source, AttentionSettings(rate=1)).flatten().tolist()
    [False, False, True, True]
    """
    forbidden = 1 - source
    return usable_patches(forbidden, settings) & wholly_pasted(forbidden, settings)


def patches_of_same_label(
    labels: Float[Tensor, "N 1 H W"], settings: AttentionSettings = OFFICIAL
) -> Bool[Tensor, "N K h w"]:
    """Return for each place the patches that lie wholly in areas of its own label.

    Parameters
    ----------
    labels : (N, 1, H, W) float
        Any values; in a hole, the label of what shall stand there.
    settings : AttentionSettings

    Returns
    -------
    (N, K, h, w) bool
    """
    places = to_grid(labels, settings)  # (N, 1, h, w)
    n_patches = places[0].numel()
    allowed = torch.zeros(len(labels), n_patches, *places.shape[2:], dtype=torch.bool, device=labels.device)
    for label in sorted(set(labels.flatten().tolist())):
        allowed |= (places == label) & patches_within((labels == label).to(labels.dtype), settings)
    return allowed


def unguided_places(
    allowed: Bool[Tensor, "_ K _ _"],
    mask: Float[Tensor, "_ 1 H W"] | None = None,
    settings: AttentionSettings = OFFICIAL,
) -> Bool[Tensor, "_ 1 _ _"]:
    """Return the places that guidance leaves no patch, known and permitted: attention is not guided there.

    Parameters
    ----------
    allowed : (N, K, h, w) bool
    mask : (N, 1, H, W) float, optional
        1 = missing, as given to the attention.
    settings : AttentionSettings
    """
    known = allowed if mask is None else allowed & usable_patches(mask, settings)
    return ~known.any(dim=1, keepdim=True)
