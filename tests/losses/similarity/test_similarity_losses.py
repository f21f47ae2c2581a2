"""Similarity as a loss: the numbers of `retouch.metrics`, closed forms, small pictures, gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from retouch.errors import InputError
from retouch.losses.similarity.ms_ssim import SCALE_WEIGHTS, ms_ssim, ms_ssim_l1
from retouch.losses.similarity.ssim import ssim, ssim_loss
from retouch.metrics.structure.ms_ssim import WEIGHTS
from retouch.metrics.structure.ms_ssim import ms_ssim as measured_ms_ssim
from retouch.metrics.structure.ssim import ssim as measured_ssim

torch.set_num_threads(1)


def draw_pair(height: int, width: int, n: int = 1) -> tuple[Tensor, Tensor]:
    rng = torch.Generator().manual_seed(0)
    coarse = torch.rand(n, 3, 6, 7, generator=rng, dtype=torch.float64)
    image = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic").clamp(0, 1)
    noise = 0.1 * torch.randn(image.shape, generator=rng, dtype=torch.float64)
    return (image + noise).clamp(0, 1), image


def as_picture(batch: Tensor) -> np.ndarray:
    return batch[0].permute(1, 2, 0).numpy()


def test_ssim_is_that_of_the_metrics() -> None:
    painted, image = draw_pair(33, 40)
    expected = measured_ssim(as_picture(image), as_picture(painted), data_range=1.0)
    assert ssim(painted, image).item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("height", "width", "n_scales"), [(161, 170, 5), (163, 161, 5), (45, 57, 3), (11, 12, 1)])
def test_ms_ssim_is_that_of_the_metrics(height: int, width: int, n_scales: int) -> None:
    painted, image = draw_pair(height, width)
    expected = measured_ms_ssim(as_picture(image), as_picture(painted), n_scales=n_scales, data_range=1.0)
    assert ms_ssim(painted, image, n_scales).item() == pytest.approx(expected, abs=1e-12)
    assert ms_ssim(painted, image).item() == pytest.approx(expected, abs=1e-12)  # as many as fit


def test_in_single_precision_the_numbers_hold_to_five_digits() -> None:
    painted, image = draw_pair(161, 170)
    torch.testing.assert_close(
        ms_ssim(painted.float(), image.float()).double(), ms_ssim(painted, image), atol=1e-5, rtol=0
    )


def test_the_scales_have_the_weights_of_the_metrics() -> None:
    assert SCALE_WEIGHTS == WEIGHTS


def test_every_pair_of_a_batch_has_its_own_value() -> None:
    painted, image = draw_pair(24, 24, n=3)
    each = torch.cat([ms_ssim(painted[i : i + 1], image[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(ms_ssim(painted, image), each)
    assert len(set(each.tolist())) == 3


def test_flat_pictures_differ_in_light_alone() -> None:
    # luminance (2 a b + c1) / (a^2 + b^2 + c1) at the coarsest of two scales, whose weight is .2856 / (.0448 + .2856)
    a, b = 0.5, 0.25
    light = (2 * a * b + 1e-4) / (a**2 + b**2 + 1e-4)
    ours, truth = (torch.full((1, 1, 22, 22), value, dtype=torch.float64) for value in (a, b))
    assert ssim(ours, truth).item() == pytest.approx(light)
    assert ms_ssim(ours, truth).item() == pytest.approx(light ** (0.2856 / 0.3304))


def test_the_mix_of_flat_pictures_has_the_plain_offset_as_its_error() -> None:
    ours, truth = (torch.full((1, 3, 22, 22), value, dtype=torch.float64) for value in (0.5, 0.25))
    unlike = 1 - ms_ssim(ours, truth).item()
    for gaussian in (True, False):
        found = ms_ssim_l1(ours, truth, alpha=0.84, gaussian=gaussian).item()
        assert found == pytest.approx(0.84 * unlike + 0.16 * 0.25)


def test_the_gaussian_counts_the_border_less_than_the_middle() -> None:
    truth = torch.zeros(1, 1, 24, 24, dtype=torch.float64)
    costs = []
    for place in (0, 12):
        painted = truth.clone()
        painted[..., place, place] = 1
        costs.append(ms_ssim_l1(painted, truth, alpha=0.0, n_scales=1).item())
    # the window of 11 px lies at 14 x 14 places: in the corner one of them, with the window's smallest weight, sees it
    bell = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    assert costs[0] == pytest.approx((bell[0] / bell.sum()) ** 2 / 14**2)
    assert costs[1] == pytest.approx(1 / 14**2)  # in the middle all of the window's places see it


def test_the_truth_costs_nothing() -> None:
    _, image = draw_pair(24, 30)
    assert ssim_loss(image, image).item() == pytest.approx(0, abs=1e-12)
    assert ms_ssim_l1(image, image).item() == pytest.approx(0, abs=1e-12)


def test_an_inverted_picture_has_a_finite_loss_and_gradient() -> None:
    _, image = draw_pair(24, 24)
    painted = (1 - image).requires_grad_()
    loss = ms_ssim_l1(painted, image)
    (slope,) = torch.autograd.grad(loss, painted)
    assert loss.isfinite().item()
    assert slope.isfinite().all().item()


@pytest.mark.parametrize("side", [1, 5, 8, 10])
def test_pictures_smaller_than_the_window_have_a_window_of_their_side(side: int) -> None:
    flat = torch.full((1, 1, side, side), 0.5)
    assert ssim(flat, flat).item() == pytest.approx(1)
    assert ms_ssim(flat, flat, 1).item() == pytest.approx(1)


def test_scales_that_are_asked_for_are_kept_until_no_pixel_is_left() -> None:
    painted, image = draw_pair(16, 16)
    assert 0 < ms_ssim(painted, image, 5).item() < 1
    with pytest.raises(InputError, match="5 scales of pictures with a side of 8 px"):
        ms_ssim(painted[..., :8], image[..., :8], 5)
    with pytest.raises(InputError, match="0 scales"):
        ms_ssim(painted, image, 0)


def test_gradients_agree_with_finite_differences() -> None:
    rng = torch.Generator().manual_seed(1)
    image = torch.rand(1, 2, 12, 12, generator=rng, dtype=torch.float64)
    painted = (0.7 * image + 0.3 * torch.rand(1, 2, 12, 12, generator=rng, dtype=torch.float64)).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: ssim(x, image), (painted,))
    assert torch.autograd.gradcheck(lambda x: ms_ssim_l1(x, image, n_scales=2), (painted,))
