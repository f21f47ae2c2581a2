"""Hostile and damaged checkpoints: one clear error, nothing run or changed, and little memory."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from retouch.errors import WeightsError
from retouch.io.weights.conversion import to_safetensors
from retouch.io.weights.state_dicts import read_state_dict
from retouch.io.weights.torch_files import LEGACY_MAGIC
from retouch.metrics.networks.graph import Graph

TRACE = "trace-of-a-hostile-file"
SIX = np.arange(6, dtype="<f4").tobytes()
DAMAGE: dict[str, tuple[Callable[[], bytes], str]] = {}


def damage(what: str, words: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    """Add a kind of file and what its message must say."""

    def keep(make: Callable[[], bytes]) -> Callable[[], bytes]:
        DAMAGE[what] = make, words
        return make

    return keep


def push(value: Any) -> bytes:
    """Return the pickle operations that put a value on the stack."""
    return pickle.dumps(value, 2)[2:-1]


def tensor(
    shape: Any = (2, 3), strides: Any = (3, 1), offset: Any = 0, key: Any = "0", length: Any = 6, kind: str = "Float"
) -> bytes:
    """Return the operations that make a tensor as torch does."""
    storage = b"(" + push("storage") + f"ctorch\n{kind}Storage\n".encode() + push(key) + push("cpu") + push(length)
    rest = push(offset) + push(shape) + push(strides) + push(False) + push(OrderedDict())
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"tQ" + rest + b"tR"


def state(*values: bytes) -> bytes:
    """Return the pickle of a state dict of such tensors, called a, b, c ..."""
    items = b"".join(push("abcdef"[i]) + value for i, value in enumerate(values))
    return b"\x80\x02}(" + items + b"u."


def training(**parts: bytes) -> bytes:
    """Return the pickle of what a training saves: a number, words, and parts under names."""
    items = b"".join(push(name) + part for name, part in parts.items())
    return b"\x80\x02}(" + push("epoch") + push(3) + push("words") + push(["by", None]) + items + b"u."


def part(*values: bytes) -> bytes:
    """Return the operations that make a state dict inside of another pickle."""
    return state(*values)[2:-1]


def zipped(pickled: bytes, members: dict[str, bytes] | None = None, root: str = "archive/") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"{root}data.pkl", pickled)
        for name, data in ({"data/0": SIX} if members is None else members).items():
            archive.writestr(root + name, data)
    return buffer.getvalue()


def legacy(pickled: bytes, keys: Any = ("0",), tail: bytes = struct.pack("<q", 6) + SIX) -> bytes:
    head = (LEGACY_MAGIC, 1001, {"little_endian": True})
    return b"".join(pickle.dumps(item, 2) for item in head) + pickled + pickle.dumps(list(keys), 2) + tail


def safe(header: Any, data: bytes = SIX, length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(start: int = 0, end: int = 24, shape: Any = (2, 3), dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}


def hdf5(fill: Callable[[Any], None], head: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    if head:
        with h5py.File(buffer, "w", userblock_size=512) as file:
            fill(file)
        return head.ljust(512) + buffer.getvalue()[512:]
    with h5py.File(buffer, "w") as file:
        fill(file)
    return buffer.getvalue()


COMMAND = push(f"touch {TRACE}")
GADGETS = {
    "os.system": b"cos\nsystem\n(" + COMMAND + b"tR",
    "posix.system": b"cposix\nsystem\n(" + COMMAND + b"tR",
    "subprocess.Popen": b"csubprocess\nPopen\n(" + push(["touch", TRACE]) + b"tR",
    "builtins.eval": b"cbuiltins\neval\n(" + push(f"open('{TRACE}', 'w')") + b"tR",
    "__builtin__.getattr": b"c__builtin__\ngetattr\n0N",
    "importlib.import_module": b"cimportlib\nimport_module\n(" + push("antigravity") + b"tR",
    "torch.hub.load": b"ctorch.hub\nload\n0N",
    "torch.load": b"ctorch\nload\n0N",
    "numpy._core.multiarray._reconstruct": b"cnumpy._core.multiarray\n_reconstruct\n0N",
    "collections.OrderedDict.fromkeys": b"ccollections\nOrderedDict.fromkeys\n0N",
    "os.system by INST": b"(" + COMMAND + b"ios\nsystem\n",
    "os.system by STACK_GLOBAL": push("os") + push("system") + b"\x93(" + COMMAND + b"tR",
}
for _name, _operations in GADGETS.items():
    damage(f"zip: {_name}", "which is refused")(lambda o=_operations: zipped(state(o)))  # type: ignore[misc]
    damage(f"legacy: {_name}", "which is refused")(lambda o=_operations: legacy(state(o)))  # type: ignore[misc]

TORCH: dict[str, tuple[bytes, str]] = {
    "a name of several lines": (b"c" + b"x" * 5000 + b"\ny\n0N", "which is refused"),
    "an extension of copyreg": (b"\x82\x01", "cannot read"),
    "attributes set on what makes tensors": (
        b"ctorch._utils\n_rebuild_tensor_v2\n" + push((None, {"__call__": 1})) + b"b",
        "cannot read",
    ),
    "a shape beyond the storage": (tensor((2, 300)), "looks beyond its storage"),
    "an absurd shape": (tensor((2**40, 2**40), (0, 0)), "looks beyond its storage"),
    "a shape of thousands of dimensions": (tensor((1,) * 9999, (1,) * 9999), "a shape that cannot be"),
    "a negative shape": (tensor((-2, -3)), "which cannot be"),
    "a negative offset": (tensor(offset=-1), "which cannot be"),
    "an offset beyond the end": (tensor(offset=1), "looks beyond its storage"),
    "strides before the start": (tensor(strides=(-3, 1)), "which cannot be"),
    "a shape of words": (tensor(("a", "b")), "a shape that cannot be"),
    "a shape of fractions": (tensor((2.0, 3.0)), "a shape that cannot be"),
    "more strides than dimensions": (tensor(strides=(3, 1, 1)), "which cannot be"),
    "a storage of a kind that is not read": (tensor(kind="ComplexFloat"), "save them as float32"),
    "a storage that is not there": (tensor(key="7"), "cannot"),
    "a storage whose name leads out of the archive": (tensor(key="../../etc/passwd"), "cannot"),
    "a storage whose name is a megabyte": (tensor(key="x" * 2**20), "a form that is not read"),
    "a storage whose name is a list": (tensor(key=["0"]), "a form that is not read"),
    "a storage of two lengths": (tensor() + b"0" + tensor(length=5), "looked into in two ways"),
    "a storage of two dtypes": (tensor() + b"0" + tensor(kind="Int"), "looked into in two ways"),
    "a storage longer than its bytes": (tensor(length=7), "hold"),
    "a storage longer than any memory": (tensor(length=2**60), "hold"),
    "a storage of negative length": (tensor(length=-6), "hold"),
    "a storage of another dtype than its bytes": (tensor(kind="Double"), "hold"),
    "no tensor": (push(1.5), "a flat dictionary of tensors"),
    "a dictionary in the dictionary": (push({"x": {}}), "a flat dictionary of tensors"),
    "a table with a place beyond any": (push("x") + b"r\xff\xff\xff\x7f", "table of contents"),
    "a table with a place written out": (push("x") + b"p4000000000\n", "table of contents"),
    "a word that claims 2**40 letters": (b"\x8d" + struct.pack("<Q", 2**40), "damaged or cut short"),
    "bytes that claim 2**40": (b"\x96" + struct.pack("<Q", 2**40), "damaged or cut short"),
    "ten thousand lists in each other": (b"]" * 10_000 + b"a" * 9_999, "a flat dictionary of tensors"),
}
for _name, (_operations, _words) in TORCH.items():
    damage(f"zip: {_name}", _words)(lambda o=_operations: zipped(state(o)))  # type: ignore[misc]
    damage(f"legacy: {_name}", _words)(lambda o=_operations: legacy(state(o)))  # type: ignore[misc]


DEEP = 30_000
NESTED: dict[str, tuple[bytes, str]] = {
    "tuples in each other": (b"N" + b"\x85" * DEEP, "a flat dictionary of tensors"),
    "dictionaries in each other": (b"}" + (push("k") + b"}") * DEEP + b"s" * DEEP, "a flat dictionary of tensors"),
    "a dictionary that holds itself": (b"}q\x01(" + push("x") + b"h\x01u", "a flat dictionary of tensors"),
    "a call on a class that makes tensors": (b"ctorch._utils\n_rebuild_tensor_v2\n)\x81", "cannot read"),
    "a tensor of no storage": (b"ctorch._utils\n_rebuild_tensor_v2\n(NK\x00K\x02\x85K\x01\x85tR", "cannot be"),
    "a storage that is a number": (push(3) + b"Q", "cannot read"),
    "a storage that is text": (b"P0\n", "cannot read"),
    "a stop in the middle": (b".", "cannot read|flat dictionary"),
    "more taken off the stack than there is": (b"0" * 50, "cannot read|damaged"),
}
for _name, (_operations, _words) in NESTED.items():
    damage(f"zip: {_name}", _words)(lambda o=_operations: zipped(state(o)))  # type: ignore[misc]
    damage(f"legacy: {_name}", _words)(lambda o=_operations: legacy(state(o)))  # type: ignore[misc]


@damage("zip: a member that unfolds to a thousand times its size", "said to hold more than the file has")
def _() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", state(tensor(length=2**22)))
        archive.writestr("archive/data/0", bytes(2**24))
    return buffer.getvalue()


@damage("zip: packed again", "packed again by another program")
def _() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", state(tensor()))
        archive.writestr("archive/data/0", np.random.default_rng(0).bytes(24))
    return buffer.getvalue()


@damage("zip: a gadget beside a sound state dict", "which is refused")
def _() -> bytes:
    return zipped(training(state_dict=part(tensor()), optimiser=GADGETS["os.system"]))


@damage("zip: two state dicts and no word which", "holds several state dicts; name one of them: netG, netD")
def _() -> bytes:
    return zipped(training(netG=part(tensor()), netD=part(tensor())))


@damage("zip: two state dicts with endless names", "holds several state dicts")
def _() -> bytes:
    return zipped(training(**{"x" * 9000: part(tensor()), "y\n" * 9000: part(tensor())}))


@damage("zip: numbers of another machine", "big-endian")
def _() -> bytes:
    return zipped(state(tensor()), {"data/0": SIX, "byteorder": b"big"})


@damage("zip: no pickle", "not one that torch saved")
def _() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../../etc/cron.d/evil", b"* * * * * root touch x")
    return buffer.getvalue()


@damage("zip: a member that is many", "said to hold more than the file has")
def _() -> bytes:
    # each of 100 entries of the directory points at the one member: 100 times its 1 MB
    data = bytearray(zipped(state(tensor()), {"data/0": SIX, "data/1": bytes(2**20)}))
    end = data.rindex(b"PK\x05\x06")
    first, second = (struct.unpack_from("<I", data, end + offset)[0] for offset in (16, 12))
    line = data[data.rindex(b"PK\x01\x02") : end]
    directory = bytes(data[first:end]) + bytes(line) * 100
    struct.pack_into("<HH", data, end + 8, 103, 103)
    struct.pack_into("<I", data, end + 12, second + len(line) * 100)
    return bytes(data[:first]) + directory + bytes(data[end:])


@damage("zip: a member with a wrong checksum", "cannot read")
def _() -> bytes:
    return zipped(state(tensor())).replace(SIX, SIX[::-1])


@damage("zip: cut in the middle", "cannot")
def _() -> bytes:
    return zipped(state(tensor()))[:-100]


@damage("zip: a flag that says it is locked", "cannot read")
def _() -> bytes:
    return zipped(state(tensor())).replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01")


@damage("legacy: the length before the numbers is negative", "is said to hold 6 numbers and holds -6")
def _() -> bytes:
    return legacy(state(tensor()), tail=struct.pack("<q", -6) + SIX)


@damage("legacy: both lengths are 2**40", "more than the file has")
def _() -> bytes:
    return legacy(state(tensor(length=2**40)), tail=struct.pack("<q", 2**40) + SIX)


@damage("legacy: a storage in the list that no tensor has", "cannot read")
def _() -> bytes:
    return legacy(state(tensor()), keys=("0", "1"))


@damage("legacy: no storage in the list", "cannot read")
def _() -> bytes:
    return legacy(state(tensor()), keys=())


@damage("legacy: only the magic number", "cut short")
def _() -> bytes:
    return pickle.dumps(LEGACY_MAGIC, 2)


@damage("a pickle of something else", "not what torch saves")
def _() -> bytes:
    return b"".join(pickle.dumps(item, 2) for item in (1, 2, {"little_endian": True}))


SAFE: dict[str, bytes] = {
    "a header longer than the file": safe({"x": entry()}, length=10_000),
    "a header longer than any memory": safe({"x": entry()}, length=2**63 - 1),
    "a header that is no JSON": safe(b'{"x":'),
    "a header of ten thousand brackets": safe(b'{"x":' + b"[" * 10_000),
    "overlapping numbers": safe({"x": entry(), "y": entry(12, 36)}, SIX + SIX),
    "the same numbers twice": safe({"x": entry(), "y": entry()}),
    "a gap before the numbers": safe({"x": entry(8, 32)}, SIX + SIX),
    "a negative offset": safe({"x": entry(-24, 0)}),
    "an end before its start": safe({"x": entry(24, 0)}),
    "offsets beyond the end": safe({"x": entry(0, 2**40)}),
    "a shape that is not that of its bytes": safe({"x": entry(shape=(2, 4))}),
    "a shape whose product runs over": safe({"x": entry(shape=(2**40, 2**40))}),
    "a negative shape": safe({"x": entry(shape=(-2, -3))}),
    "a dtype that nobody knows": safe({"x": entry(dtype="F33")}),
    "bytes behind the numbers": safe({"x": entry()}, SIX + b"#!/bin/sh"),
    "numbers cut short": safe({"x": entry()}, SIX[:20]),
    "an array without a shape": safe({"x": {"dtype": "F32", "data_offsets": [0, 24]}}),
}
for _name, _data in SAFE.items():
    damage(f"safetensors: {_name}", r"weights .*bad\.pth")(lambda d=_data: d)  # type: ignore[misc]


@damage("safetensors: numbers that numpy does not have", "a kind that is not read, BF16; save them as float32")
def _() -> bytes:
    return safe({"x": entry(end=12, dtype="BF16")}, SIX[:12])


@damage("hdf5: an array without bytes", "claims more numbers than the file can hold")
def _() -> bytes:
    return hdf5(lambda file: file.create_dataset("x", (10**6, 10**6), "f4", chunks=(100, 100)))


@damage("hdf5: packed zeros", "claims more numbers than the file can hold")
def _() -> bytes:
    return hdf5(lambda file: file.create_dataset("x", data=np.zeros(4 * 10**6, "f4"), compression="gzip"))


@damage("hdf5: numbers in a file of the system", "lie in another file")
def _() -> bytes:
    return hdf5(lambda file: file.create_dataset("x", (8,), "u1", external=[("/etc/passwd", 0, 8)]))


@damage("hdf5: an array put together from other files", "lie in another file")
def _() -> bytes:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (4,))
    return hdf5(lambda file: file.create_virtual_dataset("x", layout))


@damage("hdf5: words", "holds no numbers")
def _() -> bytes:
    return hdf5(lambda file: file.create_dataset("x", data="import os"))


@damage("hdf5: complex numbers", "holds no numbers")
def _() -> bytes:
    return hdf5(lambda file: file.create_dataset("x", data=np.ones(3, np.complex64)))


@damage("hdf5: cut short", "cannot read")
def _() -> bytes:
    return hdf5(lambda file: file.create_dataset("x", data=np.arange(9000.0)))[:-5000]


@damage("matlab: no layers", "no net.layers")
def _() -> bytes:
    return hdf5(lambda file: file.create_group("net"), b"MATLAB 7.3 MAT-file")


@damage("matlab: layers that are none", "cannot read")
def _() -> bytes:
    return hdf5(lambda file: file.create_dataset("net/layers", data=np.zeros((3, 1))), b"MATLAB 7.3 MAT-file")


@damage("matlab: a billion layers", "lists 1000000000 layers")
def _() -> bytes:
    return hdf5(lambda file: file.create_dataset("net/layers", (10**9,), "f4", chunks=(9,)), b"MATLAB 7.3 MAT-file")


@damage("matlab: only the first words", "cannot read")
def _() -> bytes:
    return b"MATLAB 7.3 MAT-file".ljust(600)


for _name, _data in {
    "nothing": b"",
    "one byte": b"\x80",
    "zeros": bytes(4096),
    "words": b"import os; os.system('touch " + TRACE.encode() + b"')",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "an ONNX network": b'\x08\x08:\x10\n\x0e\n\x01x\n\x01x\x12\x01y"\x03Add',
    "ONNX and noise": b"\x08\x08" + np.random.default_rng(0).bytes(4000),
}.items():
    damage(f"other: {_name}", r"weights .*bad\.pth")(lambda d=_data: d)  # type: ignore[misc]


@pytest.mark.parametrize("what", DAMAGE)
def test_a_bad_file_is_one_clear_error_and_nothing_in_it_is_run(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make, words = DAMAGE[what]
    (tmp_path / "bad.pth").write_bytes(make())
    with pytest.raises(WeightsError, match=words) as caught:
        read_state_dict(tmp_path / "bad.pth")
    said = str(caught.value).replace(str(tmp_path), "")
    assert said.isprintable()
    assert len(said) < 400
    assert "bad.pth" in said
    assert [path.name for path in tmp_path.iterdir()] == ["bad.pth"]


def test_the_files_would_be_read_without_their_damage(tmp_path: Path) -> None:
    """The makers of this file make sound files too: what is refused is the damage."""
    sound = {
        "zip": zipped(state(tensor())),
        "legacy": legacy(state(tensor())),
        "safe": safe({"a": entry()}),
        "hdf5": hdf5(lambda file: file.create_dataset("a", data=np.arange(6, dtype="f4").reshape(2, 3))),
    }
    for name, data in sound.items():
        (tmp_path / name).write_bytes(data)
        assert read_state_dict(tmp_path / name)["a"].tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("wrap", [zipped, legacy])
def test_the_only_state_dict_of_a_training_is_found(wrap: Callable[[bytes], bytes], tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(wrap(training(state_dict=part(tensor()))))
    assert read_state_dict(tmp_path / "x")["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert list(read_state_dict(tmp_path / "x", part="state_dict")) == ["a"]


def test_one_of_several_state_dicts_is_read_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(zipped(training(netG=part(tensor()), netD=part(tensor(), tensor()))))
    assert list(read_state_dict(tmp_path / "x", part="netD")) == ["a", "b"]
    with pytest.raises(WeightsError, match="no state dict of the name 'netE'; it has: netG, netD"):
        read_state_dict(tmp_path / "x", part="netE")
    (tmp_path / "y").write_bytes(safe({"a": entry()}))
    with pytest.raises(WeightsError, match="only files of torch have parts under names, 'netG' was asked for"):
        read_state_dict(tmp_path / "y", part="netG")


def test_bad_files_take_little_memory(tmp_path: Path) -> None:
    paths = []
    for index, (make, _) in enumerate(DAMAGE.values()):
        paths.append(tmp_path / f"{index}.pth")
        paths[-1].write_bytes(make())
    code = (
        "import resource, sys\n"
        "import h5py, safetensors.numpy\n"
        "from retouch.errors import WeightsError\n"
        "from retouch.io.weights.state_dicts import read_state_dict\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak()\n"
        "for path in sys.argv[1:]:\n"
        "    try:\n"
        "        read_state_dict(path)\n"
        "    except WeightsError:\n"
        "        pass\n"
        "print((peak() - before) // 1024)\n"
    )
    run = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert int(run.stdout) < 64  # MB; the largest of these files has 1
    assert not (tmp_path / TRACE).exists()


def test_attributes_that_a_file_sets_stay_with_what_it_made(tmp_path: Path) -> None:
    # torch saves _metadata with a state dict in this way; a function called items must not be believed either
    built = b"ccollections\nOrderedDict\n)R(" + push("a") + tensor() + b"u" + push({"_metadata": 1, "items": 2}) + b"b"
    (tmp_path / "built.pth").write_bytes(zipped(b"\x80\x02" + built + b"."))
    assert list(read_state_dict(tmp_path / "built.pth")) == ["a"]
    assert callable(OrderedDict().items)


def test_a_folder_and_a_pipe_are_refused_without_waiting(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot read the weights"):
        read_state_dict(tmp_path)
    os.mkfifo(tmp_path / "pipe.pth")
    with pytest.raises(WeightsError, match=r"pipe\.pth: it is not a file"):
        read_state_dict(tmp_path / "pipe.pth")


def test_a_link_that_leads_round_in_circles_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pth").symlink_to("a.pth")
    with pytest.raises(WeightsError, match=r"cannot read the weights .*a\.pth"):
        read_state_dict(tmp_path / "a.pth")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_finite_numbers_are_not_converted_unless_asked(bad: float) -> None:
    weights = {"a": np.array([1.0, bad, bad], np.float32)}
    with pytest.raises(WeightsError, match="2 of 3 in a are not"):
        to_safetensors(weights, {})
    assert len(to_safetensors(weights, {}, allow_nan=True)) > 12


def test_arrays_that_safetensors_does_not_have_are_named() -> None:
    with pytest.raises(WeightsError, match="b holds complex64"):
        to_safetensors({"b": np.ones(2, np.complex64)}, {})
    with pytest.raises(WeightsError, match="no weights in it"):
        to_safetensors({}, {})


def test_arrays_that_look_into_each_other_are_converted_to_what_they_show(tmp_path: Path) -> None:
    square = np.arange(6, dtype=np.float32).reshape(2, 3)
    weights = {"a": square, "t": square.T, "big": square.astype(">f4"), "n": np.array(7, np.int64), "e": square[:0]}
    (tmp_path / "x").write_bytes(to_safetensors(weights, {"net": "n"}))
    read = read_state_dict(tmp_path / "x")
    for name, array in weights.items():
        np.testing.assert_array_equal(read[name], array)
        assert read[name].shape == array.shape


@pytest.mark.parametrize(("key", "words"), [("b", "b is not among them"), ("a", r"a should be \(2,\) and is \(3,\)")])
def test_a_network_names_the_key_that_is_missing_or_has_another_shape(key: str, words: str) -> None:
    graph = Graph("SqueezeNet", {"a": np.zeros(3, np.float32)})
    with pytest.raises(WeightsError, match=f"not weights of SqueezeNet: {words}"):
        graph.array(key, (2,))
