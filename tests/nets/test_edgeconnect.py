"""EdgeConnect: generators, critics, and the way from known edges to a picture."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from retouch.errors import WeightsError
from retouch.nets.critics.spectral_patchgan import SpectralPatchGAN, edgeconnect_patchgan
from retouch.nets.inpainting.edgeconnect import (
    EdgeConnect,
    EdgeGenerator,
    ImageGenerator,
    edgeconnect_full,
    edgeconnect_tiny,
)
from retouch.nets.official import load_official

torch.set_num_threads(1)
PARITY = Path(__file__).parents[3] / "shared" / "data" / "parity"


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def centre_hole(n: int, height: int, width: int) -> Tensor:
    mask = torch.zeros(n, 1, height, width)
    mask[:, :, height // 4 : height - height // 4, width // 4 : width - width // 4] = 1
    return mask


def draw_edges(n: int, height: int, width: int) -> Tensor:
    return (draw(n, 1, height, width, seed=5) < 0.1).float()


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def seeded_tiny() -> EdgeConnect:
    return edgeconnect_tiny(torch.Generator().manual_seed(0)).eval()


def test_the_published_widths_have_the_published_numbers_of_parameters() -> None:
    with torch.device("meta"):
        net = edgeconnect_full()
        assert n_parameters(net.edge_generator) == 10_761_089
        assert n_parameters(net.image_generator) == 10_774_595
        assert n_parameters(edgeconnect_patchgan()) == 2_763_776
        assert n_parameters(edgeconnect_tiny()) < 1_000_000


@torch.no_grad()
@pytest.mark.parametrize(("height", "width"), [(64, 64), (37, 50), (1, 1)])
def test_every_size_comes_back_as_it_went_in(height: int, width: int) -> None:
    image, mask, edges = draw(1, 3, height, width), centre_hole(1, height, width), draw_edges(1, height, width)
    painted = seeded_tiny()(image, mask, edges)
    assert painted.shape == image.shape
    assert 0 <= painted.min() <= painted.max() <= 1


@torch.no_grad()
def test_values_and_edges_under_the_mask_are_not_read() -> None:
    net, image, mask, edges = seeded_tiny(), draw(1, 3, 24, 24), centre_hole(1, 24, 24), draw_edges(1, 24, 24)
    expected = net(image, mask, edges)
    assert torch.equal(expected, net(image.where(mask == 0, float("nan")), mask, edges))
    assert torch.equal(expected, net(image, mask, edges.where(mask == 0, float("nan"))))


@torch.no_grad()
def test_completed_edges_are_the_given_ones_where_known() -> None:
    net, image, mask, edges = seeded_tiny(), draw(1, 3, 24, 24), centre_hole(1, 24, 24), draw_edges(1, 24, 24)
    completed = net.complete_edges(image, mask, edges)
    assert torch.equal(completed * (1 - mask), edges * (1 - mask))
    inside = completed[mask == 1]
    assert 0 < inside.min() <= inside.max() < 1
    sharp = net.complete_edges(image, mask, edges, threshold=inside.median().item())
    assert torch.equal(sharp[mask == 1], (inside > inside.median()).float())


@torch.no_grad()
def test_the_picture_follows_the_edges() -> None:
    net, image, mask = seeded_tiny(), draw(1, 3, 24, 24), centre_hole(1, 24, 24)
    difference = net.paint(image, mask, draw_edges(1, 24, 24)) - net.paint(image, mask, torch.zeros(1, 1, 24, 24))
    assert (difference.abs() * mask).max() > 1e-4


def test_every_parameter_gets_a_finite_gradient() -> None:
    net = edgeconnect_tiny(torch.Generator().manual_seed(0))
    image, mask, edges = draw(2, 3, 32, 32), centre_hole(2, 32, 32), draw_edges(2, 32, 32)
    torch.autograd.backward((net(image, mask, edges) - image).abs().mean())
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


@torch.no_grad()
def test_training_steps_bring_the_largest_singular_value_to_one() -> None:
    net = edgeconnect_patchgan(2, width=8, generator=torch.Generator().manual_seed(0)).train()
    for _ in range(50):
        net(torch.zeros(1, 2, 32, 32))
    for conv in [*net.convs, net.head]:
        assert isinstance(conv, nn.Conv2d)
        assert torch.linalg.matrix_norm(conv.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.02)


def test_a_net_under_spectral_normalisation_can_be_copied_in_training() -> None:
    net = EdgeGenerator(width=4, n_blocks=1)
    x = draw(1, 3, 16, 16)
    torch.autograd.backward(net(x).sum())
    with torch.no_grad():
        assert torch.equal(copy.deepcopy(net).eval()(x), net.eval()(x))


@torch.no_grad()
def test_the_critic_judges_patches_of_seventy_pixels() -> None:
    # Kernel 4, backwards from one score with strides 1 1 2 2 2: 4, 7, 16, 34, 70 pixels.
    net = edgeconnect_patchgan(3, width=4, generator=torch.Generator().manual_seed(0)).eval()
    image = draw(1, 3, 128, 128)
    scores, features = net(image)
    assert [tuple(feature.shape[1:]) for feature in features] == [
        (4, 64, 64),
        (8, 32, 32),
        (16, 16, 16),
        (32, 15, 15),
        (1, 14, 14),
    ]
    assert features[-1] is scores
    rows = []
    for row in range(128):
        changed = image.clone()
        changed[:, :, row] += 1
        if net(changed)[0][0, 0, 7, 7] != scores[0, 0, 7, 7]:
            rows.append(row)
    assert len(rows) == rows[-1] - rows[0] + 1 == 70


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("edgeconnect-edge", EdgeGenerator),
        ("edgeconnect-inpaint", ImageGenerator),
        ("edgeconnect-disc-edge", lambda: edgeconnect_patchgan(2)),
        ("edgeconnect-disc-inpaint", edgeconnect_patchgan),
    ],
)
def test_the_authors_key_list_fits_the_published_widths(
    name: str, build: Callable[[], EdgeGenerator | ImageGenerator | SpectralPatchGAN]
) -> None:
    if not PARITY.exists():
        pytest.skip("../shared/data/parity is not here")
    keys = json.loads((PARITY / name / "keys.json").read_text())
    with torch.device("meta"):
        net = build()
        state = net.convert_official({key: torch.empty(shape) for key, shape in keys})
    net.load_state_dict(state, strict=True, assign=True)


@pytest.mark.parametrize(
    "build", [lambda: EdgeGenerator(width=4), lambda: ImageGenerator(width=4), lambda: edgeconnect_patchgan(width=4)]
)
def test_the_weights_of_another_net_are_refused(build: Callable[[], nn.Module]) -> None:
    with pytest.raises(WeightsError, match="these weights are not those of"):
        load_official(build(), {"some.other.weight": torch.zeros(3, 3)})
