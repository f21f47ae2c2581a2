"""Mirrored padding to a multiple, so that nets that halve the picture several times take any size.

The last row is repeated once in the mirror ("symmetric" in numpy, which torch lacks); unlike "reflect" it has an
answer for a picture of a single pixel, and a short one is mirrored to and fro.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from torch import Tensor


def pad_to_multiple(x: Float[Tensor, "N C h w"], multiple: int, *, least: int = 1) -> Float[Tensor, "N C H W"]:
    """Mirror the lower and right border until both sides are multiples; cut the answer back with `[..., :h, :w]`.

    Parameters
    ----------
    x : (N, C, h, w)
    multiple : int
        1 or more; what both sides become multiples of.
    least : int
        Neither side comes out shorter than this.

    Returns
    -------
    (N, C, H, W)
        `x` itself where nothing has to be added.

    Examples
    --------
    >>> pad_to_multiple(torch.tensor([[[[1.0, 2.0, 3.0]]]]), 4)[0, 0, 0].tolist()
    [1.0, 2.0, 3.0, 3.0]
    >>> pad_to_multiple(torch.tensor([[[[1.0, 2.0]]]]), 3, least=7).shape
    torch.Size([1, 1, 9, 9])
    """
    # not -(-n // m): in an exported graph a division rounds towards zero
    height, width = ((max(side, least) + multiple - 1) // multiple * multiple for side in x.shape[2:])
    if (height, width) == tuple(x.shape[2:]):
        return x
    rows, columns = (_mirrored(n, padded, x.device) for n, padded in zip(x.shape[2:], (height, width), strict=True))
    return x.index_select(2, rows).index_select(3, columns)


def _mirrored(n: int, padded: int, device: torch.device) -> Int64[Tensor, " n"]:
    """Return 0, ..., n-1, n-1, ..., 0, 0, ... of length `padded`."""
    period = torch.full((), 2 * n, device=device)  # a tensor: the exporter's remainder takes no free length
    index = torch.arange(padded, device=device) % period
    return torch.minimum(index, period - 1 - index)
