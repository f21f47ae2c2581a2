"""Nets of whole clips: ICNet and VINet, and that they learn."""

from __future__ import annotations

import pytest
import torch
from tests.training.steps.task_context import FakeContext, batch_of, check_judged, check_step, smooth, tiny

from retouch.errors import InputError, UsageError
from retouch.training.batch import Batch
from retouch.training.steps.video.icnet import ICNetLoss, ICNetTraining
from retouch.training.steps.video.vinet import VINetLoss, VINetTraining, carried_error


def clips(n_frames: int = 9, side: int = 32) -> Batch:
    """Return two clips that drift to the right by a pixel a frame, with a white bar."""
    first = smooth(2, 3, side)
    frames = torch.stack([first.roll(t, dims=3) for t in range(n_frames)], dim=1)
    damaged = frames.clone()
    damaged[..., 3 * side // 4 : 7 * side // 8, side // 6 : 5 * side // 6] = 1.0
    return batch_of(frames=frames, damaged_frames=damaged)


@pytest.mark.parametrize("name", ["icnet", "two_stage_icnet"])
def test_a_step_moves_icnet(name: str) -> None:
    networks = {"generator": tiny(name)}
    training, context = ICNetTraining(networks, ICNetLoss()), FakeContext(networks)
    check_step(training, clips(), context)
    assert set(check_judged(training, clips(11), context, (2, 3, 32, 32))) == {"psnr", "gain", "hole_psnr", "ssim"}


def test_icnet_learns_in_forty_steps() -> None:
    networks = {"generator": tiny("icnet")}
    training, context = ICNetTraining(networks, ICNetLoss()), FakeContext(networks)
    for _ in range(40):
        training.step(clips(), context)
    assert context.losses[-1]["generator"] < context.losses[0]["generator"] - 0.1  # it ends at -1


def test_values_that_icnet_hardly_changes_are_left_as_they_were() -> None:
    networks, batch = {"generator": tiny("icnet")}, clips()
    for weight in networks["generator"].parameters():
        weight.data.zero_()  # the exact form adds nothing
    painted = ICNetTraining(networks, ICNetLoss()).paint(batch, FakeContext(networks))
    torch.testing.assert_close(painted, batch.tensors["damaged_frames"][:, 4], rtol=0, atol=0)


def test_a_step_moves_vinet_through_two_frames() -> None:
    networks = {"generator": tiny("vinet")}
    training, context = VINetTraining(networks, VINetLoss()), FakeContext(networks)
    reported = training.step(clips(), context)
    assert {"hole", "known", "structure", "flow", "temporal"} <= set(reported)
    check_step(training, clips(), context)
    check_judged(training, clips(), context, (2, 3, 32, 32))


def test_one_frame_of_vinet_has_nothing_before_it() -> None:
    networks = {"generator": tiny("vinet")}
    reported = VINetTraining(networks, VINetLoss(unrolled=1)).step(clips(), FakeContext(networks))
    assert "temporal" not in reported


def test_vinet_learns_in_sixty_steps() -> None:
    networks = {"generator": tiny("vinet")}
    training, context = VINetTraining(networks, VINetLoss(unrolled=1)), FakeContext(networks, lr=3e-3)
    for _ in range(60):
        training.step(clips(side=16), context)
    assert context.losses[-1]["generator"] < context.losses[0]["generator"] / 2


def test_flows_that_are_right_carry_everything() -> None:
    """Rows that rise by 2 a pixel, neighbours moved by whole pixels: their flow is known."""
    networks = {"generator": tiny("vinet")}
    training = VINetTraining(networks, VINetLoss(stride=1))
    ramp = torch.arange(16.0).expand(1, 3, 16, 16) / 32
    frames = torch.stack([ramp - 2 * t / 32 for t in range(5)], dim=1)  # a drift of 2 px, 1 px at half of the size
    window = training._window(batch_of(frames=frames, damaged_frames=frames), 0)
    answer = training._fill(window, None, FakeContext(networks))
    flows = torch.zeros(1, 2, 5, 8, 8)
    flows[:, 0, :4] = torch.tensor([-2.0, -1.0, 1.0, 2.0])[None, :, None, None]
    inner = carried_error(window, answer._replace(flows=flows))
    still = carried_error(window, answer._replace(flows=0 * flows))
    assert inner < 0.4 * still  # what is left lies at the border, which is repeated


def test_sides_that_vinet_would_mirror_are_refused() -> None:
    with pytest.raises(InputError, match=r"multiples of 8, got \(20, 20\)"):
        VINetTraining({"generator": tiny("vinet")}, VINetLoss()).step(clips(side=20), FakeContext({}))


def test_vinet_refuses_other_networks() -> None:
    with pytest.raises(UsageError, match="trains vinet, got a DnCNN"):
        VINetTraining({"generator": tiny("dncnn")}, VINetLoss())
