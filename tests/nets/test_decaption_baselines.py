"""Decaptioning baselines: whole-frame auto-encoder, its second stage, patches with a classifier."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from retouch.nets.captions.frame_autoencoder import (
    frame_autoencoder_full,
    frame_autoencoder_tiny,
    iterative_autoencoder_full,
    iterative_autoencoder_tiny,
    refining_autoencoder_full,
    refining_autoencoder_tiny,
)
from retouch.nets.captions.patch_autoencoder import (
    PatchAutoencoder,
    PatchDecaptioner,
    join_patches,
    label_text_patches,
    patch_autoencoder_full,
    patch_autoencoder_tiny,
    split_patches,
)
from retouch.nets.restoration.iterative import IterativeRefiner

torch.set_num_threads(1)
TINY: list[Callable[[], nn.Module]] = [
    frame_autoencoder_tiny,
    refining_autoencoder_tiny,
    iterative_autoencoder_tiny,
    patch_autoencoder_tiny,
]


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def seeded(make: Callable[[], nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return make().eval()


def decaptioner(score: float) -> PatchDecaptioner:
    """Return a tiny net that gives every patch the same score."""
    torch.manual_seed(0)
    net = PatchAutoencoder(width=8).eval()
    nn.init.zeros_(net.classifier.weight)
    nn.init.constant_(net.classifier.bias, score)
    return PatchDecaptioner(net)


def test_the_published_widths_have_the_published_numbers_of_parameters() -> None:
    with torch.device("meta"):
        assert n_parameters(frame_autoencoder_full()) == 8_084_803
        assert n_parameters(refining_autoencoder_full()) == 3_364_163
        assert n_parameters(iterative_autoencoder_full()) == 8_084_803 + 3_364_163


def test_the_patch_net_has_the_parameters_of_its_table() -> None:
    # 3x3 convolutions a -> b: 9ab + b; batch norm after a pair: 2b; the classifier 128 + 1.
    convs = [(3, 32), (32, 32), (32, 64), (64, 64), (64, 128), (128, 64), (64, 64), (64, 32), (32, 32), (32, 3)]
    expected = sum(9 * a * b + b for a, b in convs) + 2 * (32 + 64 + 64 + 32) + 129
    with torch.device("meta"):
        assert n_parameters(patch_autoencoder_full()) == expected == 279_236


@pytest.mark.parametrize("make", TINY)
def test_tiny_nets_are_small(make: Callable[[], nn.Module]) -> None:
    assert n_parameters(make()) < 1_000_000


@torch.no_grad()
@pytest.mark.parametrize("make", TINY)
@pytest.mark.parametrize(("height", "width"), [(64, 64), (37, 53), (1, 1)])
def test_every_size_comes_back_as_it_went_in(make: Callable[[], nn.Module], height: int, width: int) -> None:
    restored = seeded(make)(draw(2, 3, height, width))
    assert restored.shape == (2, 3, height, width)
    assert 0 <= restored.min() <= restored.max() <= 1


@torch.no_grad()
@pytest.mark.parametrize("make", TINY)
def test_the_same_frame_gives_the_same_answer_in_evaluation(make: Callable[[], nn.Module]) -> None:
    net, picture = seeded(make), draw(1, 3, 40, 40)
    assert torch.equal(net(picture), net(picture))


@torch.no_grad()
@pytest.mark.parametrize("make", TINY)
def test_frames_do_not_see_one_another(make: Callable[[], nn.Module]) -> None:
    net, frames = seeded(make), draw(2, 3, 32, 32)
    torch.testing.assert_close(net(frames)[1:], net(frames[1:]))


def test_a_pixel_of_the_whole_frame_net_depends_on_pixels_far_away() -> None:
    net, picture = seeded(frame_autoencoder_tiny), draw(1, 3, 64, 64).requires_grad_()
    net(picture)[0, :, 32, 32].sum().backward()
    assert picture.grad is not None
    assert picture.grad[..., 32, 52].any()


@torch.no_grad()
def test_the_iterated_net_is_its_stages_one_after_the_other() -> None:
    net, picture = seeded(iterative_autoencoder_tiny), draw(1, 3, 16, 16)
    assert isinstance(net, IterativeRefiner)
    first, second = net.stages
    assert torch.equal(net(picture), second(first(picture)))


@pytest.mark.parametrize("make", [frame_autoencoder_tiny, refining_autoencoder_tiny])
def test_gradients_reach_every_weight_of_the_frame_nets(make: Callable[[], nn.Module]) -> None:
    net = seeded(make).train()
    picture = draw(2, 3, 32, 32)
    (net(picture) - picture.flip(3)).square().mean().backward()
    for name, weight in net.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.any(), name


def test_gradients_of_both_losses_reach_every_weight_of_the_patch_net() -> None:
    torch.manual_seed(0)
    net, patches = PatchAutoencoder(width=8), draw(4, 3, 32, 32)
    decoded, scores = net(patches)
    labels = torch.tensor([0.0, 1.0, 0.0, 1.0])
    error = (decoded - patches.flip(3)).square().mean()
    (error + nn.functional.binary_cross_entropy_with_logits(scores, labels)).backward()
    for name, weight in net.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.any(), name


@torch.no_grad()
def test_patches_without_text_are_copied_bit_for_bit() -> None:
    picture = draw(2, 3, 50, 70)
    assert torch.equal(decaptioner(-1.0)(picture), picture)


@torch.no_grad()
def test_patches_with_text_are_decoded() -> None:
    picture, net = draw(1, 3, 32, 64), decaptioner(1.0)
    decoded, _ = net.net(split_patches(picture, (32, 32)))
    assert torch.equal(net(picture), join_patches(decoded, (32, 64)))


@torch.no_grad()
def test_each_patch_is_decided_for_itself() -> None:
    net = decaptioner(0.0)
    nn.init.ones_(net.net.classifier.weight)
    picture = torch.cat([torch.zeros(1, 3, 32, 32), draw(1, 3, 32, 32)], dim=3)
    scores = net.net.classify(split_patches(picture, (32, 32)))
    nn.init.constant_(net.net.classifier.bias, -float(scores.mean()))  # between the two
    restored = net(picture)
    copied = [torch.equal(restored[..., half], picture[..., half]) for half in (slice(32), slice(32, 64))]
    assert copied == (scores < scores.mean()).tolist()
    assert sorted(copied) == [False, True]


def test_patches_that_are_split_and_joined_are_the_picture() -> None:
    picture = draw(2, 3, 12, 20)
    patches = split_patches(picture, (4, 5))
    assert patches.shape == (2 * 3 * 4, 3, 4, 5)
    assert torch.equal(patches[5], picture[0, :, 4:8, 5:10])  # second row of four, second column
    assert torch.equal(join_patches(patches, (12, 20)), picture)


def test_a_patch_is_labelled_by_its_largest_change() -> None:
    clean = torch.full((3, 3, 4, 4), 0.5)
    captioned = clean.clone()
    captioned[1, 2, 3, 3] = 0.75
    captioned[2] = 0.65  # everywhere, but too little
    assert label_text_patches(captioned, clean).tolist() == [0.0, 1.0, 0.0]
