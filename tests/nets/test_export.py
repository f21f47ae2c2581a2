"""Networks written as ONNX files: the same pictures as torch's, and nothing but their own weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from retouch.errors import UsageError, WeightsError
from retouch.nets.catalogue.entries import JUDGE, NetInfo, read_axes
from retouch.nets.catalogue.listing import NETS, build_preset, find_net, find_preset
from retouch.nets.export.adapters import adapt
from retouch.nets.export.door import draw_graph
from retouch.nets.export.loading import load_checkpoint
from retouch.nets.export.reach import measure_reach
from retouch.nets.inpainting.two_stage.keys import port_names, tensorflow_names
from retouch.runtime import exporting
from retouch.runtime.cards import read_card
from retouch.runtime.exporting import DEFAULT_TOLERANCE, ExportOrder, check_weights, export_net
from retouch.runtime.session import open_net

torch.set_num_threads(1)
pytestmark = pytest.mark.usefixtures("lengths_may_be_symbols")


def tiny(name: str) -> nn.Module:
    net: nn.Module = build_preset(find_preset(find_net(name), "tiny"))
    return net


def order(name: str, out: Path, **more: object) -> ExportOrder:
    return ExportOrder(**{"name": name, "checkpoint": None, "out": str(out), "preset": "tiny", **more})  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("info", [info for info in NETS if not info.no_export], ids=lambda info: info.name)
def test_a_graph_gives_what_torch_gives_at_three_sizes(info: NetInfo, tmp_path: Path) -> None:
    """Takes 2 to 30 seconds for each network: it is the exporter of torch that works."""
    drawing = draw_graph(info, order(info.name, tmp_path / "net.onnx"))
    assert len({tuple(array.shape for array in inputs.values()) for inputs, _ in drawing.samples}) in (1, 3)
    net = exporting._opened(drawing.model, tmp_path / "net.onnx")
    assert set(net.inputs) == set(read_axes(find_preset(info, "tiny").inputs))
    assert exporting._difference(net, drawing.samples) <= DEFAULT_TOLERANCE
    assert max(np.ptp(output) for _, outputs in drawing.samples for output in outputs) > 0


@pytest.mark.parametrize("info", [info for info in NETS if info.no_export], ids=lambda info: info.name)
def test_a_network_without_a_graph_says_why(info: NetInfo, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"'{info.name}' is not exported: {info.no_export}"):
        export_net(order(info.name, tmp_path / "net.onnx"))


def test_critics_alone_judge() -> None:
    assert all(bool(info.no_export) for info in NETS if info.task == JUDGE)


def test_the_card_in_the_file_is_the_one_returned(tmp_path: Path) -> None:
    card = export_net(order("dncnn", tmp_path / "net.onnx", licence="MIT", source="here"))
    assert read_card(open_net(tmp_path / "net.onnx").facts, tmp_path) == card
    assert (card.net, card.preset, card.task, card.licence, card.source) == ("dncnn", "tiny", "denoise", "MIT", "here")
    assert card.radius_px == 7  # tiny has 7 layers
    assert card.weights_sha256 == ""
    assert card.bytes_per_pixel > 200  # a layer's input and output of 32 channels are 256 bytes a pixel


def test_an_export_without_a_checkpoint_is_the_same_again(tmp_path: Path) -> None:
    for name in ("first", "second"):
        torch.manual_seed(len(name))
        export_net(order("ircnn", tmp_path / f"{name}.onnx"))
    first, second = (onnx.load(tmp_path / f"{name}.onnx").graph for name in ("first", "second"))
    assert first.SerializeToString() == second.SerializeToString()


def test_halved_weights_take_half_the_file_and_change_little(tmp_path: Path) -> None:
    """Weights are below 1 and have 11 bits in half precision: seven layers of them change less than 1 in 100."""
    whole = export_net(order("dncnn", tmp_path / "whole.onnx"))
    half = export_net(order("dncnn", tmp_path / "half.onnx", storage="float16"))
    sizes = [(tmp_path / f"{name}.onnx").stat().st_size for name in ("half", "whole")]
    assert sizes[0] / sizes[1] == pytest.approx(0.5, abs=0.08)  # the nodes stay as they are
    assert 0 < half.storage_difference < 0.01
    assert (whole.storage, whole.storage_difference, half.storage) == ("float32", 0, "float16")
    picture = np.random.default_rng(0).random((1, 3, 40, 50), np.float32)
    results = [open_net(tmp_path / f"{name}.onnx").run(noisy=picture)["picture"] for name in ("half", "whole")]
    assert 0 < np.abs(results[0] - results[1]).max() < 0.01


def test_what_halving_would_overflow_stays_as_it_is(tmp_path: Path) -> None:
    net = tiny("ircnn")
    next(net.parameters()).data[0, 0, 0, 0] = 1e6  # above 65504
    save_file(net.state_dict(), tmp_path / "large.safetensors")
    how = {"checkpoint": str(tmp_path / "large.safetensors"), "storage": "float16", "tolerance": 1e6}
    export_net(order("ircnn", tmp_path / "net.onnx", **how))
    picture = np.ones((1, 3, 40, 50), np.float32)
    assert np.isfinite(open_net(tmp_path / "net.onnx").run(noisy=picture)["picture"]).all()


def reach_of(name: str, preset: str) -> int | None:
    info, line = find_net(name), find_preset(find_net(name), preset)
    return measure_reach(adapt(build_preset(line), info), info, read_axes(line.inputs))


def test_the_reach_of_a_chain_of_convolutions_is_one_pixel_for_each() -> None:
    assert reach_of("dncnn", "full") == 17


def test_the_reach_of_dilated_convolutions_is_the_sum_of_their_dilations() -> None:
    assert reach_of("ircnn", "full") == 1 + 2 + 3 + 4 + 3 + 2 + 1


def test_the_reach_on_sub_images_is_that_of_the_layers_times_two() -> None:
    """FFDNet has 15 layers on sub-images of 2x2 pixels: 15 blocks to each side, and from the far end of the own one."""
    assert reach_of("ffdnet", "full") == 2 * 15 + 1


class Strided(nn.Module):
    """Halves by a 3x3 convolution, takes another there, and doubles again."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.inner = nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.Conv2d(4, 3, 3, padding=1)

    def forward(self, noisy: Tensor) -> tuple[Tensor]:
        """Return the doubled picture, as `NamedOutputs` would."""
        return (nn.functional.interpolate(self.inner(self.down(noisy)), scale_factor=2),)


