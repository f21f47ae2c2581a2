"""Discounted errors: weights against distance transforms, the box of the paper, gradients."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
import torch
from scipy import ndimage

from retouch.losses.discounted import _distance_by_rounds, box_discount_weights, discount_weights, discounted_l1

torch.set_num_threads(1)


def draw_mask(*shape: int, seed: int = 0) -> torch.Tensor:
    noise = torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
    return (torch.nn.functional.avg_pool2d(noise, 5, stride=1, padding=2) > 0).double()


@pytest.mark.parametrize("metric", ["chessboard", "euclidean"])
def test_weights_are_gamma_to_the_distance_transform(metric: Literal["chessboard", "euclidean"]) -> None:
    mask = draw_mask(2, 1, 23, 31)
    for sample in range(2):
        plane = mask[sample, 0].numpy().astype(bool)
        of_scipy = ndimage.distance_transform_edt
        distance = of_scipy(plane) if metric == "euclidean" else ndimage.distance_transform_cdt(plane, "chessboard")
        expected = np.where(plane, 0.9 ** (distance - 1.0), 0)
        found = discount_weights(mask, discount=0.9, metric=metric)[sample, 0]
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)


def test_the_rounds_of_a_gpu_reach_every_pixel_when_the_distance_transform_says() -> None:
    mask = torch.cat([draw_mask(2, 1, 23, 31), torch.zeros(1, 1, 23, 31).double()])
    for sample in range(3):
        expected = ndimage.distance_transform_cdt(mask[sample, 0].numpy().astype(bool), "chessboard")
        np.testing.assert_array_equal(_distance_by_rounds(mask)[sample, 0].numpy(), expected)
    assert torch.equal(_distance_by_rounds(torch.ones(1, 1, 3, 4)), torch.ones(1, 1, 3, 4))


def test_a_box_has_the_weights_of_its_closed_form() -> None:
    mask = torch.zeros(1, 1, 20, 24)
    mask[..., 3:14, 5:22] = 1  # 11 x 17
    found = discount_weights(mask, discount=0.8)[0, 0, 3:14, 5:22]
    torch.testing.assert_close(found, box_discount_weights(11, 17, discount=0.8))
    assert box_discount_weights(11, 17, discount=0.8)[5, 8].item() == pytest.approx(0.8**5)  # the middle row is 5 deep


def test_the_border_of_the_picture_is_not_known() -> None:
    # the hole reaches the left border: depth grows towards it
    assert discount_weights(torch.tensor([[[[1.0, 1.0, 1.0, 0.0]]]]), discount=0.5).flatten().tolist() == [
        0.25,
        0.5,
        1.0,
        0.0,
    ]


@pytest.mark.parametrize("metric", ["chessboard", "euclidean"])
def test_without_known_pixels_all_weigh_1_and_others_in_the_batch_as_ever(
    metric: Literal["chessboard", "euclidean"],
) -> None:
    mask = torch.ones(2, 1, 4, 5)
    mask[1, 0, :, 0] = 0
    weights = discount_weights(mask, discount=0.5, metric=metric)
    assert torch.equal(weights[0], torch.ones(1, 4, 5))
    assert weights[1, 0, 0].tolist() == [0.0, 1.0, 0.5, 0.25, 0.125]


def test_without_discount_it_is_the_mean_error_of_missing_pixels() -> None:
    mask, painted = draw_mask(2, 1, 12, 12), torch.rand(2, 3, 12, 12, dtype=torch.float64)
    expected = painted[mask.expand(-1, 3, -1, -1) > 0].mean()
    torch.testing.assert_close(discounted_l1(painted, 0 * painted, mask, discount=1.0), expected)


def test_a_picture_without_a_hole_costs_nothing() -> None:
    picture = torch.rand(1, 3, 6, 6)
    assert discounted_l1(picture, 0 * picture, torch.zeros(1, 1, 6, 6)).item() == 0
    assert discounted_l1(picture, picture, torch.ones(1, 1, 6, 6)).item() == 0


def test_the_gradient_agrees_with_finite_differences() -> None:
    mask, image = draw_mask(2, 1, 7, 7), torch.rand(2, 2, 7, 7, dtype=torch.float64)
    painted = torch.rand(2, 2, 7, 7, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: discounted_l1(x, image, mask), (painted,))
