"""Settings that all tests share."""

from __future__ import annotations

import os

from hypothesis import settings

# The same examples in every run, so that a change is judged by what it changes; RETOUCH_EXPLORE=1 looks for new ones.
settings.register_profile("fixed", derandomize=True)
settings.register_profile("explore", print_blob=True)
settings.load_profile("explore" if os.environ.get("RETOUCH_EXPLORE") else "fixed")
