"""A loop in miniature for the tests of steps: Adam for each network, each loss for its own network only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from retouch.nets.catalogue.listing import build_preset, find_net, find_preset
from retouch.training.batch import Batch

torch.set_num_threads(1)


class FakeContext:
    """What a step asks of the loop."""

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        *,
        lr: float = 1e-3,
        phase: str = "",
        trained: Sequence[str] | None = None,
        seed: int = 0,
    ) -> None:
        self.networks = networks
        self.step = 0
        self.phase = phase
        self.rng = torch.Generator().manual_seed(seed)
        self.trained = tuple(networks) if trained is None else tuple(trained)
        self.optimisers = {role: torch.optim.Adam(net.parameters(), lr=lr) for role, net in networks.items()}
        self.losses: list[dict[str, float]] = []

    def trains(self, role: str) -> bool:
        """Return whether the network is trained."""
        return role in self.trained

    def run(self, net: Callable[..., Any], *inputs: Any) -> Any:
        """Call the network in float32."""
        return net(*inputs)

    def update(self, losses: Mapping[str, Tensor]) -> None:
        """Take all gradients, then move the networks."""
        gradients = {}
        for role, loss in losses.items():
            if self.trains(role):
                weights = [weight for weight in self.networks[role].parameters() if weight.requires_grad]
                taken = torch.autograd.grad(loss, weights, allow_unused=True, retain_graph=True)
                gradients[role] = list(zip(weights, taken, strict=True))
        for role, pairs in gradients.items():
            for weight, gradient in pairs:
                weight.grad = gradient
            self.optimisers[role].step()
            self.optimisers[role].zero_grad()
        self.losses.append({role: loss.item() for role, loss in losses.items()})


def tiny(name: str, preset: str = "tiny", seed: int = 0) -> nn.Module:
    """Return a network of the catalogue in training mode, the same at every call."""
    torch.manual_seed(seed)
    return build_preset(find_preset(find_net(name), preset)).train()  # type: ignore[no-any-return]


def batch_of(**tensors: Tensor) -> Batch:
    """Return a batch of these tensors."""
    n_samples = len(next(iter(tensors.values())))
    return Batch(tensors, tuple(f"sample {index}" for index in range(n_samples)), ("",) * n_samples)


def draw(*shape: int, seed: int = 0) -> Tensor:
    """Return even noise in [0, 1]."""
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def smooth(n_samples: int, channels: int, side: int, seed: int = 0) -> Tensor:
    """Return soft patterns that a small net can learn."""
    small = draw(n_samples, channels, 4, 4, seed=seed)
    return nn.functional.interpolate(small, (side, side), mode="bilinear", align_corners=False)


def moved(before: Mapping[str, Tensor], net: nn.Module) -> set[str]:
    """Return the names of the weights that are no longer what they were."""
    return {name for name, weight in net.named_parameters() if not torch.equal(before[name], weight)}


def copied(net: nn.Module) -> dict[str, Tensor]:
    """Return the weights as they are now."""
    return {name: weight.detach().clone() for name, weight in net.named_parameters()}


def check_step(training: Any, batch: Batch, context: FakeContext, moving: set[str] | None = None) -> None:
    """Take a step; the networks of `moving` must move and no other, and everything reported must be finite."""
    moving = set(context.networks) if moving is None else moving
    before = {role: copied(net) for role, net in context.networks.items()}
    reported = training.step(batch, context)
    assert reported
    assert all(torch.isfinite(torch.as_tensor(value)).all() for value in reported.values())
    assert not any(torch.as_tensor(value).requires_grad for value in reported.values())  # nothing keeps the graph alive
    assert {role for role, net in context.networks.items() if moved(before[role], net)} == moving


def check_judged(training: Any, batch: Batch, context: FakeContext, shape: tuple[int, ...]) -> dict[str, Tensor]:
    """Paint and validate in evaluation mode; pictures lie in [0, 1], and there is one score for each sample."""
    for net in context.networks.values():
        net.eval()
    with torch.no_grad():
        painted, scores = training.paint(batch, context), dict(training.validate(batch, context))
    assert painted.shape == shape
    assert 0 <= painted.min() <= painted.max() <= 1
    assert scores
    assert all(score.shape == (len(batch),) and torch.isfinite(score).all() for score in scores.values())
    return scores
