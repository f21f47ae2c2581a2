"""Exponential moving averages of weights: what is validated and exported instead of the last weights.

After every step that moved a network, average = d average + (1 - d) weights, starting from the initial weights. The
decay d is min(ema_decay, (1 + n) / (10 + n)) at the n-th time, counted from 0, so that the initial weights are
forgotten in short runs too. Buffers, such as the statistics of normalisation, are not averaged: those of the network
count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Averages:
    """Averages of the parameters of some networks.

    Parameters
    ----------
    networks : mapping by role
        Those that are trained.
    decay : float
        In [0, 1); 0 keeps none.
    """

    def __init__(self, networks: Mapping[str, nn.Module], decay: float) -> None:
        self._networks = dict(networks) if decay else {}
        self._decay = decay
        self.n_updates = dict.fromkeys(self._networks, 0)
        self.tensors: dict[str, dict[str, Tensor]] = {
            role: {name: weight.detach().clone() for name, weight in net.named_parameters()}
            for role, net in self._networks.items()
        }

    @torch.no_grad()
    def update(self, role: str) -> None:
        """Take in the weights of a network that was moved."""
        if role not in self._networks:
            return
        n = self.n_updates[role]
        decay = min(self._decay, (1 + n) / (10 + n))
        weights = [weight.detach() for weight in self._networks[role].parameters()]
        torch._foreach_lerp_(list(self.tensors[role].values()), weights, 1 - decay)
        self.n_updates[role] += 1

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Put the averages in the networks while the block runs; where there are none, nothing is changed."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    def _exchange(self) -> None:
        for role, net in self._networks.items():
            for name, weight in net.named_parameters():
                weight.data, self.tensors[role][name] = self.tensors[role][name], weight.data
