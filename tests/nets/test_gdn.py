"""GDN: sizes, parameter counts, official names, where values come from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from retouch.errors import WeightsError
from retouch.losses.gdn import exponential_weight, weighted_l1
from retouch.nets.inpainting.gdn import GDN, GDNDetector, GDNGenerator, gdn_full, gdn_small, gdn_tiny
from retouch.nets.official import load_official

torch.set_num_threads(1)
PARITY = Path(__file__).parents[3] / "shared" / "data" / "parity"


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def centre_hole(n: int, height: int, width: int) -> Tensor:
    mask = torch.zeros(n, 1, height, width)
    mask[:, :, height // 4 : -(height // 4) or None, width // 4 : -(width // 4) or None] = 1
    return mask


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def seeded_tiny() -> GDN:
    return gdn_tiny(torch.Generator().manual_seed(0)).eval()


def test_the_published_widths_have_the_published_numbers_of_parameters() -> None:
    with torch.device("meta"):
        net = gdn_full()
    assert n_parameters(net.generator) == 10_779_328
    assert n_parameters(net.detector) == 2_267_490


def test_the_small_presets_are_small() -> None:
    with torch.device("meta"):
        assert n_parameters(gdn_tiny().generator) == 309_680
        assert n_parameters(gdn_tiny()) < 1_000_000
        assert n_parameters(gdn_small()) < n_parameters(gdn_full()) / 3


@pytest.mark.parametrize(("height", "width"), [(64, 64), (37, 50), (1, 1), (5, 70)])
def test_every_size_comes_back_as_it_went_in(height: int, width: int) -> None:
    net = seeded_tiny()
    image, mask = draw(2, 3, height, width), centre_hole(2, height, width)
    with torch.no_grad():
        painted, artifacts = net(image, mask), net.artifact_map(image)
    assert painted.shape == image.shape
    assert artifacts.shape == mask.shape
    assert 0 <= painted.min() <= painted.max() <= 1
    assert 0 <= artifacts.min() <= artifacts.max() <= 1


def test_values_under_the_mask_are_not_read() -> None:
    net = seeded_tiny()
    image, mask = draw(1, 3, 24, 24), centre_hole(1, 24, 24)
    spoilt = image.where(mask == 0, float("nan"))
    with torch.no_grad():
        assert torch.equal(net(image, mask), net(spoilt, mask))


def test_the_filling_depends_on_the_surroundings() -> None:
    net = seeded_tiny()
    mask = centre_hole(1, 24, 24)
    with torch.no_grad():
        first, second = net(draw(1, 3, 24, 24), mask), net(draw(1, 3, 24, 24, seed=1), mask)
    assert ((first - second).abs() * mask).max() > 1e-3


def test_evaluation_is_deterministic_and_so_is_a_seeded_start() -> None:
    image, mask = draw(1, 3, 16, 16), centre_hole(1, 16, 16)
    with torch.no_grad():
        assert torch.equal(seeded_tiny()(image, mask), seeded_tiny()(image, mask))


def test_every_parameter_gets_a_finite_gradient() -> None:
    net = gdn_tiny(torch.Generator().manual_seed(0))
    image, mask = draw(2, 3, 32, 32), centre_hole(2, 32, 32)
    painted = net(image, mask)
    torch.autograd.backward(weighted_l1(painted, image, exponential_weight(net.artifact_map(painted))))
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().max() > 0, name


def test_the_generator_sees_the_detector_unless_the_weight_is_detached() -> None:
    gradients = []
    for detach in (False, True):
        net = gdn_tiny(torch.Generator().manual_seed(0))
        painted = net(draw(1, 3, 16, 16), centre_hole(1, 16, 16))
        weight = exponential_weight(net.artifact_map(painted))
        torch.autograd.backward(weighted_l1(painted, draw(1, 3, 16, 16), weight, detach_weight=detach))
        assert net.generator.head.weight.grad is not None
        gradients.append(net.generator.head.weight.grad)
        seen = [parameter.grad is not None for parameter in net.detector.parameters()]
        assert seen == [not detach] * len(seen)
    assert not torch.allclose(gradients[0], gradients[1])


def test_both_convolutions_of_a_block_can_be_dilated() -> None:
    for expected in ((2, 2), (2, 1)):
        convs = GDNGenerator(width=4, n_blocks=1, dilations=expected).blocks.modules()
        found = [conv.dilation for conv in convs if isinstance(conv, nn.Conv2d)]
        assert found == [(dilation, dilation) for dilation in expected]


def test_the_detector_sees_as_far_as_its_seven_kernels_reach() -> None:
    # Kernel 4 with strides 1 1 2 2 1, then two samplings up. Backwards from the 4 coarse pixels that reach an output
    # pixel at most: 2 + 1 positions at 1/2, 2 + 1 at 1/4, +3, x2 +2, x2 +2, +3, +3 pixels: less than 40.
    net = GDNDetector(width=4, generator=torch.Generator().manual_seed(0))
    image = draw(1, 3, 96, 96).requires_grad_()
    torch.autograd.backward(net(image)[0, :, 48, 48].sum())
    assert image.grad is not None
    rows = torch.nonzero(image.grad.abs().amax(dim=(0, 1, 3))).flatten()
    assert 16 < len(rows) <= 40
    assert rows.min() < 48 < rows.max()


@pytest.mark.shared
@pytest.mark.parametrize(("name", "part"), [("gdn-generator", GDNGenerator), ("gdn-detector", GDNDetector)])
def test_the_authors_key_list_fits_the_published_widths(name: str, part: type[GDNGenerator | GDNDetector]) -> None:
    if not PARITY.exists():
        pytest.skip("../shared/data/parity is not here")
    keys = json.loads((PARITY / name / "keys.json").read_text())
    with torch.device("meta"):
        net = part()
        state = part.convert_official({key: torch.empty(shape) for key, shape in keys})
    net.load_state_dict(state, strict=True, assign=True)


@pytest.mark.parametrize("build", [lambda: GDNGenerator(width=4), lambda: GDNDetector(width=4)])
def test_the_weights_of_another_net_are_refused(build: Callable[[], nn.Module]) -> None:
    with pytest.raises(WeightsError, match="these weights are not those of"):
        load_official(build(), {"some.other.weight": torch.zeros(3, 3)})
