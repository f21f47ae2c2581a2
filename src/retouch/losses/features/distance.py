"""Distances of feature maps over layers: feature matching, perceptual losses, LaMa's loss of a wide receptive field.

Source: J. Johnson, A. Alahi, L. Fei-Fei: "Perceptual Losses for Real-Time Style Transfer and Super-Resolution", ECCV
2016, Eq. 2 (squared); K. Nazeri et al.: "EdgeConnect", ICCV Workshops 2019, Eq. 3 (absolute, features of the critic);
R. Suvorov et al.: "Resolution-robust large mask inpainting with Fourier convolutions", WACV 2022, Eq. 1 (squared, a
backbone that sees far).

Departures: a layer counts by the mean over its values, so that layers of all sizes can be added up. The masked form
of feature matching is `retouch.losses.lama.feature_matching`; that of two pictures `partial_conv.perceptual_loss`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from jaxtyping import Float
from torch import Tensor

from retouch.errors import InputError

FeatureMaps: TypeAlias = Sequence[Float[Tensor, "N _ _ _"]] | Mapping[str, Float[Tensor, "N _ _ _"]]


def feature_distance(
    ours: FeatureMaps, theirs: FeatureMaps, *, squared: bool = True, weights: Sequence[float] | None = None
) -> Float[Tensor, ""]:
    """Return the weighted sum over layers of the mean squared or absolute difference.

    Parameters
    ----------
    ours, theirs : sequences of (N, C, H, W), or mappings by layer
        Layer by layer, of the result and of the truth; as a critic or a `PerceptualBackbone` gives them.
    squared : bool
        Squared differences (perceptual losses), else absolute ones (feature matching).
    weights : sequence of float, optional
        One for each layer; 1 each by default.

    Raises
    ------
    InputError
        If both have not the same layers, or there is not one weight for each.

    Examples
    --------
    >>> import torch
    >>> zero = torch.zeros(1, 2, 3, 3)
    >>> feature_distance([zero + 2, zero + 1], [zero, zero]).item()  # 4 + 1
    5.0
    >>> feature_distance([zero + 2, zero + 1], [zero, zero], squared=False, weights=[1.0, 0.5]).item()  # 2 + 1/2
    2.5
    """
    pairs = _pairs(ours, theirs)
    chosen = [1.0] * len(pairs) if weights is None else list(weights)
    if len(chosen) != len(pairs):
        raise InputError(f"each layer needs one weight, got {len(pairs)} layers and {len(chosen)} weights")
    terms = []
    for (a, b), weight in zip(pairs, chosen, strict=True):
        error = a - b
        terms.append(weight * (error.square() if squared else error.abs()).mean())
    return sum(terms[1:], start=terms[0])


def _pairs(ours: FeatureMaps, theirs: FeatureMaps) -> list[tuple[Tensor, Tensor]]:
    """Return the maps of each layer together."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        if not ours or ours.keys() != theirs.keys():
            raise InputError(f"features must be of the same layers, got {', '.join(ours)} and {', '.join(theirs)}")
        return [(ours[name], theirs[name]) for name in ours]
    if isinstance(ours, Mapping) or isinstance(theirs, Mapping):
        raise InputError("features must both be by name or both in order, got one of each")
    if not ours or len(ours) != len(theirs):
        raise InputError(f"features must be of the same layers, got {len(ours)} and {len(theirs)} layers")
    return list(zip(ours, theirs, strict=True))
