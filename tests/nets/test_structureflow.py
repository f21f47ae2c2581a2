"""StructureFlow: counts, sizes, what is read, where the flow carries features from."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from retouch.nets.structure.structureflow import StructureFlow, structureflow_full, structureflow_tiny
from retouch.nets.structure.structureflow_critic import structureflow_critic_full, structureflow_critic_tiny
from retouch.nets.structure.structureflow_texture import ConvColumn

torch.set_num_threads(1)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def centre_hole(n: int, height: int, width: int) -> Tensor:
    mask = torch.zeros(n, 1, height, width)
    mask[:, :, height // 4 : height - height // 4, width // 4 : width - width // 4] = 1
    return mask


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def seeded_tiny() -> StructureFlow:
    torch.manual_seed(0)  # spectral normalisation draws its first vectors from the global generator
    return structureflow_tiny(torch.Generator().manual_seed(0)).eval()


def test_the_published_widths_have_the_published_numbers_of_parameters() -> None:
    with torch.device("meta"):
        net = structureflow_full()
        assert n_parameters(net.structure_generator) == 36_057_411
        assert n_parameters(net.texture_generator) == 56_473_475
        assert n_parameters(structureflow_critic_full()) == 1_196_544


def test_tiny_stays_below_a_million() -> None:
    assert n_parameters(structureflow_tiny()) < 1_000_000
    assert n_parameters(structureflow_critic_tiny()) < 1_000_000


def test_every_convolution_is_divided_by_its_largest_singular_value() -> None:
    for net in (structureflow_tiny(), structureflow_critic_tiny()):
        convs = [part for part in net.modules() if isinstance(part, nn.Conv2d | nn.ConvTranspose2d)]
        assert convs
        assert all(nn.utils.parametrize.is_parametrized(conv, "weight") for conv in convs)


@torch.no_grad()
@pytest.mark.parametrize(("height", "width"), [(64, 64), (37, 50), (1, 1)])
def test_every_size_comes_back_as_it_went_in(height: int, width: int) -> None:
    image, structure = draw(1, 3, height, width), draw(1, 3, height, width, seed=1)
    painted = seeded_tiny()(image, structure, centre_hole(1, height, width))
    for picture in (painted.structure, painted.picture):
        assert picture.shape == image.shape
        assert 0 <= picture.min() <= picture.max() <= 1
    padded = [max(32, -(-side // 16) * 16) for side in (height, width)]
    assert tuple(painted.flow.shape) == (1, 2, padded[0] // 4, padded[1] // 4)


@torch.no_grad()
def test_values_under_the_mask_are_never_read() -> None:
    net, mask = seeded_tiny(), centre_hole(1, 40, 48)
    image, structure = draw(1, 3, 40, 48), draw(1, 3, 40, 48, seed=1)
    spoilt = [x.where(mask == 0, float("nan")) for x in (image, structure)]
    for clean, other in zip(net(image, structure, mask), net(*spoilt, mask), strict=True):
        assert torch.equal(clean, other)


@torch.no_grad()
def test_the_hole_depends_on_picture_and_structure_around_it() -> None:
    net, mask = seeded_tiny(), centre_hole(1, 64, 64)
    image, structure = draw(1, 3, 64, 64), draw(1, 3, 64, 64, seed=1)
    painted = net(image, structure, mask)
    other = draw(1, 3, 64, 64, seed=2)
    for changed in (net(other, structure, mask), net(image, other, mask)):
        assert ((painted.picture - changed.picture).abs() * mask).max() > 1e-3
        assert ((painted.structure - changed.structure).abs() * mask).max() > 1e-3


@torch.no_grad()
def test_an_edited_structure_changes_the_picture() -> None:
    net, image, mask = seeded_tiny(), draw(1, 3, 64, 64), centre_hole(1, 64, 64)
    structure = draw(1, 3, 64, 64, seed=1)
    first, second = (net.paint(image, drawn, mask)[0] for drawn in (structure, 1 - structure))
    assert ((first - second).abs() * mask).max() > 1e-3


@torch.no_grad()
def test_features_are_carried_from_where_the_flow_points() -> None:
    # A spot that is 16 px off is carried to the middle by a flow of 4 quarter pixels, and has no way there otherwise
    # once the decoded features are cut off.
    torch.manual_seed(0)
    column = ConvColumn(width=8, n_blocks=1).eval()
    column.bottom = nn.Sequential(nn.AvgPool2d(1), _Nothing())
    x = torch.zeros(1, 7, 64, 64)
    spotted = x.clone()
    spotted[:, :3, 30:34, 46:50] = 1
    here = torch.zeros(1, 2, 16, 16)
    beside = torch.tensor([0.0, 4.0])[None, :, None, None].expand(1, 2, 16, 16)
    still, carried = ((column.join[0](_joined(column, spotted, flow))).abs() for flow in (here, beside))
    torch.testing.assert_close(carried[..., 7, 4:8], still[..., 7, 8:12])


class _Nothing(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x)


def _joined(column: ConvColumn, x: Tensor, flow: Tensor) -> Tensor:
    features = column.to_quarter(x)
    return torch.cat([column.bottom(features), *(warp(features, flow) for warp in column.warps)], dim=1)


def test_every_parameter_gets_a_finite_gradient() -> None:
    net, mask = seeded_tiny().train(), centre_hole(2, 64, 64)
    painted = net(draw(2, 3, 64, 64), draw(2, 3, 64, 64, seed=1), mask)
    torch.autograd.backward(
        (painted.structure - draw(2, 3, 64, 64, seed=2)).abs().mean()
        + (painted.picture - draw(2, 3, 64, 64, seed=3)).abs().mean()
    )
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        if not name.endswith("bias"):  # instance normalisation takes away what a bias adds
            assert parameter.grad.abs().max() > 0, name


def test_the_flow_learns_from_the_picture_alone() -> None:
    net, mask = seeded_tiny().train(), centre_hole(1, 64, 64)
    picture, _ = net.paint(draw(1, 3, 64, 64), draw(1, 3, 64, 64, seed=1), mask)
    torch.autograd.backward(picture.square().mean())
    located = [parameter.grad for parameter in net.texture_generator.flow_column.locate.parameters()]
    assert all(grad is not None and grad.abs().max() > 0 for grad in located)


@torch.no_grad()
def test_evaluation_is_repeatable() -> None:
    net, mask = seeded_tiny(), centre_hole(1, 32, 32)
    image, structure = draw(1, 3, 32, 32), draw(1, 3, 32, 32, seed=1)
    assert torch.equal(net(image, structure, mask).picture, net(image, structure, mask).picture)


@torch.no_grad()
def test_the_critic_scores_patches_at_both_scales() -> None:
    large, small = structureflow_critic_tiny().eval()(draw(2, 3, 64, 48))
    assert large.shape == (2, 1, 8, 6)
    assert small.shape == (2, 1, 4, 3)


def test_the_critic_gives_every_parameter_a_finite_gradient() -> None:
    critic = structureflow_critic_tiny().train()
    torch.autograd.backward(sum(scores.square().mean() for scores in critic(draw(2, 3, 32, 32))))
    for name, parameter in critic.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().max() > 0, name
