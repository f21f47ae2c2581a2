"""Published networks give what their authors' own code gave, under the authors' weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from retouch.errors import UsageError, WeightsError
from retouch.nets.official import all_fixtures, build, check_fixture, find_fixture, load_official

PARITY = Path(__file__).parents[3] / "shared" / "data" / "parity"
FOLDERS = sorted(path for path in PARITY.glob("*") if path.is_dir() and not path.name.startswith("metrics-"))


@pytest.mark.shared
@pytest.mark.skipif(not FOLDERS, reason=f"{PARITY} is not there")
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_outputs_are_those_of_the_authors(folder: Path) -> None:
    if folder.name not in all_fixtures():
        pytest.skip("this network is not built yet")
    tolerance = json.loads((folder / "config.json").read_text())["tolerance_abs"]
    assert check_fixture(folder) <= tolerance


def test_an_unknown_network_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'lama-generator'"):
        find_fixture("lama-genrator")


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(WeightsError, match="not those of Linear"):
        load_official(nn.Linear(2, 2), {"other": torch.zeros(2)})


def test_half_precision_weights_become_single() -> None:
    net = load_official(nn.Linear(1, 1), {"weight": torch.ones(1, 1).half(), "bias": torch.zeros(1).half()})
    assert {parameter.dtype for parameter in net.parameters()} == {torch.float32}


def test_a_built_network_is_in_evaluation_mode() -> None:
    assert not build("aff-mscam", {"ctor": {"channels": 16, "r": 4}}).training
