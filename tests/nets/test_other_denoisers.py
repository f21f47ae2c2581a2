"""MLP, CSF, TNRD, RED-Net, MemNet and FDnet: sizes, weights, and what their definitions imply."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.denoising.csf import ShrinkageStage, csf_full, csf_tiny
from retouch.nets.denoising.fdnet import fdnet_full, fdnet_tiny
from retouch.nets.denoising.memnet import memnet_full, memnet_tiny
from retouch.nets.denoising.mlp import mlp_full, mlp_tiny
from retouch.nets.denoising.red import REDNet, red_full, red_tiny
from retouch.nets.denoising.tnrd import (
    DiffusionStep,
    RadialBasis,
    centres,
    dct_filters,
    pad_symmetric,
    tnrd_full,
    tnrd_small_filters_full,
    tnrd_tiny,
)
from retouch.nets.layers.mtlu import MTLU

torch.set_num_threads(1)
GREY = [mlp_tiny, csf_tiny, tnrd_tiny]
ANY = [lambda: fdnet_tiny(1), lambda: red_tiny(1), lambda: memnet_tiny(1)]
TINY = [*GREY, *ANY]
NAMES = ["mlp", "csf", "tnrd", "fdnet", "red", "memnet"]
Build = Callable[[], nn.Module]


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def picture_of(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (mlp_full, 27_811_839),  # "27.8 M": 1521 -> 3072 -> 3072 -> 2559 -> 2047 -> 289 with biases
        (tnrd_full, 26_645),  # 5 * (48 * 48 + 48 * 63 + 1)
        (tnrd_small_filters_full, 10_445),  # 5 * (24 * 24 + 24 * 63 + 1)
        (csf_full, 24_245),  # 5 * (48 * 48 + 48 * 53 + 1)
        (red_full, 1_035_201),  # 640 + 28 * 36 928 + 577
        (memnet_full, 685_960),  # "0.68 M"
        (fdnet_full, 398_096),  # "0.40 M": 9 280 + 9 * 36 928 + 9 * 128 + 9 232 + 9 * 64 * 80
    ],
    ids=["mlp", "tnrd", "tnrd5", "csf", "red", "memnet", "fdnet"],
)
def test_published_sizes_have_the_sheets_numbers_of_weights(build: Build, expected: int) -> None:
    with torch.device("meta"):
        assert n_parameters(build()) == expected


@pytest.mark.parametrize("build", TINY, ids=NAMES)
def test_tiny_nets_stay_below_a_million_weights(build: Build) -> None:
    assert n_parameters(build()) < 1_000_000


@pytest.mark.parametrize("size", [(64, 64), (21, 38), (1, 1), (1, 9)])
@pytest.mark.parametrize("build", TINY, ids=NAMES)
def test_any_size_is_kept(build: Build, size: tuple[int, int]) -> None:
    with torch.no_grad():
        assert build().eval()(picture_of(2, 1, *size)).shape == (2, 1, *size)


@pytest.mark.parametrize("build", [fdnet_tiny, red_tiny, memnet_tiny])
def test_colour_is_kept(build: Build) -> None:
    assert build().eval()(picture_of(2, 3, 9, 10)).shape == (2, 3, 9, 10)


@pytest.mark.parametrize("build", TINY, ids=NAMES)
def test_every_parameter_gets_a_finite_gradient(build: Build) -> None:
    net = build().train()
    (net(picture_of(2, 1, 20, 20)) - picture_of(2, 1, 20, 20, seed=1)).square().mean().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


@pytest.mark.parametrize("build", TINY, ids=NAMES)
def test_evaluation_is_repeatable(build: Build) -> None:
    net, noisy = build().eval(), picture_of(1, 1, 20, 20)
    assert torch.equal(net(noisy), net(noisy))


def test_a_new_mtlu_is_exactly_a_relu() -> None:
    x = 4 * picture_of(2, 3, 5, 6) - 2
    assert torch.equal(MTLU(3)(x), x.relu())


def test_mtlu_takes_the_line_of_channel_and_bin() -> None:
    """Bins of 0.5 from -1 to 1: -5 and -0.6 in the first, -0.1 in the second, 0.2 in the third, 7 in the last."""
    layer = MTLU(2, n_bins=4, bin_width=0.5)
    with torch.no_grad():
        layer.slope.copy_(torch.tensor([[1.0, 2, 3, 4], [0, 0, 0, 0]]))
        layer.offset.copy_(torch.tensor([[0.0, 0, 0, 1], [5, 6, 7, 8]]))
    x = torch.tensor([-5, -0.6, -0.1, 0.2, 7]).expand(1, 2, 1, 5)
    expected = torch.tensor([[-5, -0.6, -0.2, 0.6, 29], [5, 5, 6, 7, 8]])
    torch.testing.assert_close(layer(x)[0, :, 0], expected)


def test_mtlu_has_the_gradients_of_finite_differences() -> None:
    """Away from the borders of the bins, where the lines jump."""
    layer = MTLU(2, n_bins=4, bin_width=0.5).double()
    x = (torch.randint(-3, 3, (1, 2, 3, 3), generator=torch.Generator().manual_seed(0)) * 0.5 + 0.25).double()
    torch.autograd.gradcheck(lambda *values: layer(values[0]), (x.requires_grad_(), layer.slope, layer.offset))


@pytest.mark.parametrize("build", [fdnet_tiny, memnet_tiny, red_tiny])
def test_without_weights_the_noisy_picture_is_returned(build: Build) -> None:
    """All three add their estimate to the input; MemNet's averaging weights stay at their sum of 1."""
    net, noisy = build().eval(), picture_of(1, 3, 8, 8)
    for name, parameter in net.named_parameters():
        if name != "weights":
            nn.init.zeros_(parameter)
    torch.testing.assert_close(net(noisy), noisy, rtol=0, atol=1e-6)


