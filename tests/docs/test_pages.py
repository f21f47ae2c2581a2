"""The pages are short, current, and point at things that exist."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from scripts.tables import PAGES, TABLES, with_tables

ROOT = Path(__file__).resolve().parents[2]
MARKDOWN = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")


def test_readme_has_at_most_120_lines() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_of_the_project(page: Path) -> None:
    targets = [page.parent / target for target in _LINK.findall(page.read_text())]
    assert [str(target) for target in targets if not target.exists()] == []


@pytest.mark.parametrize("name", PAGES)
def test_tables_are_what_the_result_files_and_the_catalogue_say(name: str) -> None:
    text = (ROOT / name).read_text()
    assert with_tables(text) == text, "run: make tables"


def test_every_table_has_its_place_on_a_page() -> None:
    pages = "".join((ROOT / name).read_text() for name in PAGES)
    assert [name for name in TABLES if f"<!-- table {name} -->\n" not in pages] == []


def test_changelog_speaks_of_this_version() -> None:
    assert re.search(rf"^## {re.escape(PROJECT['version'])}\b", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_licence_is_the_one_that_the_package_states() -> None:
    assert PROJECT["license"] == "Apache-2.0"
    assert "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text()


def test_every_dependency_is_pinned_once_by_version_alone() -> None:
    """A host or a path in the pins would tie the project to one machine."""
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    pinned = [_plain_name(line) for line in lines]
    extras = PROJECT["optional-dependencies"]
    wanted = [
        _plain_name(need)
        for need in [*PROJECT["dependencies"], *extras["demo"], *extras["perceptual"], *extras["train"], *extras["dev"]]
    ]
    assert [name for name in wanted if name != "retouch" and pinned.count(name) != 1] == []


def _plain_name(requirement: str) -> str:
    """Return the name of a requirement, in lower case with dashes: names are compared that way."""
    return re.split(r"[\[=<>~! ]", requirement)[0].lower().replace("_", "-")
