"""Joint caption net: finds the captions of a frame and paints what is behind them, with one net of two branches.

Source: V. Patel, A. Pandey, "Joint Caption Detection and Inpainting Using Generative Network", in S. Escalera et al.
(eds.), "Inpainting and Denoising Challenges", Springer 2019, Sec. 2.1-2.2, Eq. 1 (user anubhap93).

Departures
----------
- Layer sizes stand only in a figure that carries no text (published: 31,686,529 parameters): the image branch is that
  of the authors' net for people (`retouch.nets.encoder_decoders.skip_generator`), the mask branch half as wide and
  without skip connections.
- The mask's truth is thresholded at 0.05 and grown by a pixel; the source takes "the difference".

X    the frame with captions        G    what the image branch paints        m    the mask branch's answer, in [0, 1]
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.encoder_decoders.skip_generator import STRIDE, DilatedBranch, EntryLayers
from retouch.nets.layers.mirroring import pad_to_multiple

_LEAST_CHANGE = 0.05


class JointCaptionNet(nn.Module):
    """Captions removed without a mask.

    Parameters
    ----------
    width : int
        Channels at full size of the entry and the image branch, 64; even.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.entry = EntryLayers(3, width)
        self.paint = DilatedBranch(width, width, 3)
        self.find = DilatedBranch(width, width // 2, 1, skips=False)

    def forward(self, picture: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return frames without captions, RGB in [0, 1] of RGB in [0, 1] of any size."""
        return self.paint_and_find(picture)[0]

    def paint_and_find(
        self, picture: Float[Tensor, "N 3 H W"]
    ) -> tuple[Float[Tensor, "N 3 H W"], Float[Tensor, "N 1 H W"], Float[Tensor, "N 3 H W"]]:
        """Return what the losses look at.

        Parameters
        ----------
        picture : (N, 3, H, W) float32, range [0, 1]
            RGB of any size, X.

        Returns
        -------
        restored : (N, 3, H, W)
            m G + (1 - m) X, RGB in [0, 1].
        mask : (N, 1, H, W)
            m: near 1 on captions, near 0 elsewhere.
        painted : (N, 3, H, W)
            G, RGB in [0, 1].
        """
        height, width = picture.shape[2:]
        maps = self.entry(pad_to_multiple(picture, STRIDE))
        painted = self.paint(*maps).sigmoid()[..., :height, :width]
        mask = self.find(*maps).sigmoid()[..., :height, :width]
        return mask * painted + (1 - mask) * picture, mask, painted


def caption_truth(captioned: Float[Tensor, "N C H W"], clean: Float[Tensor, "N C H W"]) -> Float[Tensor, "N 1 H W"]:
    """Return 1 where any channel differs by more than 0.05, and one pixel around, else 0: what the mask branch learns.

    >>> import torch
    >>> caption_truth(torch.tensor([[[[0.0, 0.0, 0.1, 0.04]]]]), torch.zeros(1, 1, 1, 4)).tolist()
    [[[[0.0, 1.0, 1.0, 1.0]]]]
    """
    changed = (captioned - clean).abs().amax(dim=1, keepdim=True) > _LEAST_CHANGE
    return functional.max_pool2d(changed.to(captioned.dtype), 3, stride=1, padding=1)


def joint_caption_full() -> JointCaptionNet:
    """Return the net with 64 channels: 7,772,964 parameters."""
    return JointCaptionNet()


def joint_caption_tiny() -> JointCaptionNet:
    """Return a quarter of the width, for 64 px."""
    return JointCaptionNet(width=16)
