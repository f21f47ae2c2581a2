"""Repair: the hole shrinks and closes, what is accepted stays, the score never rises.

Most tests put an oracle in the place of the network: a pixel is as hot as its error, times ten. Then what ought to be
refilled is known.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from tests.tasks.inspecting.textures import hole, in_levels, textured

from retouch.arrays.types import Image, Mask
from retouch.errors import Cancelled, UsageError
from retouch.io.pictures.picture import Picture
from retouch.methods.crop_run import FillRequest
from retouch.methods.fill import fill_picture
from retouch.tasks.inspecting import repair
from retouch.tasks.inspecting.repair import RepairSettings, repair_worst

TRUTH = textured()


@pytest.fixture
def oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    def heat_of(image: Image, mask: Mask) -> Any:
        heat = np.abs(image - in_levels(TRUTH) / 255).mean(axis=2) * 10
        return np.where(mask, heat.clip(0, 1), 0).astype(np.float32)

    monkeypatch.setattr(repair, "artefact_map", heat_of)


def damaged() -> Picture:
    return Picture.from_array(in_levels(np.where(hole()[:, :, None], np.float32(0), TRUTH)))


def repaired(rounds: int = 4, **how: Any) -> repair.Repair:
    settings = RepairSettings(rounds=rounds, **{"methods": ("patchmatch", "guided_patchmatch"), **how})
    return repair_worst(damaged(), hole(), request=FillRequest("nearest"), settings=settings)


@pytest.mark.usefixtures("oracle")
def test_the_hole_shrinks_and_ends_empty() -> None:
    holes = repaired().holes
    assert len(holes) >= 3
    assert all(not (later & ~earlier).any() for earlier, later in pairwise(holes))
    np.testing.assert_array_equal(holes[0], hole())
    assert not holes[-1].any()


@pytest.mark.usefixtures("oracle")
def test_accepted_pixels_never_change_afterwards() -> None:
    """What was closed after k rounds is the same after k + 1; runs of fewer rounds show the picture in between."""
    holes = repaired(4).holes
    pictures = [repaired(rounds).picture.pixels for rounds in range(5)]
    for number, (before, after) in enumerate(pairwise(pictures)):
        opened = holes[number + 1] if number + 1 < len(holes) else np.zeros_like(hole())
        np.testing.assert_array_equal(before[~opened], after[~opened])
    assert (pictures[0] != pictures[-1]).any()


@pytest.mark.usefixtures("oracle")
def test_scores_never_rise_and_are_those_of_the_picture() -> None:
    result = repaired()
    assert all(later <= earlier for earlier, later in pairwise(result.scores))
    assert result.scores[-1] < result.scores[0]
    assert result.scores[-1] == pytest.approx(float(result.heat[hole()].mean()))


@pytest.mark.usefixtures("oracle")
def test_only_hot_pixels_and_their_rim_are_opened() -> None:
    result = repaired(1, grow_px=0)
    first = fill_picture(damaged(), hole(), FillRequest("nearest")).picture.to_float()
    error = np.abs(first - in_levels(TRUTH) / 255).mean(axis=2) * 10
    assert (error[result.holes[1]] >= 0.5).all()


def test_a_fill_that_is_no_cooler_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair, "artefact_map", lambda image, mask: mask.astype(np.float32))
    result = repaired(2)
    np.testing.assert_array_equal(result.picture.pixels, repaired(0).picture.pixels)
    assert result.scores == (1.0, 1.0, 1.0)


def test_a_cold_fill_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair, "artefact_map", lambda image, mask: np.zeros(mask.shape, np.float32))
    result = repaired()
    assert len(result.scores) == 1
    assert [int(opened.sum()) for opened in result.holes] == [int(hole().sum()), 0]


def test_with_the_network_known_pixels_stay_and_the_score_does_not_rise() -> None:
    result = repaired(2)
    np.testing.assert_array_equal(result.picture.pixels[~hole()], damaged().pixels[~hole()])
    assert result.scores[-1] <= result.scores[0]


@pytest.mark.usefixtures("oracle")
def test_a_palette_keeps_its_colours() -> None:
    from PIL import Image as PillowImage  # noqa: PLC0415

    few = PillowImage.fromarray(in_levels(TRUTH)).quantize(12)
    picture = Picture.from_pil(few)
    settings = RepairSettings(rounds=2, methods=("patchmatch",))
    result = repair_worst(picture, hole(), request=FillRequest("nearest"), settings=settings).picture
    assert result.palette is not None
    assert {tuple(c) for c in result.pixels.reshape(-1, 3)} <= {tuple(c) for c in picture.palette.colours}  # type: ignore[union-attr]


@pytest.mark.usefixtures("oracle")
def test_the_same_seed_gives_the_same_bytes() -> None:
    assert repaired().picture.pixels.tobytes() == repaired().picture.pixels.tobytes()


def test_an_empty_mask_changes_nothing() -> None:
    result = repair_worst(damaged(), np.zeros((96, 96), bool))
    np.testing.assert_array_equal(result.picture.pixels, damaged().pixels)
    assert result.scores == (0.0,)


def test_progress_can_cancel() -> None:
    def stop(done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        repair_worst(damaged(), hole(), progress=stop)


@pytest.mark.parametrize("wrong", [{"rounds": 5}, {"rounds": -1}, {"threshold": 0.0}, {"grow_px": -1}, {"methods": ()}])
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="repair needs 0 to 4 rounds"):
        RepairSettings(**wrong)
