"""Weights and pictures that tests of several measures share."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from skimage import data

from retouch.metrics.networks.graph import Graph
from retouch.metrics.networks.inception_v3 import build_inception_v3


def seeded(key: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return numbers that depend on the name of an array only, so that another program can make the same."""
    if key.startswith("scaling_layer"):
        published = {"shift": [-0.030, -0.088, -0.188], "scale": [0.458, 0.448, 0.450]}[key.rpartition(".")[2]]
        return np.array(published, np.float32).reshape(shape)
    numbers = np.random.default_rng(zlib.crc32(key.encode())).standard_normal(shape, dtype=np.float32)
    if key.startswith("lin"):
        return np.abs(numbers)
    if len(shape) == 4:
        return numbers * np.float32(np.sqrt(2 / np.prod(shape[1:])))
    if key.endswith("running_var"):
        return 0.75 + np.abs(numbers)
    return numbers * np.float32(0.1) + np.float32(key.endswith("bn.weight"))


def weights_of(
    build: Callable[[Mapping[str, np.ndarray]], bytes], known: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return seeded weights under the names and in the shapes for which a net asks."""
    wanted = dict(known)

    def array(_graph: Graph, key: str, shape: tuple[int, ...]) -> np.ndarray:
        wanted[key] = seeded(key, shape)
        return wanted[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Graph, "array", array)
        build(known)
    return wanted


@pytest.fixture(scope="session")
def seeded_weights() -> Callable[..., dict[str, np.ndarray]]:
    return weights_of


@pytest.fixture(scope="session")
def inception_weights() -> dict[str, np.ndarray]:
    """Return weights in the names and shapes of the Inception-v3 of FID, seeded."""
    return weights_of(build_inception_v3, {})


@pytest.fixture(scope="session")
def inception_file(inception_weights: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write them to a file."""
    path = tmp_path_factory.mktemp("weights") / "inception.safetensors"
    save_file(inception_weights, path)
    return path


@pytest.fixture(scope="session")
def photographs() -> dict[str, np.ndarray]:
    """Return eight real pictures, 96 x 96 pixels of their middles, (H, W, C) uint8."""
    names = ("astronaut", "camera", "coffee", "chelsea", "rocket", "coins", "moon", "grass")
    pictures = {name: np.atleast_3d(getattr(data, name)()) for name in names}
    middles = {name: (picture.shape[0] // 2, picture.shape[1] // 2) for name, picture in pictures.items()}
    return {
        name: picture[middles[name][0] - 48 : middles[name][0] + 48, middles[name][1] - 48 : middles[name][1] + 48]
        for name, picture in pictures.items()
    }
