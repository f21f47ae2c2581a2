"""ICNet: shapes, counts, official keys, the identity."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from retouch.errors import InputError
from retouch.nets.captions.icnet import (
    ICNet,
    TwoStageICNet,
    icnet_full,
    icnet_tiny,
    two_stage_icnet_full,
    two_stage_icnet_tiny,
)

PARITY = Path(__file__).parents[3] / "shared" / "data" / "parity"


def _clip(height: int, width: int) -> torch.Tensor:
    return torch.rand(2, 3, 9, height, width, generator=torch.Generator().manual_seed(0))


def _change_nothing(net: ICNet) -> None:
    for weight in net.body.leave.parameters():
        nn.init.zeros_(weight)


def test_the_published_stage_has_10485187_parameters() -> None:
    with torch.device("meta"):
        assert sum(weight.numel() for weight in icnet_full().parameters()) == 10_485_187


@pytest.mark.parametrize(("height", "width"), [(64, 64), (37, 50), (8, 9)])
def test_the_middle_frame_comes_back_in_its_size(height: int, width: int) -> None:
    clip = _clip(height, width)
    assert icnet_tiny().eval()(clip).shape == (2, 3, 1, height, width)
    coarse, refined = two_stage_icnet_tiny().eval()(clip)
    assert coarse.shape == refined.shape == (2, 3, 1, height, width)


def test_no_change_is_the_identity_in_the_exact_form() -> None:
    net = icnet_tiny().eval()
    _change_nothing(net)
    clip = _clip(24, 24)
    assert torch.equal(net(clip), clip[:, :, 4:5])


def test_no_change_is_not_the_identity_in_the_released_form() -> None:
    net = icnet_tiny(exact=False).eval()
    _change_nothing(net)
    clip = _clip(24, 24)
    torch.testing.assert_close(net(clip), clip[:, :, 4:5].sigmoid())


def test_every_frame_of_the_clip_counts() -> None:
    net, clip = icnet_tiny().eval(), _clip(32, 32)
    for layer in net.modules():
        if isinstance(layer, nn.Conv3d):
            nn.init.normal_(layer.weight, std=0.2, generator=torch.Generator().manual_seed(1))
    before = net(clip)
    for frame in range(9):
        other = clip.clone()
        other[:, :, frame] = 1.0 - other[:, :, frame]
        assert not torch.equal(net(other), before), frame


@pytest.mark.parametrize("make", [icnet_tiny, two_stage_icnet_tiny])
def test_gradients_reach_every_weight(make: Callable[[], nn.Module]) -> None:
    net = make()
    answers = net(_clip(32, 32))
    sum(frame.square().mean() for frame in (answers if isinstance(answers, tuple) else (answers,))).backward()
    for name, weight in net.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
    assert sum(weight.numel() for weight in net.parameters()) <= 1_000_000


@pytest.mark.shared
@pytest.mark.parametrize(("name", "make"), [("icnet-deepgate", icnet_full), ("icnet-2step", two_stage_icnet_full)])
def test_a_released_checkpoint_fits_key_by_key(name: str, make: Callable[[], ICNet | TwoStageICNet]) -> None:
    listed = PARITY / name / "keys.json"
    if not listed.exists():
        pytest.skip("../shared/data/parity is absent")
    with torch.device("meta"):
        net = make()
        official = {f"module.{key}": torch.empty(shape) for key, shape in json.loads(listed.read_text())}
    net.load_state_dict(net.convert_official(official), strict=True, assign=True)


def test_another_number_of_frames_is_refused() -> None:
    with pytest.raises(InputError, match="9 frames of 8 px or more, got 7 of 32x32"):
        icnet_tiny()(torch.zeros(1, 3, 7, 32, 32))
