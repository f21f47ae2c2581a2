"""Exported networks are found, told apart by their cards, and refused where they do not serve."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import NodeProto, TensorProto, helper
from tests.tiny_graphs import Shape, altered, card_of, filler, painter, write_net

from retouch.errors import WeightsError
from retouch.runtime.cards import FIELD
from retouch.runtime.exported import Exported, find_exported, open_exported, run_by_channels
from retouch.runtime.inpainting import OTHER_INPUTS

FREE: Shape = (1, 3, "h", "w")
MASK: Shape = (1, 1, "h", "w")
COPY = [helper.make_node("Identity", ["image"], ["picture"])]


def open_filler(path: Path) -> Exported:
    return open_exported(str(path), "inpaint", "image", OTHER_INPUTS)


def test_a_file_is_opened_with_its_card(tmp_path: Path) -> None:
    exported = open_filler(filler(tmp_path / "a.onnx", multiple=8))
    assert exported.card == card_of("inpaint", multiple=8)
    assert (exported.channels, exported.fixed_px) == (3, None)


def test_a_net_of_one_size_and_of_grey_says_so(tmp_path: Path) -> None:
    exported = open_filler(filler(tmp_path / "a.onnx", channels=1, side=32))
    assert (exported.channels, exported.fixed_px) == (1, 32)


def test_names_with_the_suffix_or_a_folder_are_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETOUCH_WEIGHTS", str(tmp_path / "store"))
    assert find_exported("net.ONNX") == Path("net.ONNX")
    assert find_exported("folder/net") == Path("folder/net")
    for name in ("lama", ""):
        with pytest.raises(WeightsError, match=f"weights '{name}'"):
            find_exported(name)


def test_a_net_for_another_task_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="is for the task 'inpaint', and 'denoise' was asked for"):
        open_exported(str(filler(tmp_path / "a.onnx")), "denoise", "noisy")


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"image": FREE, "structure": FREE}, "takes structure, which cannot be given here"),
        ({"noisy": FREE}, "takes noisy, which cannot"),
        ({"image": (1, 2, "h", "w")}, "takes no grey or RGB pictures"),
        ({"image": (1, "c", "h", "w")}, "takes no grey or RGB pictures"),
        ({"image": (3, "h", "w")}, "takes no grey or RGB pictures"),
        ({"image": (2, 3, "h", "w")}, "takes no grey or RGB pictures"),
        ({"image": (1, 3, 32, 48)}, "or of one square"),
        ({"image": (1, 3, 32, "w")}, "or of one square"),
        ({"image": FREE, "mask": FREE}, "with what belongs to them"),
        ({"image": FREE, "mask": (1, "h", "w")}, "with what belongs to them"),
        ({"image": (1, 3, 32, 32), "mask": (1, 1, 16, 16)}, "with what belongs to them"),
    ],
)
def test_other_inputs_are_refused(inputs: dict[str, Shape], words: str, tmp_path: Path) -> None:
    name = next(iter(inputs))
    nodes = [helper.make_node("Identity", [name], ["picture"])]
    with pytest.raises(WeightsError, match=words):
        open_filler(painter(tmp_path / "a.onnx", inputs, nodes))


def test_another_number_of_channels_in_the_output_is_refused(tmp_path: Path) -> None:
    nodes = [helper.make_node("ReduceMean", ["image"], ["picture"], keepdims=1)]
    path = write_net(tmp_path / "a.onnx", nodes, {"image": FREE}, card_of("inpaint").to_json(), output=(1, 1, "h", "w"))
    with pytest.raises(WeightsError, match="it is another export"):
        open_filler(path)


def test_an_output_of_another_name_is_refused(tmp_path: Path) -> None:
    model = onnx.load(painter(tmp_path / "a.onnx", {"image": FREE}, COPY))
    model.graph.output[0].name = model.graph.node[0].output[0] = "result"
    (tmp_path / "a.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(WeightsError, match="takes no picture"):
        open_filler(tmp_path / "a.onnx")


def spoilt(value: float) -> list[NodeProto]:
    """Return nodes that put a value into every place of the picture."""
    tensor = helper.make_tensor("value", TensorProto.FLOAT, (1,), [value])
    return [
        helper.make_node("Constant", [], ["bad"], value=tensor),
        helper.make_node("Shape", ["image"], ["size"]),
        helper.make_node("Expand", ["bad", "size"], ["picture"]),
    ]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_refused(value: float, tmp_path: Path) -> None:
    exported = open_filler(painter(tmp_path / "a.onnx", {"image": FREE}, spoilt(value)))
    with pytest.raises(WeightsError, match="gives values that are no numbers"):
        exported.run(image=np.zeros((1, 3, 4, 5), np.float32))


def test_a_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    nodes = [helper.make_node("AveragePool", ["image"], ["picture"], kernel_shape=(2, 2), strides=(2, 2))]
    path = write_net(tmp_path / "a.onnx", nodes, {"image": FREE}, card_of("inpaint").to_json(), output=(1, 3, "k", "l"))
    with pytest.raises(WeightsError, match="gives 1x3x2x3 for 1x3x4x6"):
        open_filler(path).run(image=np.zeros((1, 3, 4, 6), np.float32))


def with_numbers_elsewhere(good: bytes, location: str) -> bytes:
    model = onnx.load_model_from_string(good)
    tensor = model.graph.initializer.add(name="w", data_type=TensorProto.FLOAT, dims=[4])
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, "offset": "0", "length": "16"}.items():
        tensor.external_data.add(key=key, value=value)
    model.graph.node[0].op_type = "Add"
    model.graph.node[0].input.append("w")
    return bytes(model.SerializeToString())


DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda good: b"",
    "words": lambda good: b"this is no network at all",
    "the first half": lambda good: good[: len(good) // 2],
    "all but the last bytes": lambda good: good[:-20],
    "noise": lambda good: np.random.default_rng(0).bytes(4000),
    "numbers above its folder": lambda good: with_numbers_elsewhere(good, "../secret.bin"),
    "numbers of the system": lambda good: with_numbers_elsewhere(good, "/etc/hostname"),
    "a card that is no text": lambda good: good.replace(b'"tiny"', b'"\xff\xfe\xfa\xff"'),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_file_is_one_error_in_one_line(damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(np.ones(4, np.float32).tobytes())
    (tmp_path / "nets").mkdir()
    path = painter(tmp_path / "nets" / "a.onnx", {"image": FREE}, COPY)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(WeightsError, match=r"a\.onnx") as caught:
        open_filler(path)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 7


@pytest.mark.parametrize(
    ("card", "words"),
    [
        ("", "has no card"),
        ("{", "is damaged"),
        (altered(card_of("inpaint"), multiple=10**9), "is damaged"),
        (altered(card_of("inpaint"), bytes_per_pixel="many"), "is damaged"),
    ],
)
def test_a_missing_or_hostile_card_is_refused(card: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=words):
        open_filler(write_net(tmp_path / "a.onnx", COPY, {"image": FREE}, card))


def test_a_card_is_read_from_among_other_entries(tmp_path: Path) -> None:
    model = onnx.load(painter(tmp_path / "a.onnx", {"image": FREE}, COPY))
    helper.set_model_props(model, {"author": "me", FIELD: card_of("inpaint").to_json()})
    (tmp_path / "a.onnx").write_bytes(model.SerializeToString())
    assert open_filler(tmp_path / "a.onnx").card.net == "made_by_hand"


@pytest.mark.parametrize(("n_channels", "shown"), [(3, [3]), (1, [3]), (2, [3, 3]), (4, [3, 3, 3, 3])])
def test_channels_are_shown_one_by_one_where_their_number_is_another(
    n_channels: int, shown: list[int], tmp_path: Path
) -> None:
    exported = open_filler(filler(tmp_path / "a.onnx"))
    picture = np.random.default_rng(0).random((4, 5, n_channels), np.float32)
    seen: list[int] = []

    def double(image: Any) -> Any:
        seen.append(image.shape[2])
        return 2 * image

    result = run_by_channels(exported, picture, double)
    assert seen == shown
    np.testing.assert_allclose(result, 2 * picture, rtol=1e-6)
