"""Measures of likeness, as functions: `retouch.metrics.psnr(reference, result)`; loaded when they are first used."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    from retouch.metrics.catalogue import METRICS, load_metric  # noqa: PLC0415 - keeps the import free of arrays

    for info in METRICS:
        if info.name == name:
            return load_metric(info)
    raise AttributeError(f"module 'retouch.metrics' has no attribute '{name}'")
