"""Errors against a picture without its texture: structure first, detail next.

Source: the structure layer of the pyramid generator, doctoral thesis on multi-scale image inpainting (seed 003),
Sec. 3.3; Y. Ren, X. Yu, R. Zhang, T. H. Li, S. Liu, G. Li: "StructureFlow", ICCV 2019, Eq. 1; H. Liu et al.:
"Rethinking Image Inpainting via a Mutual Encoder-Decoder with Feature Equalizations", ECCV 2020, Eq. 1.

Departures: where the prediction is smaller than the smooth picture, the latter is reduced by the mean of its pixels.

The smooth picture comes from `retouch.arrays.edge_preserving.smooth_texture`, as "structure" of a batch: of the truth,
without holes.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from retouch.losses.pixels.regions import region_l1
from retouch.losses.pixels.scales import reduced


def structure_l1(
    painted: Float[Tensor, "N C h w"],
    structure: Float[Tensor, "N C H W"],
    mask: Float[Tensor, "N 1 h w"] | None = None,
) -> Float[Tensor, ""]:
    """Return the mean absolute error of a predicted structure.

    Parameters
    ----------
    painted : (N, C, h, w) float
        What a net gives, at its own size.
    structure : (N, C, H, W) float
        The smooth version of the truth; of this size or larger.
    mask : (N, 1, h, w) float, optional
        If given, only places where it is 1 count.

    Examples
    --------
    >>> import torch
    >>> structure_l1(torch.zeros(1, 1, 1, 1), torch.tensor([[[[0.0, 1.0], [1.0, 0.0]]]])).item()
    0.5
    """
    target = reduced(structure, painted)
    return (painted - target).abs().mean() if mask is None else region_l1(painted, target, mask)
