"""Globally and locally consistent completion: a dilated encoder-decoder, judged as a whole and around the hole.

Source: S. Iizuka, E. Simo-Serra, H. Ishikawa: "Globally and Locally Consistent Image Completion", ACM Transactions on
Graphics (SIGGRAPH) 2017, Sec. 3 and Tables 1-3; the training with three phases is their Algorithm 1.

Departures
----------
- The critic gives scores; its sigmoid belongs to the loss (`retouch.losses.adversarial.nonsaturating_loss`).
- Batch normalisation stands before ReLU, as in the paper; a known port has them the other way round.
- The colour that fills the hole, the mean of the training data, is an argument: no number is published. It is kept
  with the weights.

completion net        kernel / stride      channels
entry and two halvings  5/1  3/2 3/1  3/2    64, 128, 128, 256
middle                  3/1                  256 nine times; the third to the sixth dilated by 2, 4, 8, 16
two doublings           4/2 3/1 4/2          128, 128, 64
head                    3/1 3/1              32, 3 and a sigmoid
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from retouch.errors import InputError
from retouch.nets.layers.mirroring import pad_to_multiple

DILATIONS = (2, 4, 8, 16)
"""Of four convolutions in the middle; with (1, 1, 1, 1) the centre of a large hole sees no known pixel."""
_STRIDE = 4
_GLOBAL_WIDTHS = (64, 128, 256, 512, 512, 512)
_LOCAL_WIDTHS = (64, 128, 256, 512, 512)


class CompletionNet(nn.Module):
    """The 17 convolutions.

    Parameters
    ----------
    width : int
        Channels of the first layer, 64 in the paper; all others are in proportion.
    dilations : sequence of int
        Of the middle.
    norm : bool
        Batch normalisation after every convolution but the last.
    """

    def __init__(self, width: int = 64, dilations: Sequence[int] = DILATIONS, *, norm: bool = True) -> None:
        super().__init__()
        a, b, c = width, 2 * width, 4 * width
        convs: list[nn.Conv2d | nn.ConvTranspose2d] = [
            _conv(4, a, 5),
            _conv(a, b, 3, stride=2),
            _conv(b, b, 3),
            _conv(b, c, 3, stride=2),
            *(_conv(c, c, 3, dilation=rate) for rate in (1, 1, *dilations, 1, 1)),
            nn.ConvTranspose2d(c, b, 4, stride=2, padding=1),
            _conv(b, b, 3),
            nn.ConvTranspose2d(b, a, 4, stride=2, padding=1),
            _conv(a, a // 2, 3),
        ]
        self.stages = nn.Sequential(
            *(nn.Sequential(conv, *[nn.BatchNorm2d(conv.out_channels)] * norm, nn.ReLU()) for conv in convs)
        )
        self.head = nn.Sequential(_conv(a // 2, 3, 3), nn.Sigmoid())

    def forward(self, x: Float[Tensor, "N 4 H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return RGB in [0, 1]; `x` is RGB in [0, 1] with the hole filled, and the mask; sides are multiples of 4."""
        painted: Tensor = self.head(self.stages(x))
        return painted


