"""Writes docs/methods: a page for each method, of its catalogue line, its docstrings, its figures and its pictures.

A module's head says what the method is, where it is from and what departs from there; the function's docstring says
what the options are, what it costs and where it fails. Here both only become Markdown.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
from pathlib import Path
from textwrap import dedent
from typing import Any

from benchmarks.measuring import ROOT
from benchmarks.tables.markdown import Case, table
from retouch.methods.catalogue import CATALOGUE, Limits, MethodInfo
from retouch.methods.options import Option, options_of

PAGES = "docs/methods"
PICTURES = "docs/gallery/methods"
RESULT = ROOT / "benchmarks" / "results" / "method-gallery.json"
_TILES = (
    "From the left: the input with its hole in magenta, what comes out, the truth. The method ran by itself on the "
    "whole picture, without the crops and the seam of `retouch fill`."
)
_UNDERLINED = re.compile(r"^(\w[\w ]*)\n-{3,}\n", re.MULTILINE)
_LABEL = re.compile(r"(?:^|(?<=\. ))(Source|Departures):\s", re.MULTILINE)
_SYMBOL = re.compile(r"\S.{0,11}? {2,}\S")


def method_pages(result: Path = RESULT) -> dict[str, str]:
    """Return the text of every method's page by its path from the root of the repository."""
    cases = {case["method"]: case for case in json.loads(result.read_text())["cases"]} if result.exists() else {}
    return {f"{PAGES}/{info.name}.md": page_of(info, cases.get(info.name)) for info in CATALOGUE}


def gallery_table(cases: list[Case]) -> str:
    """Every method with its page, and how its two pictures came out."""
    by_method = {case["method"]: case for case in cases}
    header = ("method", "kind", "what it does", "success", "failure")
    return table(header, (_index_row(info, by_method.get(info.name)) for info in CATALOGUE))


def _index_row(info: MethodInfo, case: Case | None) -> list[str]:
    shown = [_shown(case[side]) for side in ("success", "failure")] if case else ["no picture yet"] * 2
    return [f"[`{info.name}`]({info.name}.md)", info.kind, info.summary, *shown]


def _shown(figure: dict[str, Any]) -> str:
    return f"{figure['words']} ({decibels(figure['hole_psnr_db'])})"


def decibels(value: float | None) -> str:
    """Return a figure of the result file in words; there is none where no pixel differs.

    >>> decibels(21.349), decibels(None)
    ('21.3 dB', 'exact')
    """
    return "exact" if value is None else f"{value:.1f} dB"


def page_of(info: MethodInfo, case: Case | None) -> str:
    """Return the page of a method; `case` holds what was measured on its two pictures."""
    module, function = info.build.split(":")
    loaded = importlib.import_module(module)
    head, *body = paragraphs(inspect.getdoc(loaded) or "")
    notes = section_of(inspect.getdoc(getattr(loaded, function)) or "", "Notes")
    parts = [
        f"# `{info.name}`",
        info.summary,
        facts_table(info),
        f"```sh\nretouch fill photo.jpg --mask mask.png -o repaired.png --method {info.name}\n```",
        "## In pictures",
        pictures_of(info, case) if case else "There are no pictures yet.",
        "## How it works",
        head,
        *body,
        *(["## Cost and failures", *paragraphs(notes)] if notes else []),
        "## Options",
        options_table(options_of(info)),
        f"Code: [`{info.build.replace(':', '.')}`](../../{_file_of(module)}). All methods: [README.md](README.md).",
    ]
    return "\n\n".join(parts) + "\n"


def facts_table(info: MethodInfo) -> str:
    """Return what the catalogue says besides the summary."""
    rows = (
        ("kind", info.kind),
        ("source", info.paper),
        ("where it fails", info.limits.words),
        ("working memory", memory_words(info.limits)),
        ("context", context_words(info)),
    )
    return table(("", ""), rows)


