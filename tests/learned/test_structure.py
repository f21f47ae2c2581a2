"""The corrected fill: at which scale it is corrected, what the network may change, and detail along it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.tiny_graphs import corrector

from retouch.arrays.types import Image, Mask
from retouch.classical.sparse.blended import inpaint_blended
from retouch.errors import InputError, WeightsError
from retouch.learned.detail import inpaint_learned_detail
from retouch.learned.structure import DEEPEST_PX, _n_halvings, inpaint_learned_structure
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


def test_a_deep_hole_is_corrected_in_a_smaller_picture(tmp_path: Path) -> None:
    """A square of 72 px is 36 px deep: more than 32, so that the picture is halved; 0.1 added there is 0.1 here."""
    image, mask = scene(128, 72)
    assert DEEPEST_PX == 32
    added = inpaint_learned_structure(image, mask, net=str(corrector(tmp_path / "t.onnx", 0.1))) - inpaint_blended(
        image, mask
    )
    assert added[64, 64].mean() == pytest.approx(0.1, abs=0.001)


@pytest.mark.parametrize(
    ("shape", "depth_px", "expected"),
    [
        ((128, 128), 32, 0),
        ((128, 128), 33, 1),
        ((400, 400), 100, 2),
        ((512, 512), 10, 0),
        ((513, 512), 10, 1),  # too large for the network
        ((2048, 2048), 10, 2),
        ((40, 400), 100, 0),  # half of it would be less than 32 px high
    ],
)
def test_a_picture_is_halved_for_its_depth_and_for_its_size(
    shape: tuple[int, int], depth_px: int, expected: int
) -> None:
    """A strip along the left border is as deep as it is broad."""
    mask = np.zeros(shape, bool)
    mask[:, :depth_px] = True
    assert _n_halvings(mask) == expected


@pytest.mark.parametrize("fill", [inpaint_learned_structure, inpaint_learned_detail])
@pytest.mark.parametrize("n_channels", [1, 3])
def test_known_pixels_stay(adds_a_tenth: str, fill: Callable[..., Image], n_channels: int) -> None:
    image, mask = scene()
    image = np.ascontiguousarray(image[:, :, :n_channels])
    filled = fill(image, mask, net=adds_a_tenth)
    assert filled.shape == image.shape
    np.testing.assert_array_equal(filled[~mask], image[~mask])


def test_the_shipped_network_changes_a_fill_but_little() -> None:
    """It was trained to correct, not to repaint: on waves that interpolation nearly continues it stays near."""
    image, mask = scene()
    filled, guess = inpaint_learned_structure(image, mask), inpaint_blended(image, mask)
    assert 0 < np.abs(filled - guess)[mask].mean() < 0.05


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
    assert inpaint_learned_detail(image, mask, net=same)[inner].mean() == pytest.approx(0.2, abs=0.03)
    assert inpaint_learned_detail(image, mask, net=bright)[inner].mean() == pytest.approx(0.8, abs=0.1)


def test_what_cannot_be_is_refused(tmp_path: Path, adds_a_tenth: str) -> None:
    image, mask = scene()
    with pytest.raises(InputError, match="strength must be 0 to 1, got 2"):
        inpaint_learned_detail(image, mask, net=adds_a_tenth, strength=2.0)
    with pytest.raises(WeightsError, match=r"nothing\.onnx"):
        inpaint_learned_structure(image, mask, net=str(tmp_path / "nothing.onnx"))
