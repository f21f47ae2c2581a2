"""The feature term: off without a weight, refused without a backbone, counted with one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from tests.training.steps.task_context import FakeContext, batch_of, check_step, draw, tiny
from torch import Tensor, nn

from retouch.errors import WeightsError
from retouch.training.steps.restoring import features
from retouch.training.steps.restoring.deblurgan import DeblurGANLoss, DeblurGANTraining
from retouch.training.steps.restoring.pairs import PairsLoss, PairsTraining


class Doubled(nn.Module):
    """A backbone whose one feature is twice the picture."""

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """Return the feature."""
        return {"doubled": 2 * picture}


def doubled(weights: str, *, layers: Sequence[str] | None = None) -> nn.Module:
    assert (weights, layers) == ("some file", None)
    return Doubled()


def test_without_a_weight_nothing_is_loaded() -> None:
    one = torch.ones(1, 3, 2, 2)
    assert features.FeatureTerm(0.0, "no such file").of(one, 0 * one, FakeContext({})).item() == 0.0


def test_a_weight_without_a_backbone_is_refused() -> None:
    with pytest.raises(WeightsError, match="no weights were given"):
        PairsTraining({"generator": tiny("prenet")}, PairsLoss(features=1.0))


def test_features_are_compared_by_their_squares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "load_backbone", doubled)
    one = torch.ones(1, 3, 2, 2)
    assert features.FeatureTerm(0.5, "some file").of(one, 0 * one, FakeContext({})).item() == 2.0  # 0.5 * 2^2


def test_kinds_that_compare_features_move_the_same_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "load_backbone", doubled)
    batch = batch_of(image=draw(2, 3, 16, 16), damaged=draw(2, 3, 16, 16, seed=1))
    networks = {"generator": tiny("prenet")}
    loss = PairsLoss(l2=0.0, features=1.0, backbone="some file")
    check_step(PairsTraining(networks, loss), batch, FakeContext(networks))
    networks = {"generator": tiny("deblurgan"), "critic": tiny("deblurgan_critic")}
    check_step(DeblurGANTraining(networks, DeblurGANLoss(backbone="some file")), batch, FakeContext(networks))
