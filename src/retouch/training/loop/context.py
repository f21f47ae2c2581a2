"""What the loop gives to a step, and to painting and judging."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor

from retouch.errors import InputError

Update = Callable[[Mapping[str, Tensor]], None]


def seed_of(*words: str | int) -> int:
    """Return a seed that belongs to some words.

    >>> seed_of(0, "step", 1) == seed_of(0, "step", 1) != seed_of(0, "step", 2)
    True
    """
    text = " ".join(str(word) for word in words)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


class StepContext:
    """See `retouch.training.steps.contract.Context`.

    Parameters
    ----------
    device : torch.device
    step : int
    phase : str
    trained : set of str
        Roles of the networks that are trained; none while painting and judging.
    seed : int
        Of the random numbers.
    precision : str
        "fp32" or "bf16".
    update : callable, optional
        What moves networks; None while painting and judging.
    """

    def __init__(
        self,
        device: torch.device,
        *,
        step: int,
        phase: str,
        trained: AbstractSet[str],
        seed: int,
        precision: str,
        update: Update | None = None,
    ) -> None:
        self.step = step
        self.phase = phase
        self.rng = torch.Generator(device).manual_seed(seed)
        self._device_type = device.type
        self._trained = trained
        self._is_half = precision == "bf16"
        self._update = update

    def trains(self, role: str) -> bool:
        """Return whether the phase trains this network."""
        return role in self._trained

    def run(self, net: Callable[..., Any], *inputs: Any) -> Any:
        """Call a network in the precision of the run; tensors come back as float32."""
        if not self._is_half:
            return net(*inputs)
        with torch.autocast(self._device_type, torch.bfloat16):
            answer = net(*inputs)
        return as_float32(answer)

    def update(self, losses: Mapping[str, Tensor]) -> None:
        """Move each named network against its own loss."""
        if self._update is None:
            raise InputError("networks are moved in steps only, and a training did it while painting or judging")
        self._update(losses)


def as_float32(answer: Any) -> Any:
    """Return what a network gave with float32 in the place of narrower floats.

    >>> as_float32([torch.ones(1, dtype=torch.bfloat16), torch.ones(1, dtype=torch.int64)])
    [tensor([1.]), tensor([1])]
    """
    match answer:
        case Tensor():
            return answer.float() if answer.is_floating_point() else answer
        case tuple() if hasattr(answer, "_fields"):
            return type(answer)(*(as_float32(item) for item in answer))
        case tuple() | list():
            return type(answer)(as_float32(item) for item in answer)
        case dict():
            return {key: as_float32(item) for key, item in answer.items()}
        case _ if is_dataclass(answer) and not isinstance(answer, type):
            return replace(answer, **{f.name: as_float32(getattr(answer, f.name)) for f in fields(answer) if f.init})
        case _:
            return answer
