"""Nets of captions that need no similarity: what a step moves, and that masks are found."""

from __future__ import annotations

import pytest
import torch
from tests.training.steps.task_context import FakeContext, batch_of, check_judged, check_step, draw, smooth, tiny

from retouch.errors import InputError, UsageError
from retouch.training.batch import Batch
from retouch.training.steps.video.caption_generator import CaptionGeneratorLoss, CaptionGeneratorTraining
from retouch.training.steps.video.clips import caption_masks, centre_frames, drawn_frames
from retouch.training.steps.video.joint_caption import JointCaptionLoss, JointCaptionTraining
from retouch.training.steps.video.masks import MaskLoss, MaskTraining
from retouch.training.steps.video.patches import PatchAutoencoderLoss, PatchAutoencoderTraining, balanced_choice


def clips(n_frames: int = 3, side: int = 32) -> Batch:
    """Return two clips that drift to the right, with a white bar of two thirds of the side."""
    first = smooth(2, 3, side)
    frames = torch.stack([first.roll(t, dims=3) for t in range(n_frames)], dim=1)
    damaged = frames.clone()
    damaged[..., 3 * side // 4 : 7 * side // 8, side // 6 : 5 * side // 6] = 1.0
    return batch_of(frames=frames, damaged_frames=damaged)


def test_the_mask_net_finds_a_bar_that_it_has_seen() -> None:
    networks = {"generator": tiny("mask_unet")}
    training, context = MaskTraining(networks, MaskLoss()), FakeContext(networks, lr=3e-3)
    check_step(training, clips(), context)
    for _ in range(60):
        training.step(clips(), context)
    scores = check_judged(training, clips(), context, (2, 1, 32, 32))
    assert scores["f1"].min() > 0.9


def test_frames_without_text_that_are_left_alone_are_right() -> None:
    quiet = clips()
    quiet = batch_of(frames=quiet.tensors["frames"], damaged_frames=quiet.tensors["frames"])
    networks = {"generator": tiny("mask_unet")}
    training = MaskTraining(networks, MaskLoss(threshold=2.0))  # no probability is as high
    assert training.validate(quiet, FakeContext(networks))["f1"].tolist() == [1.0, 1.0]


def test_a_step_moves_the_whole_patch_autoencoder() -> None:
    networks = {"generator": tiny("patch_autoencoder")}
    training, context = PatchAutoencoderTraining(networks, PatchAutoencoderLoss()), FakeContext(networks)
    check_step(training, clips(side=64), context)
    check_judged(training, clips(side=64), context, (2, 3, 64, 64))


def test_the_patch_autoencoder_learns_which_patches_show_text() -> None:
    networks = {"generator": tiny("patch_autoencoder")}
    training, context = PatchAutoencoderTraining(networks, PatchAutoencoderLoss()), FakeContext(networks, lr=3e-3)
    for _ in range(80):
        reported = training.step(clips(side=64), context)
    assert reported["accuracy"] == 1.0
    assert reported["text"] == 0.5  # the bar lies in both of the lower patches of a frame, and in none of the upper


@pytest.mark.parametrize(("n_text", "n_without", "expected"), [(6, 6, 2), (1, 9, 1), (9, 1, 3), (0, 5, 0)])
def test_half_of_the_chosen_patches_show_text_if_there_are_enough(n_text: int, n_without: int, expected: int) -> None:
    labels = torch.cat([torch.ones(n_text), torch.zeros(n_without)])
    chosen = balanced_choice(labels, 4, torch.Generator().manual_seed(0))
    assert len(set(chosen.tolist())) == 4
    assert labels[chosen].sum().item() == expected


def test_the_joint_net_plays_against_a_critic_in_its_phase_only() -> None:
    networks = {"generator": tiny("joint_caption"), "critic": tiny("deblurgan_critic")}
    training = JointCaptionTraining(networks, JointCaptionLoss())
    check_step(training, clips(), FakeContext(networks, trained=["generator"]), {"generator"})
    check_step(training, clips(), FakeContext(networks))
    check_judged(training, clips(), FakeContext(networks), (2, 3, 32, 32))


def test_the_joint_net_learns_from_pairs_of_pictures() -> None:
    clip = clips()
    pairs = batch_of(image=clip.tensors["frames"][:, 0], damaged=clip.tensors["damaged_frames"][:, 0])
    networks = {"generator": tiny("joint_caption")}
    training, context = JointCaptionTraining(networks, JointCaptionLoss()), FakeContext(networks)
    for _ in range(60):
        training.step(pairs, context)
    assert context.losses[-1]["generator"] < context.losses[0]["generator"] / 2


def test_the_caption_generator_moves_with_and_without_a_critic() -> None:
    networks = {"generator": tiny("caption_generator"), "critic": tiny("deblurgan_critic")}
    training = CaptionGeneratorTraining(networks, CaptionGeneratorLoss())
    check_step(training, clips(5, 64), FakeContext(networks))
    check_step(training, clips(5, 64), FakeContext(networks, trained=["generator"]), {"generator"})
    check_judged(training, clips(5, 64), FakeContext(networks), (2, 3, 64, 64))


def test_the_caption_generator_leaves_known_pixels_alone() -> None:
    networks, batch = {"generator": tiny("caption_generator")}, clips(5, 64)
    painted = CaptionGeneratorTraining(networks, CaptionGeneratorLoss()).paint(batch, FakeContext(networks))
    known = caption_masks(batch)[:, 2] == 0
    torch.testing.assert_close(painted.where(known, 0), batch.tensors["damaged_frames"][:, 2].where(known, 0))


def test_masks_of_the_data_come_before_what_differs() -> None:
    batch = clips()
    masks = draw(2, 3, 1, 32, 32).round()
    torch.testing.assert_close(caption_masks(batch_of(**batch.tensors, frame_masks=masks)), masks)


def test_clips_that_are_too_short_are_refused() -> None:
    with pytest.raises(InputError, match="9 frames or more, got 3"):
        centre_frames(clips().tensors["frames"], 9)


def test_frames_are_drawn_at_the_same_places_of_all_clips() -> None:
    numbers = torch.arange(8.0).reshape(2, 4, 1, 1, 1)
    first, second = drawn_frames([numbers, 2 * numbers], 2, torch.Generator().manual_seed(0))
    assert first.shape == (4, 1, 1, 1)
    torch.testing.assert_close(second, 2 * first)
    assert len(set(first.flatten().tolist())) == 4  # no frame twice


@pytest.mark.parametrize(
    ("kind", "loss"),
    [(PatchAutoencoderTraining, PatchAutoencoderLoss()), (JointCaptionTraining, JointCaptionLoss())],
)
def test_special_kinds_refuse_other_networks(kind: type, loss: object) -> None:
    with pytest.raises(UsageError, match="DnCNN; take the kind 'pairs'"):
        kind({"generator": tiny("dncnn")}, loss)
