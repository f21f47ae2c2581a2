"""The coarse-to-fine fill: what goes from scale to scale, and what the network may change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.tiny_graphs import corrector

from retouch.arrays.types import Image, Mask
from retouch.classical.sparse.blended import inpaint_blended
from retouch.errors import InputError, WeightsError
from retouch.learned.structure import DEEPEST_PX, inpaint_learned_structure
from retouch.methods.catalogue import find_method


def scene(side: int = 96, hole: int = 20) -> tuple[Image, Mask]:
    """Return waves in three channels with a square hole in the middle."""
    rows, columns = np.mgrid[:side, :side]
    waves = 0.5 + 0.3 * np.sin(rows / 9) * np.cos(columns / 11)
    mask = np.zeros((side, side), bool)
    low = (side - hole) // 2
    mask[low : low + hole, low : low + hole] = True
    return (waves[:, :, None] * [1.0, 0.8, 0.6]).astype(np.float32), mask


@pytest.fixture
def adds_a_tenth(tmp_path: Path) -> str:
    """Return a network that adds 0.1 to every value."""
    return str(corrector(tmp_path / "tenth.onnx", 0.1))


def test_a_network_in_a_file_is_a_method(adds_a_tenth: str) -> None:
    info = find_method(f"net:{adds_a_tenth}")
    assert (info.kind, info.build) == ("learned", "retouch.learned.structure:inpaint_learned_structure")


def test_a_shallow_hole_is_the_corrected_blend(adds_a_tenth: str) -> None:
    image, mask = scene()
    expected = inpaint_blended(image, mask)
    expected[mask] += 0.1
    np.testing.assert_allclose(inpaint_learned_structure(image, mask, net=adds_a_tenth), expected.clip(0, 1), atol=1e-5)


def test_a_deep_hole_is_corrected_at_every_scale(adds_a_tenth: str) -> None:
    """A square of 72 px is 36 px deep: more than 24, so that one smaller scale comes first, and adds its tenth.

    In the middle the finest scale takes most from below: 0.1 from there, times 36 / 44, and 0.1 of its own.
    """
    image, mask = scene(128, 72)
    assert DEEPEST_PX == 24
    added = inpaint_learned_structure(image, mask, net=adds_a_tenth) - inpaint_blended(image, mask)
    assert added[64, 64].mean() == pytest.approx(0.1 + 0.1 * 36 / 44, abs=0.03)


@pytest.mark.parametrize("detail", [0.0, 1.0])
@pytest.mark.parametrize("n_channels", [1, 3])
def test_known_pixels_stay(adds_a_tenth: str, detail: float, n_channels: int) -> None:
    image, mask = scene()
    image = np.ascontiguousarray(image[:, :, :n_channels])
    filled = inpaint_learned_structure(image, mask, net=adds_a_tenth, detail=detail)
    assert filled.shape == image.shape
    np.testing.assert_array_equal(filled[~mask], image[~mask])


def test_nothing_missing_gives_a_copy(adds_a_tenth: str) -> None:
    image, mask = scene()
    result = inpaint_learned_structure(image, np.zeros_like(mask), net=adds_a_tenth)
    np.testing.assert_array_equal(result, image)
    assert not np.shares_memory(result, image)


def test_detail_follows_the_structure(tmp_path: Path) -> None:
    """Left half dark, right half bright; the hole lies in the dark half, the network says that it is bright."""
    side = 96
    halves = np.where(np.arange(side)[None, :, None] < side // 2, 0.2, 0.8) * np.ones((side, side, 3))
    image = np.asarray(halves + 0.02 * np.random.default_rng(0).standard_normal(halves.shape), np.float32)
    mask = np.zeros((side, side), bool)
    mask[36:60, 8:32] = True
    bright, same = (str(corrector(tmp_path / f"{amount}.onnx", amount)) for amount in (0.6, 0.0))
    inner = np.s_[44:52, 16:24]
    assert inpaint_learned_structure(image, mask, net=same, detail=1.0)[inner].mean() == pytest.approx(0.2, abs=0.03)
    assert inpaint_learned_structure(image, mask, net=bright, detail=1.0)[inner].mean() == pytest.approx(0.8, abs=0.1)


def test_what_cannot_be_is_refused(tmp_path: Path, adds_a_tenth: str) -> None:
    image, mask = scene()
    with pytest.raises(InputError, match="detail must be 0 to 1, got 2"):
        inpaint_learned_structure(image, mask, net=adds_a_tenth, detail=2.0)
    with pytest.raises(WeightsError, match=r"nothing\.onnx"):
        inpaint_learned_structure(image, mask, net=str(tmp_path / "nothing.onnx"))
