"""The semantic-map GAN: layers as published, sizes, what is read, which classes come out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import InputError
from retouch.nets.critics.crop_critic import CropCritic
from retouch.nets.layers.attention.contextual_attention import ContextualAttention
from retouch.nets.semantic.semantic_map_critic import (
    global_map_critic_full,
    global_map_critic_tiny,
    local_map_critic_full,
    local_map_critic_tiny,
    soften_labels,
)
from retouch.nets.semantic.semantic_map_gan import (
    CITYSCAPES,
    MICC_SRI,
    SemanticMapGenerator,
    complete,
    semantic_map_gan_full,
    semantic_map_gan_tiny,
)

torch.set_num_threads(1)
N_STATIC, N_MOVING = 7, 2  # MICC-SRI


def draw_labels(n: int, height: int, width: int, seed: int = 0) -> Tensor:
    """Return one-hot maps of static classes among all of MICC-SRI."""
    classes = torch.randint(N_STATIC, (n, height, width), generator=torch.Generator().manual_seed(seed))
    return functional.one_hot(classes, N_STATIC + N_MOVING).permute(0, 3, 1, 2).float()


def centre_hole(n: int, height: int, width: int) -> Tensor:
    mask = torch.zeros(n, 1, height, width)
    mask[:, :, height // 4 : height - height // 4, width // 4 : width - width // 4] = 1
    return mask


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def seeded_tiny() -> SemanticMapGenerator:
    return semantic_map_gan_tiny(MICC_SRI, torch.Generator().manual_seed(0)).eval()


def test_each_stage_has_seventeen_convolutions_of_the_published_plan() -> None:
    with torch.device("meta"):
        net = semantic_map_gan_full()
    c, n_in, n_out = 32, 8 + 4 + 2, 8
    widths = [c, 2 * c, 2 * c, 4 * c, 4 * c, 4 * c] + [4 * c] * 6 + [2 * c, 2 * c, c, c // 2, n_out]
    sizes, dilations = [5] + [3] * 16, [1] * 6 + [2, 4, 8, 16] + [1] * 7
    for stage in (net.coarse, net.refine):
        convs = [part for part in stage.modules() if isinstance(part, nn.Conv2d)]
        assert [conv.out_channels for conv in convs] == widths
        assert [conv.in_channels for conv in convs] == [n_in, *widths[:-1]]
        assert [conv.kernel_size[0] for conv in convs] == sizes
        assert [conv.dilation[0] for conv in convs] == dilations
        assert [i for i, conv in enumerate(convs) if conv.stride[0] == 2] == [1, 3]


def test_the_full_width_has_the_stated_number_of_parameters() -> None:
    with torch.device("meta"):
        assert n_parameters(semantic_map_gan_full()) == 2_912_304
        assert n_parameters(semantic_map_gan_full(MICC_SRI)) == 2_907_214
        assert n_parameters(global_map_critic_full()) == 2_708_673
        assert n_parameters(local_map_critic_full()) == 4_322_753


@pytest.mark.parametrize("build", [semantic_map_gan_tiny, global_map_critic_tiny, local_map_critic_tiny])
def test_tiny_stays_below_a_million(build: Callable[[], nn.Module]) -> None:
    assert n_parameters(build()) < 1_000_000


def test_only_the_second_stage_has_attention() -> None:
    net = seeded_tiny()
    assert net.coarse.attention is None
    assert isinstance(net.refine.attention, ContextualAttention)


def test_the_classes_are_those_of_both_data_sets() -> None:
    assert (len(CITYSCAPES.static), len(CITYSCAPES.moving)) == (8, 4)
    assert (len(MICC_SRI.static), len(MICC_SRI.moving)) == (N_STATIC, N_MOVING)


@torch.no_grad()
@pytest.mark.parametrize(("height", "width"), [(64, 64), (37, 50), (1, 1)])
def test_every_size_comes_back_as_it_went_in(height: int, width: int) -> None:
    for scores in seeded_tiny()(draw_labels(2, height, width), centre_hole(2, height, width)):
        assert scores.shape == (2, N_STATIC, height, width)
        assert scores.isfinite().all()


@torch.no_grad()
def test_the_completed_map_has_probabilities_and_nothing_that_moves() -> None:
    labels, mask = draw_labels(2, 40, 48), centre_hole(2, 40, 48)
    completed = complete(labels, seeded_tiny()(labels, mask).refined, mask)
    assert torch.equal(completed * (1 - mask), labels * (1 - mask))
    assert (completed[:, N_STATIC:] * mask).max() == 0
    torch.testing.assert_close(completed.sum(dim=1), torch.ones(2, 40, 48))


@torch.no_grad()
def test_values_under_the_mask_are_never_read() -> None:
    net, labels, mask = seeded_tiny(), draw_labels(1, 40, 48), centre_hole(1, 40, 48)
    spoilt = labels.where(mask == 0, float("nan"))
    for clean, other in zip(net(labels, mask), net(spoilt, mask), strict=True):
        assert torch.equal(clean, other)


@torch.no_grad()
def test_the_hole_depends_on_what_is_around_it() -> None:
    net, mask = seeded_tiny(), centre_hole(1, 64, 64)
    first, second = (net(draw_labels(1, 64, 64, seed=seed), mask) for seed in (0, 1))
    for one, other in zip(first, second, strict=True):
        assert ((one - other).abs() * mask).max() > 1e-3


def test_every_parameter_gets_a_finite_gradient() -> None:
    net, mask, labels = seeded_tiny().train(), centre_hole(2, 64, 64), draw_labels(2, 64, 64)
    truth = labels[:, :N_STATIC]
    stages = net(labels, mask)
    torch.autograd.backward(
        functional.cross_entropy(stages.coarse, truth) + functional.cross_entropy(stages.refined, truth)
    )
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().max() > 0, name


@torch.no_grad()
def test_evaluation_is_repeatable() -> None:
    net, labels, mask = seeded_tiny(), draw_labels(1, 32, 32), centre_hole(1, 32, 32)
    assert torch.equal(net(labels, mask).refined, net(labels, mask).refined)


@torch.no_grad()
def test_a_few_steps_lower_the_cross_entropy_in_the_hole() -> None:
    net, mask = semantic_map_gan_tiny(MICC_SRI, torch.Generator().manual_seed(0)), centre_hole(1, 32, 32)
    stripes = functional.one_hot((torch.arange(32) // 8).expand(1, 32, 32), N_STATIC + N_MOVING)
    labels = stripes.permute(0, 3, 1, 2).float()
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    errors = []
    with torch.enable_grad():
        for _ in range(20):
            refined = net(labels, mask).refined
            error = (functional.cross_entropy(refined, labels.argmax(dim=1), reduction="none") * mask[:, 0]).mean()
            optimiser.zero_grad()
            torch.autograd.backward(error)
            optimiser.step()
            errors.append(error.item())
    assert errors[-1] < 0.8 * errors[0]


def test_another_number_of_classes_is_refused() -> None:
    with pytest.raises(InputError, match="7 static and 2 moving classes, got a map of 12 channels"):
        seeded_tiny()(torch.zeros(1, 12, 16, 16), torch.zeros(1, 1, 16, 16))


@torch.no_grad()
@pytest.mark.parametrize(
    ("build", "size"),
    [
        (global_map_critic_full, (128, 256)),
        (local_map_critic_full, (64, 64)),
        (global_map_critic_tiny, (64, 64)),
        (local_map_critic_tiny, (32, 32)),
    ],
)
def test_a_critic_gives_each_map_one_score(build: Callable[[int], CropCritic], size: tuple[int, int]) -> None:
    with torch.device("meta"):
        assert build(N_STATIC)(torch.zeros(3, N_STATIC, *size)).shape == (3,)


def test_a_critic_refuses_another_size() -> None:
    with pytest.raises(InputError, match="crops of 32x32, got 16x32"):
        local_map_critic_tiny(N_STATIC)(torch.zeros(1, N_STATIC, 16, 32))


def test_a_critic_gives_every_parameter_a_finite_gradient() -> None:
    critic = local_map_critic_tiny(N_STATIC)
    torch.autograd.backward(critic(draw_labels(2, 32, 32)[:, :N_STATIC]).square().mean())
    for name, parameter in critic.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().max() > 0, name


def test_softened_labels_stay_probabilities_with_the_same_largest_class() -> None:
    labels = draw_labels(1, 8, 8)[:, :N_STATIC]
    softened = soften_labels(labels)
    torch.testing.assert_close(softened.sum(dim=1), torch.ones(1, 8, 8))
    assert torch.equal(softened.argmax(dim=1), labels.argmax(dim=1))
    # 0.9 + 0.1 / 7 and 0.1 / 7
    torch.testing.assert_close(softened.amax(dim=1), torch.full((1, 8, 8), 0.9 + 0.1 / 7))
    torch.testing.assert_close(softened.amin(dim=1), torch.full((1, 8, 8), 0.1 / 7))
