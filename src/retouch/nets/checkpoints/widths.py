"""The width of a reduced fixture, read off its `config.json`."""

from __future__ import annotations

import re

from retouch.errors import WeightsError
from retouch.nets.checkpoints.fixture import Config


def width_divisor(config: Config) -> int:
    """Return by what the published widths were divided: 1 if the fixture says nothing, or "full size".

    Raises
    ------
    WeightsError
        If it says something else than "divided by <number>" or "<number> -> <number>" without a remainder.

    Examples
    --------
    >>> width_divisor({"width": "all widths divided by 16 (64 -> 4)"}), width_divisor({"width": "cnum 48 -> 8"})
    (16, 6)
    >>> width_divisor({"width": "full size (the authors' widths)"}), width_divisor({})
    (1, 1)
    """
    words = config.get("width") or "full size"
    divided = re.search(r"divided by (\d+)", words)
    if divided:
        return int(divided[1])
    narrowed = re.search(r"(\d+)\D*(?:/\d+[^>]*)?->\s*(\d+)", words)  # "32/64 -> 4/8": the first ones of both lists
    if narrowed and int(narrowed[1]) % int(narrowed[2]) == 0:
        return int(narrowed[1]) // int(narrowed[2])
    if words.startswith("full"):
        return 1
    raise WeightsError(f'"width" in config.json must say "divided by <number>", got {words!r}')


def reduced_width(config: Config, published: int) -> int:
    """Return the first width of a fixture, of which the published net has `published`.

    Examples
    --------
    >>> [reduced_width({"width": words}, 64) for words in ("cnum 64 -> 10", "divided by 8", "full size")]
    [10, 8, 64]
    """
    narrowed = re.search(r"->\s*(\d+)", config.get("width") or "")
    if narrowed and "divided" not in config["width"]:
        return int(narrowed[1])
    return published // width_divisor(config)
