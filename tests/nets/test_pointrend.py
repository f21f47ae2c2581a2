"""PointRend: points, uncertainty, subdivision, heads."""

from __future__ import annotations

import pytest
import torch

from retouch.errors import InputError
from retouch.nets.detection.pointrend import (
    binary_uncertainty,
    class_uncertainty,
    coarse_head_full,
    coarse_head_tiny,
    draw_training_points,
    most_uncertain,
    pick_class,
    pixel_centres,
    point_head_full,
    point_head_tiny,
    sample_points,
    subdivide,
)


class Disc:
    """Logits of a disc of radius 0.3, steep enough to be a mask, and a count of the points asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, points: torch.Tensor) -> torch.Tensor:
        """Return the logits at points."""
        self.asked += points.shape[1]
        distance = torch.linalg.vector_norm(points - torch.tensor([0.52, 0.47]), dim=2)
        logits: torch.Tensor = 30.0 * (0.3 - distance)[:, None]
        return logits


def _border(mask: torch.Tensor) -> torch.Tensor:
    """Return the pixels within 2 px of the mask's rim."""
    wide = torch.nn.functional.max_pool2d(mask.float(), 5, 1, 2) > 0
    narrow = torch.nn.functional.max_pool2d((~mask).float(), 5, 1, 2) == 0
    return wide & ~narrow


def test_subdivision_finds_a_disc_while_asking_for_a_few_points_only() -> None:
    disc = Disc()
    coarse = Disc()(pixel_centres(7, 7)[None]).reshape(1, 1, 7, 7)
    sharp = subdivide(coarse, disc) > 0
    truth = Disc()(pixel_centres(224, 224)[None]).reshape(1, 1, 224, 224) > 0
    near = _border(truth)
    shared, joined = (sharp & truth & near).sum(), ((sharp | truth) & near).sum()
    assert (shared / joined).item() > 0.97
    assert disc.asked < 0.12 * 224**2


def test_points_asked_for_are_taken_over_exactly() -> None:
    coarse = torch.randn(1, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    sharp = subdivide(coarse, lambda points: torch.full((1, 1, points.shape[1]), 9.0), steps=1, most=10)
    assert (sharp == 9.0).sum() == 10


def test_no_step_returns_the_coarse_map() -> None:
    coarse = torch.randn(1, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(subdivide(coarse, lambda points: points, steps=0), coarse)


def test_all_points_are_asked_for_where_there_are_fewer_than_allowed() -> None:
    disc = Disc()
    exact = subdivide(torch.zeros(1, 1, 3, 4), disc, steps=1, most=784)
    torch.testing.assert_close(exact, Disc()(pixel_centres(6, 8)[None]).reshape(1, 1, 6, 8))
    assert disc.asked == 48


def test_sampling_at_pixel_centres_returns_the_map() -> None:
    features = torch.randn(2, 3, 5, 7, generator=torch.Generator().manual_seed(1))
    points = pixel_centres(5, 7).expand(2, -1, -1)
    torch.testing.assert_close(sample_points(features, points), features.flatten(2), atol=1e-5, rtol=0)


def test_sampling_a_ramp_gives_the_coordinate() -> None:
    # A map whose value is its own x is linear, and bilinear reading keeps linear maps inside the outermost centres.
    ramp = pixel_centres(8, 8)[:, 0].reshape(1, 1, 8, 8)
    points = torch.rand(1, 40, 2, generator=torch.Generator().manual_seed(2)) * 0.8 + 0.1
    torch.testing.assert_close(sample_points(ramp, points)[0, 0], points[0, :, 0], atol=1e-6, rtol=0)


def test_a_draw_between_two_classes_is_most_uncertain() -> None:
    logits = torch.tensor([[[[4.0, 1.0]], [[4.0, 3.0]], [[0.0, 0.0]]]])
    assert class_uncertainty(logits).flatten().tolist() == [0.0, -2.0]


def test_a_logit_of_zero_is_most_uncertain() -> None:
    logits = torch.tensor([[[[-3.0, 0.5, 7.0]]]])
    index, points = most_uncertain(binary_uncertainty(logits), 2)
    assert index.tolist() == [[1, 0]]
    assert points[0, 0].tolist() == [0.5, 0.5]


def test_each_instance_is_judged_by_its_own_class() -> None:
    logits = torch.arange(4.0).reshape(2, 2, 1, 1)
    assert pick_class(logits, torch.tensor([1, 0])).flatten().tolist() == [1.0, 2.0]


def test_training_points_gather_where_the_map_is_undecided() -> None:
    # Logit 0 in the left half, far from 0 in the right: 3/4 of the points are chosen among the left half's candidates.
    logits = torch.full((1, 1, 8, 8), 50.0)
    logits[..., :4] = 0.0
    points = draw_training_points(logits, 400, generator=torch.Generator().manual_seed(3))
    assert points.shape == (1, 400, 2)
    share = (points[0, :, 0] < 0.55).float().mean().item()
    assert share == pytest.approx(0.75 + 0.25 * 0.55, abs=0.06)


def test_an_empty_share_draws_evenly() -> None:
    logits = torch.zeros(1, 1, 4, 4)
    assert draw_training_points(logits, 10, share=0.0).shape == (1, 10, 2)


def test_the_published_heads_have_the_parameters_of_their_layers() -> None:
    # Three layers (256 + 80) x 256 + 256 and one (256 + 80) x 80 + 80.
    with torch.device("meta"):
        head, coarse = point_head_full(), coarse_head_full()
    assert sum(weight.numel() for weight in head.parameters()) == 3 * (336 * 256 + 256) + 336 * 80 + 80
    expected = 256 * 257 + 256 * (4 * 256 + 1) + 1024 * (256 * 49 + 1) + 1024 * 1025 + 80 * 49 * 1025
    assert sum(weight.numel() for weight in coarse.parameters()) == expected


def test_the_tiny_heads_work_together_and_learn() -> None:
    features = torch.randn(2, 32, 14, 14, generator=torch.Generator().manual_seed(4))
    coarse, head = coarse_head_tiny(), point_head_tiny()
    logits = coarse(features)
    points = draw_training_points(logits.detach(), 20)
    refined = head(sample_points(features, points), sample_points(logits, points))
    assert refined.shape == (2, 1, 20)
    refined.square().mean().backward()
    assert all(w.grad is not None and w.grad.isfinite().all() for w in [*coarse.parameters(), *head.parameters()])


def test_impossible_options_are_refused() -> None:
    with pytest.raises(InputError, match="steps must be 0 or more"):
        subdivide(torch.zeros(1, 1, 2, 2), lambda points: points, steps=-1)
    with pytest.raises(InputError, match="share in"):
        draw_training_points(torch.zeros(1, 1, 2, 2), 4, share=1.5)
