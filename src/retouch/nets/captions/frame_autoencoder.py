"""Whole-frame auto-encoder: the first decaptioning baseline of ChaLearn 2018, and the second stage that hcilab adds.

Source: S. Escalera et al., "ChaLearn Looking at People: Inpainting and Denoising Challenges", Springer 2019, track 2
(baseline 1), in its released form, which differs from the words there; L. M. Quan, Y.-G. Kim, "Iterative Application of
Autoencoders for Video Inpainting and Fingerprint Denoising", in the same book (team hcilab), for the second stage and
the iteration.

Departures
----------
- Frames of any size: they are mirrored to a multiple of four. The authors work at 128 px only.
- Enlargement repeats pixels; the sources do not say how they enlarge.

Every block is conv 3, ReLU, conv 3, ReLU, batch normalisation; in units of `width` = 64, with what its end does:

WHOLE_FRAME    1    2 halve    4 halve    8    4 double    4 double    2
REFINING       1    2 halve    4 halve    4    2 double    2 double    2
then conv 3 to RGB and a sigmoid
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.layers.gated import PaddedConv
from retouch.nets.layers.mirroring import pad_to_multiple
from retouch.nets.restoration.iterative import IterativeRefiner

Sampling: TypeAlias = Literal["keep", "halve", "double"]
Blocks: TypeAlias = Sequence[tuple[int, Sampling]]
"""Width of each block in units of the first one's, and what it does to the size."""

WHOLE_FRAME: Blocks = (
    (1, "keep"),
    (2, "halve"),
    (4, "halve"),
    (8, "keep"),
    (4, "double"),
    (4, "double"),
    (2, "keep"),
)
REFINING: Blocks = (
    (1, "keep"),
    (2, "halve"),
    (4, "halve"),
    (4, "keep"),
    (2, "double"),
    (2, "double"),
    (2, "keep"),
)
_STRIDE = 4


def conv_pair(in_channels: int, out_channels: int, sampling: Sampling = "keep") -> nn.Sequential:
    """Return two convolutions with ReLU and batch normalisation; the second may halve, or an enlargement follow.

    >>> import torch
    >>> conv_pair(3, 8, "halve")(torch.zeros(1, 3, 6, 8)).shape
    torch.Size([1, 8, 3, 4])
    """
    stride = 2 if sampling == "halve" else 1
    return nn.Sequential(
        PaddedConv(in_channels, out_channels, activation=functional.relu),
        PaddedConv(out_channels, out_channels, stride=stride, activation=functional.relu),
        nn.BatchNorm2d(out_channels),
        *[nn.Upsample(scale_factor=2.0)] * (sampling == "double"),
    )


class FrameAutoencoder(nn.Module):
    """A frame without its captions; frames do not see one another.

    Parameters
    ----------
    blocks : sequence of (int, sampling)
        `WHOLE_FRAME` or `REFINING`; as many double as halve, at most two.
    width : int
        Channels of the first block, 64 as published.
    """

    def __init__(self, blocks: Blocks = WHOLE_FRAME, *, width: int = 64) -> None:
        super().__init__()
        pairs, before = [], 3
        for units, sampling in blocks:
            pairs.append(conv_pair(before, units * width, sampling))
            before = units * width
        self.blocks = nn.Sequential(*pairs)
        self.leave = PaddedConv(before, 3, activation=functional.sigmoid)

    def forward(self, picture: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return the frames as the net draws them, also where they had no caption.

        Parameters
        ----------
        picture : (N, 3, H, W) float32, range [0, 1]
            RGB of any size.

        Returns
        -------
        (N, 3, H, W) float32, range [0, 1]
        """
        height, width = picture.shape[2:]
        drawn: Tensor = self.leave(self.blocks(pad_to_multiple(picture, _STRIDE)))
        return drawn[..., :height, :width]


def frame_autoencoder_full() -> FrameAutoencoder:
    """Return the published baseline: 8,084,803 parameters."""
    return FrameAutoencoder()


def frame_autoencoder_tiny() -> FrameAutoencoder:
    """Return the baseline at an eighth of the width."""
    return FrameAutoencoder(width=8)


def refining_autoencoder_full() -> FrameAutoencoder:
    """Return hcilab's published second stage: 3,364,163 parameters."""
    return FrameAutoencoder(REFINING)


def refining_autoencoder_tiny() -> FrameAutoencoder:
    """Return the second stage at an eighth of the width."""
    return FrameAutoencoder(REFINING, width=8)


def iterative_autoencoder_full() -> IterativeRefiner:
    """Return hcilab's two stages, one after the other: 11,448,966 parameters."""
    return IterativeRefiner([frame_autoencoder_full(), refining_autoencoder_full()])


def iterative_autoencoder_tiny() -> IterativeRefiner:
    """Return both stages at an eighth of the width."""
    return IterativeRefiner([frame_autoencoder_tiny(), refining_autoencoder_tiny()])
