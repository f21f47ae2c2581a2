"""What is looked for by name: every name has its search, and what it finds is told with kind, box and area."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont
from tests.tasks.scenes import shapes

from retouch.arrays.types import AnyArray, Mask
from retouch.tasks.door import find_mask, remove
from retouch.tasks.targeting.contents import find_contents
from retouch.tasks.targeting.target import FINDERS, Target


def captioned() -> tuple[AnyArray, Mask]:
    """Return a photograph-like ground with a line of white letters, and where they are."""
    layer = PillowImage.new("L", (160, 120))
    ImageDraw.Draw(layer).text((12, 90), "the old house", fill=255, font=ImageFont.load_default(size=20))
    letters = np.asarray(layer)
    share = letters[:, :, None] / 255
    return np.rint(shapes().ground * (1 - share) + 255 * share).astype(np.uint8), letters > 127


@pytest.mark.parametrize("name", FINDERS)
def test_every_name_has_a_search_that_says_why_it_found_nothing(name: str) -> None:
    found = find_contents(np.full((60, 80, 3), 0.4, np.float32), name, Target(find=[name]))
    assert not found.mask.any()
    assert len(found.status) == 1
    assert found.status[0]


def test_a_caption_is_covered_and_gone() -> None:
    picture, letters = captioned()
    done = remove(picture, Target(find=["text"]))
    assert done.mask[letters].mean() > 0.98
    assert {finding.kind for finding in done.findings} == {"text"}
    assert all(finding.box.top > 80 for finding in done.findings)
    assert np.abs(done.picture.astype(int) - shapes().ground)[letters].mean() < 12  # the letters were 120 apart


def test_sensitivity_and_region_reach_the_search() -> None:
    picture, _ = captioned()
    assert not find_mask(picture, Target(find=["text"], region=(0, 0, 60, 160))).mask.any()
    scratched = shapes().ground.copy()
    scratched[40, 20:140] += 40
    found = {s: find_mask(scratched, Target(find=["scratches"], sensitivity=s)).mask.sum() for s in (0.0, 1.0)}
    assert found[0.0] < found[1.0]


def test_blocks_are_found_with_their_size() -> None:
    picture = shapes().ground.copy()
    blocks = np.random.default_rng(0).integers(40, 200, (6, 8, 3), dtype=np.uint8)
    picture[40:88, 40:104] = np.kron(blocks, np.ones((8, 8, 1), np.uint8))
    found = find_mask(picture, Target(find=["pixelation"]))
    assert found.findings[0].label == "8x8 blocks"
    assert found.mask[40:88, 40:104].all()


def test_growth_that_is_asked_for_comes_on_top_of_what_a_search_has_grown() -> None:
    picture, _ = captioned()
    plain, grown = (find_mask(picture, Target(find=["text"], grow_px=px)).mask for px in (0, 2))
    assert plain.sum() < grown.sum()
    assert not (plain & ~grown).any()
