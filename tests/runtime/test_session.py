"""Sessions: exported networks run, and others are told from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from retouch.errors import InputError, WeightsError
from retouch.runtime.session import open_net

PICTURE = (1, 3, None, None)


def save(
    path: Path,
    shape: tuple[Any, ...] = (1, 3, "h", "w"),
    kind: int = TensorProto.FLOAT,
    names: tuple[str, str] = ("x", "y"),
) -> Path:
    """Write a network that doubles a picture."""
    source, result = names
    nodes = [helper.make_node("Add", [source, source], [result])]
    ends = [helper.make_tensor_value_info(name, kind, shape) for name in (source, result)]
    graph = helper.make_graph(nodes, "double", ends[:1], ends[1:])
    opsets = [helper.make_opsetid("", 17)]
    path.write_bytes(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())
    return path


def test_a_network_gives_its_outputs_by_name_at_any_size(tmp_path: Path) -> None:
    net = open_net(save(tmp_path / "a.onnx"), {"x": PICTURE}, {"y": PICTURE})
    for size in ((1, 1), (5, 9)):
        picture = np.random.default_rng(0).random((1, 3, *size), np.float32)
        np.testing.assert_array_equal(net.run(x=picture)["y"], picture * 2, strict=True)


def test_arrays_in_another_order_of_memory_are_taken(tmp_path: Path) -> None:
    net = open_net(save(tmp_path / "a.onnx"), {"x": PICTURE}, {"y": PICTURE})
    picture = np.random.default_rng(0).random((1, 5, 9, 3), np.float32).transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(net.run(x=picture)["y"], picture * 2)


def test_a_session_has_one_thread_setting_and_runs_on_the_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETOUCH_THREADS", "3")
    session = open_net(save(tmp_path / "a.onnx"), {"x": PICTURE}, {"y": PICTURE})._session
    options = session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (3, 1)
    assert session.get_providers() == ["CPUExecutionProvider"]


def test_the_same_file_is_opened_once_and_a_changed_one_again(tmp_path: Path) -> None:
    path = save(tmp_path / "a.onnx")
    first = open_net(path, {"x": PICTURE}, {"y": PICTURE})
    assert open_net(path, {"x": PICTURE}, {"y": PICTURE}) is first
    save(path, (1, 3, None, "width"))
    assert open_net(path, {"x": PICTURE}, {"y": PICTURE}) is not first


@pytest.mark.parametrize(
    ("inputs", "outputs", "words"),
    [
        ({"z": PICTURE}, {"y": PICTURE}, r"takes x 1x3x\?x\?, and not z 1x3x\?x\?"),
        ({"x": PICTURE, "mask": PICTURE}, {"y": PICTURE}, "takes x .*, and not x .*, mask"),
        ({"x": (1, 4, None, None)}, {"y": PICTURE}, ".*and not x 1x4"),
        ({"x": (1, 3, None)}, {"y": PICTURE}, ".*and not x 1x3"),
        ({"x": PICTURE}, {"z": PICTURE}, "gives y .*, and not z"),
    ],
)
def test_a_network_with_other_inputs_or_outputs_is_refused(
    inputs: dict[str, Any], outputs: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(WeightsError, match=rf"a\.onnx {words}.*another net"):
        open_net(save(tmp_path / "a.onnx"), inputs, outputs)
    assert WeightsError.exit_code == 7


def test_a_network_of_one_size_does_not_do_where_any_size_is_wanted(tmp_path: Path) -> None:
    path = save(tmp_path / "a.onnx", (1, 3, 8, 8))
    with pytest.raises(WeightsError, match=r"takes x 1x3x8x8, and not x 1x3x\?x\?"):
        open_net(path, {"x": PICTURE}, {"y": PICTURE})
    assert open_net(path, {"x": (1, 3, 8, 8)}, {"y": (1, 3, 8, 8)}).inputs == {"x": (1, 3, 8, 8)}


def test_inputs_of_another_number_type_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "a.onnx", kind=TensorProto.FLOAT16)
    with pytest.raises(WeightsError, match=r"x as tensor\(float16\); export it with tensor\(float\)"):
        open_net(path, {"x": PICTURE}, {"y": PICTURE})


def test_arrays_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    net = open_net(save(tmp_path / "a.onnx"), {"x": PICTURE}, {"y": PICTURE})
    with pytest.raises(InputError, match=r"takes x 1x3x\?x\?, got z"):
        net.run(z=np.zeros((1, 3, 4, 4), np.float32))
    with pytest.raises(InputError, match=r"got x of shape \(1, 4, 4, 4\)"):
        net.run(x=np.zeros((1, 4, 4, 4), np.float32))


def test_a_size_that_the_network_cannot_use_is_one_line(tmp_path: Path) -> None:
    # a window of 9x9 without padding has no place in 4x4
    nodes = [helper.make_node("AveragePool", ["x"], ["y"], kernel_shape=(9, 9))]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 3, "h", None)) for name in "xy"]
    graph = helper.make_graph(nodes, "pool", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (tmp_path / "a.onnx").write_bytes(model.SerializeToString())
    net = open_net(tmp_path / "a.onnx", {"x": PICTURE}, {"y": PICTURE})
    with pytest.raises(InputError, match=r"cannot work on 1x3x4x4: .*try another size") as caught:
        net.run(x=np.zeros((1, 3, 4, 4), np.float32))
    assert "\n" not in str(caught.value)


def damaged(folder: Path) -> dict[str, bytes]:
    good = save(folder / "good.onnx").read_bytes()
    unknown = onnx.load_model_from_string(good)
    unknown.graph.node[0].op_type, unknown.graph.node[0].domain = "RunThis", "some.where"
    return {
        "nothing": b"",
        "words": b"this is no network at all, but some words",
        "a pickle": b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.",
        "a part": good[: len(good) // 2],
        "noise": np.random.default_rng(0).bytes(5000),
        "an operation that nobody knows": unknown.SerializeToString(),
        "numbers in a file elsewhere": outside(folder, "../secret.bin"),
        "numbers in a file of the system": outside(folder, "/etc/hostname"),
    }


def outside(folder: Path, location: str) -> bytes:
    """Return a network that adds what it claims to lie in another file."""
    (folder / "../secret.bin").write_bytes(np.ones(3, np.float32).tobytes())
    numbers = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[3, 1, 1], data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, "offset": "0", "length": "12"}.items():
        numbers.external_data.add(key=key, value=value)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 3, "h", "w")) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "n", ends[:1], ends[1:], [numbers])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("kind", range(8))
def test_what_is_no_network_is_one_error_in_one_line(kind: int, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    path = tmp_path / "models" / "bad.onnx"
    path.write_bytes(list(damaged(tmp_path / "models").values())[kind])
    with pytest.raises(WeightsError, match=r"cannot open the network .*bad\.onnx") as caught:
        open_net(path, {"x": PICTURE}, {"y": PICTURE})
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"gone\.onnx: No such file or directory; name an ONNX file"):
        open_net(tmp_path / "gone.onnx", {}, {})
    with pytest.raises(WeightsError, match="it is not a file"):
        open_net(tmp_path, {}, {})


def test_numbers_in_a_file_beside_the_network_are_read(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "net.onnx.data").write_bytes(np.array([1, 2, 3], np.float32).tobytes())
    (tmp_path / "models" / "net.onnx").write_bytes(outside(tmp_path / "models", "net.onnx.data"))
    net = open_net(tmp_path / "models" / "net.onnx", {"x": PICTURE}, {"y": PICTURE})
    assert net.run(x=np.zeros((1, 3, 1, 1), np.float32))["y"].ravel().tolist() == [1, 2, 3]
