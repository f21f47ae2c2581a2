"""Whether an engine left the known pixels alone; how near it came is measured by `retouch.metrics`."""

from __future__ import annotations

import numpy as np

from benchmarks.engines import Hole, Pixels


def count_changed_known(truth: Pixels, filled: Pixels, mask: Hole) -> int:
    """Count the pixels outside the mask that differ in any channel."""
    return int(np.count_nonzero((truth != filled).any(axis=2) & ~mask))