@pytest.mark.parametrize("skip_every", [1, 2])
def test_red_skips_lead_to_the_mirrored_layer(skip_every: int) -> None:
    """The first of two transposed layers gives 0: a skip at every layer brings the first features, else none come."""
    net, noisy = REDNet(1, 4, depth=4, skip_every=skip_every).eval(), picture_of(1, 1, 8, 8)
    for parameter in net.decoder[0].parameters():
        nn.init.zeros_(parameter)
    features = torch.relu(net.encoder[0](noisy))
    arriving = features if skip_every == 1 else torch.zeros_like(features)
    torch.testing.assert_close(net(noisy), noisy + net.decoder[1](arriving))


def test_memnet_averages_its_estimates() -> None:
    net, noisy = memnet_tiny(1).eval(), picture_of(1, 1, 8, 8)
    nn.init.zeros_(net.weights)
    with torch.no_grad():
        net.weights[2] = 1
    torch.testing.assert_close(net(noisy), net.estimates(noisy)[2])


def test_patches_that_are_copied_give_back_the_picture() -> None:
    """A perceptron that returns the middle of its patch leaves nothing but averages of equal values."""
    net, noisy = mlp_tiny(), picture_of(1, 1, 23, 31)
    middle = torch.zeros(81, 17, 17)
    for index in range(81):
        middle[index, 4 + index // 9, 4 + index % 9] = 1
    copy = nn.Linear(289, 81, bias=False)
    with torch.no_grad():
        copy.weight.copy_(middle.flatten(1))
    net.model = nn.Sequential(copy)
    torch.testing.assert_close(net(noisy), noisy, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("side", [3, 5, 7])
def test_dct_filters_are_orthonormal_and_without_mean(side: int) -> None:
    rows = dct_filters(side).flatten(1)
    assert rows.shape == (side**2 - 1, side**2)
    torch.testing.assert_close(rows @ rows.T, torch.eye(side**2 - 1), rtol=0, atol=1e-5)
    torch.testing.assert_close(rows.sum(1), torch.zeros(side**2 - 1), rtol=0, atol=1e-5)


def test_values_at_the_centres_give_the_function() -> None:
    """Gaussians as wide as their distance sum to sqrt(2 pi) and reproduce a straight line, far from the ends."""
    basis = RadialBasis(centres(63)[None] / math.sqrt(2 * math.pi))
    z = torch.linspace(-200, 200, 101)[None, None, None]
    torch.testing.assert_close(basis(z), z, rtol=0, atol=1e-3)


def test_a_tnrd_step_has_the_gradients_of_finite_differences() -> None:
    step = DiffusionStep(3, 2, n_basis=5).double()
    u, f = (255 * picture_of(1, 1, 4, 5, seed=seed).double() for seed in (0, 1))
    with torch.no_grad():
        step.influence.weights.uniform_(-10, 10, generator=torch.Generator().manual_seed(2))
    parameters = (step.coefficients, step.influence.weights, step.trust)
    torch.autograd.gradcheck(lambda x, *_: step(x, f), (u.requires_grad_(), *parameters))


def test_without_influence_a_tnrd_step_only_goes_back_to_the_noisy_picture() -> None:
    """U - lambda (u - f) with lambda = 0.1."""
    step = DiffusionStep(5, 24)
    nn.init.zeros_(step.influence.weights)
    u, f = picture_of(1, 1, 6, 6), picture_of(1, 1, 6, 6, seed=1)
    torch.testing.assert_close(step(u, f), 0.9 * u + 0.1 * f)


def test_mirroring_agrees_with_numpys_symmetric_padding() -> None:
    picture = picture_of(1, 2, 5, 7)
    expected = torch.from_numpy(np.pad(picture.numpy(), ((0, 0), (0, 0), (3, 3), (3, 3)), "symmetric"))
    assert torch.equal(pad_symmetric(picture, 3), expected)


def test_csf_starts_as_the_identity() -> None:
    """With phi = identity the numerator is the denominator times y; only the Gaussians' ends and rounding differ."""
    noisy = picture_of(1, 1, 16, 20)
    torch.testing.assert_close(csf_tiny().eval()(noisy), noisy, rtol=0, atol=1e-4)


def test_a_csf_stage_without_shrinkage_values_is_a_wiener_filter() -> None:
    """With phi = 0 it minimises lambda |x - y|^2 + sum |f_i * x|^2: the gradient there is zero."""
    stage = ShrinkageStage(3, 8).double()
    nn.init.zeros_(stage.shrinkage.weights)
    y = picture_of(1, 1, 8, 10).double()
    x = stage(y, y)
    filters = torch.einsum("ik,kab->iab", stage.coefficients, stage.basis)[:, None]
    again = torch.zeros_like(x)
    for kernel in filters:
        response = functional.conv2d(functional.pad(x, (1, 1, 1, 1), mode="circular"), kernel[None])
        back = functional.pad(response, (1, 1, 1, 1), mode="circular")
        again = again + functional.conv2d(back, kernel.flip(-1, -2)[None])
    torch.testing.assert_close(x - y + again, torch.zeros_like(x), rtol=0, atol=1e-6)
