"""SinGAN: the generator of one scale, and its critic, both five convolutions that see 11x11 pixels.

Source: T. Rott Shaham, T. Dekel, T. Michaeli, "SinGAN: learning a generative model from a single natural image", ICCV
2019, section 2 (Eq. 3 and Fig. 4); layers and keys as in the authors' public code. Departures: none. The authors leave
batch norm in training mode also when they sample; here, as everywhere, `train()` and `eval()` choose.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn


@dataclass(frozen=True)
class ScaleLayers:
    """How the convolutions of one scale are cut.

    Attributes
    ----------
    width, least_width : int
        Channels after the first convolution; halved by each further one, but never below `least_width`. In the
        authors' pyramid both start at 32 and double every four scales.
    kernel : int
        Side of the kernels, px.
    padding : int
        Zeros around the input of each convolution; with 0 a picture loses `depth * (kernel - 1)` pixels a side.
    depth : int
        Number of convolutions, at least 3.
    """

    width: int = 32
    least_width: int = 32
    kernel: int = 3
    padding: int = 0
    depth: int = 5

    def widths(self) -> list[int]:
        """Return the channels behind each convolution but the last.

        >>> ScaleLayers(width=32, least_width=8).widths()
        [32, 16, 8, 8]
        """
        return [self.width] + [max(self.width >> step, self.least_width) for step in range(1, self.depth - 1)]


def normed_convolution(n_in: int, n_out: int, layers: ScaleLayers) -> nn.Sequential:
    """Build a convolution, batch norm and LeakyReLU 0.2."""
    parts = OrderedDict[str, nn.Module](
        conv=nn.Conv2d(n_in, n_out, layers.kernel, padding=layers.padding),
        norm=nn.BatchNorm2d(n_out),
        act=nn.LeakyReLU(0.2, inplace=True),
    )
    return nn.Sequential(parts)


def normed_convolutions(layers: ScaleLayers) -> nn.Sequential:
    """Build all convolutions between the first and the last."""
    widths = layers.widths()
    blocks = OrderedDict[str, nn.Module]()
    for index in range(1, len(widths)):
        blocks[f"block{index}"] = normed_convolution(widths[index - 1], widths[index], layers)
    return nn.Sequential(blocks)


class SinGANGenerator(nn.Module):
    """What one scale adds to the enlarged result of the coarser one.

    Parameters
    ----------
    channels : int
        Of the picture, values in [-1, 1], the official range.
    layers : ScaleLayers
    """

    def __init__(self, channels: int = 3, layers: ScaleLayers | None = None) -> None:
        super().__init__()
        layers = layers or ScaleLayers()
        self.head = normed_convolution(channels, layers.width, layers)
        self.body = normed_convolutions(layers)
        last = nn.Conv2d(layers.widths()[-1], channels, layers.kernel, padding=layers.padding)
        self.tail = nn.Sequential(last, nn.Tanh())

    def forward(
        self, noisy: Float[Tensor, "N C H W"], coarse: Float[Tensor, "N C H1 W1"]
    ) -> Float[Tensor, "N C H2 W2"]:
        """Return the picture of this scale.

        Parameters
        ----------
        noisy : (N, C, H, W)
            Noise plus the enlarged coarser picture, with a border that the convolutions eat if they do not pad.
        coarse : (N, C, H1, W1)
            The enlarged coarser picture, at least as large as the result, whose centre is taken.

        Returns
        -------
        (N, C, H2, W2)
            In [-1, 1] plus the coarser picture, not clipped.
        """
        detail: Tensor = self.tail(self.body(self.head(noisy)))  # (N, C, H2, W2)
        return detail + _centre(coarse, detail)  # Eq. 3

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the authors' weights under our names, which are theirs."""
        return dict(state)


class SinGANCritic(nn.Module):
    """A map of scores, one for each patch of 11x11 pixels, without limits.

    Parameters
    ----------
    channels : int
        Of the picture, values in [-1, 1], the official range.
    layers : ScaleLayers
    """

    def __init__(self, channels: int = 3, layers: ScaleLayers | None = None) -> None:
        super().__init__()
        layers = layers or ScaleLayers()
        self.head = normed_convolution(channels, layers.width, layers)
        self.body = normed_convolutions(layers)
        self.tail = nn.Conv2d(layers.widths()[-1], 1, layers.kernel, padding=layers.padding)

    def forward(self, picture: Float[Tensor, "N C H W"]) -> Float[Tensor, "N 1 H2 W2"]:
        """Return the scores; without padding the map is 10 pixels a side smaller than the picture."""
        scores: Tensor = self.tail(self.body(self.head(picture)))
        return scores

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the authors' weights under our names, which are theirs."""
        return dict(state)


def _centre(picture: Tensor, like: Tensor) -> Tensor:
    """Cut the middle out of a picture; where the border is odd, the cut lies half a pixel up and left."""
    top, left = ((picture.shape[axis] - like.shape[axis]) // 2 for axis in (-2, -1))
    return picture[..., top : top + like.shape[-2], left : left + like.shape[-1]]


def singan_generator_full() -> SinGANGenerator:
    """Build the generator of the four coarsest scales: 32 channels throughout, no padding."""
    return SinGANGenerator()


def singan_critic_full() -> SinGANCritic:
    """Build the critic of the four coarsest scales: 32 channels throughout, no padding."""
    return SinGANCritic()


def singan_generator_tiny() -> SinGANGenerator:
    """Build a generator for experiments: 16 channels, padded, so that sizes are kept."""
    return SinGANGenerator(layers=ScaleLayers(16, 16, padding=1))


def singan_critic_tiny() -> SinGANCritic:
    """Build a critic for experiments: 16 channels."""
    return SinGANCritic(layers=ScaleLayers(16, 16))
