"""Both stages of DeepFill together: as the authors feed them, and at the public boundary.

Source: J. Yu, Z. Lin, J. Yang, X. Shen, X. Lu, T. Huang, "Generative image inpainting with contextual attention", CVPR
2018, Sec. 3; the same authors' "Free-form image inpainting with gated convolution", ICCV 2019, Sec. 3.3.
Departures: sizes that are no multiple of 8 are mirrored up to one and cut back; the authors cut the picture instead.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.nets.layers.mirroring import pad_to_multiple

STRIDE = 8
"""Sides are a multiple of this: two halvings and one more for the grid of the attention."""


class Stages(NamedTuple):
    """What a two-stage network gives: the coarse and the refined picture."""

    coarse: Float[Tensor, "N 3 H W"]
    refined: Float[Tensor, "N 3 H W"]


class TwoStageGenerator(nn.Module):
    """Both stages as the authors feed them: pictures in [-1, 1] with zeros in the holes, mask 1 = missing.

    Parameters
    ----------
    coarse : CoarseNetwork
    refine : RefineNetwork
    refine_sees_mask : bool
        Whether the second stage is given ones and the mask besides the picture.
    """

    def __init__(self, coarse: nn.Module, refine: nn.Module, *, refine_sees_mask: bool) -> None:
        super().__init__()
        self.coarse, self.refine = coarse, refine
        self.refine_sees_mask = refine_sees_mask

    def forward(
        self,
        masked: Float[Tensor, "N 3 H W"],
        mask: Float[Tensor, "_ 1 H W"],
        labels: Float[Tensor, "N 1 H W"] | None = None,
    ) -> Stages:
        """Return both pictures, range [-1, 1]; sides are multiples of 8, and one mask may serve the whole batch."""
        mask = mask.expand(len(masked), -1, -1, -1)
        frame = framed(mask)
        coarse = self.coarse(torch.cat([masked, frame], dim=1))
        pasted = coarse * mask + masked * (1 - mask)
        given = torch.cat([pasted, frame], dim=1) if self.refine_sees_mask else pasted
        refined = self.refine(given, mask, labels=labels)
        return Stages(coarse, refined)


class TwoStageInpainter(nn.Module):
    """The network at its public boundary: any size, [0, 1].

    Parameters
    ----------
    generator : TwoStageGenerator
    """

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(
        self,
        image: Float[Tensor, "N 3 H W"],
        mask: Float[Tensor, "N 1 H W"],
        labels: Float[Tensor, "N 1 H W"] | None = None,
    ) -> Stages:
        """Return the coarse and the refined picture, not yet pasted into the known pixels.

        Parameters
        ----------
        image : (N, 3, H, W) float, range [0, 1]
            RGB; values under the mask are not read.
        mask : (N, 1, H, W) float
            1 = missing, 0 = known.
        labels : (N, 1, H, W) float, optional
            Guidance (`nets/layers/attention/guidance.py`): features of a place are copied from places of its own label
            only. Any values; in a hole, the label of what shall stand there.

        Returns
        -------
        Stages
            Two (N, 3, H, W) float, range [0, 1].
        """
        height, width = image.shape[2:]
        holes = pad_to_multiple(mask, STRIDE)
        masked = (2 * pad_to_multiple(image, STRIDE) - 1).where(holes == 0, 0)
        guide = None if labels is None else pad_to_multiple(labels, STRIDE)
        stages = self.generator(masked, holes, guide)
        return Stages(*((stage[:, :, :height, :width] + 1) / 2 for stage in stages))


def framed(mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 2 H W"]:
    """Return ones and the mask; beside the zeros of the padding, ones show where the picture ends."""
    return torch.cat([torch.ones_like(mask), mask], dim=1)
