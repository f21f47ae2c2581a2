"""The recipes of networks that fill holes or make pictures: complete, consistent, and as their head comments say."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

import retouch.training.recipes
from retouch.nets.catalogue.generating import GENERATING
from retouch.nets.catalogue.inpainting import INPAINTING
from retouch.nets.catalogue.listing import find_net, find_preset
from retouch.training.recipes.overrides import apply_overrides
from retouch.training.recipes.reading import read_recipe, recipe_from
from retouch.training.recipes.settings import Recipe
from retouch.training.steps.listing import find_kind

SHIPPED = Path(retouch.training.recipes.__file__).parent / "shipped"
FILES = {file.stem: file for task in ("inpainting", "generating") for file in sorted((SHIPPED / task).rglob("*.toml"))}
TABLES = {"name", "kind", "paper", "aim", "networks", "optimisers", "data", "damage", "run", "loss"}
NETS = [net.name for net in (*INPAINTING, *GENERATING) if net.task in ("inpaint", "generate")]


@cache
def recipe_of(file: Path) -> Recipe:
    return read_recipe(file)


@pytest.fixture(params=FILES)
def file(request: pytest.FixtureRequest) -> Path:
    return FILES[request.param]


def head_of(file: Path) -> str:
    """Return the head comment as one line."""
    lines = file.read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    return " ".join(line.removeprefix("#").strip() for line in lines)


def settings_of(sentence: str) -> list[str]:
    """Return what a sentence says to set, without the mark that ends it."""
    return [found.rstrip(".,;:") for found in re.findall(r"--set (\w+(?:\.\w+)+=\S+)", sentence)]


def test_every_recipe_names_networks_presets_and_roles_that_its_kind_knows(file: Path) -> None:
    recipe = recipe_of(file)
    kind = find_kind(recipe.kind)
    assert set(kind.roles) <= set(recipe.networks) <= {*kind.roles, *kind.optional_roles}
    for net in recipe.networks.values():
        find_preset(find_net(net.name), net.preset)


def test_every_recipe_has_all_tables_and_is_called_as_its_file(file: Path) -> None:
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    assert table.keys() >= TABLES
    assert table["name"] == file.stem
    assert {"steps", "batch"} <= table["run"].keys()
    assert "size_px" in table["data"]
    assert all("lr" in optimiser for optimiser in table["optimisers"].values())


def test_every_recipe_says_where_it_comes_from_and_whether_it_was_run(file: Path) -> None:
    head = head_of(file)
    assert re.search(r"Measured: \w", head)
    assert recipe_of(file).paper in head


@pytest.mark.parametrize(("name", "file"), [item for item in FILES.items() if "small" in item[1].parts])
def test_a_reduced_recipe_draws_its_pictures_and_needs_no_weights(name: str, file: Path) -> None:
    recipe = recipe_of(file)
    assert name.endswith("-small")
    assert recipe.data.root.startswith("synthetic:")
    assert recipe.run.steps <= 4000
    assert all(net.preset == "tiny" and not net.weights for net in recipe.networks.values())
    weights = [getattr(recipe.loss, word, 0) for word in ("perceptual_weight", "style_weight")]
    assert getattr(recipe.loss, "backbone", "") == ""
    assert weights == [0, 0]


def test_what_head_comments_tell_to_set_can_be_set(file: Path) -> None:
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    for sentence in re.split(r"[.;] (?=[A-Z])|; or ", head_of(file)):
        recipe_from(apply_overrides(table, settings_of(sentence)))


@pytest.mark.parametrize("net", NETS)
def test_every_trainable_network_has_a_full_and_a_reduced_recipe(net: str) -> None:
    sizes = {
        size
        for file in FILES.values()
        for size in ("full", "small")
        if size in file.parts and recipe_of(file).networks["generator"].name == net
    }
    assert sizes == {"full", "small"}


def test_no_two_shipped_recipes_have_the_same_name() -> None:
    names = [file.stem for file in SHIPPED.rglob("*.toml")]
    assert len(names) == len(set(names))


def test_no_room_of_recipes_holds_more_than_twelve() -> None:
    rooms = {file.parent for file in FILES.values()}
    assert max(len(list(room.glob("*.toml"))) for room in rooms) <= 12
