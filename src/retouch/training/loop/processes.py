"""The processes that train together: this one alone, or those that torchrun started, on Lightning Fabric.

Networks are not wrapped: what is shared are gradients, buffers and decisions, by the calls below. Each of them must be
made by all processes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Literal

import torch
import torch.distributed as dist
from lightning.fabric import Fabric
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning.fabric.strategies.ddp import DDPStrategy
from torch import Tensor

from retouch.errors import RetouchError


class Processes:
    """What one process knows of all.

    Parameters
    ----------
    accelerator : "auto" or "cpu"
        "auto" takes a GPU where there is one.

    Attributes
    ----------
    n, rank : int
        How many there are, and which one this is.
    device : torch.device
    """

    def __init__(self, accelerator: Literal["auto", "cpu"] = "auto") -> None:
        self.n = int(os.environ.get("WORLD_SIZE", "1"))
        n_here = int(os.environ.get("LOCAL_WORLD_SIZE", str(self.n)))
        together = self.n > 1
        on_gpu = accelerator == "auto" and torch.cuda.is_available()
        self._fabric = Fabric(
            accelerator="cuda" if on_gpu else "cpu",
            devices=n_here,
            num_nodes=max(self.n // n_here, 1),
            strategy=DDPStrategy(process_group_backend="nccl" if on_gpu else "gloo") if together else "auto",
            plugins=[TorchElasticEnvironment() if together else LightningEnvironment()],
        )
        self._fabric.launch()
        self.rank = int(self._fabric.global_rank)
        self.device: torch.device = self._fabric.device

    @property
    def is_first(self) -> bool:
        """Whether this one writes and speaks."""
        return self.rank == 0

    def add(self, tensor: Tensor) -> None:
        """Replace a tensor by the sum over all processes."""
        if self.n > 1:
            dist.all_reduce(tensor)

    def any(self, flag: bool) -> bool:
        """Return whether the flag is set in any process."""
        if self.n == 1:
            return flag
        count = torch.tensor(float(flag), device=self.device)
        self.add(count)
        return bool(count.item())

    def gather(self, item: Any) -> list[Any]:
        """Return what each process has, in their order."""
        if self.n == 1:
            return [item]
        items: list[Any] = [None] * self.n
        dist.all_gather_object(items, item)
        return items

    def first_only(self, work: Callable[[], Any]) -> Any:
        """Return what the first process finds out; what it raises is raised by all."""
        if self.n == 1:
            return work()
        answer: list[Any] = [None, None]
        if self.is_first:
            try:
                answer[0] = work()
            except RetouchError as error:
                answer[1] = error
        dist.broadcast_object_list(answer)
        if answer[1] is not None:
            raise answer[1]
        return answer[0]

    def average_gradients(self, gradients: Sequence[Tensor | None], like: Sequence[Tensor]) -> list[Tensor | None]:
        """Return the means over all processes; one that only some have counts as 0 in the others.

        Parameters
        ----------
        gradients : sequence of tensor or None
        like : sequence of tensor
            The parameters.
        """
        if self.n == 1:
            return list(gradients)
        present = torch.tensor([float(gradient is not None) for gradient in gradients], device=self.device)
        self.add(present)
        wanted = [count > 0 for count in present.tolist()]
        whole = [
            (torch.zeros_like(weight) if gradient is None else gradient).flatten()
            for gradient, weight, is_wanted in zip(gradients, like, wanted, strict=True)
            if is_wanted
        ]
        if not whole:
            return list(gradients)
        flat = torch.cat(whole)
        self.add(flat)
        parts = iter(torch.split(flat / self.n, [len(part) for part in whole]))
        return [
            next(parts).view_as(weight) if is_wanted else None for weight, is_wanted in zip(like, wanted, strict=True)
        ]

    def average_(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor of floats by its mean over all processes."""
        if self.n == 1 or not tensors:
            return
        flat = torch.cat([tensor.detach().flatten().float() for tensor in tensors])
        self.add(flat)
        for tensor, part in zip(tensors, torch.split(flat / self.n, [t.numel() for t in tensors]), strict=True):
            tensor.detach().copy_(part.view_as(tensor))

    def close(self) -> None:
        """Leave the group."""
        if self.n > 1 and dist.is_initialized():
            dist.destroy_process_group()
