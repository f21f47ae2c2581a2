"""Transforms by matrices are those of torch, at even, odd and single sides."""

from __future__ import annotations

import pytest
import torch

from retouch.nets.layers.fourier.matrices import transform, transform_back

torch.set_num_threads(1)
SIZES = pytest.mark.parametrize("size", [(8, 8), (7, 12), (9, 5), (1, 6), (4, 1)])


def picture_of(size: tuple[int, int]) -> torch.Tensor:
    return torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@SIZES
def test_the_spectrum_is_torchs(size: tuple[int, int]) -> None:
    x = picture_of(size)
    expected = torch.fft.rfft2(x, norm="ortho")
    real, imaginary = transform(x)
    torch.testing.assert_close(torch.complex(real, imaginary), expected, rtol=0, atol=1e-12)


@SIZES
def test_the_way_back_of_any_spectrum_is_torchs(size: tuple[int, int]) -> None:
    """Also of one that belongs to no picture, as a network makes them: both drop what cannot be."""
    height, width = size
    generator = torch.Generator().manual_seed(1)
    parts = [torch.rand(2, 3, height, width // 2 + 1, generator=generator, dtype=torch.float64) for _ in range(2)]
    expected = torch.fft.irfft2(torch.complex(*parts), s=size, norm="ortho")
    torch.testing.assert_close(transform_back(parts[0], parts[1], width), expected, rtol=0, atol=1e-12)
