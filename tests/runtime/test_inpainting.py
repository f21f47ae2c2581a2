"""Holes filled by exported networks of free and of fixed sizes, of colour and of grey."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import NodeProto, helper
from tests.tiny_graphs import Shape, filler, painter

from retouch.arrays.edges import canny
from retouch.arrays.types import Image, Mask
from retouch.errors import Cancelled, InputError, LimitError, UsageError, WeightsError
from retouch.io.pictures.picture import Picture
from retouch.methods.crop_run import FillRequest
from retouch.methods.fill import fill_picture
from retouch.methods.planning.guidance import Marks
from retouch.runtime.inpainting import inpaint_network

FREE: dict[str, Shape] = {"image": (1, 3, "h", "w"), "mask": (1, 1, "h", "w")}


def photo(height: int = 24, width: int = 40, n_channels: int = 3) -> Image:
    """Return a slope with noise, its values between 0.2 and 0.8."""
    slope = np.linspace(0.3, 0.7, width, dtype=np.float32)[None, :, None]
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, (height, width, n_channels)).astype(np.float32)
    return slope + noise


def hole(height: int = 24, width: int = 40) -> Mask:
    mask = np.zeros((height, width), bool)
    mask[8:14, 10:17] = True
    return mask


def node(kind: str, *ends: str, **how: Any) -> NodeProto:
    """Return a node: its inputs, and last its output."""
    return helper.make_node(kind, list(ends[:-1]), [ends[-1]], **how)


def shades_of(path: Path, sides: str | int = "h") -> str:
    """Write a net that paints the mean of the mask, so that it tells how much of what it sees is missing."""
    shape = ("h", "w") if isinstance(sides, str) else (sides, sides)
    nodes = [
        node("ReduceMean", "mask", "share", keepdims=1),
        node("Shape", "image", "size"),
        node("Expand", "share", "size", "picture"),
    ]
    return str(painter(path, {"image": (1, 3, *shape), "mask": (1, 1, *shape)}, nodes))


def test_the_hole_is_what_the_net_paints_there(tmp_path: Path) -> None:
    net, image, mask = str(filler(tmp_path / "a.onnx")), photo(), hole()
    known = image[~mask]
    result = inpaint_network(image, mask, net=net)
    np.testing.assert_array_equal(result[~mask], known)
    # the middle of the hole is farther than 2 px from all that is known, so it is the mean of all known pixels
    np.testing.assert_allclose(result[11, 13], known.mean(axis=0), atol=1e-5)
    # the corner of the hole sees what is known in the 5x5 around it: two rows of five, and two columns of three
    around, seen = image[6:11, 8:13], ~mask[6:11, 8:13]
    assert seen.sum() == 16
    expected = (around[seen].sum(axis=0) + 1e-3 * known.mean(axis=0)) / (16 + 1e-3)
    np.testing.assert_allclose(result[8, 10], expected, atol=1e-5)


def test_a_net_of_free_sizes_sees_the_whole_crop(tmp_path: Path) -> None:
    """Also where it is not square: 42 of 960 pixels are missing."""
    result = inpaint_network(photo(), hole(), net=shades_of(tmp_path / "a.onnx"))
    np.testing.assert_allclose(result[hole()], 42 / 960, atol=1e-6)


def test_a_crop_smaller_than_the_side_of_the_net_is_mirrored_up(tmp_path: Path) -> None:
    """Of the mirrored mask's 64x64 pixels 18 rows and 9 columns cross holes.

    Row r of 24 comes again as 46 - r and 46 + r, so that 8-13 are 33-38 and 54-59 too; column c of 40 as 78 - c, so
    that 15 and 16 are 63 and 62 too.
    """
    rows, columns = 6 + 6 + 6, 7 + 2
    result = inpaint_network(photo(), hole(), net=shades_of(tmp_path / "a.onnx", 64))
    np.testing.assert_allclose(result[hole()], rows * columns / 64**2, atol=1e-6)


def test_a_crop_larger_than_the_side_of_the_net_is_made_smaller(tmp_path: Path) -> None:
    net, image, mask = str(filler(tmp_path / "a.onnx", side=16)), photo(), hole()
    result = inpaint_network(image, mask, net=net)
    np.testing.assert_array_equal(result[~mask], image[~mask])
    assert np.abs(result[mask] - image[~mask].mean()).max() < 0.3


def test_side_px_makes_the_crop_smaller_for_a_net_of_free_sizes(tmp_path: Path) -> None:
    """40 columns at 20 px: every small pixel stands for 2x2, of which 3x3 are missing whole, 9 of 12x20.

    The picture has that very level, so that nothing is added to what the net paints.
    """
    image = np.full((24, 40, 3), 9 / 240, np.float32)
    result = inpaint_network(image, hole(), net=shades_of(tmp_path / "a.onnx"), side_px=20)
    np.testing.assert_allclose(result, image, atol=1e-6)


def test_what_a_net_changes_about_known_pixels_is_no_detail(tmp_path: Path) -> None:
    """The net paints black, also where 0.5 is known: the hole must not be lightened by the difference."""
    nodes = [node("Sub", "image", "image", "zero"), node("Mul", "zero", "mask", "picture")]
    image = np.full((48, 80, 3), 0.5, np.float32)
    mask = np.zeros((48, 80), bool)
    mask[10:38, 20:60] = True
    result = inpaint_network(image, mask, net=str(painter(tmp_path / "a.onnx", FREE, nodes)), side_px=40)
    assert result[20:28, 35:45].max() < 0.05


def test_a_side_px_above_the_crop_changes_nothing(tmp_path: Path) -> None:
    net = str(filler(tmp_path / "a.onnx"))
    np.testing.assert_array_equal(
        inpaint_network(photo(), hole(), net=net, side_px=500), inpaint_network(photo(), hole(), net=net)
    )


def test_a_side_px_below_16_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="16 pixels or more, got 15"):
        inpaint_network(photo(), hole(), net=str(filler(tmp_path / "a.onnx")), side_px=15)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("n_channels", [1, 2, 3, 4])
def test_every_number_of_channels_is_filled_alike(channels: int, n_channels: int, tmp_path: Path) -> None:
    """The net treats each channel by itself, so grey or colour comes to the same."""
    net, image, mask = str(filler(tmp_path / "a.onnx", channels=channels)), photo(n_channels=n_channels), hole()
    result = inpaint_network(image, mask, net=net)
    assert result.shape == image.shape
    np.testing.assert_allclose(result[11, 13], image[~mask].mean(axis=0), atol=1e-5)


@pytest.mark.parametrize("garbage", [np.nan, np.inf, 1e30])
def test_what_lies_under_the_mask_is_never_read(garbage: float, tmp_path: Path) -> None:
    image, mask = photo(), hole()
    spoilt = np.where(mask[:, :, None], np.float32(garbage), image)
    for side in (None, 16, 64):
        net = str(filler(tmp_path / f"{side}.onnx", side=side))
        np.testing.assert_array_equal(inpaint_network(spoilt, mask, net=net), inpaint_network(image, mask, net=net))


def test_values_out_of_range_are_clipped(tmp_path: Path) -> None:
    nodes = [node("Add", "image", "mask", "more"), node("Add", "more", "mask", "picture")]
    result = inpaint_network(photo(), hole(), net=str(painter(tmp_path / "a.onnx", FREE, nodes)))
    np.testing.assert_array_equal(result[hole()], 1)


def test_a_net_that_asks_for_edges_gets_those_of_the_known_part(tmp_path: Path) -> None:
    image, mask = np.full((24, 40, 3), 0.2, np.float32), hole()
    image[:, 13:] = 0.8
    inputs: dict[str, Shape] = {**FREE, "edges": (1, 1, "h", "w")}
    nodes = [node("ReduceMean", "edges", "share", keepdims=1), node("Shape", "image", "size")]
    nodes.append(node("Expand", "share", "size", "picture"))
    result = inpaint_network(image, mask, net=str(painter(tmp_path / "a.onnx", inputs, nodes)))
    edges = canny(np.where(mask, 0, image[:, :, 0]), sigma=2.0, mask=mask)
    assert edges.sum() > 8
    np.testing.assert_allclose(result[mask], edges.mean(), atol=1e-6)


def shares_of_sketch(path: Path) -> str:
    """Write a net that paints the mean of the sketch that it is shown."""
    inputs: dict[str, Shape] = {**FREE, "sketch": (1, 1, "h", "w")}
    nodes = [node("ReduceMean", "sketch", "share", keepdims=1), node("Shape", "image", "size")]
    return str(painter(path, inputs, [*nodes, node("Expand", "share", "size", "picture")]))


def test_a_net_that_takes_a_sketch_gets_what_is_drawn_in_the_hole(tmp_path: Path) -> None:
    net, image, mask = shares_of_sketch(tmp_path / "a.onnx"), photo(), hole()
    drawn = np.zeros_like(mask)
    drawn[9, :] = True  # seven of its pixels lie in the hole
    np.testing.assert_allclose(inpaint_network(image, mask, net=net, sketch=drawn)[mask], 7 / 960, atol=1e-6)
    np.testing.assert_array_equal(inpaint_network(image, mask, net=net)[mask], 0)


def test_a_sketch_reaches_the_net_through_the_marks_of_a_fill(tmp_path: Path) -> None:
    image, mask = photo(), hole()
    request = FillRequest(f"net:{shares_of_sketch(tmp_path / 'a.onnx')}", seam=False, marks=Marks(sketch=mask))
    result = fill_picture(Picture.from_array(image), mask, request)
    np.testing.assert_allclose(result.picture.pixels[mask], 42 / 960, atol=1e-6)


def test_a_sketch_for_a_net_that_takes_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="takes no sketch"):
        inpaint_network(photo(), hole(), net=str(filler(tmp_path / "a.onnx")), sketch=hole())


def test_a_sketch_of_another_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="sketch must have the mask's shape"):
        inpaint_network(photo(), hole(), net=shares_of_sketch(tmp_path / "a.onnx"), sketch=hole()[1:])


def test_a_net_that_needs_no_mask_gets_none(tmp_path: Path) -> None:
    nodes = [node("GlobalAveragePool", "image", "mean"), node("Shape", "image", "size")]
    nodes.append(node("Expand", "mean", "size", "picture"))
    image = np.full((24, 40, 3), 0.5, np.float32)
    net = str(painter(tmp_path / "a.onnx", {"image": (1, 3, "h", "w")}, nodes))
    # 42 of 960 pixels are shown as 0
    np.testing.assert_allclose(inpaint_network(image, hole(), net=net)[hole()], 0.5 * (1 - 42 / 960), atol=1e-6)


def test_a_result_that_is_no_number_is_refused(tmp_path: Path) -> None:
    nodes = [node("Sub", "mask", "mask", "zero"), node("Div", "image", "zero", "picture")]
    with pytest.raises(WeightsError, match=r"a\.onnx gives values that are no numbers"):
        inpaint_network(photo(), hole(), net=str(painter(tmp_path / "a.onnx", FREE, nodes)))


def test_a_size_that_the_net_cannot_work_on_is_an_error_of_the_picture(tmp_path: Path) -> None:
    nodes = [node("AveragePool", "image", "picture", kernel_shape=(99, 99))]
    net = str(painter(tmp_path / "a.onnx", {"image": (1, 3, "h", "w")}, nodes))
    with pytest.raises(InputError, match="cannot work on 1x3x24x40"):
        inpaint_network(photo(), hole(), net=net)


def test_cancelling_comes_before_the_net_is_run(tmp_path: Path) -> None:
    def cancel(done: int, total: int) -> None:
        raise Cancelled(f"stopped at {done} of {total}")

    with pytest.raises(Cancelled, match="stopped at 0 of 1"):
        inpaint_network(photo(), hole(), net="gone.onnx", progress=cancel)


def request(path: Path, **more: Any) -> FillRequest:
    return FillRequest(f"net:{path}", **more)


def test_a_fill_that_does_not_fit_the_budget_is_refused(tmp_path: Path) -> None:
    """The crop is the whole picture: 960 pixels at 100 kB need 96 MB, and 210 - 200 are left."""
    net = filler(tmp_path / "a.onnx", bytes_per_pixel=1e5)
    picture = Picture.from_array((photo() * 255).astype(np.uint8))
    with pytest.raises(LimitError, match=r"needs about 29\d\.\dM with method 'net:.*raise --max-memory") as caught:
        fill_picture(picture, hole(), request(net, max_memory_bytes=210 << 20))
    assert caught.value.exit_code == 5
    fill_picture(picture, hole(), request(net, max_memory_bytes=300 << 20))


def test_memory_of_attention_grows_with_the_square(tmp_path: Path) -> None:
    """960 pixels squared at 100 bytes are 92 MB, where the pixels alone would need 0.2 MB."""
    net = filler(tmp_path / "a.onnx", bytes_per_pixel=64.0, bytes_per_square=100.0)
    picture = Picture.from_array((photo() * 255).astype(np.uint8))
    with pytest.raises(LimitError, match="raise --max-memory"):
        fill_picture(picture, hole(), request(net, max_memory_bytes=280 << 20))
    fill_picture(picture, hole(), request(net, max_memory_bytes=300 << 20))


def test_a_crop_counts_as_large_as_the_net_makes_it(tmp_path: Path) -> None:
    """24x40 becomes 64x64 inside, 4096 pixels at 10 kB are 39 MB, where the crop's own 960 would be 9."""
    net = filler(tmp_path / "a.onnx", bytes_per_pixel=1e4, multiple=64)
    picture = Picture.from_array((photo() * 255).astype(np.uint8))
    with pytest.raises(LimitError):
        fill_picture(picture, hole(), request(net, max_memory_bytes=230 << 20))
    fill_picture(picture, hole(), request(net, max_memory_bytes=250 << 20))


def test_a_net_of_one_size_needs_the_same_for_any_crop(tmp_path: Path) -> None:
    """16x16 pixels at 100 kB are 26 MB, though the crop has 960 pixels."""
    net = filler(tmp_path / "a.onnx", side=16, bytes_per_pixel=1e5)
    picture = Picture.from_array((photo() * 255).astype(np.uint8))
    fill_picture(picture, hole(), request(net, max_memory_bytes=230 << 20))
    with pytest.raises(LimitError):
        fill_picture(picture, hole(), request(net, max_memory_bytes=220 << 20))
