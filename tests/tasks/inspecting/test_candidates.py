"""Several fills of one hole: that they differ, their order, and what judges say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from tests.tasks.inspecting.textures import hole, in_levels, textured

from retouch.errors import Cancelled, UsageError
from retouch.io.pictures.picture import Picture
from retouch.methods.crop_run import FillRequest
from retouch.methods.fill import fill_picture
from retouch.tasks.inspecting.candidates import ALIKE, Candidate, fill_candidates
from retouch.tasks.inspecting.judges import ARTEFACTS, JUDGES, judge_prediction, judge_texture

PLAIN = ("harmonic", "nearest", "telea")


def picture() -> Picture:
    return Picture.from_array(in_levels(textured()))


def fills(n: int = 3, methods: Sequence[str] = PLAIN, **how: Any) -> tuple[Candidate, ...]:
    return fill_candidates(picture(), hole(), n, methods=methods, **how)


def test_each_candidate_is_the_fill_of_its_method_and_seed() -> None:
    for candidate in fills(2, ("patchmatch",), seed=5):
        request = FillRequest(candidate.method, seed=candidate.seed)
        expected = fill_picture(picture(), hole(), request).picture.pixels
        np.testing.assert_array_equal(candidate.picture.pixels, expected)


def test_seeds_count_up_once_all_methods_had_their_turn() -> None:
    found = fills(4, ("patchmatch", "guided_patchmatch"), seed=7)
    assert sorted((c.method, c.seed) for c in found) == [
        ("guided_patchmatch", 7),
        ("guided_patchmatch", 8),
        ("patchmatch", 7),
        ("patchmatch", 8),
    ]


def test_the_least_score_is_the_first() -> None:
    for judge in JUDGES:
        scores = [candidate.score for candidate in fills(judge=judge)]
        assert scores == sorted(scores)
        assert len(set(scores)) > 1


def test_the_score_by_artefacts_is_the_mean_heat_of_the_hole() -> None:
    for candidate in fills(judge=ARTEFACTS):
        assert candidate.score == pytest.approx(float(candidate.heat[hole()].mean()))
        assert not candidate.heat[~hole()].any()


def test_fills_that_look_alike_are_left_out() -> None:
    """A membrane makes no use of its seed: of three tries for each of four wanted, one is left."""
    assert len(fills(4, ("harmonic",))) == 1


def test_no_two_candidates_are_alike() -> None:
    found = [candidate.picture.to_float()[hole()] for candidate in fills(4, ("patchmatch", *PLAIN))]
    for i, one in enumerate(found):
        assert all(np.abs(one - other).mean() > ALIKE for other in found[:i])


def test_known_pixels_are_untouched() -> None:
    for candidate in fills():
        np.testing.assert_array_equal(candidate.picture.pixels[~hole()], picture().pixels[~hole()])


def test_the_same_seed_gives_the_same_candidates() -> None:
    one, two = (fills(2, ("patchmatch",)) for _ in range(2))
    assert [c.picture.pixels.tobytes() for c in one] == [c.picture.pixels.tobytes() for c in two]


def test_the_fields_of_a_fill_are_handed_on() -> None:
    noise = Picture.from_array(in_levels(0.5 + 0.1 * np.random.default_rng(0).standard_normal((96, 96, 1), np.float32)))
    plain, grainy = (
        fill_candidates(noise, hole(), 1, methods=("harmonic",), grain=grain)[0].picture.pixels[hole()].std()
        for grain in (False, True)
    )
    assert grainy > 2 * plain


def test_progress_counts_fills_and_can_cancel() -> None:
    seen: list[tuple[int, int]] = []
    fills(progress=lambda done, total: seen.append((done, total)))
    assert seen[0] == (0, 3)
    assert seen[-1] == (3, 3)

    def stop(done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        fills(progress=stop)


@pytest.mark.parametrize("n", [0, 17])
def test_a_number_out_of_range_is_refused(n: int) -> None:
    with pytest.raises(UsageError, match=f"must be 1 to 16, got {n}"):
        fills(n)


def test_an_unknown_judge_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="did you mean 'texture'"):
        fills(judge="textures")


def test_an_empty_mask_is_refused() -> None:
    with pytest.raises(UsageError, match="mask is empty"):
        fill_candidates(picture(), np.zeros((96, 96), bool), 2)


def test_texture_prefers_texture_and_prediction_prefers_blur() -> None:
    """Against noise all around, other noise of that strength is a texture that fits; its mean has the least error."""
    noise, other = (0.5 + 0.1 * np.random.default_rng(seed).standard_normal((96, 96, 1)) for seed in (0, 1))
    mask = hole()[:, :, None]
    images = [np.where(mask, inside, noise).astype(np.float32) for inside in (other, 0.5)]
    rough, flat = judge_texture(images, [], hole())
    assert rough < 0.1
    assert flat > 0.7
    rough, flat = judge_prediction(images, [], hole())
    assert flat < 0.05 < rough
