"""Size, offset and place of blocks are told exactly; a photograph has none."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from retouch.arrays.regions import Box
from retouch.arrays.types import Image
from retouch.masks.finding.pixelation import PixelGrid, find_pixelation


def photo() -> Image:
    picture: Image = (data.astronaut()[100:300, 100:300] / 255).astype(np.float32)
    return picture


def pixelated(block_px: int, top: int, left: int) -> tuple[Image, Box]:
    picture = photo()
    box = Box(top, left, top + 7 * block_px, left + 6 * block_px)
    blocks = picture[box.slices].reshape(7, block_px, 6, block_px, 3).mean(axis=(1, 3))
    picture[box.slices] = np.kron(np.rint(blocks * 255) / 255, np.ones((block_px, block_px, 1)))
    return picture, box


@pytest.mark.parametrize(("block_px", "top", "left"), [(4, 51, 62), (8, 33, 70), (16, 21, 37)])
def test_grid_and_place_are_exact(block_px: int, top: int, left: int) -> None:
    picture, box = pixelated(block_px, top, left)
    found = find_pixelation(picture)
    assert found.grids == (PixelGrid(box, block_px, top % block_px, left % block_px),)
    assert found.mask[box.slices].all()
    assert found.mask.sum() == box.height * box.width


def test_a_photograph_has_no_blocks_and_says_so() -> None:
    found = find_pixelation(photo())
    assert not found.mask.any()
    assert "no pixelation" in found.reason


def test_offsets_are_those_of_the_picture_where_a_region_is_named() -> None:
    picture, box = pixelated(8, 33, 70)
    grid = find_pixelation(picture, region=Box(30, 65, 120, 130)).grids[0]
    assert grid == PixelGrid(box, 8, 1, 6)  # 33 = 4 * 8 + 1, 70 = 8 * 8 + 6


def test_a_wholly_pixelated_picture_is_masked_to_its_cut_cells() -> None:
    blocks = np.random.default_rng(0).random((6, 6, 1)).astype(np.float32)
    assert find_pixelation(np.kron(blocks, np.ones((8, 8, 1), np.float32))[3:45, :45]).mask.all()
