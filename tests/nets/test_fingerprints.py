"""FPD-M-net, U-Finger and the U-Net of CVxTz: counts, shapes, published weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from retouch.errors import InputError
from retouch.nets.export.loading import load_checkpoint
from retouch.nets.restoration.fingerprint_unet import fingerprint_unet_full, fingerprint_unet_tiny
from retouch.nets.restoration.fpd_m_net import fpd_m_net_full, fpd_m_net_tiny
from retouch.nets.restoration.u_finger import u_finger_full, u_finger_tiny

SHARED = Path(__file__).parents[3] / "shared" / "data"
WEIGHTS = SHARED / "models" / "fpd-m-net" / "FPD_M_net_weights.hdf5"
DEGRADED = SHARED / "fingerprints" / "degraded-samples" / "1.jpg"
TINY = [(fpd_m_net_tiny, 3), (u_finger_tiny, 1), (fingerprint_unet_tiny, 3)]


def _picture(channels: int, height: int, width: int) -> torch.Tensor:
    return torch.rand(1, channels, height, width, generator=torch.Generator().manual_seed(0))


def _count(net: nn.Module) -> int:
    return sum(weight.numel() for weight in net.parameters())


def _psnr(first: torch.Tensor, second: torch.Tensor) -> float:
    return -10.0 * float((first - second).square().mean().log10())


def test_the_published_widths_have_the_published_numbers_of_weights() -> None:
    with torch.device("meta"):
        assert _count(fpd_m_net_full()) == 891_217
        assert _count(fingerprint_unet_full()) == 7_760_097
        assert _count(u_finger_full()) == pytest.approx(1.03e6, rel=1e-2)  # the sheet's "about 1.03 M"


def test_fpd_m_net_holds_892881_numbers_with_its_running_statistics() -> None:
    with torch.device("meta"):
        state = fpd_m_net_full().state_dict()
    assert sum(value.numel() for name, value in state.items() if "num_batches" not in name) == 892_881


@pytest.mark.parametrize(("make", "channels"), TINY)
def test_tiny_nets_give_a_grey_print_of_the_same_odd_size(make: Callable[[], nn.Module], channels: int) -> None:
    net = make().eval()
    assert net(_picture(channels, 37, 53)).shape == (1, 1, 37, 53)
    assert _count(net) <= 1_000_000


@pytest.mark.parametrize("side", range(33, 50))
def test_u_finger_keeps_every_size_from_its_smallest(side: int) -> None:
    assert u_finger_tiny().eval()(_picture(1, side, side + 1)).shape == (1, 1, side, side + 1)


@pytest.mark.parametrize(("make", "channels"), TINY)
def test_gradients_reach_every_weight(make: Callable[[], nn.Module], channels: int) -> None:
    net = make()
    net(_picture(channels, 48, 48)).square().mean().backward()
    for name, weight in net.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name


@pytest.mark.parametrize(("make", "channels"), TINY)
def test_the_same_picture_gives_the_same_answer_in_evaluation(make: Callable[[], nn.Module], channels: int) -> None:
    net, picture = make().eval(), _picture(channels, 40, 40)
    assert torch.equal(net(picture), net(picture))


def test_u_finger_adds_to_its_input() -> None:
    net = u_finger_tiny().eval()
    nn.init.zeros_(net.leave.weight)
    assert net.leave.bias is not None
    nn.init.zeros_(net.leave.bias)
    picture = _picture(1, 40, 44)
    assert torch.equal(net(picture), picture)


def test_u_finger_refuses_what_its_kernels_do_not_fit() -> None:
    with pytest.raises(InputError, match="33 px or more, got 32x40"):
        u_finger_tiny()(_picture(1, 32, 40))


@pytest.fixture(scope="module")
def published() -> nn.Module:
    """Return FPD-M-net under its authors' weights."""
    pytest.importorskip("h5py")
    if not WEIGHTS.exists():
        pytest.skip("../shared/data/models/fpd-m-net is absent")
    return load_checkpoint(fpd_m_net_full().eval(), WEIGHTS)


@pytest.fixture(scope="module")
def restored(published: nn.Module) -> torch.Tensor:
    """Return the upper half of a degraded sample of the authors, restored."""
    pixels = np.asarray(Image.open(DEGRADED).convert("RGB"), np.float32)[:200] / 255.0
    with torch.no_grad():
        clean: torch.Tensor = published(torch.from_numpy(pixels).permute(2, 0, 1)[None])
    return clean


@pytest.mark.shared
def test_the_published_weights_give_dark_ridges_on_white(restored: torch.Tensor) -> None:
    # The sample's background is grey with white cracks; the print must come out black and white, its corners white.
    assert ((restored < 0.2) | (restored > 0.8)).float().mean() > 0.75
    assert restored[..., :20, :20].mean() > 0.95
    assert (restored < 0.2).float().mean() > 0.05


@pytest.mark.shared
@pytest.mark.parametrize("name", ["10", "11", "12", "14"])
def test_the_published_weights_restore_the_other_samples(published: nn.Module, name: str) -> None:
    """Faint, dark, streaked and overprinted prints alike come out as dark ridges: half of the print, 15 in a row."""
    pixels = np.asarray(Image.open(DEGRADED.with_name(f"{name}.jpg")).convert("RGB"), np.float32)[100:300] / 255.0
    with torch.no_grad():
        clean = published(torch.from_numpy(pixels).permute(2, 0, 1)[None])[0, 0, 20:-20]
    ridges = (clean < 0.5).float()
    assert 0.25 < ridges.mean() < 0.6
    assert (ridges[:, 1:] != ridges[:, :-1]).float().sum(dim=1).median() >= 30


@pytest.mark.shared
def test_the_published_weights_restore_a_print_that_is_degraded_again(
    published: nn.Module, restored: torch.Tensor
) -> None:
    degraded = 0.35 + 0.4 * restored
    degraded[..., 90:94, :] = 1.0
    degraded[..., 60:180, 130:133] = 1.0
    with torch.no_grad():
        again = published(degraded.expand(-1, 3, -1, -1))
    assert _psnr(again, restored) > _psnr(degraded, restored) + 3.0


@pytest.mark.shared
def test_kernels_that_are_not_turned_do_not_restore(published: nn.Module, restored: torch.Tensor) -> None:
    """The published file was written by Theano; without the half turn the same file gives something else."""
    turned = {name: value.flip(2, 3) if value.dim() == 4 else value for name, value in published.state_dict().items()}
    net = fpd_m_net_full().eval()
    net.load_state_dict(turned)
    with torch.no_grad():
        wrong = net((0.35 + 0.4 * restored).expand(-1, 3, -1, -1))
        right = published((0.35 + 0.4 * restored).expand(-1, 3, -1, -1))
    assert _psnr(right, restored) > _psnr(wrong, restored) + 1.0
