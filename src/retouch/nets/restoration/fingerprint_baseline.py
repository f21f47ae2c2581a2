"""Residual auto-encoder for fingerprints: the baseline of the ChaLearn 2018 track, and hcilab's stages after it.

Source: S. Escalera et al., "ChaLearn Looking at People: Inpainting and Denoising Challenges", Springer 2019, track 3
(baseline, released for Chainer); L. M. Quan, Y.-G. Kim, "Iterative Application of Autoencoders for Video Inpainting and
Fingerprint Denoising", in the same book (team hcilab), for the stages. The body is that of J. Johnson,
A. Alahi, L. Fei-Fei, ECCV 2016.

Departures
----------
- Prints of any size; the authors resize them to 200 x 138 px by Lanczos, and the answer back.
- hcilab's released stages take the places of their ReLU from the baseline, where the layers are others: a ReLU falls
  on residual blocks, and none behind the last normalisation. That is a slip; here it stands where the baseline has it.

Convolutions outside the blocks have no bias where a normalisation follows: only so is the count the released one.

              baseline                   later stage         side
conv 9        3 -> 32                    1 -> 32             s
conv 3 / 2    32 -> 64, 64 -> 128        32 -> 64            s / 2, s / 4, halves rounded up
blocks        5 of conv 3 twice          n_blocks            the same
deconv 3 / 2  128 -> 64, 64 -> 32        64 -> 32            back to the sides of the way down
conv 9        32 -> 1, tanh              32 -> 1, tanh       s
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn

from retouch.nets.restoration.iterative import IterativeRefiner

STAGE_BLOCKS = (5, 5, 20, 20, 2, 32, 20)
"""Residual blocks of hcilab's stages 2 to 8."""

_N_BLOCKS = 5
_EPSILON = 2e-5
"""Chainer's, in batch normalisation."""


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with batch normalisation, added to their input.

    Parameters
    ----------
    channels : int
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.BatchNorm2d(channels, eps=_EPSILON),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.BatchNorm2d(channels, eps=_EPSILON),
        )

    def forward(self, features: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return the features plus what the convolutions add."""
        change: Tensor = self.change(features)
        return features + change


class FingerprintAutoencoder(nn.Module):
    """Restore fingerprints.

    Parameters
    ----------
    in_channels : int
        3 for the RGB of the baseline, 1 for the grey of later stages.
    widths : sequence of int
        Channels at full size and after each halving; (32, 64, 128) of the baseline, (32, 64) of later stages.
    n_blocks : int
        Residual blocks at the smallest size.
    """

    def __init__(self, in_channels: int = 3, widths: Sequence[int] = (32, 64, 128), n_blocks: int = _N_BLOCKS) -> None:
        super().__init__()
        pairs = list(pairwise(widths))
        self.enter = _normed(nn.Conv2d(in_channels, widths[0], 9, padding=4, bias=False))
        self.down = nn.ModuleList(_normed(nn.Conv2d(a, b, 3, 2, padding=1, bias=False)) for a, b in pairs)
        self.blocks = nn.Sequential(*(ResidualBlock(widths[-1]) for _ in range(n_blocks)))
        reverse = list(reversed(pairs))
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 3, 2, 1, output_padding=1, bias=False) for a, b in reverse)
        self.settle = nn.ModuleList(_norm(a) for a, _ in reverse)
        self.leave = nn.Conv2d(widths[0], 1, 9, padding=4)

    def forward(self, picture: Float[Tensor, "N C H W"]) -> Float[Tensor, "N 1 H W"]:
        """Return the clean print.

        Parameters
        ----------
        picture : (N, C, H, W) float32, range [0, 1]
            RGB or grey, of any size.

        Returns
        -------
        (N, 1, H, W) float32, range [0, 1]
            Grey. Training takes the mean squared error.
        """
        features = self.enter(255.0 * picture)  # the net's range is 0-255
        sizes = []
        for layer in self.down:
            sizes.append(features.shape[2:])
            features = layer(features)
        features = self.blocks(features)
        for enlarge, settle, (height, width) in zip(self.up, self.settle, reversed(sizes), strict=True):
            features = settle(enlarge(features)[..., :height, :width])  # an odd side has one row less
        clean: Tensor = self.leave(features).tanh()
        return (clean + 1.0) / 2.0  # 127.5 tanh + 127.5 in 0-255


def fingerprint_baseline_full() -> FingerprintAutoencoder:
    """Return the published baseline: 1,673,729 parameters."""
    return FingerprintAutoencoder()


def fingerprint_baseline_tiny() -> FingerprintAutoencoder:
    """Return a quarter of the published width."""
    return FingerprintAutoencoder(widths=(8, 16, 32))


def fingerprint_stage(n_blocks: int, width: int = 32) -> FingerprintAutoencoder:
    """Return a later stage of hcilab, grey to grey: 190,529 parameters with 2 blocks, 1,524,545 with 20."""
    return FingerprintAutoencoder(1, (width, 2 * width), n_blocks)


def iterative_fingerprints_full() -> IterativeRefiner:
    """Return hcilab's eight published stages: 9,677,512 parameters."""
    return IterativeRefiner([fingerprint_baseline_full(), *map(fingerprint_stage, STAGE_BLOCKS)])


def iterative_fingerprints_tiny() -> IterativeRefiner:
    """Return three stages at a quarter of the width, the later ones of 2 blocks."""
    return IterativeRefiner([fingerprint_baseline_tiny(), fingerprint_stage(2, 8), fingerprint_stage(2, 8)])


def _normed(conv: nn.Conv2d) -> nn.Sequential:
    return nn.Sequential(conv, *_norm(conv.out_channels))


def _norm(channels: int) -> nn.Sequential:
    return nn.Sequential(nn.BatchNorm2d(channels, eps=_EPSILON), nn.ReLU())
