"""Published networks give what their authors' own code gave, under the authors' weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from retouch.errors import UsageError, WeightsError
from retouch.nets.checkpoints.fixture import flat_tensors
from retouch.nets.checkpoints.widths import width_divisor
from retouch.nets.official import all_fixtures, build, check_fixture, find_fixture, load_official

PARITY = Path(__file__).parents[3] / "shared" / "data" / "parity"
FOLDERS = sorted(path for path in PARITY.glob("*") if path.is_dir() and not path.name.startswith("metrics-"))

KEYED = [folder for folder in FOLDERS if (folder / "keys.json").exists()]
NETS = [folder for folder in FOLDERS if (folder / "weights.safetensors").exists()]

FULL_SIZES: dict[str, dict[str, Any]] = {
    **{name: {"channels": 64} for name in ("aff-aff", "aff-iaff", "aff-mscam")},
    "aotgan-generator": {"block_num": 8},
    "deblurgan-disc": {"ndf": 64},
    **{name: {"n_blocks": 9} for name in ("deblurgan-generator-dropout", "deblurgan-generator-nodropout")},
    **{name: {"residual_blocks": 8} for name in ("edgeconnect-edge", "edgeconnect-inpaint")},
    "gdn-generator": {"residual_num": 8, "channel": 64},
    "kair-dncnn": {"nc": 64, "nb": 17, "act_mode": "R"},  # the released ones are merged
    "kair-dncnn-merged": {"nc": 64, "nb": 20},
    "kair-fdncnn": {"nc": 64, "nb": 20},
    "kair-ircnn": {"nc": 64},
    "kair-ffdnet-gray": {"nc": 64, "nb": 15},
    "kair-ffdnet-color": {"nc": 96, "nb": 12},
    **{name: {"nc": [64, 128, 256, 512], "nb": 4} for name in ("kair-drunet-gray", "kair-drunet-color")},
    "lama-disc": {"ndf": 64},
    "lama-generator": {"ngf": 64, "n_blocks": 18},
    "lama-generator-regular": {"ngf": 64, "n_blocks": 9},
    "migan-generator": {"resolution": 512, "ch_base": 32768, "ch_max": 512},
    "mobilesam-small": {
        "img_size": 1024,
        "embed_dims": [64, 128, 160, 320],
        "depths": [2, 2, 6, 2],
        "num_heads": [2, 4, 5, 10],
        "prompt_embed_dim": 256,
        "mlp_dim": 2048,
        "decoder_heads": 8,
        "iou_head_hidden_dim": 256,
    },
    "pconv-unet-port": {"layer_size": 7},
    **{name: {"nfc": 32, "min_nfc": 32} for name in ("singan-disc", "singan-generator-nopad", "singan-generator-pad")},
    "vinet": {"search_range": 4},
}
"""Arguments of the released checkpoints where a fixture is smaller by them and not by its "width"."""

OWN_SIZES = set(FULL_SIZES) - {"kair-dncnn", "kair-ffdnet-color", "deblurgan-generator-nodropout"}
"""Of these the builders know the published sizes by themselves."""

SAID: dict[str, dict[str, Any]] = {
    "kair-drunet-gray": {"in_nc": 2, "bias": False},
    "kair-drunet-color": {"in_nc": 4, "out_nc": 3, "bias": False},
    "kair-dncnn-merged": {"in_nc": 3, "out_nc": 3, "nb": 20, "act_mode": "R"},
    "lama-disc": {"n_layers": 4},
    "lama-generator": {"n_blocks": 18},
    "singan-generator-pad": {"padd_size": 1},
}
"""What even a builder that knows the published sizes must be told, as these are one form of several."""


def config_of(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "config.json").read_text())
    return config


def official_state(folder: Path) -> dict[str, Tensor]:
    """Return tensors without content under the keys, and of the shapes, of the released weights."""
    return {key: torch.empty(shape, device="meta") for key, shape in json.loads((folder / "keys.json").read_text())}


def doubled(name: str, value: Tensor) -> Tensor:
    """Return a batch of twice the size, whose second half is another one; labels and thin masks are shared."""
    if value.ndim < 2 or (name == "mask" and value.shape[-1] == 1 and len(value) == 1):
        return value
    return torch.cat([value, value if name.startswith("mask") else 0.9 * value.flip(0)])


@pytest.mark.shared
@pytest.mark.skipif(not FOLDERS, reason=f"{PARITY} is not there")
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_outputs_are_those_of_the_authors(folder: Path) -> None:
    if folder.name not in all_fixtures():
        pytest.skip("this network is not built yet")
    tolerance = json.loads((folder / "config.json").read_text())["tolerance_abs"]
    assert check_fixture(folder) <= tolerance


@pytest.mark.shared
@pytest.mark.skipif(not KEYED, reason=f"{PARITY} is not there")
@pytest.mark.parametrize("folder", KEYED, ids=lambda folder: folder.name)
def test_the_full_network_takes_exactly_the_keys_of_the_released_weights(folder: Path) -> None:
    config = config_of(folder)
    config.pop("width", None)
    config["ctor"] |= FULL_SIZES.get(folder.name, {})
    with torch.device("meta"):
        net = build(folder.name, config)
    load_official(net, official_state(folder))


@pytest.mark.shared
@pytest.mark.skipif(not KEYED, reason=f"{PARITY} is not there")
@pytest.mark.parametrize("name", sorted(OWN_SIZES))
def test_arguments_that_are_left_out_have_their_published_values(name: str) -> None:
    with torch.device("meta"):
        net = build(name, {"ctor": SAID.get(name, {})})
    load_official(net, official_state(PARITY / name))


@pytest.mark.shared
@pytest.mark.skipif(not NETS, reason=f"{PARITY} is not there")
@pytest.mark.parametrize("folder", NETS, ids=lambda folder: folder.name)
@torch.no_grad()
def test_what_comes_out_does_not_depend_on_the_batch(folder: Path) -> None:
    config, fixture = config_of(folder), find_fixture(folder.name)
    net = load_official(build(folder.name, config), load_file(folder / "weights.safetensors"))
    with np.load(folder / "inputs.npz") as arrays:
        inputs = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    alone = list(flat_tensors(fixture.run(net, inputs, config)))
    together = flat_tensors(fixture.run(net, {name: doubled(name, x) for name, x in inputs.items()}, config))
    for mine, ours in zip(alone, together, strict=True):
        torch.testing.assert_close(ours[: len(mine)], mine, rtol=0, atol=config["tolerance_abs"] / 5)


@pytest.mark.shared
@pytest.mark.skipif(not NETS, reason=f"{PARITY} is not there")
@pytest.mark.parametrize("folder", NETS, ids=lambda folder: folder.name)
def test_a_key_too_many_numbers_for_tensors_and_nothing_at_all_are_refused(folder: Path) -> None:
    net, state = build(folder.name, config_of(folder)), load_file(folder / "weights.safetensors")
    numbers = dict.fromkeys(state, torch.tensor(0.5))
    for wrong in (state | {"nobody.knows.0.weight": torch.zeros(3)}, numbers, {}):
        with pytest.raises(WeightsError):
            load_official(net, wrong)


def test_an_unknown_network_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'lama-generator'"):
        find_fixture("lama-genrator")


def test_a_further_number_is_a_further_example_of_the_same_network() -> None:
    assert find_fixture("lama-ffc-9") == find_fixture("lama-ffc-0")
    assert find_fixture("deepfill-official-ca-7m") == find_fixture("deepfill-official-ca-0m")
    assert find_fixture("aff-aff-2") == find_fixture("aff-aff")


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(WeightsError, match="not those of Linear"):
        load_official(nn.Linear(2, 2), {"other": torch.zeros(2)})


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_no_finite_numbers_are_refused_and_the_net_stays_as_it_was(bad: float) -> None:
    net = nn.Linear(2, 2)
    before = net.weight.clone()
    with pytest.raises(WeightsError, match="finite numbers, bias holds others"):
        load_official(net, {"weight": torch.zeros(2, 2), "bias": torch.tensor([0.0, bad])})
    assert torch.equal(net.weight, before)


def test_half_precision_weights_become_single() -> None:
    net = load_official(nn.Linear(1, 1), {"weight": torch.ones(1, 1).half(), "bias": torch.zeros(1).half()})
    assert {parameter.dtype for parameter in net.parameters()} == {torch.float32}


def test_a_built_network_is_in_evaluation_mode() -> None:
    assert not build("aff-mscam", {"ctor": {"channels": 16, "r": 4}}).training


def test_words_that_say_no_width_are_refused() -> None:
    with pytest.raises(WeightsError, match='must say "divided by <number>", got '):
        width_divisor({"width": "halved"})
