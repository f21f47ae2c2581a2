"""Steps that restore pictures: what they move, in which phase, and that they learn."""

from __future__ import annotations

import pytest
from tests.training.steps.task_context import (
    FakeContext,
    batch_of,
    check_judged,
    check_step,
    copied,
    draw,
    moved,
    smooth,
    tiny,
)

from retouch.errors import UsageError
from retouch.training.batch import Batch
from retouch.training.steps.restoring.deblurgan import DeblurGANLoss, DeblurGANTraining
from retouch.training.steps.restoring.iterated import IteratedLoss, IteratedTraining
from retouch.training.steps.restoring.pairs import PairsLoss, PairsTraining

COLOUR = ("fingerprint_unet", "fpd_m_net", "fingerprint_baseline", "frame_autoencoder", "refining_autoencoder")


def pairs(channels: int = 1, side: int = 32) -> Batch:
    """Return two pictures and what is left of them under a grey veil with noise."""
    image = smooth(2, channels, side)
    damaged = 0.5 * image.expand(-1, 3, -1, -1) + 0.25 + 0.1 * (draw(2, 3, side, side, seed=5) - 0.5)
    return batch_of(image=image, damaged=damaged)


@pytest.mark.parametrize("name", [*COLOUR, "dilated_unet", "prenet", "deblurgan"])
def test_a_step_on_pairs_moves_any_net_of_one_picture(name: str) -> None:
    networks, batch = {"generator": tiny(name)}, pairs(1 if name in COLOUR[:3] else 3)
    training = PairsTraining(networks, PairsLoss(l1=1.0, charbonnier=1.0, gradient=1.0, structure=1.0, multiscale=1.0))
    context = FakeContext(networks)
    check_step(training, batch, context)
    assert set(check_judged(training, batch, context, tuple(batch.image.shape))) == {"psnr", "gain", "ssim"}


def test_a_grey_net_is_shown_grey_pictures() -> None:
    networks = {"generator": tiny("u_finger")}
    training, context = PairsTraining(networks, PairsLoss(input_channels=1)), FakeContext(networks)
    check_step(training, pairs(side=40), context)
    check_judged(training, pairs(side=40), context, (2, 1, 40, 40))


@pytest.mark.parametrize(
    ("name", "loss"),
    [("fingerprint_baseline", PairsLoss()), ("frame_autoencoder", PairsLoss(l2=0.0, l1=0.15, multiscale=0.85))],
)
def test_a_hundred_steps_lift_the_veil(name: str, loss: PairsLoss) -> None:
    networks, batch = {"generator": tiny(name)}, pairs(1 if name == "fingerprint_baseline" else 3, side=24)
    training, context = PairsTraining(networks, loss), FakeContext(networks, lr=3e-3)
    for _ in range(100):
        training.step(batch, context)
    assert context.losses[-1]["generator"] < context.losses[0]["generator"] / 3


def test_pairs_can_be_frames_of_clips() -> None:
    frames = smooth(2, 3, 32)[:, None].expand(-1, 4, -1, -1, -1)
    clips = batch_of(frames=frames, damaged_frames=0.5 * frames)
    networks = {"generator": tiny("frame_autoencoder")}
    training, context = PairsTraining(networks, PairsLoss(frames_per_clip=3)), FakeContext(networks)
    check_step(training, clips, context)
    check_judged(training, clips, context, (2, 3, 32, 32))


def test_a_loss_without_weights_is_refused() -> None:
    with pytest.raises(
        UsageError, match="l2, l1, charbonnier, gradient, structure, multiscale, features must be above 0"
    ):
        PairsTraining({"generator": tiny("prenet")}, PairsLoss(l2=0.0))


@pytest.mark.parametrize(("phase", "stages"), [("stage_1", {"0"}), ("stage_2", {"1"}), ("joint", {"0", "1"})])
def test_a_stage_of_the_iterated_nets_is_trained_alone(phase: str, stages: set[str]) -> None:
    networks = {"generator": tiny("iterative_autoencoder")}
    net = networks["generator"]
    training, context = IteratedTraining(networks, IteratedLoss()), FakeContext(networks, phase=phase)
    before = copied(net)
    still = {name: value.clone() for name, value in net.named_buffers() if name.endswith("running_mean")}
    check_step(training, pairs(3), context)
    assert {name.split(".")[1] for name in moved(before, net)} == stages
    changed = {
        name.split(".")[1] for name, value in net.named_buffers() if name in still and (value != still[name]).any()
    }
    assert changed == stages  # running means of other stages stay too
    assert all(part.training for part in net.modules())


def test_iterated_fingerprints_go_from_colour_to_grey() -> None:
    networks = {"generator": tiny("iterative_fingerprints")}
    training, context = IteratedTraining(networks, IteratedLoss()), FakeContext(networks)
    check_step(training, pairs(), context)
    check_judged(training, pairs(), context, (2, 1, 32, 32))


def test_the_critic_of_deblurgan_moves_five_times_as_often() -> None:
    networks = {"generator": tiny("deblurgan"), "critic": tiny("deblurgan_critic")}
    training, context = DeblurGANTraining(networks, DeblurGANLoss()), FakeContext(networks)
    check_step(training, pairs(3), context)
    assert [set(losses) for losses in context.losses] == [{"critic"}] * 5 + [{"generator"}]
    check_judged(training, pairs(3), context, (2, 3, 32, 32))


def test_deblurgan_starts_without_its_critic_if_the_phase_says_so() -> None:
    networks = {"generator": tiny("deblurgan"), "critic": tiny("deblurgan_critic")}
    context = FakeContext(networks, trained=["generator"])
    check_step(DeblurGANTraining(networks, DeblurGANLoss()), pairs(3), context, {"generator"})
    assert len(context.losses) == 1


def test_nets_without_stages_are_refused() -> None:
    with pytest.raises(UsageError, match="DnCNN; take the kind 'pairs'"):
        IteratedTraining({"generator": tiny("dncnn")}, IteratedLoss())
