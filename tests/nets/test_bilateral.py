"""Bilateral propagation: mixing in space and in range."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from retouch.nets.layers.attention.bilateral import mix_in_range, mix_in_space

torch.set_num_threads(1)


@torch.no_grad()
def test_mixing_in_space_keeps_a_constant_and_spreads_a_point_as_a_gaussian() -> None:
    torch.testing.assert_close(mix_in_space(torch.full((1, 1, 9, 7), 0.3)), torch.full((1, 1, 9, 7), 0.3))
    point = torch.zeros(1, 1, 33, 33)
    point[..., 16, 16] = 1
    spread = mix_in_space(point)[0, 0]
    # exp(-1 / (2 * 1.5^2)) one step away, and twice that exponent along the diagonal
    assert (spread[16, 17] / spread[16, 16]).item() == pytest.approx(0.8007, abs=1e-3)
    assert (spread[17, 17] / spread[16, 16]).item() == pytest.approx(0.8007**2, abs=1e-3)


@torch.no_grad()
def test_mixing_in_range_follows_its_definition() -> None:
    x = torch.rand(2, 3, 4, 5) - 0.5
    mixed = mix_in_range(x)
    padded, likeness = nn.functional.pad(x, (1, 1, 1, 1)), torch.sigmoid(x)
    padded_likeness = nn.functional.pad(likeness, (1, 1, 1, 1))
    for row in range(4):
        for column in range(5):
            window = (slice(None), slice(None), slice(row, row + 3), slice(column, column + 3))
            centre = likeness[:, :, row : row + 1, column : column + 1]
            alike = (centre * padded_likeness[window]).mean(dim=1).flatten(1).softmax(dim=1)
            expected = (padded[window].flatten(2) * alike[:, None]).sum(dim=2)
            torch.testing.assert_close(mixed[:, :, row, column], expected)
