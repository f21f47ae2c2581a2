"""Steps of networks that complete edges, smooth pictures or features first: their stages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from tests.training.steps.inpainting.filling_cases import check_training, damaged
from tests.training.steps.task_context import FakeContext, copied, moved, smooth, tiny
from torch import nn

from retouch.errors import InputError
from retouch.nets.critics.spectral_patchgan import edgeconnect_critic_tiny
from retouch.training.batch import Batch
from retouch.training.steps.inpainting.structure.edgeconnect import EdgeConnectLoss, EdgeConnectTraining
from retouch.training.steps.inpainting.structure.medfe import MEDFELoss, MEDFETraining
from retouch.training.steps.inpainting.structure.structureflow import StructureFlowLoss, StructureFlowTraining

Networks = dict[str, nn.Module]
EDGES = EdgeConnectLoss(perceptual_weight=0.0, style_weight=0.0)
FLOW = StructureFlowLoss(flow_features="pixels")


def edge_networks() -> Networks:
    torch.manual_seed(0)
    edge_critic = edgeconnect_critic_tiny(in_channels=2).train()
    return {"generator": tiny("edgeconnect"), "critic": tiny("edgeconnect_critic"), "edge_critic": edge_critic}


def flow_networks() -> Networks:
    critics = {role: tiny("structureflow_critic") for role in ("critic", "structure_critic")}
    return {"generator": tiny("structureflow"), **critics}


def with_structure() -> Batch:
    return damaged(structure=smooth(2, 3, 64, seed=1))


def parts_moved(networks: Networks, training: Any, batch: Batch, phase: str) -> set[str]:
    """Return the parts of the generator that a step moves."""
    before = copied(networks["generator"])
    training.step(batch, FakeContext(networks, phase=phase))
    return {".".join(name.split(".")[:2]) for name in moved(before, networks["generator"])}


def roles_moved(networks: Networks, training: Any, batch: Batch, phase: str) -> set[str]:
    """Return the networks that a step moves."""
    before = {role: copied(net) for role, net in networks.items()}
    training.step(batch, FakeContext(networks, phase=phase))
    return {role for role, net in networks.items() if moved(before[role], net)}


@pytest.mark.parametrize(
    ("stage", "part", "critics"),
    [
        ("edges", {"edge_generator"}, {"edge_critic"}),
        ("canny", {"image_generator"}, {"critic"}),
        ("completed", {"image_generator"}, {"critic"}),
        ("joint", {"edge_generator", "image_generator"}, {"edge_critic", "critic"}),
    ],
)
def test_edgeconnect_moves_the_generator_and_the_critic_of_its_stage(
    stage: str, part: set[str], critics: set[str]
) -> None:
    networks = edge_networks()
    training = EdgeConnectTraining(networks, EDGES)
    found = parts_moved(networks, training, damaged(side=32), stage)
    assert {name.partition(".")[0] for name in found} == part
    assert roles_moved(networks, training, damaged(side=32), stage) == {"generator"} | critics


def test_edgeconnect_without_phases_learns_both() -> None:
    networks = edge_networks()
    check_training(EdgeConnectTraining(networks, EDGES), damaged(side=32), networks)


def test_edgeconnect_takes_edges_of_the_batch_before_its_own() -> None:
    networks = edge_networks()
    training, context = EdgeConnectTraining(networks, EDGES), FakeContext(networks)
    batch = damaged(side=32)
    with torch.no_grad():
        given = [
            training.paint(damaged(side=32, edges=edges), context)
            for edges in (torch.zeros(2, 1, 32, 32), torch.ones(2, 1, 32, 32))
        ]
        own = training.paint(batch, context)
    assert not torch.equal(given[0], given[1])
    assert own.shape == given[0].shape


def test_a_phase_that_is_no_stage_is_refused_by_name() -> None:
    networks = edge_networks()
    with pytest.raises(InputError, match="did you mean 'joint'"):
        EdgeConnectTraining(networks, EDGES).step(damaged(side=32), FakeContext(networks, phase="joined"))
    flow = flow_networks()
    with pytest.raises(InputError, match="stage of StructureFlow"):
        StructureFlowTraining(flow, FLOW).step(with_structure(), FakeContext(flow, phase="flows"))


@pytest.mark.parametrize(
    ("stage", "parts", "critics"),
    [
        ("structure", {"structure_generator"}, {"structure_critic"}),
        ("flow", {"texture_generator.flow_column"}, set()),
        ("texture", {"texture_generator.flow_column", "texture_generator.conv_column"}, {"critic"}),
    ],
)
def test_structureflow_moves_what_its_stage_trains(stage: str, parts: set[str], critics: set[str]) -> None:
    networks = flow_networks()
    training = StructureFlowTraining(networks, FLOW)
    found = parts_moved(networks, training, with_structure(), stage)
    assert {name if name.startswith("texture") else name.partition(".")[0] for name in found} == parts
    assert roles_moved(networks, training, with_structure(), stage) == {"generator"} | critics


def test_structureflow_without_phases_learns_both() -> None:
    networks = flow_networks()
    check_training(StructureFlowTraining(networks, FLOW), with_structure(), networks)


def test_structureflow_asks_for_features_for_roles_and_for_structures() -> None:
    networks = flow_networks()
    with pytest.raises(InputError, match="flow_weight"):
        StructureFlowTraining(networks, StructureFlowLoss())
    with pytest.raises(InputError, match="'critic'"):
        StructureFlowTraining({"generator": networks["generator"]}, FLOW)
    with pytest.raises(InputError, match="scale = 1"):
        StructureFlowTraining(networks, FLOW).step(damaged(), FakeContext(networks))


def medfe_loss(**changes: float) -> MEDFELoss:
    return replace(MEDFELoss(local_px=32, perceptual_weight=0.0, style_weight=0.0), **changes)  # type: ignore[arg-type]


def test_medfe_moves_generator_and_both_critics() -> None:
    networks = {
        "generator": tiny("medfe"),
        "critic": tiny("edgeconnect_critic"),
        "local_critic": tiny("edgeconnect_critic", seed=1),
    }
    check_training(MEDFETraining(networks, medfe_loss()), with_structure(), networks)


def test_medfe_without_structure_and_games_needs_neither_data_nor_critics() -> None:
    networks: Networks = {"generator": tiny("medfe")}
    loss = medfe_loss(structure_weight=0.0, adversarial_weight=0.0)
    check_training(MEDFETraining(networks, loss), damaged(), networks)
    with pytest.raises(InputError, match="structure_weight = 0"):
        MEDFETraining(networks, medfe_loss(adversarial_weight=0.0)).step(damaged(), FakeContext(networks))
