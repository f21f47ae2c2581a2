"""Noise taken away by exported networks: whole or in tiles, with or without the level of the noise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper
from tests.tiny_graphs import Shape, card_of, conv_chain, denoiser, write_net

from retouch.arrays.types import Image
from retouch.errors import LimitError, WeightsError
from retouch.io.pictures.picture import Picture
from retouch.methods.denoise import DenoiseRequest, denoise_picture
from retouch.methods.denoisers import find_denoiser
from retouch.methods.options import options_of
from retouch.runtime.denoising import denoise_network

SIGMA = 25 / 255


def noisy(height: int = 60, width: int = 90, n_channels: int = 3) -> Image:
    return np.random.default_rng(0).normal(0.5, SIGMA, (height, width, n_channels)).astype(np.float32)


def count_tiles(image: Image, **how: Any) -> tuple[Image, int]:
    """Return the result and how many tiles it took."""
    totals: list[int] = []
    result = denoise_network(image, SIGMA, progress=lambda done, total: totals.append(total), **how)
    return result, totals[-1]


def test_tiles_give_what_the_whole_gives(tmp_path: Path) -> None:
    """At 1000 bytes a pixel and 64 for the tile itself, 1 MiB holds 31x31 of the 60x90 pixels."""
    net = str(conv_chain(tmp_path / "a.onnx", bytes_per_pixel=1000.0))
    whole, n_whole = count_tiles(noisy(), net=net)
    tiled, n_tiles = count_tiles(noisy(), net=net, budget_bytes=1 << 20)
    assert (n_whole, n_tiles > 8) == (1, True)
    np.testing.assert_allclose(tiled, whole, atol=2e-6)
    assert np.abs(whole - noisy()).max() > 0.1


def test_tiles_that_overlap_too_little_are_told_by_their_result(tmp_path: Path) -> None:
    """The same net with a radius of 0 in its card, where 3 is true: the seams show what the test above would miss."""
    net = str(conv_chain(tmp_path / "a.onnx", bytes_per_pixel=1000.0, radius_px=0))
    whole, _ = count_tiles(noisy(), net=net)
    tiled, _ = count_tiles(noisy(), net=net, budget_bytes=1 << 20)
    assert np.abs(tiled - whole).max() > 1e-3


def test_a_net_that_looks_at_the_whole_picture_is_refused_where_it_does_not_fit(tmp_path: Path) -> None:
    net = str(conv_chain(tmp_path / "a.onnx", bytes_per_pixel=1000.0, radius_px=None))
    with pytest.raises(LimitError, match="looks at the whole picture at once, needs about 6 MB; raise --max-memory"):
        denoise_network(noisy(), SIGMA, net=net, budget_bytes=1 << 20)
    _, n_tiles = count_tiles(noisy(), net=net, budget_bytes=1 << 20, approximate=True)
    assert n_tiles > 1
    _, n_tiles = count_tiles(noisy(), net=net, budget_bytes=6 << 20)
    assert n_tiles == 1


def test_memory_of_attention_counts_with_the_square(tmp_path: Path) -> None:
    """5400 pixels squared at 1 byte are 29 MB."""
    net = str(conv_chain(tmp_path / "a.onnx", bytes_per_pixel=64.0, bytes_per_square=1.0, radius_px=None))
    with pytest.raises(LimitError, match="needs about 29 MB"):
        denoise_network(noisy(), SIGMA, net=net, budget_bytes=4 << 20)


def test_a_budget_below_one_tile_is_refused(tmp_path: Path) -> None:
    net = str(conv_chain(tmp_path / "a.onnx", bytes_per_pixel=1e6))
    with pytest.raises(LimitError, match="one tile of this network needs about") as caught:
        denoise_network(noisy(), SIGMA, net=net, budget_bytes=1 << 20)
    assert caught.value.exit_code == 5


def test_the_least_side_and_the_multiple_of_the_card_are_kept(tmp_path: Path) -> None:
    """The net pools by 8 and repeats each value 8 times, so it gives a picture of its own size for multiples only."""
    nodes = [
        helper.make_node("AveragePool", ["noisy"], ["small"], kernel_shape=(8, 8), strides=(8, 8)),
        helper.make_node("Resize", ["small", "", "scales"], ["picture"], mode="nearest"),
    ]
    numbers = {"scales": np.array([1, 1, 8, 8], np.float32)}
    card = card_of("denoise", multiple=8, radius_px=7).to_json()
    path = write_net(tmp_path / "a.onnx", nodes, {"noisy": (1, 3, "h", "w")}, card, numbers)
    assert denoise_network(noisy(13, 5), SIGMA, net=str(path)).shape == (13, 5, 3)


def test_sigma_reaches_the_net(tmp_path: Path) -> None:
    nodes = [helper.make_node("Add", ["noisy", "sigma"], ["picture"])]
    inputs: dict[str, Shape] = {"noisy": (1, 3, "h", "w"), "sigma": (1, 1, 1, 1)}
    net = str(write_net(tmp_path / "a.onnx", nodes, inputs, card_of("denoise", radius_px=0).to_json()))
    np.testing.assert_allclose(denoise_network(noisy(), 0.25, net=net), noisy() + 0.25, atol=1e-6)


def test_a_sigma_of_another_shape_is_refused(tmp_path: Path) -> None:
    nodes = [helper.make_node("Add", ["noisy", "sigma"], ["picture"])]
    inputs: dict[str, Shape] = {"noisy": (1, 3, "h", "w"), "sigma": (1, 3, "h", "w")}
    net = str(write_net(tmp_path / "a.onnx", nodes, inputs, card_of("denoise").to_json()))
    with pytest.raises(WeightsError, match="with what belongs to them"):
        denoise_network(noisy(), SIGMA, net=net)


def test_without_noise_the_picture_comes_back_and_progress_is_called_once() -> None:
    seen: list[tuple[int, int]] = []
    result = denoise_network(noisy(), 0.0, net="gone.onnx", progress=lambda done, total: seen.append((done, total)))
    np.testing.assert_array_equal(result, noisy())
    assert seen == [(1, 1)]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("n_channels", [1, 2, 3, 4])
def test_every_number_of_channels_is_denoised_alike(channels: int, n_channels: int, tmp_path: Path) -> None:
    """The net treats each channel by itself: grey on grey is the first channel of colour on colour."""
    image = noisy(n_channels=n_channels)
    result = denoise_network(image, SIGMA, net=str(denoiser(tmp_path / "a.onnx", channels=channels)))
    alone = denoise_network(image[:, :, :1], SIGMA, net=str(denoiser(tmp_path / "b.onnx", channels=1)))
    assert result.shape == image.shape
    np.testing.assert_allclose(result[:, :, :1], alone, atol=1e-6)


def test_a_net_of_one_size_is_refused(tmp_path: Path) -> None:
    nodes = [helper.make_node("Identity", ["noisy"], ["picture"])]
    path = write_net(tmp_path / "a.onnx", nodes, {"noisy": (1, 3, 32, 32)}, card_of("denoise").to_json())
    with pytest.raises(WeightsError, match="takes squares of 32 px only"):
        denoise_network(noisy(), SIGMA, net=str(path))
    with pytest.raises(WeightsError, match="takes squares of 32 px only"):
        find_denoiser(f"net:{path}")


def test_the_budget_is_no_option_and_the_net_is_fixed(tmp_path: Path) -> None:
    names = [option.name for option in options_of(find_denoiser(f"net:{denoiser(tmp_path / 'a.onnx')}"))]
    assert names == ["approximate"]


def n_tiles_within(max_memory_mb: int, net: Path) -> int:
    totals: list[int] = []
    picture = Picture.from_array(np.zeros((300, 300, 3), np.uint8))
    request = DenoiseRequest(f"net:{net}", SIGMA, max_memory_bytes=max_memory_mb << 20)
    denoise_picture(picture, request, progress=lambda done, total: totals.append(total))
    return totals[-1]


def test_a_stated_budget_decides_how_large_tiles_are(tmp_path: Path) -> None:
    """At 2000 bytes a pixel the whole needs 186 MB beside the process's 200 and 5 for the picture in its forms."""
    net = conv_chain(tmp_path / "a.onnx", bytes_per_pixel=2000.0)
    assert n_tiles_within(400, net) == 1
    assert n_tiles_within(300, net) == 4
    with pytest.raises(LimitError):
        n_tiles_within(200, net)
