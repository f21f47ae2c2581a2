"""Iterated restoration: stages in a row, and the switcher that says which to try and which to keep."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from retouch.errors import InputError
from retouch.nets.restoration.iterative import (
    IterativeRefiner,
    Proposal,
    StageWork,
    SwitchPolicy,
    Trial,
    grow_refiner,
    kept_trials,
)


class Shift(nn.Module):
    """A stage whose answer is known: it adds its one weight."""

    def __init__(self, amount: float = 0.0, n_layers: int = 0) -> None:
        super().__init__()
        self.amount = nn.Parameter(torch.tensor(amount))
        self.n_layers = n_layers

    def forward(self, picture: Tensor) -> Tensor:
        """Return the picture, shifted."""
        return picture + self.amount


def seeded() -> np.random.Generator:
    return np.random.default_rng(0)


def amounts(net: IterativeRefiner) -> list[float]:
    return [float(stage.amount.detach()) for stage in net.stages if isinstance(stage, Shift)]


def work_with_errors(errors: list[float]) -> StageWork:
    """Return work whose validation gives these errors in turn, and whose training adds 1 to the last stage."""
    coming: Iterator[float] = iter(errors)

    def train(net: IterativeRefiner) -> None:
        for weight in net.stages[-1].parameters():
            nn.init.constant_(weight, float(weight.detach()) + 1)

    return StageWork(lambda n_layers: Shift(0.0, n_layers), train, lambda _: next(coming))


@torch.no_grad()
def test_each_stage_takes_what_the_one_before_gives() -> None:
    net, picture = IterativeRefiner([Shift(1.0), Shift(10.0), Shift(100.0)]), torch.zeros(1, 1, 1, 1)
    assert [float(result) for result in net.refine_stepwise(picture)] == [1.0, 11.0, 111.0]
    assert float(net(picture)) == 111.0


def test_an_iterated_net_needs_a_stage() -> None:
    with pytest.raises(InputError, match="at least one stage"):
        IterativeRefiner([])


def test_one_more_stage_leaves_the_shorter_net_as_it_is() -> None:
    net = IterativeRefiner([Shift(1.0)])
    longer = net.with_stage(Shift(2.0))
    assert (len(net.stages), len(longer.stages)) == (1, 2)
    assert longer.stages[0] is net.stages[0]


def test_only_lower_errors_are_kept() -> None:
    errors = [0.3, 0.25, 0.25, 0.4, 0.24, float("nan"), 0.1]
    assert kept_trials([Trial(5, error) for error in errors]) == [0, 1, 4, 6]


def test_an_architecture_that_helped_is_kept_and_starts_from_its_own_weights() -> None:
    trials = [Trial(5, 0.3), Trial(7, 0.2)]
    assert SwitchPolicy(2, 19).propose(trials, seeded()) == Proposal(7, 1)


def test_an_architecture_that_did_not_help_is_changed_at_random_in_the_range() -> None:
    trials, rng = [Trial(5, 0.3), Trial(5, 0.3)], seeded()
    drawn = {SwitchPolicy(3, 6).propose(trials, rng).n_layers for _ in range(100)}
    assert drawn == {3, 4, 6}


def test_nothing_is_drawn_while_the_architecture_helps() -> None:
    rng = seeded()
    SwitchPolicy(3, 6).propose([Trial(5, 0.3)], rng)
    assert rng.random() == seeded().random()


def test_a_changed_architecture_starts_from_the_latest_equal_stage_that_was_kept() -> None:
    policy = SwitchPolicy(3, 4)
    kept = [Trial(4, 0.5), Trial(4, 0.4), Trial(3, 0.3), Trial(3, 0.6)]
    assert policy.propose(kept, seeded()) == Proposal(4, 1)
    thrown_away = [Trial(3, 0.3), Trial(4, 0.6), Trial(3, 0.5)]
    assert policy.propose(thrown_away, seeded()) == Proposal(4, None)


def test_a_first_stage_of_its_own_form_is_not_tried_again() -> None:
    proposal = SwitchPolicy(3, 4).propose([Trial(None, 0.5)], seeded())
    assert proposal.n_layers in {3, 4}
    assert proposal.warm_start is None


def test_a_range_of_one_architecture_stays_with_it() -> None:
    assert SwitchPolicy(3, 3).propose([Trial(3, 0.5), Trial(3, 0.6)], seeded()) == Proposal(3, 0)


@pytest.mark.parametrize(("fewest", "most"), [(2, 20), (5, 4), (0, 3)])
def test_ranges_beyond_19_layers_or_upside_down_are_refused(fewest: int, most: int) -> None:
    with pytest.raises(InputError, match="fewest <= most < 20"):
        SwitchPolicy(fewest, most)


@pytest.mark.parametrize("worse", [0.5, 0.6, float("nan")])
def test_a_second_stage_is_never_kept_when_the_validation_error_is_no_better(worse: float) -> None:
    net, trials = grow_refiner(Shift(), work_with_errors([0.5, worse]), SwitchPolicy(2, 5), n_trials=1, rng=seeded())
    assert len(net.stages) == 1
    assert len(trials) == 2


def test_stages_that_help_are_kept_in_order_and_equal_ones_start_warm() -> None:
    # The second trial starts from the first one's weight 1 and is trained by 1; the third is worse, the fourth another.
    work = work_with_errors([0.5, 0.4, 0.3, 0.9, 0.2])
    net, trials = grow_refiner(Shift(), work, SwitchPolicy(2, 19), n_trials=4, rng=seeded())
    layers = [trial.n_layers for trial in trials]
    assert layers[1] == layers[2] == layers[3] != layers[4]
    assert amounts(net) == [0.0, 1.0, 2.0, 1.0]


def test_the_same_seed_tries_the_same_architectures() -> None:
    def layers() -> list[int | None]:
        work = work_with_errors([0.5] * 6)
        return [t.n_layers for t in grow_refiner(Shift(), work, SwitchPolicy(2, 19), n_trials=5, rng=seeded())[1]]

    assert layers() == layers()
