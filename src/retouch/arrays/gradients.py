"""Forward differences of a picture, and the divergence that belongs to them.

Source: A. Chambolle, "An algorithm for total variation minimization and applications", J. Math. Imaging and Vision 20,
2004, section 2: differences that leave the picture count as 0, and div = -grad^T, so that <grad u, p> = -<u, div p>.
Departures: none. Both write into an array of the caller's, as they stand inside loops.

The planes of a picture come first here, (C, H, W): each is one block of memory, and a row is a vector.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def write_gradient(u: Float[np.ndarray, "C H W"], out: Float[np.ndarray, "2 C H W"]) -> None:
    """Write the differences to the south, out[0], and to the east, out[1].

    Examples
    --------
    >>> slope = np.zeros((2, 1, 2, 2))
    >>> write_gradient(np.array([[[0.0, 1.0], [5.0, 9.0]]]), slope)
    >>> slope[:, 0].tolist()
    [[[5.0, 8.0], [0.0, 0.0]], [[1.0, 0.0], [4.0, 0.0]]]
    """
    south, east = out
    np.subtract(u[:, 1:], u[:, :-1], out=south[:, :-1])
    np.subtract(u[:, :, 1:], u[:, :, :-1], out=east[:, :, :-1])
    south[:, -1] = 0
    east[:, :, -1] = 0


def write_divergence(p: Float[np.ndarray, "2 C H W"], out: Float[np.ndarray, "C H W"]) -> None:
    """Write the divergence of a field whose last southern row and last eastern column do not count.

    Examples
    --------
    >>> spread = np.zeros((1, 1, 3))
    >>> write_divergence(np.array([[[[0.0, 0.0, 0.0]]], [[[2.0, 3.0, 7.0]]]]), spread)
    >>> spread.tolist()
    [[[2.0, 1.0, -3.0]]]
    """
    south, east = p[0, :, :-1], p[1, :, :, :-1]
    out[:, -1] = 0
    out[:, :-1] = south
    out[:, 1:] -= south
    out[:, :, :-1] += east
    out[:, :, 1:] -= east