def memory_words(limits: Limits) -> str:
    """Return the estimate of memory in words.

    >>> memory_words(Limits("", 60, 300))
    '60 bytes a pixel of the crop and 300 more a missing pixel'
    >>> memory_words(Limits("", 60, 0, bytes_at_all=16 << 20))
    '60 bytes a pixel of the crop, and 16 MiB whatever the size'
    """
    words = f"{limits.bytes_per_pixel} bytes a pixel of the crop"
    words += f" and {limits.bytes_per_missing} more a missing pixel" if limits.bytes_per_missing else ""
    words += f", and {limits.bytes_at_all / (1 << 20):.0f} MiB whatever the size" if limits.bytes_at_all else ""
    return words


def context_words(info: MethodInfo) -> str:
    """Return how much of the picture around a hole is shown to the method."""
    growth, least, most = info.context
    if not growth:
        return f"{least} pixels around the hole"
    return f"{growth:g} times the longer side of the hole around it, {least} to {most} pixels"


def pictures_of(info: MethodInfo, case: Case) -> str:
    """Return the picture with its legend."""
    success, failure = case["success"], case["failure"]
    image = f"![{info.name}: a success above a failure](../gallery/methods/{info.name}.jpg)"
    lines = (f"- Above, a success{_legend(success)}\n", f"- Below, a failure{_legend(failure)}")
    return f"{image}\n\n{_TILES}\n\n{''.join(lines)}"


def _legend(figure: dict[str, Any]) -> str:
    score, missing = decibels(figure["hole_psnr_db"]), 100 * figure["missing"]
    return f" ({score} in the hole, {missing:.1f} % missing): {figure['words']}."


def options_table(options: tuple[Option, ...]) -> str:
    """Return a line for each option."""
    rows = []
    for option in options:
        where = "" if option.is_text else " (from Python only)"
        default = "" if option.default is None else f"`{option.default}`"
        rows.append([f"`{option.name}`", option.expected + where, default, option.sentence.replace("|", "\\|")])
    return table(("option", "value", "default", "what it is"), rows) if rows else "None."


def section_of(docstring: str, title: str) -> str:
    r"""Return the text of a numpydoc section, without its title.

    >>> section_of("One.\n\nNotes\n-----\nTwo.\n\nExamples\n--------\n>>> 3", "Notes")
    'Two.'
    """
    names_and_texts = _UNDERLINED.split(docstring)[1:]
    found = dict(zip(names_and_texts[::2], names_and_texts[1::2], strict=True))
    return found.get(title, "").strip()


def paragraphs(text: str) -> list[str]:
    r"""Return the paragraphs of a docstring as Markdown: titles bold, lists as they are, tables of symbols as code.

    >>> paragraphs("What it is.\n\nSource: a\nbook.\nDepartures: none.\n\nu  (n,)  a line")
    ['What it is.', '**Source:** a book.', '**Departures:** none.', '```text\nu  (n,)  a line\n```']
    """
    marked = _LABEL.sub(r"\n**\1:** ", _UNDERLINED.sub(r"**\1:**\n\n", text))
    blocks = [block.strip("\n") for block in re.split(r"\n\s*\n", marked.strip())]
    return [_as_markdown(block) for block in blocks if block.strip()]


def _as_markdown(text: str) -> str:
    block = dedent(text)
    lines = block.splitlines()
    if lines[0].startswith("- "):
        return "\n".join(" ".join(item.split()) for item in re.split(r"\n(?=- )", block))
    if is_symbol_table(lines):
        return f"```text\n{block}\n```"
    return " ".join(block.split())


def is_symbol_table(lines: list[str]) -> bool:
    """Whether every line names a symbol in its first column, or is indented under one that does.

    >>> is_symbol_table(["u  (n,)  a line", "   of pixels"]), is_symbol_table(["It is  u = v  here,", "and there."])
    (True, False)
    """
    return bool(_SYMBOL.match(lines[0])) and all(_SYMBOL.match(line) or line.startswith("  ") for line in lines)


def _file_of(module: str) -> str:
    return f"src/{module.replace('.', '/')}.py"
