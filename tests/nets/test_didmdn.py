"""DID-MDN: sizes, weights, what the density does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from retouch.nets.restoration.didmdn import DerainBody, Transition, didmdn_full
from retouch.nets.restoration.didmdn_residual import RainEstimator

torch.set_num_threads(1)
PARITY = Path(__file__).parents[3] / "shared" / "data" / "parity"


def picture_of(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def test_the_parts_that_count_have_this_many_weights() -> None:
    """372 839 in the authors' file (375 915 with its statistics), less the layers that nothing depends on.

    Unused at the top: batch norms of 20 and 1 channels, 42. In the first stream: convolutions to one channel from 12,
    12, 24, 8, 8, 9 weights each and a bias, 581. In each of the others: from 16, 16, 32, 16, 8, 797, and the
    refinement with 9 * 11 * 20 + 20 and 9 * 24 * 3 + 3 weights, and batch norms, 42.
    """
    unused = 42 + 581 + 2 * (797 + 2_000 + 651 + 42)
    assert sum(parameter.numel() for parameter in didmdn_full().parameters()) == 372_839 - unused


@pytest.mark.parametrize("size", [(64, 64), (37, 53), (1, 1), (32, 64)])
def test_any_size_is_kept_and_results_stay_in_range(size: tuple[int, int]) -> None:
    clean = didmdn_full().eval()(picture_of(2, 3, *size), torch.tensor([1.0, 3.0]))
    assert clean.shape == (2, 3, *size)
    assert clean.min() >= 0
    assert clean.max() <= 1


def test_the_body_gives_rain_and_clean_picture() -> None:
    rain, clean = DerainBody().eval()(picture_of(1, 3, 32, 64), torch.tensor([2.0]))
    assert rain.shape == clean.shape == (1, 3, 32, 64)


def test_each_picture_has_its_own_density() -> None:
    net, rainy = didmdn_full().eval(), picture_of(1, 3, 32, 32).expand(2, 3, 32, 32)
    both = net(rainy, torch.tensor([1.0, 3.0]))
    torch.testing.assert_close(both[1:], net(rainy[1:], torch.tensor([3.0])), rtol=1e-5, atol=1e-6)
    assert not torch.allclose(both[0], both[1])


def test_transitions_change_the_size_as_they_say() -> None:
    features = picture_of(1, 4, 8, 8)
    sides = [Transition(4, 2, how).eval()(features).shape for how in ("halve", "double", "keep")]
    assert sides == [(1, 2, 4, 4), (1, 2, 16, 16), (1, 2, 8, 8)]


def test_every_parameter_gets_a_finite_gradient() -> None:
    net = didmdn_full().train()
    net(picture_of(2, 3, 32, 32), torch.tensor([1.0, 2.0])).square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in net.parameters())


def test_the_estimator_gives_rain_and_every_parameter_a_finite_gradient() -> None:
    net = RainEstimator().train()
    rain = net(picture_of(2, 3, 32, 64), torch.tensor([1.0, 3.0]))
    assert rain.shape == (2, 3, 32, 64)
    assert rain.abs().max() < 1
    rain.square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in net.parameters())


def test_evaluation_is_repeatable() -> None:
    net, rainy = didmdn_full().eval(), picture_of(1, 3, 32, 32)
    assert torch.equal(net(rainy, torch.tensor([1.0])), net(rainy, torch.tensor([1.0])))


@pytest.mark.shared
@pytest.mark.skipif(not PARITY.exists(), reason=f"{PARITY} is not there")
@pytest.mark.parametrize(("name", "build"), [("didmdn-dense", DerainBody), ("didmdn-residual", RainEstimator)])
def test_the_nets_take_exactly_the_authors_keys(name: str, build: type[DerainBody | RainEstimator]) -> None:
    keys = json.loads((PARITY / name / "keys.json").read_text())
    with torch.device("meta"):
        net = build()
        net.load_state_dict(net.convert_official({key: torch.empty(shape) for key, shape in keys}), strict=True)


def test_an_unknown_key_is_not_dropped_silently() -> None:
    assert "dense0.conv71.weight" in DerainBody.convert_official({"dense0.conv71.weight": torch.zeros(1)})
