"""Spectral normalisation: a convolution's weight divided by its largest singular value.

Source: T. Miyato, T. Kataoka, M. Koyama, Y. Yoshida: "Spectral Normalization for Generative Adversarial Networks",
ICLR 2018, Eq. 8 and Algorithm 1, which is torch's parametrisation; here are the key names of older checkpoints.

Departures: torch 1.x stored `weight_orig`, `weight_u`, `weight_v` and spoilt `copy.deepcopy` of a net in training; the
parametrisation computes the same quotient and can be copied.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

_NEW_NAMES = {
    "weight_orig": "parametrizations.weight.original",
    "weight_u": "parametrizations.weight.0._u",
    "weight_v": "parametrizations.weight.0._v",
}


def rename_spectral_keys(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a state dict of torch 1.x spectral normalisation under the names of the parametrisation.

    >>> list(rename_spectral_keys({"conv.weight_orig": Tensor(), "conv.bias": Tensor()}))
    ['conv.parametrizations.weight.original', 'conv.bias']
    """
    renamed = {}
    for key, value in state.items():
        path, _, last = key.rpartition(".")
        renamed[f"{path}.{_NEW_NAMES[last]}" if last in _NEW_NAMES else key] = value
    return renamed
