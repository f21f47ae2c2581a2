"""Networks in MatConvNet files, read as state dicts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retouch.errors import WeightsError
from retouch.io.weights.state_dicts import has_column_order, read_state_dict

h5py = pytest.importorskip("h5py")


def write_matconvnet(path: Path, layers: list[tuple[str, list[np.ndarray]]]) -> None:
    """Write kinds and weights of layers the way MATLAB lays them out in HDF5."""
    with h5py.File(path, "w", userblock_size=512) as file:
        references = []
        for index, (kind, weights) in enumerate(layers):
            group = file.create_group(f"#refs#/layer{index}")
            group["type"] = np.frombuffer(kind.encode(), np.uint8).astype(np.uint16)[:, None]
            stored = []
            for part, array in enumerate(weights):
                file[f"#refs#/array{index}_{part}"] = array
                stored.append(file[f"#refs#/array{index}_{part}"].ref)
            group.create_dataset("weights", data=np.array(stored, dtype=h5py.ref_dtype), dtype=h5py.ref_dtype)
            references.append(group.ref)
        file.create_dataset("net/layers", data=np.array(references, dtype=h5py.ref_dtype)[:, None])
    with path.open("r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file")


def test_matconvnet_kernels_are_turned_and_a_single_output_gets_its_axis(tmp_path: Path) -> None:
    """HDF5 shows MATLAB's (rows, columns, in, out) as (out, in, columns, rows)."""
    first, last = np.arange(36.0).reshape(2, 2, 3, 3), np.arange(18.0).reshape(2, 3, 3)
    layers = [("conv", [first, np.ones((1, 2))]), ("relu", []), ("conv", [last, np.array([[5.0]])])]
    write_matconvnet(tmp_path / "net.mat", layers)
    assert has_column_order(tmp_path / "net.mat")
    state = read_state_dict(tmp_path / "net.mat")
    assert list(state) == ["model.0.weight", "model.0.bias", "model.2.weight", "model.2.bias"]
    assert state["model.0.weight"][1, 0].tolist() == first[1, 0].T.tolist()
    assert state["model.2.weight"].shape == (1, 2, 3, 3)
    assert state["model.2.bias"].tolist() == [5.0]


def test_a_chain_with_other_layers_is_refused(tmp_path: Path) -> None:
    kernel = [np.zeros((2, 2, 3, 3)), np.zeros((1, 2))]
    write_matconvnet(tmp_path / "net.mat", [("conv", kernel), ("bnorm", []), ("conv", kernel)])
    with pytest.raises(WeightsError, match="bnorm"):
        read_state_dict(tmp_path / "net.mat")


def test_a_file_that_is_no_matlab_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.mat").write_bytes(b"MATLAB 5.0 MAT-file")
    assert not has_column_order(tmp_path / "net.mat")
    with pytest.raises(WeightsError, match=r"nor MATLAB 7\.3"):
        read_state_dict(tmp_path / "net.mat")
