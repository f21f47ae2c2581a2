"""Tiles: the result is that of the whole picture where the overlap covers the receptive field, or it is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from scipy import ndimage

from retouch.arrays.types import AnyArray
from retouch.errors import Cancelled, InputError, LimitError
from retouch.runtime.padding import crop_back, pad_mirrored
from retouch.runtime.session import open_net
from retouch.runtime.tiling import Needs, Tiling, apply_tiled, plan_tiling

LEVEL = 1 / 255


def convolutions(n_layers: int, side: int = 3, seed: int = 0) -> Callable[[AnyArray], AnyArray]:
    """Return a chain of zero-padded convolutions with ReLU over all channels; its radius is n_layers * (side // 2)."""
    kernels = np.random.default_rng(seed).normal(0, 0.35, (n_layers, side, side, 3))

    def apply(tile: AnyArray) -> AnyArray:
        planes = tile.astype(np.float64)
        for kernel in kernels:
            layers = [ndimage.convolve(planes[..., c], kernel[..., c], mode="constant") for c in range(3)]
            planes = np.maximum(np.stack(layers, axis=-1) + 0.1 * planes.mean(axis=2, keepdims=True), 0)
        return planes.astype(np.float32)

    return apply


def strided(tile: AnyArray) -> AnyArray:
    """Halve by 2x2 means, convolve with radius 2, double again: radius 5 in the picture, and the phase matters."""
    half = tile.reshape(tile.shape[0] // 2, 2, tile.shape[1] // 2, 2, -1).mean(axis=(1, 3))
    kernel = np.random.default_rng(1).normal(0, 0.3, (5, 5))
    small = np.stack([ndimage.convolve(half[..., c], kernel, mode="constant") for c in range(half.shape[2])], axis=-1)
    return np.asarray(small.repeat(2, axis=0).repeat(2, axis=1), np.float32)


def picture_of(height: int, width: int) -> AnyArray:
    return np.random.default_rng(2).random((height, width, 3), np.float32)


def whole(apply: Callable[[AnyArray], AnyArray], picture: AnyArray, multiple: int = 1) -> AnyArray:
    return np.asarray(crop_back(apply(pad_mirrored(picture, multiple)), picture.shape[:2]))


@pytest.mark.parametrize("size", [(97, 131), (64, 64), (40, 211), (1, 90), (33, 1)])
@pytest.mark.parametrize("blend", [0, 1, 10])
def test_tiles_give_the_whole_where_the_overlap_covers_the_radius(size: tuple[int, int], blend: int) -> None:
    apply, picture = convolutions(4), picture_of(*size)  # radius 4
    tiled = apply_tiled(apply, picture, Tiling(32, 32, 8 + blend, 4))
    np.testing.assert_allclose(tiled, whole(apply, picture), rtol=1e-5, atol=1e-5)


def test_tiles_that_overlap_too_little_differ_from_the_whole() -> None:
    # what the test above proves is not true of any tiling: radius 4 and a trim of 2 leave the tiles' own zeros in
    apply, picture = convolutions(4), picture_of(97, 131)
    tiled = apply_tiled(apply, picture, Tiling(32, 32, 8, 2))
    assert np.abs(tiled - whole(apply, picture)).max() > LEVEL


def test_a_planned_tiling_of_a_strided_net_is_within_a_level_of_the_whole() -> None:
    picture, needs = picture_of(101, 77), Needs(radius_px=5, bytes_per_pixel=100.0, multiple=4)
    tiling = plan_tiling((101, 77), needs, 48 * 48 * 100, blend_px=6)
    assert (tiling.height, tiling.width, tiling.exact) == (48, 48, True)
    tiled = apply_tiled(strided, picture, tiling)
    assert np.abs(tiled - whole(strided, picture, 4)).max() < LEVEL


@pytest.mark.parametrize("budget_side", [16, 17, 23, 31, 64, 100])
def test_every_budget_that_is_accepted_gives_the_whole(budget_side: int) -> None:
    apply, picture = convolutions(3, side=5), picture_of(70, 90)  # radius 6
    tiling = plan_tiling((70, 90), Needs(6, 10.0), budget_side**2 * 10)
    assert tiling.exact
    assert tiling.height * tiling.width * 10 <= budget_side**2 * 10
    np.testing.assert_allclose(apply_tiled(apply, picture, tiling), whole(apply, picture), rtol=1e-5, atol=1e-5)


def test_a_picture_that_fits_the_budget_is_one_tile() -> None:
    tiling = plan_tiling((30, 50), Needs(None, 10.0, multiple=8), 32 * 56 * 10)
    assert (tiling.height, tiling.width, tiling.overlap_px, tiling.exact) == (32, 56, 0, True)


def test_a_budget_too_small_for_one_tile_is_refused_with_what_it_needs() -> None:
    # radius 20: tiles overlap by 40, at most 3/4 of their side, so 56 px (a multiple of 8): 31.4 million bytes, 29.9 MB
    needs = Needs(20, 10_000.0, multiple=8)
    with pytest.raises(LimitError, match=r"within 10\.0 MB, but one tile .* needs about 30 MB; raise --max-memory"):
        plan_tiling((500, 500), needs, 10 << 20)
    assert plan_tiling((500, 500), needs, 30 << 20).exact
    assert LimitError.exit_code == 5


def test_a_net_that_sees_the_whole_picture_is_refused_or_flagged() -> None:
    needs = Needs(None, 100.0, multiple=8)
    with pytest.raises(LimitError, match="which looks at the whole picture at once, needs about 96 MB"):
        plan_tiling((1000, 1000), needs, 1 << 20)  # 1000 * 1000 * 100 / 2**20 = 95.4
    tiling = plan_tiling((1000, 1000), needs, 1 << 20, approximate=True)
    assert not tiling.exact
    assert tiling.height == 96  # sqrt(2**20 / 100) = 102.4, down to a multiple of 8


def test_an_approximation_is_flagged_where_the_radius_does_not_fit() -> None:
    needs = Needs(100, 100.0)
    with pytest.raises(LimitError, match="one tile"):
        plan_tiling((1000, 1000), needs, 1 << 20)
    tiling = plan_tiling((1000, 1000), needs, 1 << 20, approximate=True)
    assert not tiling.exact
    picture = picture_of(150, 260)  # the weights add up to one all the same: the identity stays the identity
    np.testing.assert_allclose(apply_tiled(lambda tile: tile, picture, tiling), picture, rtol=1e-6, atol=1e-6)


def test_even_an_approximation_needs_the_least_side_of_the_net() -> None:
    with pytest.raises(LimitError, match="one tile"):
        plan_tiling((1000, 1000), Needs(None, 100.0, least_px=128), 1 << 20, approximate=True)


def test_a_picture_below_the_least_side_is_mirrored_up_to_it() -> None:
    seen = []

    def apply(tile: AnyArray) -> AnyArray:
        seen.append(tile.shape)
        return tile[..., :1]

    tiling = plan_tiling((1, 3), Needs(2, 1.0, multiple=8, least_px=20), 1 << 20)
    result = apply_tiled(apply, picture_of(1, 3), tiling)
    assert seen == [(24, 24, 3)]
    assert result.shape == (1, 3, 1)


def test_tiles_begin_at_multiples_and_have_the_planned_size() -> None:
    columns = np.broadcast_to(np.arange(100, dtype=np.float32)[None, :, None], (24, 100, 1))
    starts = []

    def apply(tile: AnyArray) -> AnyArray:
        assert tile.shape == (24, 32, 1)
        starts.append(int(tile[0, 0, 0]))
        return tile

    apply_tiled(apply, columns, Tiling(24, 32, 8, 4, multiple=8))
    # 100 becomes 104: steps of 24 until the last tile ends at 104
    assert starts == [0, 24, 48, 72]


def test_progress_ends_at_its_total_and_can_cancel() -> None:
    calls = []
    apply_tiled(lambda t: t, picture_of(20, 30), Tiling(16, 16, 4, 2), lambda done, total: calls.append((done, total)))
    assert calls == [(i, 6) for i in range(1, 7)]  # 2 rows of tiles, 3 columns: 16, 28, 30

    def cancel(done: int, total: int) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        apply_tiled(lambda t: t, picture_of(20, 30), Tiling(16, 16, 4, 2), cancel)


def test_tiles_of_another_size_and_tilings_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="got 8x8 for 16x16"):
        apply_tiled(lambda tile: tile[::2, ::2], picture_of(20, 30), Tiling(16, 16, 4, 2))
    with pytest.raises(InputError, match="twice the trim"):
        Tiling(16, 16, 4, 3)
    with pytest.raises(InputError, match="multiples of 8"):
        Tiling(20, 16, 8, 4, multiple=8)
    with pytest.raises(InputError, match="longer than their overlap of 16"):
        apply_tiled(lambda tile: tile, picture_of(20, 30), Tiling(16, 16, 16, 4))


def test_a_network_in_a_session_gives_the_whole_tile_by_tile(tmp_path: Path) -> None:
    """Three real convolutions, the middle one dilated by 2: radius 1 + 2 + 1 = 4."""
    rng = np.random.default_rng(3)
    nodes, kernels, names = [], [], ("x", "a", "b", "y")
    for index, (before, after, dilation) in enumerate(zip(names, names[1:], (1, 2, 1), strict=False)):
        kernels.append(numpy_helper.from_array(rng.normal(0, 0.25, (3, 3, 3, 3)).astype(np.float32), f"k{index}"))
        how: dict[str, Any] = {"dilations": [dilation] * 2, "pads": [dilation] * 4}
        nodes.append(helper.make_node("Conv", [before, f"k{index}"], [after], **how))
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 3, None, None)) for name in "xy"]
    graph = helper.make_graph(nodes, "chain", ends[:1], ends[1:], kernels)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    net = open_net(tmp_path / "net.onnx", {"x": (1, 3, None, None)}, {"y": (1, 3, None, None)})

    def apply(tile: AnyArray) -> AnyArray:
        return np.asarray(net.run(x=tile.transpose(2, 0, 1)[None])["y"][0].transpose(1, 2, 0))

    picture = picture_of(83, 120)
    tiling = plan_tiling((83, 120), Needs(4, 1.0), 40 * 40)
    assert tiling.height == tiling.width == 40
    assert np.abs(apply_tiled(apply, picture, tiling) - apply(picture)).max() < 1e-5
