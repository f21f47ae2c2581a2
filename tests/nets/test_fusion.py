"""Attentional feature fusion: its identities, its context, its numbers of weights."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from retouch.errors import InputError
from retouch.nets.layers.attention.fusion import AttentionFusion, IterativeFusion, MultiScaleAttention, group_norm

torch.set_num_threads(1)
PARITY = Path(__file__).parents[3] / "shared" / "data" / "parity"
EVERY = pytest.mark.parametrize("fusion", [AttentionFusion, IterativeFusion])


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def noise_of(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("channels", "expected"), [(64, 4_576), (96, 9_936), (128, 17_344), (192, 38_304), (256, 67_456)]
)
def test_weights_number_what_the_sheet_says(channels: int, expected: int) -> None:
    with torch.device("meta"):
        assert n_parameters(AttentionFusion(channels)) == n_parameters(MultiScaleAttention(channels)) == expected
        assert n_parameters(IterativeFusion(channels)) == 2 * expected


@EVERY
def test_a_map_fused_with_itself_is_itself(fusion: Callable[[int], nn.Module]) -> None:
    x = noise_of(2, 8, 6, 5)
    torch.testing.assert_close(fusion(8).eval()(x, x), x, atol=1e-6, rtol=0)


@EVERY
def test_the_result_lies_between_both_maps(fusion: Callable[[int], nn.Module]) -> None:
    x, y = noise_of(2, 8, 6, 5), noise_of(2, 8, 6, 5, seed=1)
    fused = fusion(8).eval()(x, y)
    assert (fused >= x.minimum(y) - 1e-6).all()
    assert (fused <= x.maximum(y) + 1e-6).all()


def test_swapped_maps_share_their_sum() -> None:
    # The weights M depend on X + Y alone: M X + (1 - M) Y + M Y + (1 - M) X = X + Y
    x, y = noise_of(2, 8, 6, 5), noise_of(2, 8, 6, 5, seed=1)
    net = AttentionFusion(8).eval()
    torch.testing.assert_close(net(x, y) + net(y, x), x + y, atol=1e-6, rtol=0)


def test_the_gain_of_the_public_code_doubles_the_result() -> None:
    x, y = noise_of(2, 8, 6, 5), noise_of(2, 8, 6, 5, seed=1)
    net = AttentionFusion(8).eval()
    single = net(x, y)
    net.gain = 2.0
    torch.testing.assert_close(net(x, y), 2 * single)


def test_weights_of_attention_depend_on_far_pixels() -> None:
    x = noise_of(1, 32, 32, 32).requires_grad_()  # 8 hidden units: of the 2 for 8 channels both may be off
    MultiScaleAttention(32).eval()(x)[0, :, 0, 0].sum().backward()
    assert x.grad is not None
    assert x.grad[0, :, 31, 31].abs().max() > 0


def test_the_shared_branch_leaves_its_twin_unused() -> None:
    x, y = noise_of(2, 8, 6, 5), noise_of(2, 8, 6, 5, seed=1)
    net = IterativeFusion(8, shared_global=True)
    net(x, y).square().mean().backward()
    assert all(parameter.grad is None for parameter in net.second.globe.parameters())
    assert all(parameter.grad is not None for parameter in net.second.local.parameters())


def test_a_batch_of_one_trains_with_group_norm_and_is_refused_with_batch_norm() -> None:
    x, y = noise_of(1, 8, 6, 5), noise_of(1, 8, 6, 5, seed=1)
    net = AttentionFusion(8, norm=group_norm)
    net(x, y).square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in net.parameters())
    with pytest.raises(InputError, match="got a batch of 1"):
        AttentionFusion(8).train()(x, y)


@pytest.mark.shared
@pytest.mark.skipif(not PARITY.exists(), reason=f"{PARITY} is not there")
@pytest.mark.parametrize(
    ("name", "build"), [("aff-aff", AttentionFusion), ("aff-iaff", IterativeFusion), ("aff-mscam", MultiScaleAttention)]
)
def test_full_width_takes_exactly_the_authors_keys(name: str, build: Callable[[int], nn.Module]) -> None:
    keys = json.loads((PARITY / name / "keys.json").read_text())
    with torch.device("meta"):
        net = build(64)
        state = {key: torch.zeros(shape) for key, shape in keys}
    net.load_state_dict(net.convert_official(state), strict=True, assign=True)  # type: ignore[operator]
