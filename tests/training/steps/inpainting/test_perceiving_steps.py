"""Steps whose losses compare features: with a small file of weights in the form of a VGG16."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from tests.training.steps.inpainting.filling_cases import check_training, damaged
from tests.training.steps.task_context import FakeContext, smooth, tiny
from torch import Tensor, nn

from retouch.errors import WeightsError
from retouch.training.batch import Batch
from retouch.training.steps.inpainting.aotgan import AOTGANLoss, AOTGANTraining
from retouch.training.steps.inpainting.lama import LaMaLoss, LaMaTraining
from retouch.training.steps.inpainting.partial_conv import PartialConvLoss, PartialConvTraining
from retouch.training.steps.inpainting.perceiving import Perceiver
from retouch.training.steps.inpainting.reconstruction import ReconstructionLoss, ReconstructionTraining
from retouch.training.steps.inpainting.structure.structureflow import StructureFlowLoss, StructureFlowTraining

DEPTHS = (2, 2, 3, 3, 3)
Networks = dict[str, nn.Module]


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a file of weights like those of a VGG16, with four channels throughout."""
    generator, state, place, n_in = torch.Generator().manual_seed(0), {}, 0, 3
    for depth in DEPTHS:
        for step in range(depth):
            key = f"features.{place + 2 * step}"
            state[f"{key}.weight"] = torch.randn(4, n_in, 3, 3, generator=generator) / 4
            state[f"{key}.bias"], n_in = torch.zeros(4), 4
        place += 2 * depth + 1
    path = tmp_path_factory.mktemp("weights") / "vgg.safetensors"
    save_file(state, path)
    return str(path)


def test_each_feature_loss_moves_its_generator(backbone: str) -> None:
    networks: Networks = {"generator": tiny("partial_conv_unet")}
    check_training(PartialConvTraining(networks, PartialConvLoss(backbone=backbone)), damaged(), networks)
    networks = {"generator": tiny("aotgan"), "critic": tiny("aotgan_critic")}
    check_training(AOTGANTraining(networks, AOTGANLoss(blur_px=17, backbone=backbone)), damaged(), networks)
    networks = {"generator": tiny("lama"), "critic": tiny("lama_critic")}
    loss = LaMaLoss(perceptual_weight=30.0, backbone=backbone)
    check_training(LaMaTraining(networks, loss), damaged(), networks)


def test_the_flow_learns_from_features_of_a_layer(backbone: str) -> None:
    critics = {role: tiny("structureflow_critic") for role in ("critic", "structure_critic")}
    networks: Networks = {"generator": tiny("structureflow"), **critics}
    training = StructureFlowTraining(networks, StructureFlowLoss(backbone=backbone))
    check_training(training, damaged(structure=smooth(2, 3, 64, seed=1)), networks)


def terms(backbone: str, painted: Tensor, batch: Batch, **settings: Any) -> float:
    return float(Perceiver(backbone, **settings)(painted, batch, FakeContext({})))


def test_the_truth_costs_nothing_and_terms_grow_with_their_weights(backbone: str) -> None:
    batch = damaged()
    painted = 1 - batch.image
    assert terms(backbone, batch.image, batch, perceptual_weight=1.0, style_weight=1.0) == 0
    one, two = (terms(backbone, painted, batch, perceptual_weight=weight) for weight in (1.0, 2.0))
    assert two == pytest.approx(2 * one)
    style = terms(backbone, painted, batch, style_weight=1.0)
    both = terms(backbone, painted, batch, perceptual_weight=1.0, style_weight=1.0)
    assert both == pytest.approx(one + style)


def test_the_composite_counts_beside_the_painted_picture_on_wish(backbone: str) -> None:
    batch = damaged()
    painted = batch.image.where(batch.mask > 0, 1 - batch.image)  # wrong outside the hole only
    plain = terms(backbone, painted, batch, perceptual_weight=1.0)
    assert terms(backbone, painted, batch, perceptual_weight=1.0, with_composite=True) == pytest.approx(plain)


def test_results_can_name_the_backbone(backbone: str) -> None:
    assert Perceiver("").name == ""
    assert "VGG16 (vgg.safetensors, sha256 " in Perceiver(backbone, style_weight=1.0).name


def test_a_file_that_is_missing_stops_the_training_before_it_starts(tmp_path: Path) -> None:
    loss = ReconstructionLoss(perceptual_weight=0.1, backbone=str(tmp_path / "none.safetensors"))
    with pytest.raises(WeightsError, match="there is no weights file"):
        ReconstructionTraining({"generator": tiny("gdn")}, loss)
