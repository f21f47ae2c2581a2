"""Gradients: of one network each, added, clipped, checked, by numbers that one can follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
import torch
from torch import Tensor, nn

from retouch.errors import InputError
from retouch.training.loop.moving.averages import Averages
from retouch.training.loop.moving.updating import NotFiniteError, Updater
from retouch.training.loop.processes import Processes

torch.set_num_threads(1)


class Two(nn.Module):
    """Two numbers: the first is in use, the second only if it is asked for."""

    def __init__(self, first: float, second: float = 0.0) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.tensor([first]))
        self.second = nn.Parameter(torch.tensor([second]))


def updater_of(
    networks: Mapping[str, nn.Module],
    *,
    clip_norm: float = 0.0,
    n_parts: int = 1,
    trained: Sequence[str] = ("generator", "critic"),
    averages: Averages | None = None,
) -> Updater:
    """Return an updater with plain gradient descent of rate 1, in the middle of a step."""
    optimisers = {role: torch.optim.SGD(net.parameters(), lr=1.0) for role, net in networks.items()}
    updater = Updater(
        networks,
        optimisers,
        averages or Averages(networks, 0.0),
        Processes("cpu"),
        clip_norm=clip_norm,
        n_parts=n_parts,
    )
    updater.begin_step(frozenset(trained), dict.fromkeys(networks, 1.0))
    updater.begin_part(0)
    return updater


def product(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum()


def test_a_loss_reaches_only_the_network_that_it_is_named_for() -> None:
    """The loss 2 * 3 of both has the gradients 3 and 2; it is named for the generator: 2 - 3 = -1, and 3 stays."""
    nets = {"generator": Two(2.0), "critic": Two(3.0)}
    updater_of(nets).update({"generator": product(nets["generator"].first, nets["critic"].first)})
    assert (nets["generator"].first.item(), nets["critic"].first.item()) == (-1.0, 3.0)
    assert nets["critic"].first.grad is None


def test_all_gradients_are_taken_before_anything_moves() -> None:
    """Both losses are 2 * 3 at the old weights: 2 - 3 = -1 and 3 - 2 = 1."""
    nets = {"generator": Two(2.0), "critic": Two(3.0)}
    loss = product(nets["generator"].first, nets["critic"].first)
    updater_of(nets).update({"generator": loss, "critic": loss})
    assert (nets["generator"].first.item(), nets["critic"].first.item()) == (-1.0, 1.0)


def test_a_network_that_the_phase_does_not_train_is_left_as_it_is() -> None:
    nets = {"generator": Two(2.0), "critic": Two(3.0)}
    loss = product(nets["generator"].first, nets["critic"].first)
    updater_of(nets, trained=["critic"]).update({"generator": loss, "critic": loss})
    assert (nets["generator"].first.item(), nets["critic"].first.item()) == (2.0, 1.0)


def test_a_weight_that_no_loss_reaches_has_no_gradient() -> None:
    """Weight decay would move it, had it a gradient of 0."""
    net = Two(2.0, 5.0)
    optimiser = torch.optim.SGD(net.parameters(), lr=1.0, weight_decay=0.5)
    nets = {"generator": net}
    updater = Updater(nets, {"generator": optimiser}, Averages(nets, 0.0), Processes("cpu"), clip_norm=0.0, n_parts=1)
    updater.begin_step(frozenset(nets), {"generator": 1.0})
    updater.update({"generator": net.first.sum()})
    assert net.second.item() == 5.0


def test_the_norm_of_all_gradients_together_is_clipped() -> None:
    """The gradient is (3, 4), its norm 5; clipped to 1 it is (0.6, 0.8)."""
    net = Two(1.0, 1.0)
    updater = updater_of({"generator": net}, clip_norm=1.0)
    updater.update({"generator": (3 * net.first + 4 * net.second).sum()})
    torch.testing.assert_close(torch.cat([net.first, net.second]).detach(), torch.tensor([0.4, 0.2]))
    assert updater.norms["generator"].item() == pytest.approx(5.0)


def test_a_small_gradient_is_not_clipped() -> None:
    """The norm 0.5 is below 1: 1 - 0.5 = 0.5."""
    net = Two(1.0)
    updater_of({"generator": net}, clip_norm=1.0).update({"generator": (0.5 * net.first).sum()})
    assert net.first.item() == 0.5


def test_the_parts_of_a_step_count_as_their_mean() -> None:
    """The gradients 1 and 3 have the mean 2; nothing moves before the last part."""
    net = Two(1.0)
    updater = updater_of({"generator": net}, n_parts=2)
    updater.update({"generator": net.first.sum()})
    assert net.first.item() == 1.0
    updater.begin_part(1)
    updater.update({"generator": (3 * net.first).sum()})
    assert net.first.item() == -1.0


def test_several_updates_of_a_step_are_added_each_for_itself() -> None:
    """Two updates in each of two parts: means 2 and 20, so 1 - 2 - 20 = -21."""
    net = Two(1.0)
    updater = updater_of({"generator": net}, n_parts=2)
    for part, factors in enumerate([(1, 10), (3, 30)]):
        updater.begin_part(part)
        for factor in factors:
            updater.update({"generator": (factor * net.first).sum()})
    assert net.first.item() == -21.0


def test_a_loss_that_is_no_number_moves_nothing() -> None:
    nets = {"generator": Two(2.0), "critic": Two(3.0)}
    with pytest.raises(NotFiniteError, match=r"a loss is no finite number \(generator 2, critic nan\)"):
        updater_of(nets).update(
            {"generator": nets["generator"].first.sum(), "critic": nets["critic"].first.log() * torch.nan}
        )
    assert (nets["generator"].first.item(), nets["critic"].first.item()) == (2.0, 3.0)


def test_a_gradient_that_is_no_number_moves_nothing() -> None:
    """The square root of 0 is 0, its gradient infinite."""
    nets = {"generator": Two(2.0), "critic": Two(0.0)}
    losses = {"generator": nets["generator"].first.sum(), "critic": nets["critic"].first.sqrt().sum()}
    with pytest.raises(NotFiniteError, match="a gradient is no finite number"):
        updater_of(nets).update(losses)
    assert nets["generator"].first.item() == 2.0


def test_a_loss_for_a_role_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InputError, match="unknown role of a loss 'criticc'; did you mean 'critic'"):
        updater_of({"critic": Two(1.0)}).update({"criticc": torch.zeros(())})


def test_averages_follow_the_weights() -> None:
    """The decay is min(0.5, (1 + n) / (10 + n)): 1/10, then 2/11.

    The weight goes 4, 3, 2, so the averages are 0.1 * 4 + 0.9 * 3 = 3.1 and 2/11 * 3.1 + 9/11 * 2 = 2.2.
    """
    net = Two(4.0)
    averages = Averages({"generator": net}, 0.5)
    updater = updater_of({"generator": net}, averages=averages)
    for expected in (3.1, 2.2):
        updater.update({"generator": net.first.sum()})
        assert averages.tensors["generator"]["first"].item() == pytest.approx(expected)


def test_averages_are_in_use_only_while_they_are_wanted() -> None:
    net = Two(4.0)
    averages = Averages({"generator": net}, 0.5)
    with torch.no_grad():
        net.first.fill_(2.0)
    with averages.in_use():
        assert net.first.item() == 4.0
    assert net.first.item() == 2.0
    assert averages.tensors["generator"]["first"].item() == 4.0


def test_the_decay_ends_at_what_was_asked_for() -> None:
    """(1 + n) / (10 + n) passes 0.5 at n = 8: the average of a weight that stays 0 is halved from then on."""
    net = Two(0.0)
    averages = Averages({"generator": net}, 0.5)
    averages.n_updates["generator"] = 100
    averages.tensors["generator"]["first"].fill_(8.0)
    averages.update("generator")
    assert averages.tensors["generator"]["first"].item() == 4.0
