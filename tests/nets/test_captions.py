"""Caption mask U-Net and frame-attention generator: shapes, weights, what they may and may not change."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from retouch.errors import InputError
from retouch.nets.captions.caption_generator import (
    CaptionGenerator,
    caption_generator_full,
    caption_generator_tiny,
    fill_captions,
)
from retouch.nets.captions.mask_unet import MaskUNet, mask_unet_full, mask_unet_tiny

PARITY = Path(__file__).parents[3] / "shared" / "data" / "parity"


def _clip(height: int, width: int, *, n_frames: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    frames = torch.rand(1, n_frames, 3, height, width, generator=generator)
    masks = torch.zeros(1, n_frames, 1, height, width)
    masks[..., height // 2 :, 3:-3] = 1.0
    return frames, masks


def test_the_mask_net_gives_a_probability_for_every_pixel_of_odd_frames() -> None:
    frames, _ = _clip(37, 53)
    probability = mask_unet_tiny().eval()(frames)
    assert probability.shape == (1, 3, 1, 37, 53)
    assert 0.0 <= probability.min() <= probability.max() <= 1.0


def test_frames_of_the_mask_net_do_not_see_one_another() -> None:
    frames, _ = _clip(32, 32)
    net = mask_unet_tiny().eval()
    torch.testing.assert_close(net(frames)[:, 1:2], net(frames[:, 1:2]))


def test_the_generator_leaves_pixels_outside_the_mask_bit_for_bit() -> None:
    frames, masks = _clip(50, 70)
    filled = fill_captions(caption_generator_tiny().eval(), frames, masks)
    known = (masks[:, 1] == 0).expand_as(filled)
    assert filled.shape == (1, 3, 50, 70)
    assert torch.equal(filled[known], frames[:, 1][known])


def test_the_generator_looks_at_the_other_frames() -> None:
    frames, masks = _clip(64, 64)
    net = caption_generator_tiny().eval()
    before = net(frames, masks)
    frames[:, 0] = 0.0
    assert not torch.equal(net(frames, masks), before)


def test_a_clip_of_one_frame_is_enough() -> None:
    frames, masks = _clip(64, 64, n_frames=1)
    assert caption_generator_tiny().eval()(frames, masks).isfinite().all()


def test_the_order_of_the_other_frames_does_not_matter() -> None:
    # Attention is a sum over all patches of all other frames.
    frames, masks = _clip(64, 64)
    net = caption_generator_tiny().eval()
    swapped = [2, 1, 0]
    torch.testing.assert_close(net(frames[:, swapped], masks[:, swapped]), net(frames, masks), atol=1e-6, rtol=0)


@pytest.mark.parametrize("make", [mask_unet_tiny, caption_generator_tiny])
def test_gradients_reach_every_weight(make: Callable[[], MaskUNet | CaptionGenerator]) -> None:
    frames, masks = _clip(64, 64)
    net = make()
    given = (frames,) if isinstance(net, MaskUNet) else (frames, masks)
    net(*given).square().mean().backward()
    for name, weight in net.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
    assert sum(weight.numel() for weight in net.parameters()) <= 1_000_000


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "make"), [("linya-mask-unet", mask_unet_full), ("linya-decaption-generator", caption_generator_full)]
)
def test_a_released_checkpoint_fits_key_by_key(name: str, make: Callable[[], MaskUNet | CaptionGenerator]) -> None:
    listed = PARITY / name / "keys.json"
    if not listed.exists():
        pytest.skip("../shared/data/parity is absent")
    with torch.device("meta"):
        net = make()
        official = {key: torch.empty(shape) for key, shape in json.loads(listed.read_text())}
    net.load_state_dict(net.convert_official(official), strict=True, assign=True)


def test_clips_that_cannot_be_used_are_refused() -> None:
    net = caption_generator_tiny()
    with pytest.raises(InputError, match="odd number of frames"):
        net(torch.zeros(1, 2, 3, 64, 64), torch.zeros(1, 2, 1, 64, 64))
    with pytest.raises(InputError, match="multiples of 64, got 64x60"):
        net(torch.zeros(1, 1, 3, 64, 60), torch.zeros(1, 1, 1, 64, 60))
