"""HiFill: counts, sizes, attention between cells, its transfer to every level, large pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import InputError
from retouch.nets.inpainting.hifill import HiFill, hifill_full, hifill_tiny, inpaint_large, transfer

torch.set_num_threads(1)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def centre_hole(n: int, height: int, width: int) -> Tensor:
    mask = torch.zeros(n, 1, height, width)
    mask[:, :, height // 4 : height - height // 4, width // 4 : width - width // 4] = 1
    return mask


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def seeded_tiny() -> HiFill:
    torch.manual_seed(0)
    return hifill_tiny().eval()


def test_the_full_net_has_about_as_many_parameters_as_the_published_one() -> None:
    with torch.device("meta"):
        net = hifill_full()
        assert n_parameters(net) == 2_768_253
        assert n_parameters(net.generator.coarse) == 825_816
        assert n_parameters(hifill_tiny()) == 182_329
    assert n_parameters(net) == pytest.approx(2.7e6, rel=0.05)


def test_512_px_have_32_x_32_cells() -> None:
    with torch.device("meta"):
        painted = hifill_full()(torch.empty(1, 3, 512, 512), torch.empty(1, 1, 512, 512))
    assert painted.refined.shape == painted.coarse.shape == (1, 3, 512, 512)
    assert painted.attention.shape == (1, 32 * 32, 32, 32)


@torch.no_grad()
@pytest.mark.parametrize("size", [(64, 64), (37, 70), (1, 1)])
def test_any_size_is_kept_and_both_pictures_lie_in_range(size: tuple[int, int]) -> None:
    coarse, refined, attention = seeded_tiny()(draw(2, 3, *size), centre_hole(2, *size))
    rows, columns = (-(-side // 8) for side in size)
    assert attention.shape == (2, rows * columns, rows, columns)
    for picture in (coarse, refined):
        assert picture.shape == (2, 3, *size)
        assert 0 <= picture.min() <= picture.max() <= 1


@torch.no_grad()
def test_values_under_the_mask_are_never_read_and_those_around_it_are() -> None:
    net, image, mask = seeded_tiny(), draw(1, 3, 64, 64), centre_hole(1, 64, 64)
    refined = net(image, mask).refined
    assert torch.equal(refined, net(image.where(mask == 0, float("nan")), mask).refined)
    other = net(draw(1, 3, 64, 64, seed=1), mask).refined
    assert ((refined - other).abs() * mask).max() > 1e-3


@torch.no_grad()
def test_the_same_picture_is_painted_alike_again_and_in_any_batch() -> None:
    net, image = seeded_tiny(), draw(2, 3, 64, 64)
    mask = torch.cat([centre_hole(1, 64, 64), torch.zeros(1, 1, 64, 64)])
    painted = net(image, mask).refined
    assert torch.equal(painted, net(image, mask).refined)
    torch.testing.assert_close(painted[1:], net(image[1:], mask[1:]).refined)


def test_every_parameter_gets_a_finite_gradient_that_is_not_zero() -> None:
    net, image, mask = seeded_tiny().train(), draw(2, 3, 64, 64), centre_hole(2, 64, 64)
    coarse, refined, _ = net(image, mask)
    torch.autograd.backward((coarse - image).abs().mean() + (refined - image).abs().mean())
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().max() > 0, name


def test_twenty_steps_on_one_picture_lower_its_loss() -> None:
    net, image, mask = seeded_tiny().train(), draw(1, 3, 64, 64) / 2, centre_hole(1, 64, 64)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    losses = []
    for _ in range(20):
        coarse, refined, _ = net(image, mask)
        loss = (coarse - image).abs().mean() + (refined - image).abs().mean()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.9 * losses[0]


@torch.no_grad()
def test_attention_borrows_from_complete_cells_only_and_its_shares_sum_to_one() -> None:
    mask = centre_hole(1, 64, 64)
    mask[..., 3, 3] = 1  # a single pixel makes a cell incomplete
    attention = seeded_tiny()(draw(1, 3, 64, 64), mask).attention[0]  # (64, 8, 8)
    incomplete = functional.max_pool2d(mask, 8).flatten().bool()
    assert incomplete.sum() == 16 + 1
    assert not attention[incomplete].any()
    torch.testing.assert_close(attention.sum(dim=0), torch.ones(8, 8))


@torch.no_grad()
def test_where_nothing_can_be_borrowed_attention_is_zero() -> None:
    assert not seeded_tiny()(draw(1, 3, 64, 64), torch.ones(1, 1, 64, 64)).attention.any()


def test_one_map_of_attention_moves_whole_blocks_at_every_level() -> None:
    # Cell 5 of 3 x 3 takes cell 0: at rate 4 that is a block of 4 x 4 places, at rate 1 a single one.
    attention = torch.eye(9)
    attention[:, 5] = functional.one_hot(torch.tensor(0), 9)
    attention = attention.reshape(1, 9, 3, 3)
    cells = torch.zeros(1, 1, 3, 3)
    cells[..., 1, 2] = 1
    for rate in (1, 2, 4):
        features = draw(1, 5, 3 * rate, 3 * rate)
        expected = features.clone()
        expected[..., rate : 2 * rate, 2 * rate :] = features[..., :rate, :rate]
        torch.testing.assert_close(transfer(features, attention, cells), expected)


def test_complete_cells_keep_their_own_features_whatever_attention_says() -> None:
    features = draw(1, 2, 8, 8)
    attention = torch.full((1, 16, 4, 4), 1 / 16)
    assert torch.equal(transfer(features, attention, torch.zeros(1, 1, 4, 4)), features)


def test_a_large_picture_keeps_its_known_pixels_and_gets_known_detail() -> None:
    rows, columns = np.indices((250, 190))
    fine = np.sin(columns * np.pi / 2 + 0.3) * np.sin(rows * np.pi / 2 + 0.4)  # gone at a quarter of the size
    image = np.repeat((0.5 + 0.2 * fine)[:, :, None], 3, axis=2).astype(np.float32)
    mask = np.zeros((250, 190), bool)
    mask[90:150, 70:120] = True
    spoilt = np.where(mask[:, :, None], np.float32(np.nan), image)
    filled = inpaint_large(seeded_tiny(), spoilt, mask, longest_px=64)
    assert np.array_equal(filled[~mask], image[~mask])
    # An untrained net paints smooth colours; what it is given beside them is the texture, phase and all.
    detail = filled[100:140, 80:110, 0] - filled[100:140, 80:110, 0].mean()
    assert np.corrcoef(detail.ravel(), fine[100:140, 80:110].ravel())[0, 1] > 0.9


def test_a_grey_picture_is_refused() -> None:
    with pytest.raises(InputError, match="paints RGB pictures, got one of 1 channels"):
        inpaint_large(seeded_tiny(), np.zeros((8, 8, 1), np.float32), np.eye(8, dtype=bool))
