"""The canvas, outlines and fields that drawings are made of."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage

from retouch.errors import InputError
from retouch.training.data.synthetic.damage.convolution import convolve, streak_kernel
from retouch.training.data.synthetic.drawing.canvas import Canvas, Shape
from retouch.training.data.synthetic.drawing.fields import fractal_noise, gradient, smooth_noise, two_colours
from retouch.training.data.synthetic.drawing.outlines import Both, Box, Ellipse, Polygon, Stroke

SHAPES: list[tuple[Shape, float]] = [  # with their areas
    (Ellipse(0.05, -0.02, 0.3, 0.2, 0.5), math.pi * 0.3 * 0.2),
    (Box(0.0, 0.1, 0.25, 0.1, 0.4), 0.5 * 0.2),
    (Box(0.0, 0.0, 0.3, 0.3, rounding=0.1), 0.6 * 0.6 - (4 - math.pi) * 0.1**2),
    (Stroke(((-0.3, 0.0), (0.3, 0.1)), 0.1), math.hypot(0.6, 0.1) * 0.1 + math.pi * 0.05**2),
    (Polygon(((-0.3, -0.3), (0.3, -0.3), (0.0, 0.3))), 0.6 * 0.6 / 2),
    (Both(Box(0.0, 0.0, 0.2, 0.2), Box(0.2, 0.0, 0.2, 0.2)), 0.2 * 0.4),
]


@pytest.mark.parametrize(("shape", "area"), SHAPES, ids=lambda value: type(value).__name__)
def test_a_shape_covers_its_area(shape: Shape, area: float) -> None:
    _, share = Canvas(200, 200).cover(shape)
    assert share.sum() / 200**2 == pytest.approx(area, rel=0.02)  # the border is 1 px of 200 wide


@pytest.mark.parametrize(("shape", "area"), SHAPES, ids=lambda value: type(value).__name__)
def test_nothing_is_painted_outside_of_the_bounds(shape: Shape, area: float) -> None:
    canvas = Canvas(90, 120)
    canvas.paint(shape, (1.0, 1.0, 1.0))
    rows, cols = np.nonzero(canvas.pixels[..., 0] > 0.5)
    left, top, right, bottom = shape.bounds()
    assert canvas.x[0, cols].min() >= left - 1 / 90
    assert canvas.x[0, cols].max() <= right + 1 / 90
    assert canvas.y[rows, 0].min() >= top - 1 / 90
    assert canvas.y[rows, 0].max() <= bottom + 1 / 90


def test_a_window_gives_what_the_whole_canvas_gives() -> None:
    """A window only saves work."""
    shape, canvas = Ellipse(0.2, 0.1, 0.15, 0.1), Canvas(40, 40)
    canvas.paint(shape, (1.0, 1.0, 1.0))
    whole = np.clip(0.5 - shape.distance(canvas.x, canvas.y) * 40, 0, 1)
    np.testing.assert_allclose(canvas.pixels[..., 0], whole, atol=1e-6)


def test_shapes_beside_the_canvas_paint_nothing() -> None:
    canvas = Canvas(20, 20)
    canvas.paint(Ellipse(3.0, 0.0, 0.2, 0.2), (1.0, 1.0, 1.0))
    canvas.paint(Box(-3.0, -3.0, 0.2, 0.2), (1.0, 1.0, 1.0))
    assert canvas.pixels.max() == 0


def test_a_canvas_without_pixels_is_refused() -> None:
    with pytest.raises(InputError, match=r"at least 1x1 pixels, got 5x0"):
        Canvas(0, 5)


@pytest.mark.parametrize("size", [(32, 32), (7, 50), (1, 1)], ids=str)
def test_noise_stays_in_0_to_1(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    for field in (smooth_noise(*size, rng, 5), fractal_noise(*size, rng, 3)):
        assert field.shape == size
        assert field.min() >= 0
        assert field.max() <= 1


def test_a_gradient_runs_from_one_colour_to_the_other() -> None:
    black, white = np.zeros(3, np.float32), np.ones(3, np.float32)
    field = gradient(Canvas(4, 5), black, white, 0.0)
    # along x only, equal steps over five columns
    np.testing.assert_allclose(field[2, :, 1], [0, 0.25, 0.5, 0.75, 1], atol=1e-6)


def test_two_colours_differ_in_brightness() -> None:
    rng = np.random.default_rng(1)
    pairs = [two_colours(rng, 0.2) for _ in range(50)]
    differences = [abs(float(first.mean() - last.mean())) for first, last in pairs]
    assert np.mean(np.array(differences) > 0.15) > 0.9  # cutting off at 0 and 1 takes a little from some


def test_convolution_agrees_with_scipy() -> None:
    rng = np.random.default_rng(2)
    picture, kernel = rng.random((19, 24, 2), dtype=np.float32), rng.random((5, 5), dtype=np.float32)
    expected = np.stack([ndimage.convolve(picture[..., c], kernel, mode="reflect") for c in range(2)], axis=-1)
    np.testing.assert_allclose(convolve(picture, kernel), expected, atol=1e-5)


def test_a_streak_has_its_length_and_direction() -> None:
    kernel = streak_kernel(21.0, 0.0)
    assert kernel.sum() == pytest.approx(1, abs=1e-6)
    middle = kernel.shape[0] // 2
    assert kernel[middle].sum() == pytest.approx(1, abs=1e-6)  # one row, for a width of 1 px
    assert np.count_nonzero(kernel[middle] > 0.5 * kernel.max()) == 21
