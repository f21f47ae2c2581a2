"""Transforms of patches: the published numbers of the wavelet, and what makes a transform one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.fft import dct

from retouch.denoising.block_matching.transforms import TransformName, make_transform
from retouch.errors import InputError


def test_the_wavelet_is_that_of_the_published_program() -> None:
    """Numbers of the specification sheet, section 5."""
    a, b = 0.219418, 0.449284
    detail = [0.569359, 0.402347, -0.402347, -0.569359, -0.083506, 0.083506, -0.083506, 0.083506]
    finest = np.kron(np.eye(4), [1, -1]) / np.sqrt(2)
    expected = [[0.353553] * 8, [a, b, b, a, -a, -b, -b, -a], detail, detail[4:] + detail[:4], *finest]
    np.testing.assert_allclose(make_transform("bior1.5", 8).forward, expected, atol=1e-6)


@pytest.mark.parametrize("size", [1, 8, 11])
def test_the_cosine_transform_is_scipys(size: int) -> None:
    expected = dct(np.eye(size), type=2, norm="ortho", axis=0)
    np.testing.assert_allclose(make_transform("dct", size).forward, expected, atol=1e-6)


@pytest.mark.parametrize(("name", "size"), [("dct", 8), ("dct", 11), ("bior1.5", 4), ("bior1.5", 8), ("bior1.5", 16)])
def test_the_inverse_undoes_a_transform_of_rows_of_unit_length(name: TransformName, size: int) -> None:
    forward, inverse = make_transform(name, size)
    np.testing.assert_allclose(inverse @ forward, np.eye(size), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(forward, axis=1), 1, atol=1e-6)


def test_a_wavelet_of_another_size_than_a_power_of_two_is_refused() -> None:
    with pytest.raises(InputError, match="power of two"):
        make_transform("bior1.5", 12)
