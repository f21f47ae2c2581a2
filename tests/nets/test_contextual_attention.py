"""Contextual attention and its guidance: what is copied, from where, and what never is."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from retouch.errors import InputError
from retouch.nets.layers.attention.contextual_attention import (
    NORMALISED,
    OFFICIAL,
    AttentionSettings,
    ContextualAttention,
    contextual_attention,
    most_copied,
    sample_nearest,
    usable_patches,
)
from retouch.nets.layers.attention.flow_colours import flow_colours
from retouch.nets.layers.attention.guidance import patches_of_same_label, patches_within, unguided_places
from retouch.nets.layers.same_padding import same_padding

torch.set_num_threads(1)
PLAIN = AttentionSettings(fuse_px=1)
BOTH = pytest.mark.parametrize("settings", [OFFICIAL, NORMALISED], ids=["official", "normalised"])


def noise_of(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def square(n: int, size: int, top: int, side: int) -> Tensor:
    mask = torch.zeros(n, 1, size, size)
    mask[:, :, top : top + side, top : top + side] = 1
    return mask


def along_diagonals(scores: Tensor) -> Tensor:
    """Sum each score with the one before and the one behind on its diagonal; beyond the ends are zeros."""
    summed = scores.clone()
    summed[1:, 1:] += scores[:-1, :-1]
    summed[:-1, :-1] += scores[1:, 1:]
    return summed


def counted_by_columns(height: int, width: int) -> list[int]:
    """Return the places of a map of rows in the order of its columns."""
    return [row * width + column for column in range(width) for row in range(height)]


def copied_place_by_place(f: Tensor, b: Tensor, mask: Tensor) -> Tensor:
    """Return the official attention of one picture (C, H, W) at rate 2, in loops: the twin of the fast code."""
    height, width = f.shape[1] // 2, f.shape[2] // 2
    picked = [[int(i * (2 * n - 1) / (n - 1) + 0.5) for i in range(n)] for n in (height, width)]  # corners on corners
    small_f, small_b, small_mask = (functional.pad(x[:, picked[0]][:, :, picked[1]], (1,) * 4) for x in (f, b, mask))
    places = [(row, column) for row in range(height) for column in range(width)]

    def patch(x: Tensor, place: tuple[int, int]) -> Tensor:
        return x[:, place[0] : place[0] + 3, place[1] : place[1] + 3]

    scores = torch.zeros(len(places), len(places))  # place of the foreground, patch of the background
    for i, place in enumerate(places):
        for k, other in enumerate(places):
            key = patch(small_b, other)
            scores[i, k] = (patch(small_f, place) * key).sum() / key.norm().clamp(min=1e-4)
    order = counted_by_columns(height, width)
    scores = along_diagonals(scores)[order][:, order]
    back = torch.tensor(order).argsort()
    scores = along_diagonals(scores)[back][:, back]
    usable = torch.tensor([float(patch(small_mask, place).sum() == 0) for place in places])
    weights = (10 * scores * usable).softmax(dim=1) * usable
    values, pasted = functional.pad(b, (1,) * 4), torch.zeros(len(f), 2 * height + 2, 2 * width + 2)
    for i, (row, column) in enumerate(places):
        for k, (top, left) in enumerate(places):
            piece = values[:, 2 * top : 2 * top + 4, 2 * left : 2 * left + 4]
            pasted[:, 2 * row : 2 * row + 4, 2 * column : 2 * column + 4] += weights[i, k] * piece
    return pasted[:, 1:-1, 1:-1] / 4


@pytest.mark.parametrize(("height", "width"), [(8, 12), (10, 6)])
def test_a_picture_that_is_not_square_gives_what_loops_over_places_give(height: int, width: int) -> None:
    f, b = noise_of(1, 3, height, width), noise_of(1, 3, height, width, seed=1)
    mask = torch.zeros(1, 1, height, width)
    mask[:, :, 2:5, 3:5] = 1
    fast, _ = contextual_attention(f, b, mask)
    torch.testing.assert_close(fast[0], copied_place_by_place(f[0], b[0], mask[0]), atol=1e-5, rtol=0)


def test_without_a_mask_every_place_copies_itself() -> None:
    x = 3 * noise_of(1, 16, 24, 24)
    _, weights = contextual_attention(x, x, settings=AttentionSettings(fuse_px=1, sampling="floor"))
    way = most_copied(weights, 12)
    assert (way == 0).all(dim=-1).float().mean() > 0.95


def test_copying_itself_with_counted_overlap_is_the_identity() -> None:
    # Scores of a patch with itself are its length, about 24 x 3; a sharpness of 10 leaves the others nothing.
    x = 3 * noise_of(1, 16, 16, 16)
    rebuilt, _ = contextual_attention(x, x, settings=NORMALISED)
    torch.testing.assert_close(rebuilt, x, atol=1e-4, rtol=0)


def test_texture_is_copied_from_the_place_it_was_shifted_from() -> None:
    x = 3 * noise_of(1, 16, 32, 32)
    _, weights = contextual_attention(x.roll((-4, -6), (2, 3)), x, settings=AttentionSettings(sampling="floor"))
    way = most_copied(weights, 16)[0, 2:12, 2:11]  # away from the borders, over which it was rolled
    assert (way == torch.tensor([2, 3])).all()  # 4 and 6 pixels at rate 2


@BOTH
def test_patches_that_touch_the_mask_have_no_weight(settings: AttentionSettings) -> None:
    x, mask = noise_of(2, 4, 16, 16), square(2, 16, 4, 6)
    _, weights = contextual_attention(x, x, mask, settings=settings)
    unusable = ~usable_patches(mask, settings)[:, :, 0, 0]
    assert 0 < unusable[0].sum() < 64
    assert weights[unusable].abs().max() == 0


@BOTH
def test_features_under_the_mask_change_nothing_far_from_it(settings: AttentionSettings) -> None:
    """Places whose own patch is known compare and copy known features only (fusion would mix their scores)."""
    plain = dataclasses.replace(settings, fuse_px=1)
    x, mask = noise_of(1, 4, 32, 32), square(1, 32, 12, 6)
    changed = x + 5 * mask
    before, _ = contextual_attention(x, x, mask, settings=plain)
    after, _ = contextual_attention(changed, changed, mask, settings=plain)
    torch.testing.assert_close(before[:, :, :6], after[:, :, :6], atol=1e-5, rtol=0)
    assert (before - after)[:, :, 12:18, 12:18].abs().max() > 0.1


@BOTH
def test_a_mask_of_everything_gives_zeros_and_no_nan(settings: AttentionSettings) -> None:
    x = noise_of(1, 4, 8, 8)
    rebuilt, _ = contextual_attention(x, x, torch.ones(1, 1, 8, 8), settings=settings)
    assert torch.equal(rebuilt, torch.zeros_like(x))


def test_masks_differ_within_a_batch() -> None:
    x = noise_of(2, 4, 16, 16)
    mask = torch.cat([square(1, 16, 0, 4), square(1, 16, 8, 6)])
    together, _ = contextual_attention(x, x, mask)
    alone = [contextual_attention(x[i : i + 1], x[i : i + 1], mask[i : i + 1])[0] for i in (0, 1)]
    torch.testing.assert_close(together, torch.cat(alone))


@BOTH
def test_foreground_and_background_may_differ_in_size(settings: AttentionSettings) -> None:
    features, weights = contextual_attention(noise_of(1, 4, 8, 12), noise_of(1, 4, 16, 6), settings=settings)
    assert features.shape == (1, 4, 8, 12)
    assert weights.shape == (1, 8 * 3, 4, 6)
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(1, 4, 6))


def test_sides_that_are_no_multiple_of_the_rate_are_refused() -> None:
    with pytest.raises(InputError, match=r"multiples of 2, got 7 x 8"):
        contextual_attention(noise_of(1, 2, 7, 8), noise_of(1, 2, 8, 8))


def test_the_layer_takes_a_mask_of_the_pictures_size() -> None:
    x, mask = noise_of(1, 4, 16, 16), square(1, 64, 16, 24)
    small = sample_nearest(mask, 16, 16)
    assert torch.equal(ContextualAttention()(x, mask), contextual_attention(x, x, small)[0])


def test_gradients_reach_foreground_and_background() -> None:
    foreground, background = noise_of(1, 2, 8, 8).requires_grad_(), noise_of(1, 2, 8, 8, seed=1).requires_grad_()
    energy: Tensor = contextual_attention(foreground, background)[0].square().sum()
    energy.backward()  # type: ignore[no-untyped-call]
    for x in (foreground, background):
        assert x.grad is not None
        assert x.grad.isfinite().all()
        assert x.grad.abs().max() > 0


@BOTH
def test_permission_for_all_changes_no_bit(settings: AttentionSettings) -> None:
    x, mask = 0.002 * noise_of(1, 4, 16, 16), square(1, 16, 4, 4)  # so faint that many patches share each place
    everywhere = patches_within(torch.ones(1, 1, 16, 16), settings)
    for allowed in (everywhere, patches_of_same_label(torch.zeros(1, 1, 16, 16), settings)):
        guided, weights = contextual_attention(x, x, mask, allowed=allowed, settings=settings)
        assert weights.max() < 0.5
        assert torch.equal(guided, contextual_attention(x, x, mask, settings=settings)[0])


@BOTH
def test_forbidden_patches_have_no_weight(settings: AttentionSettings) -> None:
    x, mask = noise_of(1, 4, 16, 16), square(1, 16, 6, 4)
    source = torch.ones(1, 1, 16, 16)
    source[..., 8:] = 0
    allowed = patches_within(source, settings)
    _, weights = contextual_attention(x, x, mask, allowed=allowed, settings=settings)
    assert weights[:, ~allowed[0, :, 0, 0]].abs().max() < 1e-6
    torch.testing.assert_close(weights.sum(dim=1).clamp(max=1), weights.sum(dim=1))


@BOTH
def test_permitting_everything_changes_no_bit(settings: AttentionSettings) -> None:
    x, mask = noise_of(1, 4, 16, 16), square(1, 16, 6, 4)
    free = contextual_attention(x, x, mask, settings=settings)
    for allowed in (
        patches_within(torch.ones(1, 1, 16, 16), settings),
        patches_of_same_label(torch.full((1, 1, 16, 16), 3.0), settings),
    ):
        guided = contextual_attention(x, x, mask, allowed=allowed, settings=settings)
        assert torch.equal(guided[0], free[0])
        assert torch.equal(guided[1], free[1])


@BOTH
def test_attention_of_each_label_on_patches_of_others_is_nothing(settings: AttentionSettings) -> None:
    """Label 1 left, 2 right, both in one hole: the mass on a patch with a foreign pixel stays below 1e-6."""
    x, mask = noise_of(1, 4, 24, 24), square(1, 24, 8, 8)
    labels = 1.0 + (torch.arange(24).expand(1, 1, 24, 24) >= 13).float()
    allowed = patches_of_same_label(labels, settings)
    _, weights = contextual_attention(x, x, mask, allowed=allowed, settings=settings)
    assert not unguided_places(allowed, mask, settings).any()
    assert (weights * ~allowed).sum(dim=1).max() < 1e-6
    assert (weights * allowed).sum(dim=1).min() > 0.1


def test_one_forbidden_pixel_between_those_of_the_grid_forbids_what_pastes_it() -> None:
    """At rate 2 the official grid of 8 px samples columns 0, 2, 5 and 7; column 3 is seen as part of patches only.

    A patch pastes columns 2 i - 1 to 2 i + 2, so that column 3 is pasted by the patches in columns 1 and 2.
    """
    source = torch.ones(1, 1, 8, 8)
    source[..., 3] = 0
    allowed = patches_within(source)[0, :, 0, 0].reshape(4, 4)
    assert allowed.tolist() == [[True, False, False, True]] * 4


def test_a_guided_hole_between_two_textures_takes_only_its_own_label() -> None:
    """The left half is 1 and the right half -1; the hole between them is labelled as the right half."""
    x = torch.ones(1, 3, 32, 32)
    x[..., 16:] = -1
    mask = square(1, 32, 12, 8)
    labels = (torch.arange(32).expand(1, 1, 32, 32) >= 16).float().maximum(mask)
    allowed = patches_of_same_label(labels, NORMALISED)
    guided, _ = contextual_attention(x, x, mask, allowed=allowed, settings=NORMALISED)
    free, _ = contextual_attention(x, x, mask, settings=NORMALISED)
    # nearest colour: patches at the border hold zeros of the padding too
    assert (guided[:, :, 13:19, 13:19] < 0).all()
    assert (free[:, :, 13:19, 13:19] > 0).any()


def test_places_without_a_permitted_patch_are_named_and_not_guided() -> None:
    x = noise_of(1, 4, 16, 16)
    none = patches_within(torch.zeros(1, 1, 16, 16))
    assert unguided_places(none).all()
    assert not unguided_places(patches_within(torch.ones(1, 1, 16, 16)), square(1, 16, 4, 4)).any()
    assert torch.equal(contextual_attention(x, x, allowed=none)[0], contextual_attention(x, x)[0])


def test_colours_of_a_flow_are_white_at_rest_and_full_at_the_longest() -> None:
    # (-4, 0) is half a turn: hue 27 of 55, two steps of eleven from cyan to blue, (0, 255 - 46, 255). Half as long is
    # half as saturated, (127, 232, 255); steps are rounded down.
    flow = torch.tensor([[[[0, 0], [-4, 0], [-2, 0]]]])
    steps = (flow_colours(flow)[0, :, 0].T + 1) * 127.5
    expected = torch.tensor([[255.0, 255, 255], [0, 209, 255], [127, 232, 255]])
    torch.testing.assert_close(steps, expected, atol=1.01, rtol=0)


def test_flows_are_scaled_by_the_longest_so_far() -> None:
    short, long = torch.tensor([[[[-1, 0]]]]), torch.tensor([[[[-3, 0]]]])
    first, second = flow_colours(torch.cat([short, long]))
    assert torch.equal(first, second)
    assert not torch.equal(*flow_colours(torch.cat([long, short])))


def test_the_padding_rule_gives_the_stated_number_of_outputs() -> None:
    for size in range(1, 20):
        for kernel, stride, dilation in [(1, 1, 1), (3, 2, 1), (4, 2, 1), (5, 2, 1), (3, 1, 4), (2, 3, 1)]:
            before, after = same_padding(size, kernel, stride, dilation)
            n_outputs = (size + before + after - (kernel - 1) * dilation - 1) // stride + 1
            assert n_outputs == -(-size // stride)
            assert 0 <= after - before <= 1