def test_the_reach_of_a_strided_net_counts_both_phases() -> None:
    """Small pixel s sees inputs 2s - 1 to 2s + 1, the one before it 2s - 3 to 2s - 1; it makes outputs 2s and 2s + 1.

    So output 2s + 1 depends on input 2s - 3, four pixels away. What is measured may be one more: it cannot tell which
    of two pixels of a block it was.
    """
    info = find_net("dncnn")._replace(multiple=2)
    assert measure_reach(Strided(), info, read_axes("noisy 3xHxW")) == 4 + 1


def test_what_looks_everywhere_has_no_reach() -> None:
    assert reach_of("lama", "tiny") is None
    assert reach_of("deepfill_v2", "tiny") is None


def test_places_that_are_reckoned_have_no_reach() -> None:
    """StructureFlow looks where its flow says."""
    assert reach_of("structureflow", "tiny") is None


def test_a_net_of_one_size_has_no_reach() -> None:
    assert reach_of("migan", "tiny") is None


def changed(change: Callable[[dict[str, Tensor]], object]) -> dict[str, Tensor]:
    state = dict(tiny("dncnn").state_dict())
    change(state)
    return state


OTHERS: dict[str, Callable[[], dict[str, Tensor]]] = {
    "another net": lambda: dict(tiny("ffdnet").state_dict()),
    "a missing key": lambda: changed(lambda state: state.pop(next(iter(state)))),
    "an extra key": lambda: changed(lambda state: state.update(extra=torch.zeros(1))),
    "another shape": lambda: changed(lambda state: state.update({next(iter(state)): torch.zeros(1, 2, 3)})),
    "a NaN": lambda: changed(lambda state: next(iter(state.values())).view(-1)[0].fill_(torch.nan)),
    "an infinity": lambda: changed(lambda state: next(iter(state.values())).view(-1)[0].fill_(torch.inf)),
    "nothing": dict,
}


