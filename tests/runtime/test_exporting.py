"""What an export measures of the memory of a network."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import helper
from tests.tiny_graphs import card_of, write_net

from retouch.runtime import exporting
from retouch.runtime.cards import Card
from retouch.runtime.memory import PeakMemory, return_freed_memory
from retouch.runtime.session import Net

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells a process its peak")


def wide_net(path: Path, side: int | None = None) -> Net:
    """Return a net with one map of 64 channels inside."""
    sides = ("h", "w") if side is None else (side, side)
    weights = {"there": np.ones((64, 3, 1, 1), np.float32), "back": np.ones((3, 64, 1, 1), np.float32)}
    nodes = [helper.make_node("Conv", ["noisy", "there"], ["wide"])]
    nodes.append(helper.make_node("Conv", ["wide", "back"], ["picture"]))
    write_net(path, nodes, {"noisy": (1, 3, *sides)}, card_of("denoise").to_json(), weights)
    return Net(path, 1)


def measured(net: Net, radius_px: int | None, px: int = 64) -> Card:
    sample = {"noisy": np.zeros((1, 3, px, px), np.float32)}
    return exporting._with_memory(card_of("denoise", radius_px=radius_px), net, sample)


@linux_only
def test_memory_that_was_freed_before_does_not_hide_what_a_call_needs(tmp_path: Path) -> None:
    """64 channels of float32 are 256 bytes a pixel, and the result 12 more; the second call needs as much."""
    net = wide_net(tmp_path / "a.onnx")
    for _ in range(2):
        card = measured(net, radius_px=0)
        assert 256 < card.bytes_per_pixel < 1000
        assert card.bytes_per_square == 0


@linux_only
def test_the_estimate_is_never_below_what_was_measured(tmp_path: Path) -> None:
    """A fit of pixels and their square may bend; 384x384 needs its 256 bytes a pixel all the same."""
    assert measured(wide_net(tmp_path / "a.onnx"), radius_px=None).bytes_for(384 * 384) >= 256 * 384 * 384


@linux_only
def test_a_net_of_one_size_is_measured_at_that_size(tmp_path: Path) -> None:
    card = measured(wide_net(tmp_path / "a.onnx", side=256), radius_px=None, px=256)
    assert 256 < card.bytes_per_pixel < 1000


@linux_only
def test_freed_memory_goes_back_to_the_system() -> None:
    """Thousands of small arrays lie in the heap, which keeps what they took until it is told to return it."""
    many = [np.ones(2000) for _ in range(2000)]  # 32 MB
    last = np.ones(2000)
    del many
    return_freed_memory()
    with PeakMemory() as memory:
        pass
    again = [np.ones(2000) for _ in range(2000)]
    with PeakMemory() as more:
        pass
    assert memory.peak_mb is not None
    assert more.peak_mb is not None
    assert more.peak_mb - memory.peak_mb > 25
    del again, last
