"""The width of a reduced fixture, read off its `config.json`."""

from __future__ import annotations

import re

from retouch.errors import WeightsError
from retouch.nets.checkpoints.fixture import Config


def width_divisor(config: Config) -> int:
    """Return by what the published widths were divided: 1 if the fixture says nothing.

    Raises
    ------
    WeightsError
        If it says something else than "divided by <number>".

    Examples
    --------
    >>> width_divisor({"width": "all widths divided by 16 (64 -> 4)"})
    16
    """
    words = config.get("width")
    if not words:
        return 1
    found = re.search(r"divided by (\d+)", words)
    if found is None:
        raise WeightsError(f'"width" in config.json must say "divided by <number>", got {words!r}')
    return int(found[1])
