"""SG-Net and SGE-Net: labels and picture are predicted together, scale by scale, and the labels guide the next scale.

Source: L. Liao, J. Xiao, Z. Wang, C.-W. Lin, S. Satoh: "Guidance and Evaluation: Semantic-Aware Image Inpainting for
Mixed Scenes", ECCV 2020, Sec. 3. No code is public.

Departures
----------
- Semantic-guided inference is spatial modulation (normalise, then scale and shift as the labels say) and a residual
  block. The paper's own module is not at hand in detail.
- The confidence of a place is the largest probability of its classes, rescaled from [1/C, 1] to [0, 1]. It weakens the
  modulation, so that labels which are not trusted leave features merely normalised. The paper learns a score.
- Widths are those of the other nets of the house: nothing is published that could be checked.
- Losses are the sum over scales of cross-entropy and l1, and an adversarial loss at the last scale.

C classes, w = 64                                                             side
4 -> w, conv 7; 2w, 4w, 8w, conv 4 / 2                                        1, 1/2, 1/4, 1/8
residual blocks of 8w, dilated by 2                                           1/8
per scale: x2, conv 3 and what came down; guided by the labels one scale      1/4, 1/2, 1
below (but the first); heads of conv 3: C scores, RGB with tanh
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.inpainting.two_stage.parts import double
from retouch.nets.layers.initial import initialise_convs
from retouch.nets.layers.mirroring import pad_to_multiple
from retouch.nets.layers.norms.modulation import SpatialModulation
from retouch.nets.layers.residual import DilatedResidualBlock
from retouch.nets.semantic.spg_net import N_CLASSES

N_SCALES = 3
STRIDE = 2**N_SCALES
SMALLEST = 4 * STRIDE
"""At an eighth of the side four pixels are left, which blocks dilated by two can mirror."""


class Scales(NamedTuple):
    """Pictures and scores of the classes at a quarter, a half and the whole of the side, in this order."""

    pictures: list[Float[Tensor, "N 3 _ _"]]
    logits: list[Float[Tensor, "N C _ _"]]


class SemanticGuidance(nn.Module):
    """Refine features under labels.

    Parameters
    ----------
    n_channels : int
        Of the features.
    n_classes : int
    n_hidden : int
        Channels between labels and modulation.
    evaluate : bool
        Whether labels count by their confidence.
    """

    def __init__(self, n_channels: int, n_classes: int, n_hidden: int, *, evaluate: bool) -> None:
        super().__init__()
        self.modulate = SpatialModulation(n_channels, n_classes, n_hidden)
        self.refine = DilatedResidualBlock(n_channels, dilations=(1, 1))
        self.evaluate = evaluate

    def forward(self, features: Float[Tensor, "N D H W"], labels: Float[Tensor, "N C h w"]) -> Float[Tensor, "N D H W"]:
        """Return the features; labels are probabilities and may have another size."""
        strength = confidence(labels) if self.evaluate else None
        refined: Tensor = self.refine(functional.relu(self.modulate(features, labels, strength)))
        return refined


class SGNet(nn.Module):
    """One encoder, and a decoder with heads for labels and picture at three scales.

    Parameters
    ----------
    n_classes : int
        C.
    width : int
        Channels of the first layer.
    n_blocks : int
        Dilated residual blocks at an eighth of the side.
    evaluate : bool
        True is SGE-Net, which weighs labels by their confidence; False is SG-Net.
    generator : torch.Generator, optional
        For the initial weights.
    """

    def __init__(
        self,
        n_classes: int,
        *,
        width: int = 64,
        n_blocks: int = 4,
        evaluate: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(N_SCALES + 1)]
        rising = list(reversed(widths))  # 8w, 4w, 2w, w
        self.entry = _activated(nn.Conv2d(4, width, 7, padding=3, padding_mode="reflect"))
        self.down = nn.ModuleList(_activated(nn.Conv2d(a, b, 4, stride=2, padding=1)) for a, b in pairwise(widths))
        self.blocks = nn.Sequential(*(DilatedResidualBlock(widths[-1], dilations=(2, 1)) for _ in range(n_blocks)))
        self.up = nn.ModuleList(_conv(a, b) for a, b in pairwise(rising))
        self.join = nn.ModuleList(_activated(_conv(2 * a, a)) for a in rising[1:])
        self.guide = nn.ModuleList(SemanticGuidance(a, n_classes, 2 * width, evaluate=evaluate) for a in rising[2:])
        self.to_labels = nn.ModuleList(_conv(a, n_classes) for a in rising[1:])
        self.to_picture = nn.ModuleList(_conv(a, 3) for a in rising[1:])
        initialise_convs(self, partial(nn.init.kaiming_normal_, generator=generator))

    def forward(self, image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]) -> Scales:
        """Return pictures and scores at three scales.

        Parameters
        ----------
        image : (N, 3, H, W) float32, range [0, 1]
            RGB of any size; values under the mask are not read.
        mask : (N, 1, H, W) float32
            1 where a pixel is missing, else 0.

        Returns
        -------
        Scales
            `pictures`, three (N, 3, h, w) in [0, 1], and `logits`, three (N, C, h, w) without limits. The last of each
            has the size of the picture and is the answer; the others have a quarter and a half of the sides after
            padding to a multiple of 8, 32 at least.
        """
        height, width = image.shape[2:]
        x = torch.cat([(2 * image - 1).where(mask == 0, 0), mask], dim=1)
        pictures, logits = self._decode(self._encode(pad_to_multiple(x, STRIDE, least=SMALLEST)))
        pictures[-1] = pictures[-1][:, :, :height, :width]
        logits[-1] = logits[-1][:, :, :height, :width]
        return Scales(pictures, logits)

    def _encode(self, x: Tensor) -> list[Tensor]:
        """Return the features of the whole side, of a half, a quarter and an eighth."""
        maps = [self.entry(x)]
        for down in self.down:
            maps.append(down(maps[-1]))
        return [*maps[:-1], self.blocks(maps[-1])]

    def _decode(self, maps: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        features, pictures, logits = maps[-1], list[Tensor](), list[Tensor]()
        for number, (up, join) in enumerate(zip(self.up, self.join, strict=True)):
            risen = functional.relu(up(double(features)))
            features = join(torch.cat([risen, maps[N_SCALES - 1 - number]], dim=1))
            if logits:
                features = self.guide[number - 1](features, logits[-1].softmax(dim=1))
            logits.append(self.to_labels[number](features))
            pictures.append((torch.tanh(self.to_picture[number](features)) + 1) / 2)
        return pictures, logits


def confidence(labels: Float[Tensor, "N C H W"]) -> Float[Tensor, "N 1 H W"]:
    """Return how sure a map of probabilities is of its classes: 0 where all are alike, 1 where one has everything.

    >>> confidence(torch.tensor([[0.5, 1.0], [0.5, 0.0]]).reshape(1, 2, 1, 2)).flatten().tolist()
    [0.0, 1.0]
    """
    n_classes = labels.shape[1]
    return (n_classes * labels.amax(dim=1, keepdim=True) - 1) / (n_classes - 1)


def sg_net_full(n_classes: int = N_CLASSES, generator: torch.Generator | None = None) -> SGNet:
    """Return SG-Net, which trusts its labels: 25,616,801 parameters for eight classes."""
    return SGNet(n_classes, evaluate=False, generator=generator)


def sge_net_full(n_classes: int = N_CLASSES, generator: torch.Generator | None = None) -> SGNet:
    """Return SGE-Net, which weighs its labels by their confidence; it has as many parameters as SG-Net."""
    return SGNet(n_classes, generator=generator)


def sg_net_tiny(n_classes: int = N_CLASSES, generator: torch.Generator | None = None) -> SGNet:
    """Return SG-Net at an eighth of the width with two blocks, for 64 px."""
    return SGNet(n_classes, width=8, n_blocks=2, evaluate=False, generator=generator)


def sge_net_tiny(n_classes: int = N_CLASSES, generator: torch.Generator | None = None) -> SGNet:
    """Return SGE-Net at an eighth of the width with two blocks, for 64 px."""
    return SGNet(n_classes, width=8, n_blocks=2, generator=generator)


def _conv(in_channels: int, out_channels: int) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, padding=1, padding_mode="reflect")


def _activated(conv: nn.Conv2d) -> nn.Sequential:
    return nn.Sequential(conv, nn.InstanceNorm2d(conv.out_channels), nn.ReLU())
