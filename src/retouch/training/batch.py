"""What passes from a data stream through the loop to a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Some samples.

    Attributes
    ----------
    tensors : mapping of str to tensor
        All begin with the axis of the samples. "image" is the truth, (N, 3, H, W) or (N, 1, H, W) float32 in [0, 1];
        "mask" is (N, 1, H, W) float32, 1 where a pixel is missing. Others by what a stream was asked for: "structure"
        (smoothed image), "known_structure" (the same of the masked image), "edges" (N, 1, H, W) of the image, "guess"
        (the image with its holes filled classically), "coarse" (SinGAN: the enlarged coarser image), "noisy",
        "sigma" (N,) in [0, 1], "damaged", "labels" (N, H, W) int64, "frames" (N, T, 3, H, W), "boxes" (N, K, 4),
        "classes" (N, K).
    names : tuple of str
        Where each sample came from, for messages.
    groups : tuple of str
        The class that each sample belongs to, by which scores are told apart: a ratio bin, a level, "" for none.
    """

    tensors: Mapping[str, Tensor]
    names: tuple[str, ...]
    groups: tuple[str, ...] = field(default=())

    @property
    def image(self) -> Tensor:
        """Return the truth."""
        return self.tensors["image"]

    @property
    def mask(self) -> Tensor:
        """Return where pixels are missing."""
        return self.tensors["mask"]

    def __len__(self) -> int:
        """Return how many samples there are."""
        return len(self.names)

    def to(self, device: torch.device) -> Batch:
        """Return the same samples on another device."""
        return replace(self, tensors={name: tensor.to(device) for name, tensor in self.tensors.items()})
