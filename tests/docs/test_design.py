"""docs/design.md is a true picture of the house: rooms that it shows exist, and rooms that exist are shown."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "retouch"
DESIGN = (ROOT / "docs" / "design.md").read_text()
LAYOUT = DESIGN.split("```\nsrc/retouch/\n", 1)[1].split("```", 1)[0]


def shown_rooms(*, planned: bool) -> set[str]:
    """Return the rooms of the layout that are marked as planned, or those that are not."""
    entries = [entry for line in LAYOUT.splitlines() for entry in re.split(r"\||\band\b", line)]
    named = [(re.match(r"\s*(\w+(?:/|\.py))\s", entry + " "), "(planned)" in line_of(entry)) for entry in entries]
    return {match[1] for match, is_planned in named if match and is_planned == planned}


def line_of(entry: str) -> str:
    """Return the whole line that an entry stands on."""
    return next(line for line in LAYOUT.splitlines() if entry in line)


def test_rooms_that_are_not_planned_exist() -> None:
    assert [room for room in shown_rooms(planned=False) if not (PACKAGE / room).exists()] == []


def test_planned_rooms_do_not_exist_yet() -> None:
    assert [room for room in shown_rooms(planned=True) if (PACKAGE / room).exists()] == []


def test_rooms_that_exist_are_shown() -> None:
    rooms = {f"{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")}
    assert rooms <= shown_rooms(planned=False)


def test_layers_of_the_import_contract_are_the_rooms_of_the_layout() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    rooms = {name.strip(" ()") for layer in layers for name in layer.split("|")}
    shown = shown_rooms(planned=True) | shown_rooms(planned=False)
    assert rooms == {room.rstrip("/").removesuffix(".py") for room in shown}


def test_files_that_the_page_names_exist() -> None:
    """Paths in backticks, relative to the repository or the package; patterns and planned ones are left out."""
    prose = "\n".join(line for line in DESIGN.replace(LAYOUT, "").splitlines() if "planned" not in line)
    paths = [path for path in re.findall(r"`([\w./-]+/[\w./-]*)`", prose) if "<" not in path]
    assert len(paths) > 10
    assert [path for path in paths if not any((top / path).exists() for top in (ROOT, PACKAGE))] == []
