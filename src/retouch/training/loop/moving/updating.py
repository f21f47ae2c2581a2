"""Gradients of the losses of a step, added over the parts of a batch and over processes, clipped, checked and applied.

A step is made of `n_parts` batches, each seen by one call of the training's step. A step may update several times; the
k-th update of each part belongs together. Gradients are means over parts and processes. Nothing is moved unless every
loss and every gradient of the update is a finite number.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

import torch
from torch import Tensor, nn

from retouch.errors import InputError, unknown_name
from retouch.training.loop.moving.averages import Averages
from retouch.training.loop.processes import Processes

Gradients = dict[str, list[Tensor | None]]


class NotFiniteError(Exception):
    """A loss or a gradient is no finite number; the networks are as they were."""


class Updater:
    """Moves networks.

    Parameters
    ----------
    networks : mapping by role
    optimisers : mapping by role
    averages : Averages
        Told of every network that moved.
    processes : Processes
    clip_norm : float
        Largest norm of all gradients of a network together; 0 leaves them.
    n_parts : int
        How many batches a step has.
    """

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        optimisers: Mapping[str, torch.optim.Optimizer],
        averages: Averages,
        processes: Processes,
        *,
        clip_norm: float,
        n_parts: int,
    ) -> None:
        self._weights = {role: [w for w in networks[role].parameters() if w.requires_grad] for role in optimisers}
        self._known = tuple(networks)
        self._optimisers = optimisers
        self._averages = averages
        self._processes = processes
        self._clip_norm = clip_norm
        self._n_parts = n_parts
        self._part = 0
        self._n_calls = 0
        self._trained: AbstractSet[str] = set()
        self._sums: dict[int, Gradients] = {}
        self._fault = ""
        self.norms: dict[str, Tensor] = {}

    def begin_step(self, trained: AbstractSet[str], rates: Mapping[str, float]) -> None:
        """Prepare a step that trains some roles at some learning rates."""
        self._trained = trained
        self._sums, self._fault, self.norms = {}, "", {}
        for role, rate in rates.items():
            for group in self._optimisers[role].param_groups:
                group["lr"] = rate

    def begin_part(self, part: int) -> None:
        """Prepare one of the parts of the step."""
        self._part, self._n_calls = part, 0

    def update(self, losses: Mapping[str, Tensor]) -> None:
        """Take the gradients of a part; with the last part, move the networks.

        Raises
        ------
        InputError
            If a loss is named for a role that does not exist.
        NotFiniteError
            If a loss or a gradient is no finite number.
        """
        for role in losses:
            if role not in self._known:
                raise InputError(unknown_name("role of a loss", role, self._known))
        call, self._n_calls = self._n_calls, self._n_calls + 1
        gradients = self._take({role: loss for role, loss in losses.items() if role in self._trained})
        summed = self._add(call, gradients)
        if self._part == self._n_parts - 1:
            self._move(summed)

    def _take(self, losses: Mapping[str, Tensor]) -> Gradients:
        finite = not losses or bool(torch.stack([loss.detach().sum() for loss in losses.values()]).isfinite().all())
        if not finite:
            said = ", ".join(f"{role} {loss.detach().sum().item():g}" for role, loss in losses.items())
            self._note_fault(f"a loss is no finite number ({said})")
        taken: Gradients = {}
        for place, (role, loss) in enumerate(losses.items()):
            weights, is_last = self._weights[role], place == len(losses) - 1
            if loss.requires_grad:
                taken[role] = list(torch.autograd.grad(loss, weights, retain_graph=not is_last, allow_unused=True))
            else:  # it depends on no weight
                taken[role] = [None] * len(weights)
        return taken

    def _add(self, call: int, gradients: Gradients) -> Gradients:
        if self._n_parts == 1:
            return gradients
        sums = self._sums.setdefault(call, {})
        for role, new in gradients.items():
            old = sums.get(role, [None] * len(new))
            sums[role] = [_sum(a, b) for a, b in zip(old, new, strict=True)]
        return sums

    def _move(self, sums: Gradients) -> None:
        means = {role: self._mean(role, gradients) for role, gradients in sums.items()}
        norms = {role: _norm(gradients, self._processes.device) for role, gradients in means.items()}
        if norms and not bool(torch.stack(list(norms.values())).isfinite().all()):
            said = ", ".join(f"{role} {norm.item():g}" for role, norm in norms.items())
            self._note_fault(f"a gradient is no finite number (norms: {said})")
        self._raise_fault()
        for role, gradients in means.items():
            scale = self._clip_norm / (norms[role] + 1e-6) if self._clip_norm else None
            self._apply(role, gradients, scale)
        self.norms |= norms

    def _mean(self, role: str, gradients: list[Tensor | None]) -> list[Tensor | None]:
        means = self._processes.average_gradients(gradients, self._weights[role])
        if self._n_parts == 1:
            return means
        return [None if gradient is None else gradient / self._n_parts for gradient in means]

    def _apply(self, role: str, gradients: list[Tensor | None], scale: Tensor | None) -> None:
        optimiser = self._optimisers[role]
        for weight, gradient in zip(self._weights[role], gradients, strict=True):
            weight.grad = gradient if gradient is None or scale is None else gradient * scale.clamp(max=1)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        self._averages.update(role)

    def _note_fault(self, what: str) -> None:
        """Stop at once when alone; others are waited for, since they wait too."""
        self._fault = self._fault or what
        if self._processes.n == 1:
            raise NotFiniteError(self._fault)

    def _raise_fault(self) -> None:
        if self._processes.any(bool(self._fault)):
            raise NotFiniteError(self._fault or "a loss or a gradient of another process is no finite number")


def _sum(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    return b if a is None else a if b is None else a + b


def _norm(gradients: list[Tensor | None], device: torch.device) -> Tensor:
    present = [gradient for gradient in gradients if gradient is not None]
    return torch.nn.utils.get_total_norm(present) if present else torch.zeros((), device=device)