class GLCIC(nn.Module):
    """The completion net with what stands around it.

    Parameters
    ----------
    net : CompletionNet
    hole_colour : three floats
        RGB in [0, 1] that fills the hole; the mean of the training data.
    """

    hole_colour: Tensor

    def __init__(self, net: CompletionNet, hole_colour: tuple[float, float, float] = (0.5, 0.5, 0.5)) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("hole_colour", torch.tensor(hole_colour))

    def forward(self, image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return the whole picture as the net paints it.

        Parameters
        ----------
        image : (N, 3, H, W) float32, range [0, 1]
            RGB of any size; values under the mask are not read.
        mask : (N, 1, H, W) float32
            1 where a pixel is missing, else 0.

        Returns
        -------
        (N, 3, H, W) float32, range [0, 1]
        """
        height, width = image.shape[-2:]
        filled = image.where(mask == 0, self.hole_colour[:, None, None])
        x = pad_to_multiple(torch.cat([filled, mask], dim=1), _STRIDE)  # (N, 4, H', W')
        painted: Tensor = self.net(x)
        return painted[:, :, :height, :width]


@dataclass(frozen=True)
class CriticShape:
    """What one of the two critics looks at.

    Attributes
    ----------
    side : int
        Height and width of its pictures.
    widths : sequence of int
        Channels of its convolutions, 5 / 2 each.
    """

    side: int
    widths: Sequence[int]


GLOBAL_SHAPE = CriticShape(256, _GLOBAL_WIDTHS)
LOCAL_SHAPE = CriticShape(128, _LOCAL_WIDTHS)


class FeatureCritic(nn.Module):
    """Convolutions that halve, and a fully connected layer to a vector: the global or the local critic.

    Parameters
    ----------
    shape : CriticShape
    n_features : int
        Length of the vector.
    """

    def __init__(self, shape: CriticShape, n_features: int) -> None:
        super().__init__()
        pairs = pairwise([3, *shape.widths])
        self.side = shape.side
        self.stages = nn.Sequential(
            *(nn.Sequential(_conv(a, b, 5, stride=2), nn.BatchNorm2d(b), nn.ReLU()) for a, b in pairs)
        )
        remaining = -(-shape.side // 2 ** len(shape.widths))
        self.connect = nn.Sequential(nn.Linear(shape.widths[-1] * remaining**2, n_features), nn.ReLU())

    def forward(self, x: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N F"]:
        """Return the vectors of RGB pictures in [0, 1].

        Raises
        ------
        InputError
            If the pictures have another size than the critic was built for.
        """
        if x.shape[-2:] != (self.side, self.side):
            raise InputError(
                f"this critic judges {self.side} x {self.side} pixels, got {x.shape[-2]} x {x.shape[-1]}; "
                "crop the pictures or build it for their size"
            )
        vector: Tensor = self.connect(self.stages(x).flatten(1))
        return vector


class GlobalLocalCritic(nn.Module):
    """Both critics and the layer that joins them.

    Parameters
    ----------
    whole, local : CriticShape
    n_features : int
        Of each of the two.
    """

    def __init__(
        self, whole: CriticShape = GLOBAL_SHAPE, local: CriticShape = LOCAL_SHAPE, n_features: int = 1024
    ) -> None:
        super().__init__()
        self.whole = FeatureCritic(whole, n_features)
        self.local = FeatureCritic(local, n_features)
        self.join = nn.Linear(2 * n_features, 1)

    def forward(self, image: Float[Tensor, "N 3 H W"], corners: Int64[Tensor, "N 2"]) -> Float[Tensor, " N"]:
        """Return one score for each picture, high for real ones.

        Parameters
        ----------
        image : (N, 3, H, W) float32, range [0, 1]
            RGB of the side of the global critic.
        corners : (N, 2) int64
            Row and column of the upper left pixel of what the local critic sees: `window_corners` of the mask for
            completed pictures, random ones for real pictures.
        """
        windows = crop_windows(image, corners, self.local.side)
        scores: Tensor = self.join(torch.cat([self.whole(image), self.local(windows)], dim=1))  # (N, 1)
        return scores.flatten()


def window_corners(mask: Float[Tensor, "N 1 H W"], side: int) -> Int64[Tensor, "N 2"]:
    """Return where squares of `side` pixels begin that lie in the pictures and have the hole in their middle.

    The middle of a hole is that of its bounding box; a square that would leave the picture is pushed back inside, so
    that it still holds that middle. Without a hole the square stands in the middle of the picture.

    Raises
    ------
    InputError
        If the picture is smaller than the square.

    Examples
    --------
    >>> mask = torch.zeros(1, 1, 8, 8)
    >>> mask[:, :, 4:6, 7] = 1
    >>> window_corners(mask, 4).tolist()
    [[3, 4]]
    """
    if min(mask.shape[-2:]) < side:
        raise InputError(f"a window of {side} pixels needs a picture as large, got {tuple(mask.shape[-2:])}")
    corners = [
        [_window_start(missing.any(dim=1), side), _window_start(missing.any(dim=0), side)] for missing in mask[:, 0] > 0
    ]
    return torch.tensor(corners, device=mask.device)


def crop_windows(
    image: Float[Tensor, "N C H W"], corners: Int64[Tensor, "N 2"], side: int
) -> Float[Tensor, "N C side side"]:
    """Return the squares of `side` pixels whose upper left pixels are given as row and column."""
    places = corners.tolist()
    return torch.stack(
        [
            picture[:, row : row + side, column : column + side]
            for picture, (row, column) in zip(image, places, strict=True)
        ]
    )


def glcic_full(*, norm: bool = True) -> GLCIC:
    """Return the published net: 6,066,179 parameters, and 6,072,131 with batch normalisation."""
    return GLCIC(CompletionNet(norm=norm))


def glcic_tiny() -> GLCIC:
    """Return a quarter of the width, for 64 px."""
    return GLCIC(CompletionNet(width=16))


def glcic_critic_full() -> GlobalLocalCritic:
    """Return the published critics, of 256 px and of 128 px around the hole."""
    return GlobalLocalCritic()


def glcic_critic_tiny() -> GlobalLocalCritic:
    """Return critics of 64 px and of 32 px around the hole."""
    return GlobalLocalCritic(CriticShape(64, (16, 32, 64, 64)), CriticShape(32, (16, 32, 64)), n_features=64)


def _conv(in_channels: int, out_channels: int, size: int, *, stride: int = 1, dilation: int = 1) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, size, stride=stride, padding=dilation * (size // 2), dilation=dilation)


def _window_start(missing: Tensor, side: int) -> int:
    places: list[int] = missing.nonzero().flatten().tolist() or [0, len(missing) - 1]
    start = (places[0] + places[-1] + 1) // 2 - side // 2
    return max(0, min(start, len(missing) - side))
