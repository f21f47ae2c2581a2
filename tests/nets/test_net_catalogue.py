"""The catalogue of networks: every line builds what it says, and no builder is forgotten."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest
import torch

import retouch.nets
from retouch.errors import UsageError
from retouch.nets.catalogue.entries import TASKS, NetInfo, Preset, kept_outputs, read_axes
from retouch.nets.catalogue.listing import NETS, build_preset, find_net, find_preset, net_names

LINES = [(info, preset) for info in NETS for preset in info.presets]
ROOM = Path(retouch.nets.__path__[0])
BUILDER = re.compile(r"[a-z]\w*_(full|tiny|small|released)")
NOT_LISTED = {
    "retouch.nets.inpainting.gdn:gdn_small": "a size between full and tiny that nobody published",
    "retouch.nets.restoration.deblurgan:deblurgan_released": "takes and gives [-1, 1]; for the authors' weights only",
}


def names_of(line: tuple[NetInfo, Preset]) -> str:
    return f"{line[0].name}-{line[1].name}"


@pytest.mark.parametrize("line", LINES, ids=names_of)
def test_a_preset_has_the_stated_number_of_parameters(line: tuple[NetInfo, Preset]) -> None:
    with torch.device("meta"):
        net = build_preset(line[1])
    assert sum(parameter.numel() for parameter in net.parameters()) == line[1].n_parameters
    assert not net.training


@pytest.mark.parametrize("info", NETS, ids=lambda info: info.name)
def test_a_line_begins_with_full_and_has_a_tiny_below_a_million(info: NetInfo) -> None:
    presets = {preset.name: preset for preset in info.presets}
    assert len(presets) == len(info.presets)
    assert next(iter(presets)) == "full"
    assert presets["tiny"].n_parameters < 1_000_000
    assert presets["tiny"].n_parameters < presets["full"].n_parameters


@pytest.mark.parametrize("info", NETS, ids=lambda info: info.name)
def test_a_line_says_what_goes_in_and_out(info: NetInfo) -> None:
    assert info.task in TASKS
    assert len(kept_outputs(info.outputs)) == len(set(kept_outputs(info.outputs).values())) > 0
    assert info.summary.endswith(".")
    assert info.paper
    for preset in info.presets:
        axes = read_axes(preset.inputs)
        assert all(name.isidentifier() and shape[0] == 1 for name, shape in axes.items())
        assert set(chain(*axes.values())) <= {*range(1, 1025), "H", "W", "P"}


@pytest.mark.parametrize("info", NETS, ids=lambda info: info.name)
def test_all_presets_of_a_line_take_the_same_names(info: NetInfo) -> None:
    assert len({tuple(read_axes(preset.inputs)) for preset in info.presets}) == 1


def test_names_are_unique_and_can_be_typed() -> None:
    names = net_names()
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in names)


def test_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(UsageError, match="unknown network 'deepfil_v2'; did you mean 'deepfill_v2'"):
        find_net("deepfil_v2")
    with pytest.raises(UsageError, match=r"unknown preset of 'lama' 'larg'; .*Known: full, big, tiny"):
        find_preset(find_net("lama"), "larg")


def test_reading_the_catalogue_needs_no_torch_and_no_array_package() -> None:
    code = (
        "import sys\nfrom retouch.nets.catalogue.listing import NETS, find_net, find_preset\n"
        "find_preset(find_net('lama'), 'tiny')\n"
        "sys.exit(len({'torch', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def builders() -> list[str]:
    """Return "module:function" of every builder in the room, found without running anything."""
    found = []
    for path in sorted(ROOM.rglob("*.py")):
        module = ".".join(("retouch.nets", *path.relative_to(ROOM).with_suffix("").parts))
        functions = (node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef))
        found += [f"{module}:{node.name}" for node in functions if BUILDER.fullmatch(node.name)]
    return found


def test_there_are_builders_to_be_found() -> None:
    assert "retouch.nets.inpainting.lama:big_lama_full" in builders()


@pytest.mark.parametrize("builder", builders(), ids=lambda builder: builder.partition(":")[2])
def test_no_builder_is_forgotten(builder: str) -> None:
    assert (builder in {preset.build for _, preset in LINES}) != (builder in NOT_LISTED)
