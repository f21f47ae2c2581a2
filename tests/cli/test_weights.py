"""`retouch weights`: the sub-commands, called as the command line calls them."""

from __future__ import annotations

import hashlib
import json
import pickle
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from retouch.cli.weights.commands import weights_app
from retouch.errors import FileError, UsageError, WeightsError
from retouch.io.weights.state_dicts import has_column_order
from retouch.nets.catalogue.listing import build_preset, find_net, find_preset
from retouch.nets.denoising.ffdnet import ffdnet_full
from retouch.nets.export.loading import load_checkpoint

Captured = pytest.CaptureFixture[str]
WEIGHTS: dict[str, np.ndarray] = {
    "module.a": np.arange(6, dtype=np.float32).reshape(2, 3),
    "module.b": np.array([7], np.int64),
}


SHARED = Path(__file__).parents[3] / "shared"


def run(*arguments: str) -> None:
    weights_app(args=list(arguments), prog_name="retouch weights", standalone_mode=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a checkpoint in it; the store lies beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RETOUCH_WEIGHTS", str(tmp_path / "store"))
    monkeypatch.delenv("RETOUCH_OFFLINE", raising=False)
    save_file(WEIGHTS, tmp_path / "net.safetensors")
    return tmp_path


def fetch(folder: Path, name: str = "tiny", *more: str) -> str:
    """Fetch the checkpoint of the folder and return its hash."""
    path = folder / "net.safetensors"
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    run("fetch", name, path.as_uri(), "--sha256", sha256, "--net", "dncnn", "--licence", "MIT", *more)
    return sha256


def test_an_empty_store_says_so(folder: Path, capsys: Captured) -> None:
    run("list")
    assert capsys.readouterr().out == f"the weight store {folder / 'store'} is empty\n"
    assert not (folder / "store").exists()


def test_what_is_fetched_is_listed_with_its_licence(folder: Path, capsys: Captured) -> None:
    sha256 = fetch(folder)
    assert capsys.readouterr().out == f"tiny is {folder / 'store/tiny.safetensors'}; licence: MIT\n"
    run("list")
    assert capsys.readouterr().out.startswith(f"tiny  dncnn  {sha256[:12]}  MIT  file://")
    run("list", "--json")
    (line,) = json.loads(capsys.readouterr().out)["weights"]
    assert (line["name"], line["file"], line["sha256"]) == ("tiny", "tiny.safetensors", sha256)


def test_another_place_can_be_the_store(folder: Path, capsys: Captured) -> None:
    fetch(folder, "tiny", "--store", "elsewhere")
    assert (folder / "elsewhere" / "tiny.safetensors").exists()
    run("list", "--store", "elsewhere")
    assert "tiny  dncnn" in capsys.readouterr().out


def test_verify_tells_damaged_from_sound(folder: Path, capsys: Captured) -> None:
    fetch(folder)
    fetch(folder, "other")
    capsys.readouterr()
    run("verify")
    assert capsys.readouterr().out == "other  sound\ntiny  sound\n"
    (folder / "store" / "tiny.safetensors").write_bytes(b"")
    with pytest.raises(WeightsError, match=r"1 of 2 weights cannot be used, the first: tiny: .* has the SHA-256"):
        run("verify")
    assert capsys.readouterr().out == "other  sound\ntiny  damaged\n"
    with pytest.raises(WeightsError):
        run("verify", "--json")
    assert set(json.loads(capsys.readouterr().out)["faults"]) == {"tiny"}


def test_fetch_refuses_a_wrong_hash_and_the_network_where_it_is_forbidden(folder: Path) -> None:
    source = (folder / "net.safetensors").as_uri()
    with pytest.raises(WeightsError, match="gives another file"):
        run("fetch", "tiny", source, "--sha256", "0" * 64)
    with pytest.raises(WeightsError, match="forbids the network"):
        run("fetch", "tiny", "https://example.org/x", "--sha256", "0" * 64, "--offline")
    with pytest.raises(WeightsError, match="64 hexadecimal digits"):
        run("fetch", "tiny", source, "--sha256", "abc")
    with pytest.raises(WeightsError, match="small letters"):
        run("fetch", "../tiny", source, "--sha256", "0" * 64)


def test_fetch_needs_a_hash(folder: Path) -> None:
    with pytest.raises(Exception, match="sha256"):
        run("fetch", "tiny", (folder / "net.safetensors").as_uri())


def test_prune_removes_what_is_not_listed(folder: Path, capsys: Captured) -> None:
    fetch(folder)
    stray = folder / "store" / "stray"
    stray.write_bytes(b"")
    capsys.readouterr()
    run("prune")
    assert capsys.readouterr().out == f"removed {stray}\n"
    run("prune")
    assert capsys.readouterr().out == "nothing to remove\n"


def imported(*more: str) -> dict[str, Any]:
    run("import", *more, "--as", "dncnn", "--no-check", "-o", "out.safetensors")
    return dict(load_file("out.safetensors"))


def test_import_keeps_every_number_and_says_where_it_came_from(folder: Path, capsys: Captured) -> None:
    arrays = imported("net.safetensors")
    for name, array in WEIGHTS.items():
        np.testing.assert_array_equal(arrays[name], array, strict=True)
    assert capsys.readouterr().out == "out.safetensors: 2 arrays, 7 numbers, not held against dncnn\n"
    with safe_open("out.safetensors", "numpy") as file:
        facts = file.metadata()
    expected = hashlib.sha256((folder / "net.safetensors").read_bytes()).hexdigest()
    assert facts == {"net": "dncnn", "source_sha256": expected}


def test_import_takes_a_prefix_off_where_all_names_have_it(folder: Path) -> None:
    assert set(imported("net.safetensors", "--strip-prefix", "module.")) == {"a", "b"}
    with pytest.raises(UsageError, match=r"'module\.a' must begin every name in net\.safetensors, got 'module\.b'"):
        imported("net.safetensors", "--strip-prefix", "module.a")


def test_import_takes_the_part_that_is_named(folder: Path) -> None:
    torch.save({"netG": {"a": torch.ones(2)}, "netD": {"b": torch.zeros(3)}}, "both.pth")
    assert set(imported("both.pth", "--part", "netD")) == {"b"}
    with pytest.raises(WeightsError, match="netG"):
        imported("both.pth")


def test_import_reads_keras_and_matlab(folder: Path) -> None:
    kernel = np.arange(12, dtype=np.float32).reshape(1, 2, 2, 3)  # out, in, columns, rows
    with h5py.File("keras.h5", "w") as file:
        file["block/kernel"] = kernel
    np.testing.assert_array_equal(imported("keras.h5")["block/kernel"], kernel, strict=True)
    with h5py.File("net.mat", "w", userblock_size=512) as file:
        pointer = h5py.special_dtype(ref=h5py.Reference)
        file["k"], file["b"], layer = kernel, np.array([[0.5]]), file.create_group("layer")
        layer["type"] = np.array([[ord(letter)] for letter in "conv"], np.uint16)
        layer.create_dataset("weights", (2, 1), pointer)[:, 0] = [file["k"].ref, file["b"].ref]
        file.create_dataset("net/layers", (1, 1), pointer)[0, 0] = layer.ref
    with Path("net.mat").open("r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file")
    arrays = imported("net.mat")
    np.testing.assert_array_equal(arrays["model.0.weight"], kernel.transpose(0, 1, 3, 2))
    assert arrays["model.0.bias"].tolist() == [0.5]


def test_import_refuses_what_is_not_finite_unless_asked(folder: Path) -> None:
    save_file({"a": np.array([1, np.nan], np.float32)}, "nan.safetensors")
    with pytest.raises(WeightsError, match=r"nan\.safetensors: weights must be finite numbers, 1 of 2 in a is not"):
        imported("nan.safetensors")
    assert not Path("out.safetensors").exists()
    assert np.isnan(imported("nan.safetensors", "--allow-nan")["a"][1])


class Hostile:
    """Runs a command when it is unpickled by something that trusts it."""

    def __reduce__(self) -> Any:
        return subprocess.call, (["touch", "trace"],)


def test_import_runs_nothing_and_leaves_nothing(folder: Path) -> None:
    Path("bad.pth").write_bytes(pickle.dumps({"a": Hostile()}, 2))
    Path("bad.safetensors").write_bytes(struct.pack("<Q", 2**40) + b"{")
    before = set(folder.iterdir())
    for name in ("bad.pth", "bad.safetensors", "gone.pth", "."):
        with pytest.raises(WeightsError, match="the weights"):
            imported(name)
    assert set(folder.iterdir()) == before


def test_import_refuses_to_write_over_its_input_or_by_another_ending(folder: Path) -> None:
    with pytest.raises(UsageError, match="the output must not be the input"):
        run("import", "net.safetensors", "--as", "dncnn", "-o", "net.safetensors")
    with pytest.raises(UsageError, match=r"must end in \.safetensors, got net\.pth"):
        run("import", "net.safetensors", "--as", "dncnn", "-o", "net.pth")
    with pytest.raises(FileError, match="cannot write"):
        run("import", "net.safetensors", "--as", "dncnn", "-o", "gone/net.safetensors")


def test_help_loads_no_array_package_and_import_no_torch(folder: Path) -> None:
    code = (
        "import sys\nfrom retouch.cli.weights.commands import weights_app\n"
        "weights_app(args=['--help'], standalone_mode=False)\n"
        "assert not {'numpy', 'safetensors', 'onnxruntime'} & set(sys.modules)\n"
        "weights_app(args=['import', 'net.safetensors', '--as', 'dncnn', '--no-check', '-o', 'o.safetensors'], "
        "standalone_mode=False)\n"
        "assert 'torch' not in sys.modules\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, cwd=folder)
    assert run.returncode == 0, run.stderr.decode()


def test_import_holds_names_and_shapes_against_the_network(folder: Path, capsys: Captured) -> None:
    state = build_preset(find_preset(find_net("dncnn"), "tiny")).state_dict()
    torch.save(state, "dncnn.pth")
    run("import", "dncnn.pth", "--as", "dncnn", "-o", "out.safetensors")
    assert capsys.readouterr().out.endswith("those of dncnn, preset tiny\n")
    with pytest.raises(WeightsError, match=r"net\.safetensors: these weights are not those of DnCNN"):
        run("import", "net.safetensors", "--as", "dncnn", "-o", "out.safetensors")
    with pytest.raises(UsageError, match="did you mean 'dncnn'"):
        run("import", "dncnn.pth", "--as", "dncn", "-o", "out.safetensors")


def test_a_converted_file_of_matlab_says_how_its_sub_images_run(folder: Path) -> None:
    """Only FFDNet's first and last layers look at it; the numbers themselves stay as they are."""
    source = SHARED / "data/models/ffdnet/FFDNet_gray.mat"
    if not source.exists():
        pytest.skip(f"{source} is not there")
    run("import", str(source), "--as", "ffdnet", "-o", "out.safetensors")
    assert has_column_order("out.safetensors")
    assert not has_column_order("net.safetensors")
    first, second = (load_checkpoint(ffdnet_full(), file).state_dict() for file in (source, "out.safetensors"))
    assert all(torch.equal(first[name], second[name]) for name in first)
