"""Settings that all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import jaxtyping
import pytest
from hypothesis import settings

# The same examples in every run, so that a change is judged by what it changes; RETOUCH_EXPLORE=1 looks for new ones.
settings.register_profile("fixed", derandomize=True)
settings.register_profile("explore", print_blob=True)
settings.load_profile("explore" if os.environ.get("RETOUCH_EXPLORE") else "fixed")


@pytest.fixture
def lengths_may_be_symbols() -> Iterator[None]:
    """Put off the check of annotations: while torch draws a graph, a length of free size is a symbol and no int."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
