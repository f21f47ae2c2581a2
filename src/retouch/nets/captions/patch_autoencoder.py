"""Patch auto-encoder with a text classifier: the second decaptioning baseline of ChaLearn 2018.

Source: S. Escalera et al., "ChaLearn Looking at People: Inpainting and Denoising Challenges", Springer 2019, track 2
(baseline 2): patches of 32 px are classified; those with text pass through the decoder, the others
are copied. The label of a patch is that of the released code.

Departures
----------
- Widths are ours, none are published; pairs of convolutions are those of baseline 1.
- The decoder runs over all patches, and its answer is chosen or not: so the net has no branches and can be exported.

Cannot fill a patch of which nothing is known.

encoder      pair 32 halve, pair 64 halve, conv 128     (N, 128, h / 4, w / 4)
classifier   mean over places, fully connected to 1
decoder      pair 64 double, pair 32 double, conv 3, sigmoid
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.captions.frame_autoencoder import conv_pair
from retouch.nets.layers.gated import PaddedConv
from retouch.nets.layers.mirroring import pad_to_multiple

PATCH_SIDE = 32
_LEAST_CHANGE = 0.2


class PatchAutoencoder(nn.Module):
    """Patches without text, and whether they had any.

    Parameters
    ----------
    width : int
        Channels of the first pair, 32.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        deep = 4 * width
        self.encoder = nn.Sequential(
            conv_pair(3, width, "halve"),
            conv_pair(width, 2 * width, "halve"),
            PaddedConv(2 * width, deep, activation=functional.relu),
        )
        self.classifier = nn.Linear(deep, 1)
        self.decoder = nn.Sequential(
            conv_pair(deep, 2 * width, "double"),
            conv_pair(2 * width, width, "double"),
            PaddedConv(width, 3, activation=functional.sigmoid),
        )

    def forward(self, patches: Float[Tensor, "N 3 h w"]) -> tuple[Float[Tensor, "N 3 h w"], Float[Tensor, " N"]]:
        """Return the decoded patches, and a score for each, above 0 for text: its sigmoid is the probability.

        Training takes the mean squared error of the first and the binary cross-entropy of the second, equal in weight.

        Parameters
        ----------
        patches : (N, 3, h, w) float32, range [0, 1]
            RGB; sides are multiples of 4, 32 as published.

        Returns
        -------
        patches : (N, 3, h, w) float32, range [0, 1]
        scores : (N,) float32
        """
        features = self.encoder(patches)
        decoded: Tensor = self.decoder(features)
        return decoded, self._score(features)

    def classify(self, patches: Float[Tensor, "N 3 h w"]) -> Float[Tensor, " N"]:
        """Return the scores alone."""
        return self._score(self.encoder(patches))

    def _score(self, features: Tensor) -> Tensor:
        scores: Tensor = self.classifier(features.mean(dim=(2, 3)))  # (N, 1)
        return scores.flatten()


class PatchDecaptioner(nn.Module):
    """Frames whose patches with text are decoded; all other patches are copied bit for bit.

    Parameters
    ----------
    net : PatchAutoencoder
    """

    def __init__(self, net: PatchAutoencoder) -> None:
        super().__init__()
        self.net = net

    def forward(self, picture: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return RGB in [0, 1] of RGB in [0, 1] of any size; cut patches at the border are mirrored to whole ones."""
        height, width = picture.shape[2:]
        padded = pad_to_multiple(picture, PATCH_SIDE)
        size = (PATCH_SIDE, PATCH_SIDE)
        patches = split_patches(padded, size)
        decoded, scores = self.net(patches)
        chosen = torch.where(scores[:, None, None, None] > 0, decoded, patches)
        return join_patches(chosen, (padded.shape[2], padded.shape[3]))[..., :height, :width]


def split_patches(picture: Float[Tensor, "N C H W"], size: tuple[int, int]) -> Float[Tensor, "M C h w"]:
    """Return the non-overlapping patches, row by row, one picture after the other; `size` divides the picture's.

    >>> split_patches(torch.arange(8.0).view(1, 1, 2, 4), (2, 2))[1].tolist()
    [[[2.0, 3.0], [6.0, 7.0]]]
    """
    n_pictures, n_channels, height, width = picture.shape
    rows, columns = height // size[0], width // size[1]
    cells = picture.reshape(n_pictures, n_channels, rows, size[0], columns, size[1])
    return cells.permute(0, 2, 4, 1, 3, 5).reshape(n_pictures * rows * columns, n_channels, *size)


def join_patches(patches: Float[Tensor, "M C h w"], size: tuple[int, int]) -> Float[Tensor, "N C H W"]:
    """Return the pictures of height and width `size` that `split_patches` took apart."""
    n_patches, n_channels, height, width = patches.shape
    rows, columns = size[0] // height, size[1] // width
    cells = patches.reshape(n_patches // (rows * columns), rows, columns, n_channels, height, width)
    return cells.permute(0, 3, 1, 4, 2, 5).reshape(-1, n_channels, *size)


def label_text_patches(captioned: Float[Tensor, "N C h w"], clean: Float[Tensor, "N C h w"]) -> Float[Tensor, " N"]:
    """Return 1 for patches in which any value differs by more than 0.2, else 0: what the classifier learns.

    >>> label_text_patches(torch.tensor([[[[0.0, 0.3]]], [[[0.1, 0.0]]]]), torch.zeros(2, 1, 1, 2)).tolist()
    [1.0, 0.0]
    """
    return ((captioned - clean).abs().amax(dim=(1, 2, 3)) > _LEAST_CHANGE).to(captioned.dtype)


def patch_autoencoder_full() -> PatchDecaptioner:
    """Return the baseline at our widths: 279,236 parameters."""
    return PatchDecaptioner(PatchAutoencoder())


def patch_autoencoder_tiny() -> PatchDecaptioner:
    """Return a quarter of the width."""
    return PatchDecaptioner(PatchAutoencoder(width=8))
