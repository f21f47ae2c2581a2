"""Smokes: two tiny steps derived from any recipe, and every shipped one takes them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests.training.recipes.recipe_tables import tables

from retouch.errors import UsageError
from retouch.training.door import prepare_recipe, train
from retouch.training.recipes.reading import recipe_from
from retouch.training.recipes.shipping import shipped_names
from retouch.training.recipes.smoke import smoke_of

torch.set_num_threads(1)


def test_a_smoke_takes_two_steps_of_two_small_drawn_pictures() -> None:
    smoke = smoke_of(recipe_from(tables(data__size_px=256, run__steps=1000, run__precision="bf16")))
    assert (smoke.run.steps, smoke.run.batch, smoke.run.precision) == (2, 2, "fp32")
    assert (smoke.data.root, smoke.data.size_px) == ("synthetic:toy_faces", 64)  # pennet is made for 64 px
    assert smoke.networks["generator"].preset == "tiny"


def test_every_phase_takes_one_step_of_a_smoke() -> None:
    phases = [{"name": name, "steps": 3, "trains": ["generator"]} for name in "abc"]
    smoke = smoke_of(recipe_from(tables(phases=phases)))
    assert [phase.steps for phase in smoke.phases] == [1, 1, 1]
    assert smoke.run.steps == 3


def test_a_network_of_fixed_size_decides_the_size_of_a_smoke() -> None:
    """The smallest context encoder for the middle of pictures takes 64 px."""
    given = tables(networks__generator={"name": "context_encoder_centre", "preset": "full"})
    assert smoke_of(recipe_from(given)).data.size_px == 64


def test_terms_that_need_a_backbone_are_left_out() -> None:
    smoke = smoke_of(
        recipe_from(tables(kind="partial_conv", networks__generator__name="partial_conv_unet", loss__backbone="x.onnx"))
    )
    assert (smoke.loss.backbone, smoke.loss.perceptual_weight, smoke.loss.style_weight) == ("", 0.0, 0.0)


def test_a_smoke_takes_changes_but_no_pictures() -> None:
    recipe = recipe_from(tables())
    assert prepare_recipe(recipe, settings=["run.steps=5"], smoke=True).run.steps == 5
    with pytest.raises(UsageError, match="draws its own pictures"):
        prepare_recipe(recipe, data="pictures", smoke=True)


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_recipe_takes_its_smoke(name: str, tmp_path: Path) -> None:
    result = train(name, tmp_path / "run", smoke=True, threads=1)
    assert result.step == result.n_steps
    assert (tmp_path / "run" / "weights.safetensors").exists()
