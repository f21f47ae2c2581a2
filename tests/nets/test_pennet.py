"""PEN-Net: attention transfer, generator, critic."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from retouch.errors import WeightsError
from retouch.nets.critics.spectral_patchgan import SpectralPatchGAN, pennet_patchgan
from retouch.nets.inpainting.pennet import PENNet, PyramidContextGenerator, pennet_full, pennet_tiny
from retouch.nets.layers.attention.attention_transfer import AttentionTransfer
from retouch.nets.official import load_official

torch.set_num_threads(1)
PARITY = Path(__file__).parents[3] / "shared" / "data" / "parity"


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def centre_hole(n: int, height: int, width: int) -> Tensor:
    mask = torch.zeros(n, 1, height, width)
    mask[:, :, height // 4 : height - height // 4, width // 4 : width - width // 4] = 1
    return mask


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def seeded_tiny() -> PENNet:
    return pennet_tiny(torch.Generator().manual_seed(0)).eval()


def test_the_published_widths_have_the_published_numbers_of_parameters() -> None:
    with torch.device("meta"):
        assert n_parameters(pennet_full()) == 10_231_538
        assert n_parameters(pennet_patchgan()) == 4_318_401
        assert n_parameters(pennet_tiny()) < 1_000_000


def test_attention_gives_nothing_to_places_that_touch_the_hole() -> None:
    layer = AttentionTransfer(4, 4, dilations=())
    coarse, mask = draw(2, 5, 8, 8), torch.zeros(2, 1, 8, 8)
    mask[0, :, 3, 3] = 1  # its 3 x 3 neighbours hold it in their patches
    attention = layer.attend(coarse, mask).reshape(2, 8, 8, 64)  # (N, rows, columns, L)
    touching = attention[0, 2:5, 2:5]
    assert touching.max() <= 1e-8
    assert attention[1, 2:5, 2:5].max() > 1e-3


def test_the_attention_of_each_place_sums_to_one_where_all_is_known() -> None:
    attention = AttentionTransfer(4, 4, dilations=()).attend(draw(1, 5, 6, 6), torch.zeros(1, 1, 24, 24))
    torch.testing.assert_close(attention.sum(dim=1), torch.ones(1, 36))


def test_a_map_of_distinct_places_is_carried_over_as_it_is() -> None:
    # Every coarse place is a direction of its own, so that with a sharp softmax each place chooses itself, and the four
    # overlapping patches of the fine map agree: they are summed and divided by four. At the border fewer overlap.
    coarse = torch.eye(36).view(1, 36, 4, 9)
    fine = draw(1, 3, 8, 18)
    layer = AttentionTransfer(3, 3, kernel_size=1, sharpness=100.0, dilations=())
    filled = layer(fine, coarse, torch.zeros(1, 1, 8, 18))
    torch.testing.assert_close(filled[:, :, 1:-1, 1:-1], fine[:, :, 1:-1, 1:-1], atol=1e-5, rtol=0)


def test_a_hole_is_filled_from_where_the_coarse_map_looks_alike() -> None:
    # The two halves of the coarse map are equal, a hole covers places of the left half: what is filled in must come
    # from the right half of the fine map, which is 2 where the left one is 1.
    half = torch.eye(18).view(1, 18, 6, 3)
    coarse = torch.cat([half, half], dim=3)  # (1, 18, 6, 6)
    fine = torch.cat([torch.ones(1, 1, 12, 6), torch.full((1, 1, 12, 6), 2.0)], dim=3)
    mask = torch.zeros(1, 1, 6, 6)
    mask[..., :, :2] = 1
    layer = AttentionTransfer(1, 1, kernel_size=1, sharpness=100.0, dilations=())
    filled = layer(fine, coarse, mask)
    torch.testing.assert_close(filled[:, :, 1:-1, 1:3], torch.full((1, 1, 10, 2), 2.0), atol=1e-4, rtol=0)


@torch.no_grad()
@pytest.mark.parametrize(("height", "width"), [(64, 64), (37, 70), (1, 1)])
def test_every_size_comes_back_as_it_went_in(height: int, width: int) -> None:
    image, mask = draw(1, 3, height, width), centre_hole(1, height, width)
    painted, pyramid = seeded_tiny().paint_pyramid(image, mask)
    assert painted.shape == image.shape
    assert 0 <= painted.min() <= painted.max() <= 1
    padded = [-(-side // 64) * 64 for side in (height, width)]
    assert [tuple(level.shape[2:]) for level in pyramid] == [tuple(s // 2**k for s in padded) for k in range(1, 6)]


@torch.no_grad()
def test_the_net_does_not_read_the_hole_and_reads_its_surroundings() -> None:
    net, image, mask = seeded_tiny(), draw(1, 3, 64, 64), centre_hole(1, 64, 64)
    painted = net(image, mask)
    assert torch.equal(painted, net(image.where(mask == 0, float("nan")), mask))
    assert ((painted - net(draw(1, 3, 64, 64, seed=1), mask)).abs() * mask).max() > 1e-3


@torch.no_grad()
def test_pictures_of_a_batch_do_not_see_each_other() -> None:
    net, image = seeded_tiny(), draw(2, 3, 64, 64)
    mask = torch.cat([centre_hole(1, 64, 64), torch.zeros(1, 1, 64, 64)])
    mask[1, :, 5:20, 30:40] = 1
    alone = torch.cat([net(image[i : i + 1], mask[i : i + 1]) for i in range(2)])
    torch.testing.assert_close(net(image, mask), alone)


def test_every_parameter_gets_a_finite_gradient() -> None:
    net = pennet_tiny(torch.Generator().manual_seed(0))
    image, mask = draw(2, 3, 64, 64), centre_hole(2, 64, 64)
    painted, pyramid = net.paint_pyramid(image, mask)
    torch.autograd.backward((painted - image).abs().mean() + torch.stack([p.mean() for p in pyramid]).sum())
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "build"), [("pennet-generator", PyramidContextGenerator), ("pennet-disc", pennet_patchgan)]
)
def test_the_authors_key_list_fits_the_published_widths(
    name: str, build: Callable[[], PyramidContextGenerator | SpectralPatchGAN]
) -> None:
    if not PARITY.exists():
        pytest.skip("../shared/data/parity is not here")
    keys = json.loads((PARITY / name / "keys.json").read_text())
    with torch.device("meta"):
        net = build()
        state = net.convert_official({key: torch.empty(shape) for key, shape in keys})
    net.load_state_dict(state, strict=True, assign=True)


@pytest.mark.parametrize("build", [lambda: PyramidContextGenerator(width=4), lambda: AttentionTransfer(4, 4)])
def test_the_weights_of_another_net_are_refused(build: Callable[[], nn.Module]) -> None:
    with pytest.raises(WeightsError, match="these weights are not those of"):
        load_official(build(), {"some.other.weight": torch.zeros(3, 3)})
