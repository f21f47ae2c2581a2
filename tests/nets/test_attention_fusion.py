"""DeepFill v2 with attention feature fusion: its numbers of weights, its variants, what they share."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from retouch.errors import InputError
from retouch.nets.inpainting.two_stage.attention_fusion import (
    AttentionFusionGenerator,
    FusedSkip,
    Skip,
    attention_fusion,
    attention_fusion_full,
    attention_fusion_tiny,
)
from retouch.nets.inpainting.two_stage.deepfill_v2 import deepfill_v2
from retouch.nets.layers.attention.fusion import AttentionFusion, group_norm

torch.set_num_threads(1)


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def noise_of(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def centre_hole(n: int, height: int, width: int) -> Tensor:
    mask = torch.zeros(n, 1, height, width)
    mask[..., height // 4 : 3 * height // 4, width // 4 : 3 * width // 4] = 1
    return mask


@pytest.mark.parametrize(
    ("skip", "dilated_residual", "added"),
    # In each stage a skip adds 48 * 9 * 96 + 24 * 9 * 24 weights to the next layers; fusions of C channels have
    # C * C + 7.5 C: 2,664 for 48, 756 for 24, 9,936 for 96.
    [
        ("none", False, 0),
        ("concatenated", False, 2 * (41_472 + 5_184)),
        ("fused", False, 2 * (41_472 + 5_184 + 2_664 + 756)),
        ("none", True, 2 * 9_936),
        ("fused", True, 2 * (41_472 + 5_184 + 2_664 + 756 + 9_936)),
    ],
)
def test_each_variant_adds_its_own_weights_to_deepfill(skip: Skip, dilated_residual: bool, added: int) -> None:
    with torch.device("meta"):
        net = attention_fusion(skip=skip, dilated_residual=dilated_residual)
    assert n_parameters(net) == 4_052_478 + added


def test_presets_have_the_stated_numbers_of_weights() -> None:
    with torch.device("meta"):
        assert n_parameters(attention_fusion_full()) == 4_172_502
        assert n_parameters(attention_fusion_tiny()) < 1_000_000


def test_without_fusions_the_network_is_deepfill_weights_and_all() -> None:
    torch.manual_seed(0)
    deepfill, net = deepfill_v2(4).eval(), attention_fusion(4, skip="none", dilated_residual=False).eval()
    net.load_state_dict(deepfill.state_dict(), strict=True)
    masked, mask = noise_of(1, 3, 32, 32), centre_hole(1, 32, 32)
    assert torch.equal(net(masked, mask).refined, deepfill(masked, mask).refined)


def test_deepfill_weights_fit_every_layer_but_those_after_a_skip() -> None:
    weights = deepfill_v2(4).state_dict()
    own = attention_fusion(4).state_dict()
    assert set(weights) <= set(own)
    others = {key for key, value in weights.items() if own[key].shape != value.shape}
    assert others == {f"{stage}.decoder.layers.{i}.conv.weight" for stage in ("coarse", "refine") for i in (3, 5)}
    net = attention_fusion(4, skip="none")
    _, unexpected = net.load_state_dict(weights, strict=False)
    assert not unexpected


def test_a_fused_skip_keeps_the_decoders_features() -> None:
    encoded, decoded = noise_of(2, 8, 6, 6), noise_of(2, 8, 6, 6, seed=1)
    fusion = AttentionFusion(8).eval()
    joined = FusedSkip(fusion)(encoded, decoded)
    assert torch.equal(joined[:, :8], fusion(encoded, decoded))
    assert torch.equal(joined[:, 8:], decoded)


@pytest.mark.parametrize("size", [(64, 64), (37, 53)])
def test_any_size_is_kept(size: tuple[int, int]) -> None:
    for picture in attention_fusion_tiny().eval()(noise_of(2, 3, *size), centre_hole(2, *size)):
        assert picture.shape == (2, 3, *size)
        assert picture.min() >= 0
        assert picture.max() <= 1


def n_without_gradient(net: AttentionFusionGenerator, batch: int) -> int:
    coarse, refined = net(noise_of(batch, 3, 32, 32), centre_hole(batch, 32, 32))
    (coarse.square().mean() + refined.square().mean()).backward()
    return sum(parameter.grad is None or not parameter.grad.isfinite().all() for parameter in net.parameters())


def test_every_parameter_gets_a_finite_gradient() -> None:
    torch.manual_seed(0)
    assert n_without_gradient(attention_fusion(4).train(), batch=2) == 0


def test_batches_of_one_train_with_group_norm_and_are_refused_with_batch_norm() -> None:
    torch.manual_seed(0)
    assert n_without_gradient(attention_fusion(8, norm=group_norm).train(), batch=1) == 0
    with pytest.raises(InputError, match="group_norm"):
        n_without_gradient(attention_fusion(4).train(), batch=1)


def test_evaluation_is_repeatable() -> None:
    net, image, mask = attention_fusion_tiny().eval(), noise_of(1, 3, 32, 32), centre_hole(1, 32, 32)
    assert torch.equal(net(image, mask).refined, net(image, mask).refined)
