"""The progress bar: on a terminal, and nowhere else."""

from __future__ import annotations

import io
import sys

import pytest

from retouch.arrays.types import ignore_progress
from retouch.cli.progress_bar import progress_bar


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:  # noqa: D102
        return True


def test_a_terminal_sees_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar("filling") as progress:
        progress(1, 2)
        progress(2, 2)
    assert "filling" in terminal.getvalue()
    assert "100%" in terminal.getvalue()


def test_a_file_sees_none(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress_bar("filling") as progress:
        assert progress is ignore_progress
    assert stream.getvalue() == ""