@pytest.mark.parametrize("preset", ["tiny", ""])
@pytest.mark.parametrize("build", OTHERS.values(), ids=OTHERS.keys())
def test_weights_of_another_net_are_refused(
    build: Callable[[], dict[str, Tensor]], preset: str, tmp_path: Path
) -> None:
    save_file({key: value.contiguous() for key, value in build().items()}, tmp_path / "bad.safetensors")
    how = {"checkpoint": str(tmp_path / "bad.safetensors"), "preset": preset}
    with pytest.raises(WeightsError, match=r"cannot use the weights .*bad\.safetensors") as caught:
        export_net(order("dncnn", tmp_path / "net.onnx", **how))
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 7
    assert not (tmp_path / "net.onnx").exists()


def test_the_preset_is_the_one_that_the_weights_fit() -> None:
    state = {key: value.numpy() for key, value in tiny("dncnn").state_dict().items()}
    assert check_weights("dncnn", state) == "tiny"
    with pytest.raises(WeightsError, match="not those of"):
        check_weights("ffdnet", state)


def same_weights(net: nn.Module, other: nn.Module) -> bool:
    theirs = other.state_dict()
    return all(torch.equal(value, theirs[key]) for key, value in net.state_dict().items())


@pytest.mark.parametrize("name", ["dncnn", "ffdnet", "lama", "gdn", "edgeconnect", "deepfill_v2", "didmdn"])
def test_our_own_names_load(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    source = tiny(name)
    save_file(source.state_dict(), tmp_path / "own.safetensors")
    assert same_weights(load_checkpoint(tiny(name), tmp_path / "own.safetensors"), source)


def test_a_prefix_of_data_parallel_is_taken_off(tmp_path: Path) -> None:
    torch.manual_seed(1)
    source = tiny("dncnn")
    save_file({f"module.{key}": value for key, value in source.state_dict().items()}, tmp_path / "own.safetensors")
    loaded = load_checkpoint(tiny("dncnn"), tmp_path / "own.safetensors", strip_prefix="module.")
    assert same_weights(loaded, source)


def of_tensorflow(state: dict[str, Tensor]) -> dict[str, Tensor]:
    theirs = {ours: scope for scope, ours in tensorflow_names().items()}
    renamed = {}
    for key, value in state.items():
        path, _, leaf = key.removeprefix("generator.").rpartition(".conv.")
        is_kernel = leaf == "weight"
        renamed[f"{theirs[path]}/{'kernel' if is_kernel else leaf}"] = value.permute(2, 3, 1, 0) if is_kernel else value
    return renamed


def of_port(state: dict[str, Tensor]) -> dict[str, Tensor]:
    theirs = {ours: path for path, ours in port_names().items()}
    renamed = {}
    for key, value in state.items():
        path, _, leaf = key.removeprefix("generator.").rpartition(".conv.")
        renamed[f"{theirs[path]}.conv.{leaf}"] = value
    return renamed


@pytest.mark.parametrize("rename", [of_tensorflow, of_port])
def test_the_authors_names_of_deepfill_load(
    rename: Callable[[dict[str, Tensor]], dict[str, Tensor]], tmp_path: Path
) -> None:
    torch.manual_seed(1)
    source = tiny("deepfill_v2")
    theirs = {key: value.contiguous() for key, value in rename(dict(source.state_dict())).items()}
    save_file(theirs, tmp_path / "theirs.safetensors")
    assert same_weights(load_checkpoint(tiny("deepfill_v2"), tmp_path / "theirs.safetensors"), source)


def gdn_names(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return GDN's weights as its authors' TensorFlow names and lays them out, generator and detector in one file."""
    scopes = {
        "entry": "inpaint_generator/encoder1",
        "down": "inpaint_generator/encoder_downsample_{}",
        "blocks": "inpaint_generator/resblock_{}",
        "up": "inpaint_generator/decoder_upsample_{}",
        "head": "inpaint_generator/decoder3",
    }
    renamed = {}
    for key, value in state.items():
        kernel = value.permute(2, 3, 1, 0).contiguous() if value.ndim > 1 else value
        part, *rest = key.split(".")
        if part == "detector":
            layer = f"conv{int(rest[1]) + 1}" if rest[0] == "convs" else f"deconv_{int(rest[1]) + 1}/conv2d_transpose"
            renamed[f"inpaint_discriminator/{layer}/{'kernel' if rest[-1] == 'weight' else 'bias'}"] = kernel
            continue
        renamed[f"{_scope_of(rest, scopes)}{_leaf_of(value, rest)}"] = kernel
    return renamed


def _scope_of(rest: list[str], scopes: dict[str, str]) -> str:
    number = {"down": 2, "blocks": 1, "up": 1}.get(rest[0])
    return scopes[rest[0]] if number is None else scopes[rest[0]].format(int(rest[1]) + number)


def _leaf_of(value: Tensor, rest: list[str]) -> str:
    part = f"/res{rest[2][-1]}" if rest[0] == "blocks" else ""
    layer = "deconv" if rest[0] == "up" else "conv"
    if value.ndim > 1:
        return f"{part}/{layer}/{'conv2d_transpose' if rest[0] == 'up' else 'conv2d'}/kernel"
    return f"{part}/ins_norm/{'gamma' if rest[-1] == 'weight' else 'beta'}"


def test_a_checkpoint_that_two_networks_share_is_shared_out(tmp_path: Path) -> None:
    torch.manual_seed(1)
    source = tiny("gdn")
    save_file(gdn_names(dict(source.state_dict())), tmp_path / "theirs.safetensors")
    assert same_weights(load_checkpoint(tiny("gdn"), tmp_path / "theirs.safetensors"), source)


def test_a_shared_checkpoint_with_a_part_of_another_net_is_refused(tmp_path: Path) -> None:
    theirs = gdn_names(dict(tiny("gdn").state_dict()))
    save_file({**theirs, "vgg/conv1/kernel": torch.zeros(1)}, tmp_path / "theirs.safetensors")
    with pytest.raises(WeightsError, match=r"theirs\.safetensors: no part .* has these keys: vgg/conv1/kernel"):
        load_checkpoint(tiny("gdn"), tmp_path / "theirs.safetensors")


def test_a_tolerance_that_is_too_small_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"what was there")
    with pytest.raises(WeightsError, match=r"'dncnn' differs from torch by .*, and 0 is allowed; nothing was written"):
        export_net(order("dncnn", tmp_path / "net.onnx", tolerance=0.0))
    assert (tmp_path / "net.onnx").read_bytes() == b"what was there"
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]


def test_a_result_that_is_no_number_differs_from_everything(tmp_path: Path) -> None:
    """A NaN is neither above nor below a tolerance, so it must not slip through a comparison."""
    drawing = draw_graph(find_net("ircnn"), order("ircnn", tmp_path / "net.onnx"))
    drawing.samples[0][1][0][0, 0, 0, 0] = np.nan
    net = exporting._opened(drawing.model, tmp_path / "net.onnx")
    assert exporting._difference(net, drawing.samples) == np.inf


def test_unknown_names_are_refused_before_any_work(tmp_path: Path) -> None:
    out = tmp_path / "net.onnx"
    for how, words in (
        ({"name": "dncn"}, "did you mean 'dncnn'"),
        ({"preset": "tny"}, "did you mean 'tiny'"),
        ({"storage": "float8"}, "float32 or float16, got 'float8'"),
    ):
        with pytest.raises(UsageError, match=words):
            export_net(order(**{"name": "dncnn", "out": out, **how}))  # type: ignore[arg-type]


def test_a_missing_checkpoint_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"gone\.pth"):
        export_net(order("dncnn", tmp_path / "net.onnx", checkpoint=str(tmp_path / "gone.pth")))
