"""Attention transfer: holes of a fine map filled by what the coarse map above says looks alike.

Source: Y. Zeng, J. Fu, H. Chao, B. Guo: "Learning Pyramid-Context Encoder Network for High-Quality Image Inpainting",
CVPR 2019, Sec. 3.2, Eqs. 1-3.

Departures
----------
- Patches of the coarse map are compared with patches normalised to length one, queries are not normalised: as in the
  authors' PyTorch code, where the paper's Eq. 1 is a full cosine.
- The whole batch is done at once.

fine    (N, C, H, W) the map to be filled
coarse  (N, D, h, w) one level up, H = rate h
L       h w places of the coarse map; the fine map has a patch of 2 rate x 2 rate pixels for each
valid   (N, L, 1) 1 where the patch of a place holds no missing pixel
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

_SHORTEST = 1e-4
"""Lengths of patches are no less than this."""

_LEAST = 1e-8
"""Attention is no less than this, as in the authors' code."""


class AttentionTransfer(nn.Module):
    """Attention between places of the coarse map, applied to patches of the fine one.

    Parameters
    ----------
    in_channels, out_channels : int
        Of the fine map and of the result; the same if there are no `dilations`.
    kernel_size : int
        Side of the patches that are compared, odd.
    rate : int
        How many times larger the fine map is.
    sharpness : float
        Factor on the similarities before softmax.
    dilations : sequence of int
        Of the parallel 3x3 convolutions that look at the result, each giving an equal part of the channels; none if
        empty.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel_size: int = 3,
        rate: int = 2,
        sharpness: float = 10.0,
        dilations: Sequence[int] = (1, 2, 4, 8),
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.rate = rate
        self.sharpness = sharpness
        self.views = nn.ModuleList(
            nn.Conv2d(in_channels, out_channels // len(dilations), 3, padding=dilation, dilation=dilation)
            for dilation in dilations
        )

    def forward(
        self, fine: Float[Tensor, "N C H W"], coarse: Float[Tensor, "N D h w"], mask: Float[Tensor, "N 1 H2 W2"]
    ) -> Float[Tensor, "N E H W"]:
        """Return the fine map made anew from its own known patches.

        Parameters
        ----------
        fine : (N, C, H, W)
        coarse : (N, D, H / rate, W / rate)
        mask : (N, 1, H2, W2)
            1 where missing, of any size: that of the picture.
        """
        attention = self.attend(coarse, mask)
        border = self.rate // 2
        patches = functional.unfold(fine, 2 * self.rate, stride=self.rate, padding=border)  # (N, C 4 rate^2, L)
        mixed = patches @ attention  # (N, C 4 rate^2, h w): Eq. 3
        size = (fine.shape[2], fine.shape[3])
        filled = functional.fold(mixed, size, 2 * self.rate, stride=self.rate, padding=border) / 4
        if not self.views:
            return filled
        return torch.cat([functional.relu(view(filled)) for view in self.views], dim=1)

    def attend(self, coarse: Float[Tensor, "N D h w"], mask: Float[Tensor, "N 1 H2 W2"]) -> Float[Tensor, "N L L"]:
        """Return how much of each place (rows) goes into each place (columns)."""
        size, border = self.kernel_size, self.kernel_size // 2
        places = functional.unfold(coarse, size, padding=border)  # (N, D size^2, L)
        keys = places / torch.linalg.vector_norm(places, dim=1, keepdim=True).clamp(min=_SHORTEST)
        similarity = keys.mT @ places  # (N, L, L): Eq. 1
        valid = self._known_places(mask, (coarse.shape[2], coarse.shape[3]))
        attention: Tensor = (self.sharpness * similarity * valid).softmax(dim=1) * valid  # Eq. 2
        return attention.clamp(min=_LEAST)

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the authors' `conv00.0.weight` and so on under our names."""
        return {_our_name(key): value for key, value in state.items()}

    def _known_places(self, mask: Tensor, size: tuple[int, int]) -> Tensor:
        shrunk = functional.interpolate(mask, size, mode="bilinear", align_corners=True)
        missing = functional.unfold(shrunk, self.kernel_size, padding=self.kernel_size // 2).sum(dim=1)  # (N, L)
        return (missing == 0).to(mask.dtype)[:, :, None]


def _our_name(key: str) -> str:
    found = re.fullmatch(r"conv(\d\d)\.0\.(\w+)", key)
    return f"views.{int(found[1])}.{found[2]}" if found else key
