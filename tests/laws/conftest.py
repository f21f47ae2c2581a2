"""Exported networks beside the catalogue's methods: made by hand, so that they obey the laws."""

from __future__ import annotations

import pytest
from tests.tiny_graphs import denoiser, filler


@pytest.fixture(scope="session")
def net_filler(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the name of a method that is a network in a file."""
    return f"net:{filler(tmp_path_factory.mktemp('nets') / 'mean.onnx')}"


@pytest.fixture(scope="session")
def net_denoiser(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the name of a denoiser that is a network in a file."""
    return f"net:{denoiser(tmp_path_factory.mktemp('nets') / 'blur.onnx')}"
