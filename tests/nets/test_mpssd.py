"""MPSSD: counts, its special cases SSD and FSSD, paths, weights of channels, gradients."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from torch import Tensor, nn

from retouch.errors import InputError
from retouch.losses.multibox import class_loss, location_loss
from retouch.nets.detection.boxes import decode, encode, match, to_corners
from retouch.nets.detection.feature_fusion import FusedPyramids, FusionPath, pyramid_chain
from retouch.nets.detection.fssd import FSSD, fssd_full, fssd_tiny
from retouch.nets.detection.mpssd import (
    MPSSD,
    PATHS_300,
    MPSSDWidths,
    mpssd300,
    mpssd512,
    mpssd_full,
    mpssd_tiny,
)
from retouch.nets.detection.priors import FSSD_VOC_300, TINY_96, VOC_300, VOC_512
from retouch.nets.detection.ssd import (
    SSD,
    ExtraLayer,
    centre_picture,
    make_priors,
    ssd_full,
    ssd_tiny,
)
from retouch.nets.layers.attention.channel_attention import SqueezeExcitation

torch.set_num_threads(1)


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def shapes(net: nn.Module) -> Counter[tuple[int, ...]]:
    return Counter(tuple(parameter.shape) for parameter in net.parameters())


def seeded_tiny() -> MPSSD:
    torch.manual_seed(0)  # for the base, whose weights come from VGG16 in earnest
    return mpssd_tiny(generator=torch.Generator().manual_seed(0)).eval()


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def like_fssd(divisor: int) -> MPSSD:
    """Return one path with the sources of FSSD and without weights of channels."""
    narrow = tuple(width // divisor for width in (512, 512, 256, 256, 256, 256))
    widths = MPSSDWidths(
        base=tuple(width // divisor for width in (64, 128, 256, 512, 512)),
        last=1024 // divisor,
        extras=(ExtraLayer(256 // divisor, 512 // divisor, 1), ExtraLayer(128 // divisor, 256 // divisor, 2)),
        paths=(FusionPath((0, 1, 3), 256 // divisor, narrow),),
        reduction=None,
    )
    return MPSSD(widths, FSSD_VOC_300, 21 if divisor == 1 else 4)


def like_ssd_tiny() -> MPSSD:
    extras = (ExtraLayer(32, 64, 2), ExtraLayer(16, 32, 1))
    return MPSSD(MPSSDWidths((8, 16, 32, 64, 64), 128, extras, paths=()), TINY_96, 4)


def take_weights(net: MPSSD, other: SSD | FSSD, renamed: dict[str, str]) -> None:
    state = {}
    for key, value in other.state_dict().items():
        part, _, rest = key.partition(".")
        state[f"{renamed.get(part, part)}.{rest}"] = value
    net.load_state_dict(state, strict=True)


def test_the_full_detector_has_the_stated_number_of_parameters() -> None:
    with torch.device("meta"):
        assert n_parameters(mpssd_full()) == 45_052_078
        assert n_parameters(mpssd512()) == 47_295_172
        assert n_parameters(mpssd_tiny()) < 1_000_000


def test_300_px_have_8732_priors_and_512_px_24564() -> None:
    # 64^2 * 4 + (32^2 + 16^2 + 8^2 + 4^2) * 6 + (2^2 + 1) * 4 = 16384 + 8160 + 20
    with torch.device("meta"):
        assert len(mpssd_full().priors) == 8732
    assert len(make_priors(VOC_512)) == 24_564


def test_without_a_path_it_has_the_parameters_of_ssd() -> None:
    with torch.device("meta"):
        assert shapes(mpssd300(n_paths=0)) == shapes(ssd_full())


def test_with_one_path_over_its_sources_it_has_the_parameters_of_fssd() -> None:
    with torch.device("meta"):
        assert shapes(like_fssd(1)) == shapes(fssd_full())


@torch.no_grad()
def test_without_a_path_it_answers_as_ssd_with_the_same_weights() -> None:
    ssd, ours = ssd_tiny(generator=torch.Generator().manual_seed(1)).eval(), like_ssd_tiny().eval()
    take_weights(ours, ssd, {"norm": "neck.norm"})
    picture = centre_picture(draw(2, 3, 96, 96), 96)
    for one, other in zip(ours(picture), ssd(picture), strict=True):
        assert torch.equal(one, other)


@torch.no_grad()
def test_with_one_path_it_answers_as_fssd_with_the_same_weights() -> None:
    fssd, ours = fssd_tiny(generator=torch.Generator().manual_seed(1)).eval(), like_fssd(16).eval()
    take_weights(ours, fssd, {"fusion": "neck.paths.0.fusion", "pyramid": "neck.paths.0.chain"})
    picture = centre_picture(draw(1, 3, 300, 300), 300)
    for one, other in zip(ours(picture), fssd(picture), strict=True):
        assert torch.equal(one, other)


def test_each_path_has_one_map_less_than_the_one_before() -> None:
    with torch.device("meta"):
        neck = mpssd_full().neck
        sizes = ((512, 38), (1024, 19), (512, 10), (256, 5), (256, 3))
        maps = [torch.empty(1, width, side, side) for width, side in sizes]
        assert isinstance(neck, FusedPyramids)
        sides = [[features.shape[-1] for features in path(maps)] for path in neck.paths]
    assert sides == [[38, 19, 10, 5, 3, 1], [19, 10, 5, 3, 1], [10, 5, 3, 1]]


def test_maps_of_one_size_are_joined() -> None:
    with torch.device("meta"):
        widths = mpssd_full().neck.widths
    assert widths == [512, 512 + 512, 256 + 256 + 128, 640, 640, 640]


def test_weights_of_channels_lie_between_0_and_1() -> None:
    seen: list[Tensor] = []
    net = seeded_tiny()
    for layer in net.modules():
        if isinstance(layer, SqueezeExcitation):
            layer.register_forward_hook(lambda _, given, got: seen.append((got / given[0])[given[0] > 0]))
    net(centre_picture(draw(2, 3, 96, 96), 96))
    scales = torch.cat(seen)
    assert len(seen) == 6
    assert 0 < scales.min() <= scales.max() < 1


@torch.no_grad()
def test_every_prior_gets_offsets_and_logits_from_a_picture_of_any_size() -> None:
    net = seeded_tiny()
    offsets, logits = net(centre_picture(draw(2, 3, 70, 113), net.side))
    # 12 x 12 cells with 4 priors; 6 x 6, 3 x 3 and 2 x 2 with 6; two maps of one with 4: 576 + 216 + 54 + 24 + 8
    assert offsets.shape == (2, 878, 4)
    assert logits.shape == (2, 878, 4)
    assert torch.equal(net(centre_picture(draw(2, 3, 70, 113), net.side))[0], offsets)


def test_the_tiny_detector_takes_none_to_four_paths_and_a_third_of_any_width() -> None:
    counts = [n_parameters(mpssd_tiny(n_paths=n)) for n in range(5)]
    assert counts == sorted(set(counts))
    assert n_parameters(mpssd_tiny(third=32)) > counts[3]
    assert [len(mpssd_tiny(n_paths=n).extras) // 2 for n in range(5)] == [4, 1, 2, 3, 4]  # what the last path reads
    with pytest.raises(InputError, match="0 to 4 paths, got 5"):
        mpssd_tiny(n_paths=5)


@torch.no_grad()
def test_four_paths_answer_for_each_prior() -> None:
    net = mpssd_tiny(n_paths=4, generator=torch.Generator().manual_seed(0)).eval()
    assert net(centre_picture(draw(1, 3, 96, 96), 96))[0].shape == (1, 878, 4)


def test_both_published_sizes_give_an_answer_for_each_prior() -> None:
    for make, n_priors in ((mpssd300, 8732), (mpssd512, 24_564)):
        with torch.device("meta"):
            net = make()
            offsets, logits = net(torch.empty(1, 3, net.side, net.side))
        assert offsets.shape == (1, n_priors, 4)
        assert logits.shape == (1, n_priors, 21)


def test_true_boxes_come_back_from_the_offsets_of_their_priors() -> None:
    truths = to_corners(draw(20, 4) * 0.4 + 0.1)
    priors = make_priors(VOC_300)
    offsets, classes = match(truths, torch.zeros(20, dtype=torch.long), priors)
    found = decode(offsets, priors)[classes > 0]
    distances = (found[:, None] - truths[None]).abs().amax(dim=2).amin(dim=1)
    assert distances.max() < 1e-5
    torch.testing.assert_close(encode(decode(offsets, priors), priors), offsets, atol=1e-3, rtol=0)


def test_every_parameter_gets_a_finite_gradient_that_is_not_zero() -> None:
    net = seeded_tiny().train()
    offsets, logits = net(centre_picture(draw(2, 3, 96, 96), 96))
    torch.autograd.backward(offsets.square().mean() + logits.square().mean())
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().max() > 0, name


def test_twenty_steps_on_one_picture_lower_its_loss() -> None:
    net = seeded_tiny().train()
    picture = centre_picture(draw(2, 3, 96, 96), 96)
    places, classes = match(torch.tensor([[0.1, 0.2, 0.5, 0.7]]), torch.tensor([1]), net.priors)
    optimiser = torch.optim.SGD(net.parameters(), lr=1e-3, momentum=0.9)
    losses = []
    for _ in range(20):
        offsets, logits = net(picture)
        targets = classes.expand(2, -1)
        loss = location_loss(offsets, places.expand(2, -1, -1), targets) + class_loss(logits, targets)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.9 * losses[0]


def test_the_same_generator_draws_the_same_weights_beyond_the_base() -> None:
    first, second = (mpssd_tiny(generator=torch.Generator().manual_seed(7)) for _ in range(2))
    for part in ("extras", "neck", "heads"):
        pairs = zip(first.get_submodule(part).parameters(), second.get_submodule(part).parameters(), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs), part


def test_layers_that_no_path_reads_are_not_built() -> None:
    with torch.device("meta"):
        assert [len(mpssd300(n_paths=n).extras) for n in (0, 1, 2, 3)] == [8, 2, 4, 6]


def test_wrong_paths_sides_and_pictures_are_refused() -> None:
    with torch.device("meta"), pytest.raises(InputError, match="0 to 3 paths, got 4"):
        mpssd300(n_paths=4)
    with torch.device("meta"), pytest.raises(InputError, match="first path must have 6 maps and no other one more"):
        FusedPyramids((512, 1024, 512, 256), PATHS_300[1:], (38, 19, 10, 5, 3, 1))
    with pytest.raises(InputError, match="10 cells a side can become 5, not 4"):
        pyramid_chain(1, (1, 1), (10, 4))
    with pytest.raises(InputError, match="96x96 px, got 64x96"):
        mpssd_tiny()(torch.zeros(1, 3, 64, 96))
