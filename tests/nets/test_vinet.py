"""VINet: cost volume, warping, alignment, the window net and whole clips."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from retouch.errors import InputError, WeightsError
from retouch.nets.captions.flow_alignment import (
    AlignmentLevel,
    FlowNet,
    OcclusionNet,
    cost_volume,
    enlarge_flow,
    warp,
)
from retouch.nets.captions.vinet import N_FRAMES, VINet, WindowNet, fill_clip, vinet_full, vinet_tiny
from retouch.nets.official import load_official

torch.set_num_threads(1)
PARITY = Path(__file__).parents[3] / "shared" / "data" / "parity" / "vinet"


class Remembering(VINet):
    """A net that keeps what it was asked, and answers with the middle frame's negative."""

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.asked: list[tuple[Tensor, Tensor | None]] = []

    def forward(self, frames: Tensor, masks: Tensor, before: Tensor | None = None) -> Tensor:
        """Keep the frames and the picture before."""
        self.asked.append((frames, before))
        return 1 - frames[:, N_FRAMES // 2]


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def window(height: int, width: int, *, n_clips: int = 1) -> tuple[Tensor, Tensor]:
    """Return five frames and masks with a hole in the middle of each."""
    masks = torch.zeros(n_clips, N_FRAMES, 1, height, width)
    masks[..., height // 4 : height - height // 4, width // 4 : width - width // 4] = 1
    return draw(n_clips, N_FRAMES, 3, height, width), masks


def seeded() -> VINet:
    torch.manual_seed(0)
    return vinet_tiny().eval()


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def test_the_published_widths_have_the_published_number_of_parameters() -> None:
    with torch.device("meta"):
        assert n_parameters(vinet_full()) == 14_115_364
        assert n_parameters(vinet_tiny()) < 1_000_000


@pytest.mark.shared
def test_the_authors_key_list_fits_the_published_widths() -> None:
    if not PARITY.exists():
        pytest.skip("../shared/data/parity is not here")
    with torch.device("meta"):
        net = WindowNet()
        official = {key: torch.empty(shape) for key, shape in json.loads((PARITY / "keys.json").read_text())}
    assert sum(value.numel() for value in official.values()) == n_parameters(net)
    net.load_state_dict(net.convert_official(official), strict=True, assign=True)


def test_the_weights_of_another_net_are_refused() -> None:
    with pytest.raises(WeightsError, match="these weights are not those of"):
        load_official(WindowNet(4, search_range=2), {"some.other.weight": torch.zeros(3, 3)})


def test_the_cost_volume_is_the_mean_product_with_each_displaced_place() -> None:
    first, second = draw(2, 3, 5, 6), draw(2, 3, 5, 6, seed=1)
    costs = cost_volume(first, second, 1)
    for place, (row, column) in enumerate((r, c) for r in (-1, 0, 1) for c in (-1, 0, 1)):
        for y, x in ((2, 3), (0, 0), (4, 5)):
            inside = 0 <= y + row < 5 and 0 <= x + column < 6
            expected = (first[:, :, y, x] * second[:, :, y + row, x + column]).mean(1) if inside else torch.zeros(2)
            torch.testing.assert_close(costs[:, place, y, x], expected)


def test_no_flow_leaves_an_aligned_map_as_it_is() -> None:
    features = draw(1, 2, 6, 9)
    torch.testing.assert_close(warp(features, torch.zeros(1, 2, 6, 9)), features, atol=1e-5, rtol=0)


def test_a_whole_flow_moves_an_aligned_map_by_whole_pixels() -> None:
    features = draw(1, 2, 6, 9)
    flow = torch.tensor([2.0, -1.0]).view(1, 2, 1, 1).expand(1, 2, 6, 9)  # two to the right, one up
    moved = warp(features, flow)
    torch.testing.assert_close(moved[:, :, 1:, :-2], features[:, :, :-1, 2:], atol=1e-5, rtol=0)
    torch.testing.assert_close(moved[:, :, 0], torch.zeros(1, 2, 9), atol=1e-5, rtol=0)
    border = warp(features, flow, beyond="border")
    torch.testing.assert_close(border[:, :, 1:, -1], features[:, :, :-1, -1], atol=1e-5, rtol=0)


def test_half_a_pixel_of_flow_gives_the_mean_of_two() -> None:
    features = draw(1, 1, 4, 4)
    flow = torch.tensor([0.5, 0.0]).view(1, 2, 1, 1).expand(1, 2, 4, 4)
    expected = (features[..., :-1] + features[..., 1:]) / 2
    torch.testing.assert_close(warp(features, flow)[..., :-1], expected, atol=1e-5, rtol=0)


def test_an_enlarged_flow_is_twice_as_long() -> None:
    enlarged = enlarge_flow(torch.full((1, 2, 3, 4), 1.5))
    assert torch.equal(enlarged, torch.full((1, 2, 6, 8), 3.0))


@torch.no_grad()
def test_a_share_of_zero_leaves_the_reference_as_it_is() -> None:
    torch.manual_seed(0)
    level = AlignmentLevel(4, FlowNet(4, 4, 1, guided=False))
    head = level.occlusion.layers[2]
    assert isinstance(head, nn.Conv2d)
    assert head.bias is not None
    nn.init.zeros_(head.weight)
    nn.init.constant_(head.bias, -200.0)  # its sigmoid is 0 in float32
    reference = draw(2, 4, 8, 8)
    mixed, flows, share = level(reference, draw(10, 4, 8, 8, seed=1))
    assert torch.equal(mixed, reference)
    assert flows.shape == (10, 2, 8, 8)
    assert not share.any()


@torch.no_grad()
def test_the_share_depends_on_how_far_the_maps_differ_and_not_on_the_sign() -> None:
    torch.manual_seed(0)
    net, first, second = OcclusionNet(4), draw(1, 4, 8, 8), draw(1, 4, 8, 8, seed=1)
    assert torch.equal(net(first, second), net(second, first))


@torch.no_grad()
@pytest.mark.parametrize(("height", "width"), [(64, 64), (37, 53), (1, 1)])
def test_every_size_comes_back_as_it_went_in(height: int, width: int) -> None:
    net = seeded()
    frames, masks = window(height, width, n_clips=2)
    for before in (None, draw(2, 3, height, width, seed=1)):
        painted = net(frames, masks, before)
        assert painted.shape == (2, 3, height, width)
        assert 0 <= painted.min() <= painted.max() <= 1


@torch.no_grad()
def test_the_net_does_not_read_the_holes_of_any_frame() -> None:
    frames, masks = window(32, 32)
    net = seeded()
    assert torch.equal(net(frames, masks), net(frames.where(masks == 0, float("nan")), masks))


@torch.no_grad()
@pytest.mark.parametrize("changed", range(N_FRAMES))
def test_the_hole_depends_on_every_frame(changed: int) -> None:
    frames, masks = window(32, 32)
    net = seeded()
    others = frames.clone()
    others[:, changed] = draw(3, 32, 32, seed=1)
    assert ((net(frames, masks) - net(others, masks)).abs() * masks[:, 2]).max() > 1e-6


@torch.no_grad()
def test_the_hole_depends_on_the_picture_before() -> None:
    frames, masks = window(32, 32)
    net = seeded()
    first, second = (net(frames, masks, draw(1, 3, 32, 32, seed=seed)) for seed in (1, 2))
    assert ((first - second).abs() * masks[:, 2]).max() > 1e-4


@torch.no_grad()
def test_the_memory_of_the_frame_before_changes_the_answer() -> None:
    torch.manual_seed(0)
    body = WindowNet(4, search_range=2).eval()
    frames, masks, before = draw(1, 3, 5, 32, 32), torch.zeros(1, 1, 5, 32, 32), draw(1, 5, 32, 32)
    fresh = body(frames, masks, before)
    again = body(frames, masks, before, fresh.state)
    assert again.state[0].shape == (1, 16, 4, 4)
    assert not torch.equal(fresh.picture, again.picture)


@torch.no_grad()
def test_clips_of_a_batch_do_not_see_each_other() -> None:
    frames, masks = window(32, 32, n_clips=2)
    net, before = seeded(), draw(2, 3, 32, 32, seed=1)
    alone = torch.cat([net(frames[i : i + 1], masks[i : i + 1], before[i : i + 1]) for i in range(2)])
    torch.testing.assert_close(net(frames, masks, before), alone)


def test_every_parameter_gets_a_finite_gradient() -> None:
    torch.manual_seed(0)
    body = WindowNet(4, search_range=2)
    frames, masks, before = draw(1, 3, 5, 64, 64), torch.zeros(1, 1, 5, 64, 64), draw(1, 5, 64, 64)
    memory = (draw(1, 16, 8, 8, seed=1), draw(1, 16, 8, 8, seed=2))
    answer = body(frames, masks, before, memory)
    assert answer.last_flow is not None
    torch.autograd.backward(answer.picture.square().mean() + (answer.flows - 1).square().mean())
    for name, weight in body.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.any(), name


@torch.no_grad()
def test_the_same_window_gives_the_same_answer_in_evaluation() -> None:
    net, (frames, masks) = seeded(), window(32, 32)
    assert torch.equal(net(frames, masks), net(frames, masks))


def test_a_window_has_five_frames() -> None:
    with pytest.raises(InputError, match="must have 5 frames, got 3"):
        seeded()(torch.zeros(1, 3, 3, 16, 16), torch.zeros(1, 3, 1, 16, 16))


@torch.no_grad()
def test_known_pixels_of_a_clip_come_back_bit_for_bit() -> None:
    clip, masks = draw(3, 3, 20, 24), torch.zeros(3, 1, 20, 24)
    masks[:, :, 5:12, 6:15] = 1
    filled = fill_clip(seeded(), clip, masks)
    known = (masks == 0).expand_as(clip)
    assert torch.equal(filled[known], clip[known])
    assert not torch.equal(filled, clip)


def test_a_window_takes_every_third_frame_and_mirrors_the_clip_at_its_ends() -> None:
    net = Remembering()
    clip = torch.arange(8.0).view(8, 1, 1, 1).expand(8, 3, 1, 1) / 8
    fill_clip(net, clip, torch.zeros(8, 1, 1, 1))
    seen = [(8 * frames[0, :, 0, 0, 0]).int().tolist() for frames, _ in net.asked]
    assert seen[0] == [6, 3, 0, 3, 6]
    assert seen[4] == [2, 1, 4, 7, 4]  # 4 + 6 = 10 stands 3 beyond the last frame, 7
    assert seen[7] == [1, 4, 7, 4, 1]


def test_each_frame_is_told_what_was_given_for_the_one_before() -> None:
    net = Remembering()
    clip = draw(3, 3, 2, 2)
    fill_clip(net, clip, torch.ones(3, 1, 2, 2))
    told = [before for _, before in net.asked]
    assert told[0] is None
    assert told[1] is not None
    assert torch.equal(told[1][0], 1 - clip[0])


def test_a_clip_of_one_frame_is_enough() -> None:
    assert fill_clip(Remembering(), draw(1, 3, 2, 2), torch.zeros(1, 1, 2, 2)).shape == (1, 3, 2, 2)
