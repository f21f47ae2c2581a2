"""The Wasserstein game: numbers that can be worked out for a linear critic."""

from __future__ import annotations

import pytest
import torch
from tests.training.steps.task_context import FakeContext
from torch import Tensor, nn

from retouch.training.steps.restoring.wasserstein import critic_round, generator_round


class Linear(nn.Module):
    """A critic whose score is a weighted sum of four pixels."""

    def __init__(self, *weights: float) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.tensor(weights).reshape(1, 2, 2))

    def forward(self, picture: Tensor) -> Tensor:
        """Return the scores."""
        return (self.weights * picture).sum(dim=(1, 2, 3))


REAL, FAKE = torch.ones(3, 1, 2, 2), torch.zeros(3, 1, 2, 2)


def test_the_critic_pays_for_a_slope_that_is_not_one() -> None:
    critic = Linear(3.0, 0.0, 4.0, 0.0)  # a slope of 5 everywhere; 3 in the upper row
    region = torch.tensor([[1.0, 1.0], [0.0, 0.0]]).expand(3, 1, 2, 2)
    whole = critic_round(FakeContext({}), critic, REAL, FAKE, penalty_weight=10.0)
    part = critic_round(FakeContext({}), critic, REAL, FAKE, penalty_weight=10.0, region=region)
    assert whole.item() == pytest.approx(0 - 7 + 160)  # 10 (5 - 1)^2
    assert part.item() == pytest.approx(0 - 7 + 40)  # 10 (3 - 1)^2
    whole.backward()  # type: ignore[no-untyped-call]
    # of the game -1 for each weight, of the penalty 10 * 2 (s - 1) w / s = 16 w
    assert critic.weights.grad is not None
    torch.testing.assert_close(critic.weights.grad.flatten(), torch.tensor([47.0, -1.0, 63.0, -1.0]))


def test_the_critic_wants_real_scores_high_and_the_generator_fake_ones() -> None:
    critic, fake = Linear(1.0, 0.0, 0.0, 0.0), (0.25 * REAL).requires_grad_()
    own = critic_round(FakeContext({}), critic, REAL, fake)
    assert own.item() == pytest.approx(0.25 - 1.0)  # a slope of 1 costs nothing
    assert generator_round(FakeContext({}), critic, fake).item() == pytest.approx(-0.25)
    own.backward()  # type: ignore[no-untyped-call]
    assert fake.grad is None
