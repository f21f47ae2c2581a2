"""LPIPS: the published numbers of the formula, the published key sets, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from retouch.errors import InputError, WeightsError
from retouch.metrics.perceptual.lpips import build_lpips, lpips, lpips_layers, lpips_map

FIXTURE = Path(__file__).parents[3] / "shared" / "data" / "parity" / "metrics-lpips-squeeze-random"
WEIGHTS = FIXTURE / "weights.safetensors"
TOLERANCE = 1e-4  # tolerance_abs of its config.json


def needs_fixture(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test as one that reads the fixture."""
    skipped = pytest.mark.skipif(not WEIGHTS.exists(), reason=f"{WEIGHTS} is not there")
    marked: Callable[..., None] = pytest.mark.shared(skipped(test))
    return marked


def fixture_pairs() -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the four pairs of the fixture as (H, W, C) in [0, 1]; they are stored as (C, H, W) in [-1, 1]."""
    with np.load(FIXTURE / "inputs.npz") as inputs:
        return [
            ((a.transpose(1, 2, 0) + 1) / 2, (b.transpose(1, 2, 0) + 1) / 2)
            for a, b in zip(inputs["a"], inputs["b"], strict=True)
        ]


@needs_fixture
def test_distances_and_layers_are_those_of_the_published_package() -> None:
    with np.load(FIXTURE / "outputs.npz") as outputs:
        expected = {name: outputs[name] for name in outputs.files}
    for i, (a, b) in enumerate(fixture_pairs()):
        layers = lpips_layers(a, b, weights=WEIGHTS)
        np.testing.assert_allclose(layers, [expected[f"layer{k}"][i] for k in range(7)], atol=TOLERANCE, rtol=0)
        assert abs(lpips(a, b, weights=WEIGHTS) - expected["lpips"][i]) <= TOLERANCE


@needs_fixture
def test_the_map_is_that_of_the_published_package() -> None:
    with np.load(FIXTURE / "outputs.npz") as outputs:
        expected = outputs["spatial"][:, 0]
    for i, (a, b) in enumerate(fixture_pairs()):
        np.testing.assert_allclose(lpips_map(a, b, weights=WEIGHTS), expected[i], atol=TOLERANCE, rtol=0)


@needs_fixture
def test_the_same_picture_has_no_distance_and_order_does_not_matter() -> None:
    a, b = fixture_pairs()[0]
    assert lpips(a, a, weights=WEIGHTS) == 0
    assert lpips(a, b, weights=WEIGHTS) == lpips(b, a, weights=WEIGHTS) > 0


@needs_fixture
def test_it_grows_with_noise(photographs: dict[str, np.ndarray]) -> None:
    noise = np.random.default_rng(0).standard_normal((96, 96, 3))
    for name in ("astronaut", "coffee"):
        photograph = photographs[name]
        noisy = [np.clip(photograph + s * noise, 0, 255).round().astype(np.uint8) for s in (2, 5, 10, 20)]
        assert (np.diff([lpips(photograph, picture, weights=WEIGHTS) for picture in noisy]) > 0).all()


@needs_fixture
def test_heads_may_stand_in_the_file_once(tmp_path: Path) -> None:
    a, b = fixture_pairs()[0]
    whole = load_file(WEIGHTS)
    for kept in ("lin", "lins"):
        part = {
            key: array
            for key, array in whole.items()
            if key.partition(".")[0].rstrip("0123456789") in (kept, "net", "scaling_layer")
        }
        assert len(part) == len(whole) - 7
        save_file(part, tmp_path / kept)
        assert lpips(a, b, weights=tmp_path / kept) == lpips(a, b, weights=WEIGHTS)


@needs_fixture
@pytest.mark.parametrize("net", ["alex", "vgg", "squeeze"])
def test_the_published_key_sets_are_taken(net: str) -> None:
    shapes = dict(json.loads((FIXTURE / "keys.json").read_text())[net])
    assert build_lpips({key: np.zeros(shape, np.float32) for key, shape in shapes.items()})
    for key in shapes:
        if not key.startswith("lin"):
            less = {other: np.zeros(shape, np.float32) for other, shape in shapes.items() if other != key}
            with pytest.raises(WeightsError):
                build_lpips(less)


@needs_fixture
def test_ranges_and_grey_are_brought_to_one_form() -> None:
    grey = np.random.default_rng(1).integers(0, 256, (2, 40, 50), np.uint8)
    colour = np.repeat(grey[..., None], 3, axis=3)
    expected = lpips(*(colour / 255.0), weights=WEIGHTS)
    assert lpips(*grey, weights=WEIGHTS) == pytest.approx(expected, rel=1e-5)
    assert lpips(*(grey / 51.0), weights=WEIGHTS, data_range=5.0) == pytest.approx(expected, rel=1e-5)


@needs_fixture
def test_heads_without_a_backbone_are_refused(tmp_path: Path) -> None:
    heads = {key: array for key, array in load_file(WEIGHTS).items() if key.startswith("lin")}
    save_file(heads, tmp_path / "heads")
    picture = np.zeros((32, 32, 3))
    with pytest.raises(WeightsError, match=r"there is no backbone in it .*; LPIPS needs a published model"):
        lpips(picture, picture, weights=tmp_path / "heads")


@pytest.mark.parametrize("weights", [None, "no-such-file.pth"])
def test_without_weights_the_message_names_the_file_and_the_flag(weights: str | None) -> None:
    picture = np.zeros((64, 64, 3))
    with pytest.raises(WeightsError, match=r"lpips-alex\.pth.*--weights lpips=FILE"):
        lpips(picture, picture, weights=weights)


def test_a_picture_too_small_for_the_nets_is_refused() -> None:
    picture = np.zeros((31, 64, 3))
    with pytest.raises(InputError, match="at least 32 px a side, got 64x31"):
        lpips(picture, picture, weights=None)
