"""Measures of likeness, as functions: `retouch.metrics.psnr(reference, result)`; loaded when they are first used.

Every name of the catalogue is here, and with them what goes into the measures and what is made of their values:
intervals, paired differences, the joints and objects that some of them compare.
"""

from __future__ import annotations

import importlib
from typing import Any

_BESIDE = {
    "Detections": "labels.detections",
    "Objects": "labels.detections",
    "bootstrap_interval": "intervals",
    "capped": "intervals",
    "edge_ratio": "texture.edge_ratio",
    "paired_difference": "intervals",
    "read_joints": "labels.joints",
    "wilson_interval": "intervals",
}


def __getattr__(name: str) -> Any:
    from retouch.metrics.catalogue import METRICS, load_metric  # noqa: PLC0415 - keeps the import free of arrays

    if name in _BESIDE:
        return getattr(importlib.import_module(f"retouch.metrics.{_BESIDE[name]}"), name)
    for info in METRICS:
        if info.name == name:
            return load_metric(info)
    raise AttributeError(f"module 'retouch.metrics' has no attribute '{name}'")


def __dir__() -> list[str]:
    from retouch.metrics.catalogue import metric_names  # noqa: PLC0415

    return sorted({*globals(), *_BESIDE, *metric_names()})
