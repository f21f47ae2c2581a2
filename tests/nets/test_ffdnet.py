"""FFDNet and the splitting into sub-images."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from retouch.io.pictures.reading import open_image
from retouch.io.weights.state_dicts import read_state_dict
from retouch.nets.denoising.ffdnet import FFDNet, ffdnet_color_full, ffdnet_full, ffdnet_tiny
from retouch.nets.layers.shuffle import column_order, join_pixels, pad_to_multiple, split_pixels

torch.set_num_threads(1)
SHARED = Path(__file__).parents[3] / "shared" / "data"
shared = pytest.mark.skipif(not SHARED.exists(), reason=f"{SHARED} is not there")


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def noise_of(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def level_of(sigma: float) -> Tensor:
    return torch.full((1, 1, 1, 1), sigma / 255)


@pytest.mark.parametrize("by_columns", [False, True])
@pytest.mark.parametrize("factor", [1, 2, 3, 4])
def test_joining_undoes_splitting(factor: int, by_columns: bool) -> None:
    picture = noise_of(2, 3, 12, 24)
    parts = split_pixels(picture, factor, by_columns=by_columns)
    assert parts.shape == (2, 3 * factor**2, 12 // factor, 24 // factor)
    assert torch.equal(join_pixels(parts, factor, by_columns=by_columns), picture)


def test_every_sub_image_is_the_slice_that_its_order_says() -> None:
    """Channel c, offsets (row, column): place c * 9 + 3 row + column, or c * 9 + 3 column + row by columns."""
    picture = noise_of(1, 2, 9, 6)
    for by_columns in (False, True):
        parts = split_pixels(picture, 3, by_columns=by_columns)
        for channel in range(2):
            for row in range(3):
                for column in range(3):
                    offset = 3 * column + row if by_columns else 3 * row + column
                    expected = picture[0, channel, row::3, column::3]
                    assert torch.equal(parts[0, channel * 9 + offset], expected)


@pytest.mark.parametrize(("channels", "factor"), [(1, 2), (3, 2), (2, 3)])
def test_the_order_by_columns_turns_one_splitting_into_the_other(channels: int, factor: int) -> None:
    picture = noise_of(1, channels, 6, 6)
    by_columns = split_pixels(picture, factor, by_columns=True)
    assert torch.equal(by_columns[:, column_order(channels, factor)], split_pixels(picture, factor))


def test_padding_repeats_the_last_row_and_column_and_no_more_than_needed() -> None:
    picture = noise_of(1, 1, 5, 8)
    padded = pad_to_multiple(picture, 4)
    assert padded.shape == (1, 1, 8, 8)
    assert torch.equal(padded[..., :5, :], picture)
    assert torch.equal(padded[..., 5:, :], picture[..., -1:, :].expand(1, 1, 3, 8))
    assert pad_to_multiple(picture, 1) is picture


def test_grey_has_485_316_weights() -> None:
    """9 * 5 * 64 + 64, 13 times 9 * 64 * 64 + 64, 9 * 64 * 4 + 4."""
    with torch.device("meta"):
        assert n_parameters(ffdnet_full()) == 485_316


def test_colour_has_852_108_weights() -> None:
    """9 * 13 * 96 + 96, 10 times 9 * 96 * 96 + 96, 9 * 96 * 12 + 12."""
    with torch.device("meta"):
        assert n_parameters(ffdnet_color_full()) == 852_108


@pytest.mark.parametrize("size", [(64, 64), (37, 53), (1, 1), (2, 7)])
def test_any_size_is_kept(size: tuple[int, int]) -> None:
    assert ffdnet_tiny().eval()(noise_of(2, 3, *size), level_of(25)).shape == (2, 3, *size)


def test_a_constant_map_is_the_same_as_one_level() -> None:
    net, noisy = ffdnet_tiny(channels=1).eval(), noise_of(2, 1, 9, 11)
    level = torch.tensor([0.1, 0.2])[:, None, None, None]
    torch.testing.assert_close(net(noisy, level.expand(2, 1, 9, 11)), net(noisy, level), rtol=1e-5, atol=1e-6)


def test_a_step_in_the_map_acts_on_its_own_side_only() -> None:
    """7 convolutions on halves reach 7 * 2 + 1 = 15 pixels over the step at column 32."""
    net, noisy = ffdnet_tiny(channels=1).eval(), noise_of(1, 1, 16, 64)
    step = torch.full((1, 1, 16, 64), 0.1)
    step[..., 32:] = 0.3
    even, stepped = net(noisy, level_of(0.1 * 255)), net(noisy, step)
    torch.testing.assert_close(stepped[..., :16], even[..., :16], rtol=1e-5, atol=1e-6)
    assert not torch.allclose(stepped[..., 32:], even[..., 32:])


def test_weights_for_the_order_by_columns_compute_the_same_after_conversion() -> None:
    """The reference splits by columns and applies the unconverted chain."""
    net = ffdnet_tiny().eval()
    noisy, level = noise_of(1, 3, 8, 10), level_of(25)
    parts = split_pixels(noisy, 2, by_columns=True)
    expected = join_pixels(net.model(torch.cat([parts, level.expand(1, 1, 4, 5)], 1)), 2, by_columns=True)
    net.load_state_dict(FFDNet.convert_column_order(net.state_dict()))
    torch.testing.assert_close(net(noisy, level), expected, rtol=1e-5, atol=1e-6)


def test_weights_start_orthogonal() -> None:
    """32 kernels of 9 * 32 numbers: rows of length 1 at right angles."""
    net = FFDNet(1, 32, 3, generator=torch.Generator().manual_seed(0))
    kernels = net.model.get_parameter("2.weight").flatten(1)
    torch.testing.assert_close(kernels @ kernels.T, torch.eye(32), rtol=0, atol=1e-5)


def test_every_parameter_gets_a_finite_gradient() -> None:
    net = ffdnet_tiny().train()
    net(noise_of(2, 3, 16, 16), level_of(25)).square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in net.parameters())


def test_evaluation_is_repeatable() -> None:
    net, noisy = ffdnet_tiny().eval(), noise_of(1, 3, 20, 20)
    assert torch.equal(net(noisy, level_of(25)), net(noisy, level_of(25)))


@pytest.mark.shared
@shared
@pytest.mark.parametrize(
    ("name", "build"), [("kair-ffdnet-gray", ffdnet_full), ("kair-ffdnet-color", ffdnet_color_full)]
)
def test_full_nets_take_exactly_the_authors_keys(name: str, build: Callable[[], FFDNet]) -> None:
    keys = json.loads((SHARED / "parity" / name / "keys.json").read_text())
    with torch.device("meta"):
        net = build()
        net.load_state_dict(net.convert_official({key: torch.empty(shape) for key, shape in keys}), strict=True)


@pytest.mark.shared
@shared
@pytest.mark.parametrize(
    ("name", "build", "photo"),
    [
        ("gray", ffdnet_full, "denoise-set12/01.png"),
        ("color", ffdnet_color_full, "denoise-cbsd68/101085.png"),
    ],
)
def test_published_files_need_their_order_converted(name: str, build: Callable[[], FFDNet], photo: str) -> None:
    """A crop of a photograph with sigma 25 of noise, 20.2 dB: 8 dB are gained, over 1 dB more than unconverted."""
    pytest.importorskip("h5py")
    net = build().eval()
    arrays = read_state_dict(SHARED / "models" / "ffdnet" / f"FFDNet_{name}.mat")
    state = {key: torch.from_numpy(array) for key, array in arrays.items()}
    clean = torch.from_numpy(open_image(SHARED / photo).to_float()[50:178, 50:178]).movedim(-1, 0)[None]
    noisy = clean + torch.randn(clean.shape, generator=torch.Generator().manual_seed(0)) * 25 / 255
    psnr = []
    for weights in (net.convert_column_order(state), state):
        net.load_state_dict(weights)
        with torch.no_grad():
            psnr.append(-10 * math.log10((net(noisy, level_of(25)) - clean).square().mean().item()))
    assert psnr[0] >= 28.2
    assert psnr[0] > psnr[1] + 1
