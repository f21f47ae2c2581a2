"""Twenty steps on one batch bring every paper's training nearer to the truth."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.training.steps.inpainting.filling_cases import damaged
from tests.training.steps.task_context import FakeContext, smooth, tiny

from retouch.training.batch import Batch
from retouch.training.steps.listing import find_kind, load_named

WITHOUT_FEATURES = {"perceptual_weight": 0.0, "style_weight": 0.0}
ERRORS_ALONE = {"adversarial_weight": 0.0}  # a game of weight 1 need not bring the error down at once
CASES: dict[str, tuple[dict[str, str], dict[str, Any], int]] = {
    "reconstruction": ({"generator": "skip_generator"}, {"ms_ssim_weight": 0.5}, 32),
    "deepfill_v2": ({"generator": "deepfill_v2"}, ERRORS_ALONE, 32),
    "attention_fusion": ({"generator": "attention_fusion"}, ERRORS_ALONE, 32),
    "pyramid_generator": ({"generator": "pyramid_generator"}, ERRORS_ALONE, 32),
    "self_tuned": ({"generator": "self_tuned"}, {}, 64),
    "context_encoder": ({"generator": "context_encoder"}, ERRORS_ALONE, 64),
    "glcic": ({"generator": "glcic", "critic": "glcic_critic"}, {}, 64),
    "pennet": ({"generator": "pennet", "critic": "pennet_critic"}, {}, 64),
    "aotgan": ({"generator": "aotgan", "critic": "aotgan_critic"}, WITHOUT_FEATURES, 32),
    "lama": ({"generator": "lama", "critic": "lama_critic"}, {"hole_weight": 10.0}, 32),
}


def hole_error(training: Any, batch: Batch, context: FakeContext) -> float:
    """Return the mean squared error of the holes, with statistics of the batch so that few steps are enough."""
    with torch.no_grad():
        return float(training.validate(batch, context)["mse"].mean())


@pytest.mark.parametrize("name", list(CASES))
def test_twenty_steps_lower_the_error_in_the_hole(name: str) -> None:
    roles, changes, side = CASES[name]
    kind = find_kind(name)
    assert set(roles) <= {*kind.roles, *kind.optional_roles}
    networks = {role: tiny(net) for role, net in roles.items()}
    training = load_named(kind.build)(networks, load_named(kind.settings)(**changes))
    context = FakeContext(networks, lr=1e-3)
    batch = damaged(side=side, structure=smooth(2, 3, side, seed=1))
    before = hole_error(training, batch, context)
    for step in range(20):
        context.step = step
        training.step(batch, context)
    assert hole_error(training, batch, context) < before
