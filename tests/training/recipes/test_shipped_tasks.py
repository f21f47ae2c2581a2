"""The shipped recipes of denoising, restoring, labels, clips and detection: whole, named alike, and fit for their data.

That each of them trains is the business of the smoke test; here nothing takes a step.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.training.data.tasks.recipes import noise, save
from tests.training.steps.task_context import FakeContext

from retouch.nets.catalogue.entries import DENOISE, DETECT, RESTORE, SEMANTIC, VIDEO
from retouch.nets.catalogue.listing import NETS
from retouch.training.data.stream import open_stream
from retouch.training.loop.networks import build_networks
from retouch.training.recipes import shipping
from retouch.training.recipes.reading import read_recipe
from retouch.training.recipes.settings import Recipe
from retouch.training.steps.contract import Training
from retouch.training.steps.listing import find_kind, load_named

SHIPPED = Path(shipping.__file__).parent / "shipped"
ROOMS = ("denoising", "restoring", "semantic", "video", "detecting")
FILES = sorted(file for room in ROOMS for file in SHIPPED.joinpath(room).rglob("*.toml"))
SMALL = [file for file in FILES if file.stem.endswith("-small")]
FULL = [file for file in FILES if file not in SMALL]
TABLES = {"name", "kind", "paper", "aim", "networks", "optimisers", "data", "damage", "run", "loss"}
STEMS = ("Rain_Heavy/1", "Rain_Light/2")  # any will do where no density is told by names
every_file = pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
every_full = pytest.mark.parametrize("file", FULL, ids=[file.stem for file in FULL])
every_small = pytest.mark.parametrize("file", SMALL, ids=[file.stem for file in SMALL])


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@cache
def recipe_in(file: Path) -> Recipe:
    return read_recipe(file)


def training_of(recipe: Recipe) -> Training:
    """Return the training of a recipe with its networks."""
    training: Training = load_named(find_kind(recipe.kind).build)(build_networks(recipe), recipe.loss)
    return training


@every_file
def test_a_file_is_whole_and_says_where_it_comes_from(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    head = text.split("\n\n")[0].splitlines()
    assert all(line.startswith("# ") and len(line) <= 120 for line in head)
    assert any(line.startswith("# Measured: ") for line in head)
    assert set(tomllib.loads(text)) - {"phases"} == TABLES
    assert recipe_in(file).name == file.stem


def test_no_name_is_given_twice() -> None:
    names = [file.stem for file in SHIPPED.rglob("*.toml")]
    assert len(set(names)) == len(names)


def test_every_trainable_network_has_a_full_and_a_reduced_recipe() -> None:
    tasks = (DENOISE, RESTORE, SEMANTIC, VIDEO, DETECT)
    wanted = {info.name for info in NETS if info.task in tasks}
    for files in (FULL, SMALL):
        trained = {net.name for file in files for role, net in recipe_in(file).networks.items() if role != "critic"}
        assert wanted - trained == set()


@every_full
def test_a_full_recipe_has_the_published_networks(file: Path) -> None:
    recipe = recipe_in(file)
    assert all(net.preset != "tiny" for net in recipe.networks.values())
    assert recipe.data.root == ""  # --data must name it
    with torch.device("meta"):
        training_of(recipe)  # the kind takes its networks


@every_full
def test_a_full_recipe_reads_the_files_that_it_describes(file: Path, tmp_path: Path) -> None:
    recipe = recipe_in(file)
    write_set(recipe, tmp_path)
    data = replace(recipe.data, root=str(tmp_path), validation_share=0.0, workers=0)
    stream = open_stream(replace(recipe, data=data, run=replace(recipe.run, batch=1)))
    batch = stream.batch(0)
    stream.close()
    assert batch.image.shape == (1, data.channels, data.size_px, data.size_px)
    if recipe.kind in ("didmdn", "rain_density"):
        assert batch.tensors["density"].item() in (1, 3)


@every_small
def test_a_reduced_recipe_is_small(file: Path) -> None:
    recipe = recipe_in(file)
    assert all(net.preset == "tiny" for net in recipe.networks.values())
    assert recipe.data.root.startswith("synthetic:")
    assert recipe.data.size_px <= 96 or recipe.networks["generator"].name == "fssd"  # which takes nothing below 300 px
    assert 300 <= recipe.run.steps <= 2000


@every_small
def test_a_reduced_recipe_judges_what_it_is_watched_by(file: Path) -> None:
    recipe = recipe_in(file)
    data = replace(recipe.data, workers=0, options={**recipe.data.options, "pictures": 12})
    stream = open_stream(replace(recipe, data=data, run=replace(recipe.run, batch=1, validation_pictures=1)))
    training = training_of(recipe)
    with torch.no_grad():
        scores = training.validate(next(iter(stream.validation())), FakeContext(training.networks))
    stream.close()
    assert recipe.run.watch in scores


def write_set(recipe: Recipe, root: Path) -> None:
    """Write two pictures, pairs, maps, clips or annotated pictures as the recipe says that they lie."""
    writers = {"pairs": write_pairs, "clips": write_clips, "boxes": write_years}
    writers |= {"labels": write_maps, "things": write_maps}
    if recipe.data.kind in writers:
        writers[recipe.data.kind](root, recipe.data.options)
    else:
        folder = {"div2k": "DIV2K_train_HR"}.get(recipe.data.layout, ".")
        for number in range(2):
            save(root / folder / f"{number}.png", noise(20, 24, number))


def write_pairs(root: Path, options: Mapping[str, Any]) -> None:
    for number, stem in enumerate(STEMS):
        for name in ("damaged", "clean"):
            save(root / (options[name].replace("*", stem) + ".png"), noise(20, 24, number))


def write_maps(root: Path, options: Mapping[str, Any]) -> None:
    for number in range(2):
        labels = np.full((20, 24), 7, np.uint8)  # the road of Cityscapes
        save(root / options.get("maps", ".") / f"{number}.png", labels)
        if "images" in options:
            save(root / options["images"] / f"{number}.png", noise(20, 24, number))


def write_clips(root: Path, options: Mapping[str, Any]) -> None:
    for folder in {options.get("damaged", "."), options.get("clean", ".")}:
        for frame in range(4):
            save(root / folder / "12" / f"{frame:03}.png", noise(20, 24, frame))


def write_years(root: Path, options: Mapping[str, Any]) -> None:
    """Write two years of VOC with one picture of a dog each."""
    box = "<bndbox><xmin>3</xmin><ymin>3</ymin><xmax>20</xmax><ymax>18</ymax></bndbox>"
    thing = f"<object><name>dog</name><difficult>0</difficult>{box}</object>"
    size = "<size><width>24</width><height>20</height></size>"
    for seed, year in enumerate((root / "VOC2007", root / "VOC2012")):
        for folder in ("Annotations", "ImageSets/Main"):
            (year / folder).mkdir(parents=True)
        save(year / "JPEGImages" / "7.png", noise(20, 24, seed))
        (year / "JPEGImages" / "7.png").rename(year / "JPEGImages" / "7.jpg")  # kinds are told by content
        (year / "ImageSets/Main" / f"{options['split']}.txt").write_text("7\n")
        (year / "Annotations/7.xml").write_text(f"<annotation>{size}{thing}</annotation>")
