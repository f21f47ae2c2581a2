"""Partial convolution: a convolution over the known pixels only, which also says what is known afterwards.

Source: G. Liu, F. A. Reda, K. J. Shih, T.-C. Wang, A. Tao, B. Catanzaro: "Image Inpainting for Irregular Holes Using
Partial Convolutions", ECCV 2018, Eqs. 1-2; the counting of windows after NVIDIA's release (an all-known mask still
rescales at the border, where the window reaches outside).

Departures
----------
- Masks here follow the paper, 1 = known, against the house's 1 = missing: the layer is a part of nets, and the
  argument is called `known`. Nets turn the mask on their first line.
- Unknown pixels are replaced by zero, not multiplied by it: NaN under the mask does not leak.

x      (N, C, H, W)
known  (N, 1, H, W), or (N, C, H, W) with `multi_channel`
count  (N, 1, H', W') known values in each window, sum(M)
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class PartialConv2d(nn.Conv2d):
    """A convolution that reads known pixels only and scales by how many there were.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding, dilation, bias
        As for `torch.nn.Conv2d`; groups are not offered.
    multi_channel : bool
        Whether each channel has its own mask; needed where maps of different known regions are concatenated.
    return_mask : bool
        Whether the new mask is returned too.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        *,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        bias: bool = True,
        multi_channel: bool = False,
        return_mask: bool = False,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride=stride, padding=padding, dilation=dilation, bias=bias
        )
        self.multi_channel = multi_channel
        self.return_mask = return_mask

    def forward(  # type: ignore[override]  # a convolution with a second input
        self, x: Float[Tensor, "N C H W"], known: Float[Tensor, "#N #C H W"] | None = None
    ) -> Float[Tensor, "N D H2 W2"] | tuple[Float[Tensor, "N D H2 W2"], Float[Tensor, "#N #D H2 W2"]]:
        """Return the features, and with `return_mask` the mask of what is known now.

        Parameters
        ----------
        x : (N, C, H, W)
        known : (N, 1, H, W) or (N, C, H, W), optional
            1 where known, 0 where missing; everything is known if it is not given.

        Returns
        -------
        features : (N, D, H2, W2)
            Zero where nothing was known in the window.
        known : (N, 1, H2, W2), or (N, D, H2, W2) with `multi_channel`
            1 where at least one value of the window was known; N is 1 if no mask was given for single channels.
        """
        if known is None:
            known = x.new_ones(x.shape if self.multi_channel else (1, 1, *x.shape[2:]))
        count = self._count(known)
        reached = count.clamp(max=1)  # Eq. 2
        raw = self._conv_forward(x.where(known > 0, 0), self.weight, None)
        features: Tensor = raw * (self.window / count.clamp(min=1))  # Eq. 1: sum(1) / sum(M)
        if self.bias is not None:
            features = features + self.bias[:, None, None]
        features = features * reached  # Eq. 1, second case
        if not self.return_mask:
            return features
        return features, reached.expand(-1, self.out_channels if self.multi_channel else 1, -1, -1)

    @property
    def window(self) -> int:
        """How many values a window holds, sum(1)."""
        height, width = self.kernel_size
        return height * width * (self.in_channels if self.multi_channel else 1)

    @torch.no_grad()
    def _count(self, known: Tensor) -> Tensor:
        total = known.sum(dim=1, keepdim=True)
        ones = known.new_ones(1, 1, *self.kernel_size)
        return functional.conv2d(total, ones, None, self.stride, self.padding, self.dilation)  # (N, 1, H', W')
