"""Recipes read from files: what is understood, what is refused and with which words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.training.recipes.recipe_tables import tables

from retouch.errors import InputError, UsageError
from retouch.training.recipes.overrides import apply_overrides
from retouch.training.recipes.reading import (
    describe,
    differences,
    read_recipe,
    recipe_from,
    recipe_hash,
    recipe_to_dict,
)
from retouch.training.recipes.shipping import list_shipped, shipped_names

RECIPE = """
name = "small"
kind = "reconstruction"
paper = "none"
aim = "nothing"
phases = [{name = "first", steps = 4, trains = ["generator"]}]
[networks.generator]
name = "pennet"
preset = "tiny"
[optimisers.generator]
lr = 1
betas = [0, 0.9]
[data]
root = "pictures"
[damage]
bins = [[0.1, 0.2], [0.2, 0.3]]
[run]
steps = 10
"""


def test_a_recipe_file_becomes_dataclasses(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(RECIPE)
    recipe = read_recipe(tmp_path / "small.toml")
    assert recipe.optimisers["generator"].lr == 1.0
    assert isinstance(recipe.optimisers["generator"].lr, float)
    assert recipe.optimisers["generator"].betas == (0.0, 0.9)
    assert recipe.damage.bins == ((0.1, 0.2), (0.2, 0.3))
    assert recipe.phases[0].trains == ("generator",)
    assert type(recipe.loss).__name__ == "ReconstructionLoss"


def test_plain_types_are_read_back_as_the_same_recipe() -> None:
    recipe = recipe_from(tables())
    plain = json.loads(json.dumps(recipe_to_dict(recipe)))
    assert recipe_from(plain) == recipe
    assert recipe_hash(recipe_from(plain)) == recipe_hash(recipe)


def test_the_hash_depends_on_every_value() -> None:
    assert recipe_hash(recipe_from(tables())) != recipe_hash(recipe_from(tables(run__seed=1)))


def test_a_difference_is_shown_with_its_place_and_both_values() -> None:
    before, after = (recipe_to_dict(recipe_from(tables(**changes))) for changes in ({}, {"run__batch": 16}))
    assert describe(differences(before, after)) == ["run.batch: 2 -> 16"]


def test_phases_differ_one_by_one() -> None:
    phases = [{"name": "a", "steps": steps, "trains": ["generator"]} for steps in (3, 4)]
    before, after = (recipe_to_dict(recipe_from(tables(phases=[phase]))) for phase in phases)
    assert describe(differences(before, after)) == ["phases.0.steps: 3 -> 4"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rn": {}}, "unknown key in the recipe 'rn'; did you mean 'run'? Known: name, kind"),
        ({"run__stepps": 5}, "unknown key in run 'stepps'; did you mean 'steps'? Known: steps, batch"),
        ({"networks__generator__preste": "x"}, "unknown key in networks.generator 'preste'; did you mean 'preset'"),
        ({"loss__hole": 1.0}, "unknown key in loss 'hole'"),
        ({"run__steps": True}, "run.steps must be a whole number, got true"),
        ({"run__steps": 1.5}, "run.steps must be a whole number, got 1.5"),
        ({"run__ema_decay": "much"}, "run.ema_decay must be a number, got 'much'"),
        ({"run__precision": "fp16"}, "unknown value of run.precision 'fp16'; did you mean 'bf16'? Known: fp32, bf16"),
        ({"optimisers__generator__betas": [0.9]}, "optimisers.generator.betas must have 2 values, got 1"),
        ({"optimisers__generator__milestones": 5}, "optimisers.generator.milestones must be a list in brackets, got 5"),
        ({"damage__families": "brush"}, "damage.families must be a table, got 'brush'"),
        ({"kind": "gnd"}, "unknown kind of training 'gnd'; did you mean 'gdn'"),
        ({"networks__generator__name": "pennett"}, "unknown network 'pennett'; did you mean 'pennet'"),
        ({"networks__generator__preset": "tny"}, "unknown preset of 'pennet' 'tny'; did you mean 'tiny'"),
    ],
)
def test_what_is_not_understood_is_told_with_what_would_be(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as told:
        recipe_from(tables(**changes))
    assert words in str(told.value)


@pytest.mark.parametrize("key", ["name", "networks", "run"])
def test_what_is_missing_is_named(key: str) -> None:
    given = tables()
    del given[key]
    with pytest.raises(UsageError, match=f"the recipe must say '{key}', and does not; add it"):
        recipe_from(given)


CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"run__steps": 0}, "run.steps must be 1 or more, got 0"),
    ({"run__batch": -1}, "run.batch must be 1 or more, got -1"),
    ({"run__clip_norm": -1}, "run.clip_norm must not be negative"),
    ({"run__ema_decay": 1}, "run.ema_decay must be in [0, 1), got 1.0"),
    ({"networks__criticc__name": "pennet"}, "unknown role of a network for kind 'reconstruction' 'criticc'"),
    ({"optimisers__critic": {}}, "optimisers.critic moves a network, and there is no networks.critic"),
    ({"networks__critic": {"name": "sn_patchgan"}}, "networks.critic has neither an optimiser nor weights"),
    ({"networks": {}, "optimisers": {}}, "needs a network of the role 'generator', and there is none"),
    (
        {"phases": [{"name": "a", "steps": 1, "trains": ["critic"]}]},
        "phase 'a' trains 'critic', which has no optimiser; name some of: generator",
    ),
    ({"phases": [{"name": "a", "steps": 11, "trains": ["generator"]}]}, "the phases take 11 steps together and run."),
    ({"phases": [{"name": "a", "steps": 0, "trains": ["generator"]}]}, "phase 'a' must have 1 step or more"),
    (
        {"optimisers__generator": {"schedule": "cosine", "warmup_steps": 10}},
        "warmup_steps must be below run.steps = 10",
    ),
    ({"optimisers__generator": {"schedule": "steps"}}, 'schedule = "steps" needs milestones; add them'),
    ({"optimisers__generator__milestones": [5]}, 'milestones are for schedule = "steps", got "constant"'),
    ({"optimisers__generator": {"schedule": "steps", "milestones": [5, 3]}}, "milestones must rise, got [5, 3]"),
    ({"optimisers__generator__last_lr": 1e-5}, 'last_lr is for schedule = "cosine"'),
    ({"optimisers__generator__momentum": 0.9}, 'momentum is not for method = "adam"'),
    ({"optimisers__generator": {"method": "sgd", "betas": [0, 0.9]}}, 'betas are not for method = "sgd"'),
    ({"optimisers__generator__lr": 0}, "optimisers.generator must have lr above 0"),
    ({"damage__curriculum": "noise"}, 'curriculum = "noise" makes no holes, and data.kind = "fill" fills some'),
    ({"damage__curriculum": "masks"}, 'curriculum = "masks" takes them from a folder; set damage.root'),
    ({"damage__root": "masks"}, 'damage.root counts for curriculum = "masks", got "families"'),
    ({"damage__bins": [[0.2, 0.1]]}, "damage.bins must be pairs of shares, low below high, got [0.2, 0.1]"),
    ({"data__kind": "boxes"}, "kind 'reconstruction' takes data of the kinds fill, guesses, got data.kind = 'boxes'"),
    ({"data__short_px": 16}, "data.short_px must be at least size_px = 32, got 16"),
    ({"data__short_px": 64, "data__resize": "none"}, 'data.short_px counts for resize = "short", got resize = "none"'),
    ({"data__channels": 2}, "channels of 1 or 3"),
    ({"data__validation_share": 1}, "data.validation_share must be in [0, 1), got 1"),
]


@pytest.mark.parametrize(("changes", "words"), CONTRADICTIONS, ids=[words[:40] for _, words in CONTRADICTIONS])
def test_a_contradiction_is_told_before_anything_is_built(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as told:
        recipe_from(tables(**changes))
    assert words in str(told.value)


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("name = ")
    with pytest.raises(InputError, match="must be a TOML file"):
        read_recipe(tmp_path / "bad.toml")


def test_a_recipe_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the recipe"):
        read_recipe(tmp_path / "none.toml")
    with pytest.raises(UsageError, match="unknown recipe 'none'"):
        read_recipe("none")


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_recipe_is_free_of_contradictions(name: str) -> None:
    assert read_recipe(name).name == name


def test_the_list_shows_every_shipped_recipe() -> None:
    assert tuple(line.name for line in list_shipped()) == shipped_names()


def test_settings_are_values_of_toml_or_plain_words() -> None:
    changed = apply_overrides(
        {"run": {"steps": 5}},
        [
            "run.steps=7",
            "optimisers.generator.lr=1e-3",
            "data.flip=false",
            "data.root = /a b",
            'name="x=y"',
            "run.l=[1,2]",
        ],
    )
    assert changed == {
        "run": {"steps": 7, "l": [1, 2]},
        "optimisers": {"generator": {"lr": 1e-3}},
        "data": {"flip": False, "root": "/a b"},
        "name": "x=y",
    }


def test_a_setting_reaches_into_lists() -> None:
    phases = [{"name": "a", "steps": 3, "trains": ["generator"]}]
    assert recipe_from(apply_overrides(tables(phases=phases), ["phases.0.steps=5"])).phases[0].steps == 5


def test_settings_leave_the_tables_as_they_were() -> None:
    given = tables()
    apply_overrides(given, ["run.steps=99"])
    assert given == tables()


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("run.steps", "a setting must be KEY=VALUE"),
        ("=5", "a setting must be KEY=VALUE"),
        ("name.first=5", "name has no 'first'"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(setting: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        apply_overrides(tables(), [setting])


def test_an_unknown_place_of_a_setting_is_told_by_the_reader() -> None:
    with pytest.raises(UsageError, match="unknown key in run 'stepps'"):
        recipe_from(apply_overrides(tables(), ["run.stepps=5"]))
