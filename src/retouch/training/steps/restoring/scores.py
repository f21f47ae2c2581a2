"""Single scores of pictures, (N,), and pictures brought to another number of channels."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from retouch.training.steps.scoring import hole_scores, picture_scores

_GREY = (0.299, 0.587, 0.114)


def psnr(painted: Float[Tensor, "N C H W"], image: Float[Tensor, "N C H W"]) -> Float[Tensor, " N"]:
    """Return the peak signal-to-noise ratio of each sample in dB, at most 100; values in [0, 1].

    >>> psnr(torch.full((1, 1, 2, 2), 0.6), torch.full((1, 1, 2, 2), 0.5)).round().tolist()  # mean square 0.01
    [20.0]
    """
    return picture_scores(painted, image)["psnr"]


def region_psnr(
    painted: Float[Tensor, "N C H W"], image: Float[Tensor, "N C H W"], region: Float[Tensor, "N 1 H W"]
) -> Float[Tensor, " N"]:
    """Return the PSNR of each sample where the region is 1; 100 where it is empty.

    >>> region = torch.tensor([[[[1.0, 0.0]]]])
    >>> region_psnr(torch.tensor([[[[0.6, 9.0]]]]), torch.full((1, 1, 1, 2), 0.5), region).round().tolist()
    [20.0]
    """
    return hole_scores(painted, image, region)["psnr"]


def to_channels(picture: Float[Tensor, "N C H W"], n_channels: int) -> Float[Tensor, "N D H W"]:
    """Return RGB as grey or grey as RGB where another number of channels is wanted, else the picture itself.

    >>> to_channels(torch.tensor([1.0, 0.0, 0.0]).reshape(1, 3, 1, 1), 1).item()
    0.29899999499320984
    """
    if picture.shape[1] == n_channels:
        return picture
    if n_channels == 1:
        return torch.einsum("nchw,c->nhw", picture, picture.new_tensor(_GREY))[:, None]
    return picture.expand(-1, n_channels, -1, -1)
