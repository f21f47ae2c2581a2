"""MEDFE: encoder, equalisation, sizes, official names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from retouch.errors import WeightsError
from retouch.nets.inpainting.medfe import (
    MEDFE,
    FeatureEqualisation,
    MEDFEGenerator,
    MutualFeatures,
    medfe_full,
    medfe_tiny,
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


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def seeded_tiny() -> MEDFE:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return medfe_tiny().eval()


def test_the_numbers_of_parameters() -> None:
    with torch.device("meta"):
        assert n_parameters(medfe_full()) == 103_118_630
        assert n_parameters(medfe_tiny()) < 1_000_000


@torch.no_grad()
@pytest.mark.parametrize(("height", "width"), [(64, 64), (201, 50), (1, 1)])
def test_every_size_comes_back_as_it_went_in(height: int, width: int) -> None:
    image, mask = draw(1, 3, height, width), centre_hole(1, height, width)
    painted, structure, texture = seeded_tiny().paint_parts(image, mask)
    assert painted.shape == image.shape
    assert 0 <= painted.min() <= painted.max() <= 1
    padded = [max(192, -(-side // 64) * 64) // 8 for side in (height, width)]
    assert list(structure.shape[2:]) == list(texture.shape[2:]) == padded


@torch.no_grad()
def test_the_net_does_not_read_the_hole_and_reads_its_surroundings() -> None:
    net, image, mask = seeded_tiny(), draw(1, 3, 64, 64), centre_hole(1, 64, 64)
    painted = net(image, mask)
    assert torch.equal(painted, net(image.where(mask == 0, float("nan")), mask))
    assert ((painted - net(draw(1, 3, 64, 64, seed=1), mask)).abs() * mask).max() > 1e-3


@torch.no_grad()
def test_a_batch_gives_what_its_pictures_give_alone() -> None:
    net, image, mask = seeded_tiny(), draw(2, 3, 64, 64), centre_hole(2, 64, 64)
    mask[1, :, :10] = 1
    alone = torch.cat([net(image[i : i + 1], mask[i : i + 1]) for i in range(2)])
    torch.testing.assert_close(net(image, mask), alone, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_the_equalised_features_depend_on_structure_and_on_texture() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        mutual = MutualFeatures(width=4).eval()
    features = [draw(1, 4 * min(2**level, 8), 96 // 2**level, 96 // 2**level, seed=level) for level in range(6)]
    before = mutual(features)[0]
    for changed, untouched in ((0, 5), (5, 0)):  # a map of texture, one of structure
        others = list(features)
        others[changed] = 1 - others[changed]
        assert not torch.allclose(mutual(others)[0][untouched], before[untouched], atol=1e-3)


@torch.no_grad()
def test_places_can_be_kept_where_they_are() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer = FeatureEqualisation(32)
    x = torch.zeros(1, 32, 12, 12)
    x[..., 2:4, 2:4] = 1
    scattered = layer(x)
    layer.keep_places = True
    kept = layer(x)
    far = (..., slice(9, None), slice(9, None))  # more than three pixels from the only thing there is
    assert kept[far].std(dim=(2, 3)).max() < 1e-2
    assert scattered[far].std(dim=(2, 3)).max() > 1e-2


def test_every_parameter_gets_a_finite_gradient() -> None:
    net = medfe_tiny()
    image, mask = draw(1, 3, 64, 64), centre_hole(1, 64, 64)
    painted, structure, texture = net.paint_parts(image, mask)
    torch.autograd.backward((painted - image).abs().mean() + structure.mean() + texture.mean())
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


@pytest.mark.shared
def test_the_authors_key_list_fits_the_published_widths() -> None:
    if not PARITY.exists():
        pytest.skip("../shared/data/parity is not here")
    keys = json.loads((PARITY / "medfe" / "keys.json").read_text())
    with torch.device("meta"):
        net = medfe_full().generator
        state = MEDFEGenerator.convert_official({key: torch.empty(shape) for key, shape in keys})
    net.load_state_dict(state, strict=True, assign=True)


@pytest.mark.parametrize("build", [lambda: medfe_tiny().generator])
def test_the_weights_of_another_net_are_refused(build: Callable[[], nn.Module]) -> None:
    with pytest.raises(WeightsError, match="these weights are not those of"):
        load_official(build(), {"some.other.weight": torch.zeros(3, 3)})
