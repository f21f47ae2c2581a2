"""SPG-Net: the map of labels is completed first, then the picture is painted by it; labels can be edited in between.

Source: Y. Song, C. Yang, Y. Shen, P. Wang, Q. Huang, C.-C. J. Kuo: "SPG-Net: Segmentation Prediction and Guidance
Network for Image Inpainting", BMVC 2018, Sec. 3. No code is public.

Departures
----------
- The labels of the known part come from the caller; the authors take DeepLab's.
- Bodies are finished ones of the house, since no layer table is at hand: for the labels the dilated residual blocks of
  `retouch.nets.layers.residual`, for the picture the coarse network of `retouch.nets.inpainting.two_stage`, which
  comes from Iizuka's completion net. Of the two heads that the paper gives its first net, only the labels are kept.
- Meant to be trained with the cross-entropy in the hole and a hinge critic for the labels, and the losses of GLCIC for
  the picture; the paper has critics at several scales and perceptual losses.

C classes
x      (N, 3, H, W)  picture in [-1, 1], 0 in the hole
s      (N, C, H, W)  one channel for each class, 0 in the hole
s'     (N, C, H, W)  s where known, else the probabilities that the first net gives
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.nets.inpainting.two_stage.networks import CoarseNetwork, coarse_encoder
from retouch.nets.inpainting.two_stage.parts import Decoder, LayerStyle, dilate
from retouch.nets.layers.gated import PaddedConv
from retouch.nets.layers.initial import initialise_convs
from retouch.nets.layers.mirroring import pad_to_multiple
from retouch.nets.layers.residual import ConvStyle, ResidualGenerator

N_CLASSES = 8
"""Of Cityscapes' static part, see `retouch.nets.semantic.semantic_map_gan`."""


class Guided(NamedTuple):
    """What SPG-Net gives: scores of the classes, the completed map, and the picture."""

    logits: Float[Tensor, "N C H W"]
    labels: Float[Tensor, "N C H W"]
    picture: Float[Tensor, "N 3 H W"]


class SPGNet(nn.Module):
    """Both nets in a row.

    Parameters
    ----------
    label_net : ResidualGenerator
        The paper's SP-Net: from 4 + C channels (picture, labels, mask) to C.
    picture_net : CoarseNetwork
        The paper's SG-Net: from 4 + C channels (picture, completed labels, mask) to RGB in [-1, 1].
    """

    def __init__(self, label_net: ResidualGenerator, picture_net: CoarseNetwork) -> None:
        super().__init__()
        self.label_net, self.picture_net = label_net, picture_net

    def forward(
        self, image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"], labels: Float[Tensor, "N C H W"]
    ) -> Guided:
        """Return the completed map and the picture that is painted by it.

        Parameters
        ----------
        image : (N, 3, H, W) float32, range [0, 1]
            RGB of any size; values under the mask are not read.
        mask : (N, 1, H, W) float32
            1 where a pixel is missing, else 0.
        labels : (N, C, H, W) float32, range [0, 1]
            One-hot or probabilities; values under the mask are not read.

        Returns
        -------
        Guided
            `logits` (N, C, H, W) without limits, for the cross-entropy; `labels` (N, C, H, W) in [0, 1], s';
            `picture` (N, 3, H, W) in [0, 1], whole, as the net paints it.
        """
        logits = self.predict_labels(image, mask, labels)
        completed = labels.where(mask == 0, logits.softmax(dim=1))
        return Guided(logits, completed, self.paint(image, mask, completed))

    def predict_labels(
        self, image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"], labels: Float[Tensor, "N C H W"]
    ) -> Float[Tensor, "N C H W"]:
        """Return the scores of the classes everywhere: the first net alone."""
        x = torch.cat([_blanked(image, mask), labels.where(mask == 0, 0), mask], dim=1)
        padded = pad_to_multiple(x, self.label_net.stride, least=self.label_net.smallest)
        logits: Tensor = self.label_net(padded)
        return logits[:, :, : mask.shape[2], : mask.shape[3]]

    def paint(
        self, image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"], labels: Float[Tensor, "N C H W"]
    ) -> Float[Tensor, "N 3 H W"]:
        """Return the picture, range [0, 1], for a map that is complete already: predicted, true, or edited."""
        x = torch.cat([_blanked(image, mask), labels, mask], dim=1)
        picture: Tensor = self.picture_net(pad_to_multiple(x, _PICTURE_STRIDE))
        return (picture[:, :, : mask.shape[2], : mask.shape[3]] + 1) / 2


_PICTURE_STRIDE = 4


def spg_net(n_classes: int, width: int, n_blocks: int, generator: torch.Generator | None = None) -> SPGNet:
    """Return a net.

    Parameters
    ----------
    n_classes : int
        C.
    width : int
        Channels of the first layer of the label net; that of the picture net has as many, an even number.
    n_blocks : int
        Residual blocks of the label net.
    generator : torch.Generator, optional
        For the initial weights.
    """
    style = LayerStyle(PaddedConv)
    net = SPGNet(
        ResidualGenerator(4 + n_classes, n_classes, width=width, n_blocks=n_blocks, style=ConvStyle()),
        CoarseNetwork(
            coarse_encoder(4 + n_classes, width, style), dilate(4 * width, style), Decoder(4 * width, width, style)
        ),
    )
    initialise_convs(net, partial(nn.init.kaiming_normal_, generator=generator))
    return net


def spg_net_full(n_classes: int = N_CLASSES, generator: torch.Generator | None = None) -> SPGNet:
    """Return widths of 64 and eight residual blocks: 10,815,368 and 5,792,259 parameters for 8 classes."""
    return spg_net(n_classes, 64, 8, generator)


def spg_net_tiny(n_classes: int = N_CLASSES, generator: torch.Generator | None = None) -> SPGNet:
    """Return a net of an eighth of the width and three blocks, for 64 px."""
    return spg_net(n_classes, 8, 3, generator)


def _blanked(image: Tensor, mask: Tensor) -> Tensor:
    return (2 * image - 1).where(mask == 0, 0)
