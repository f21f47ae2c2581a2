"""Warping by Gaussian sampling: what a flow of nothing, of whole pixels and of parts of pixels does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from retouch.errors import InputError
from retouch.nets.layers.flow_warp import GaussianFlowWarp

torch.set_num_threads(1)
PUBLISHED = pytest.mark.parametrize(("window", "sigma"), [(4, 2.0), (16, 4.0)])


def draw(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def truncated_blur(x: Tensor, window: int, sigma: float) -> Tensor:
    """Return the mean of pixels -k/2 + 1 ... k/2 around each under Gaussian weights, by scipy, borders repeated."""
    offsets = np.arange(1 - window // 2, window // 2 + 1)
    weights = np.exp(-(offsets**2) / (2 * sigma**2))
    # correlate1d centres an even filter on element k/2; one element earlier is ours
    blurred = x.numpy()
    for axis in (2, 3):
        blurred = ndimage.correlate1d(blurred, weights / weights.sum(), axis=axis, mode="nearest", origin=-1)
    return torch.from_numpy(blurred)


@PUBLISHED
def test_no_flow_is_a_blur_with_the_truncated_gaussian(window: int, sigma: float) -> None:
    x = draw(2, 3, 20, 23)
    warped = GaussianFlowWarp(window, sigma).eval()(x, torch.zeros(2, 2, 20, 23, dtype=x.dtype))
    torch.testing.assert_close(warped, truncated_blur(x, window, sigma))


def test_no_flow_is_the_blur_of_sigma_where_the_window_is_wide_enough() -> None:
    # A window of 16 reaches 7 sigma at sigma 1, beyond which the weights are below exp(-24).
    x = draw(1, 2, 24, 24)
    warped = GaussianFlowWarp(16, 1.0).eval()(x, torch.zeros(1, 2, 24, 24, dtype=x.dtype))
    blurred = ndimage.gaussian_filter(x.numpy(), sigma=(0, 0, 1, 1), mode="nearest", truncate=7)
    torch.testing.assert_close(warped, torch.from_numpy(blurred), atol=1e-9, rtol=0)


@PUBLISHED
def test_a_flow_of_whole_pixels_is_the_blur_shifted(window: int, sigma: float) -> None:
    x = draw(1, 2, 40, 40)
    flow = torch.tensor([3.0, -2.0], dtype=x.dtype)[None, :, None, None].expand(1, 2, 40, 40)
    warped = GaussianFlowWarp(window, sigma).eval()(x, flow)
    shifted = truncated_blur(x, window, sigma).roll((-3, 2), dims=(2, 3))
    torch.testing.assert_close(warped[:, :, 4:-4, 4:-4], shifted[:, :, 4:-4, 4:-4])


@pytest.mark.parametrize("training", [True, False])
@PUBLISHED
def test_gradients_agree_with_finite_differences(window: int, sigma: float, training: bool) -> None:
    # Parts of a pixel between .2 and .8: the window jumps at whole pixels, where there is no derivative.
    parts = 0.2 + 0.6 * draw(2, 2, 3, 4)
    whole = torch.randint(-2, 3, (2, 2, 3, 4), generator=torch.Generator().manual_seed(1))
    flow = (parts + whole).requires_grad_()
    x = draw(2, 2, 3, 4, seed=2).requires_grad_()
    assert torch.autograd.gradcheck(GaussianFlowWarp(window, sigma).train(training), (x, flow))


def test_each_picture_of_a_batch_follows_its_own_flow() -> None:
    x, flow = draw(3, 2, 9, 7), 4 * draw(3, 2, 9, 7, seed=1) - 2
    warp = GaussianFlowWarp().eval()
    alone = torch.cat([warp(x[i : i + 1], flow[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(warp(x, flow), alone)


def test_training_and_evaluation_give_the_same() -> None:
    x, flow = draw(1, 2, 9, 7), 4 * draw(1, 2, 9, 7, seed=1) - 2
    warp = GaussianFlowWarp()
    assert torch.equal(warp.train()(x, flow), warp.eval()(x, flow))


def test_a_constant_map_stays_as_it_is() -> None:
    x = torch.full((1, 2, 8, 8), 0.3, dtype=torch.float64)
    torch.testing.assert_close(GaussianFlowWarp(16, 4.0)(x, 50 * draw(1, 2, 8, 8) - 25), x)


def test_a_flow_far_out_of_the_map_gives_its_corner() -> None:
    x = draw(1, 2, 6, 6)
    warped = GaussianFlowWarp().eval()(x, torch.full((1, 2, 6, 6), 100.0, dtype=x.dtype))
    torch.testing.assert_close(warped, x[:, :, -1:, -1:].expand_as(x))


@pytest.mark.parametrize(("window", "sigma"), [(3, 1.0), (0, 1.0), (4, 0.0)])
def test_odd_windows_and_no_width_are_refused(window: int, sigma: float) -> None:
    with pytest.raises(InputError, match=f"got a window of {window} and sigma {sigma}"):
        GaussianFlowWarp(window, sigma)
