"""Curvature-driven diffusion, where total variation gives up."""

from __future__ import annotations

import numpy as np
import pytest
from tests.classical.transport.pictures import arc, bar_with_gap, contrast_of_arc

from retouch.classical.diffusion.curvature_driven import bent_conductance, inpaint_curvature_driven
from retouch.classical.diffusion.total_variation import inpaint_total_variation
from retouch.errors import InputError


@pytest.mark.parametrize("gap_px", [6, 20])
def test_a_bar_of_10_pixels_is_joined_over_any_gap(gap_px: int) -> None:
    """Spec sheet, section 3: total variation joins the gap of 6 only."""
    assert inpaint_curvature_driven(*bar_with_gap(gap_px))[30, 30, 0] > 0.95


def test_power_0_leaves_the_wide_gap_open_as_total_variation_does() -> None:
    assert inpaint_curvature_driven(*bar_with_gap(20), power=0.0)[30, 30, 0] < 0.2


def test_a_thin_arc_is_joined_that_total_variation_drops() -> None:
    assert contrast_of_arc(inpaint_curvature_driven(*arc())) > 0.5
    assert contrast_of_arc(inpaint_total_variation(*arc())) < 0.1


def test_a_bend_conducts_more_than_a_straight_edge() -> None:
    """A slope of circles of radius 5 bends by 1/5; the floor of a straight slope is 1/50: ten times less."""
    rows, columns = np.mgrid[:41, :41] - 20.0
    cone = (np.hypot(rows, columns) / 30)[:, :, None].astype(np.float32)
    plane = (np.abs(rows + 20) / 30)[:, :, None].astype(np.float32)
    both = np.concatenate([cone, plane], axis=1)
    g = bent_conductance(both, 1.0, 1e-3)
    assert g[20, 25] / g[20, 61] == pytest.approx(np.hypot(1 / 5, 0.02) / 0.02, rel=0.1)


@pytest.mark.parametrize("options", [{"power": -1.0}, {"power": 4.0}, {"iterations": 0}, {"epsilon": 0.0}])
def test_senseless_options_are_refused(options: dict[str, float]) -> None:
    image, mask = arc()
    with pytest.raises(InputError, match="power must be 0 to 3"):
        inpaint_curvature_driven(image, mask, **options)  # type: ignore[arg-type]
