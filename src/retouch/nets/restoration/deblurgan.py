"""DeblurGAN: residual blocks between two halvings and two doublings estimate what a blurred picture lacks.

Source: O. Kupyn, V. Budzan, M. Mykhailych, D. Mishkin, J. Matas, "DeblurGAN: blind motion deblurring using conditional
adversarial networks", CVPR 2018, section 4.2 and Fig. 3; layers and keys as in the authors' public code. Departures:
the paper's residual block has two convolutions with dropout between them. The authors' code has, by the precedence of
its operators, only one: with dropout everything before it, without dropout neither ReLU nor second convolution. The
paper's block is the default, `released_block` builds the code's, which their weights need. The last convolution starts
at zero where a residual is learned, so that training starts at the blurred picture itself.

Instance norm keeps running statistics here, as in the code, and uses them in evaluation mode.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeAlias

from jaxtyping import Float
from torch import Tensor, nn

from retouch.nets.layers.shuffle import pad_to_multiple

Norm: TypeAlias = Callable[[int], nn.Module]
"""Builds the normalisation of so many channels."""

instance_norm: Norm = partial(nn.InstanceNorm2d, affine=False, track_running_stats=True)


def reflected_convolution(n_in: int, n_out: int, kernel: int) -> list[nn.Module]:
    """Build a convolution whose border is reflected, so that sizes are kept."""
    return [nn.ReflectionPad2d(kernel // 2), nn.Conv2d(n_in, n_out, kernel)]


def paper_block(width: int, dropout: float = 0.5) -> nn.Sequential:
    """Build the residual branch of the paper: two convolutions, ReLU and dropout between them."""
    first = [*reflected_convolution(width, width, 3), instance_norm(width), nn.ReLU(inplace=True), nn.Dropout(dropout)]
    return nn.Sequential(*first, *reflected_convolution(width, width, 3), instance_norm(width))


def released_block(width: int, dropout: float | None = 0.5) -> nn.Sequential:
    """Build the residual branch of the authors' code: one convolution, with ReLU only if there is dropout."""
    layers = [*reflected_convolution(width, width, 3), instance_norm(width)]
    if dropout is not None:
        layers += [nn.ReLU(inplace=True), nn.Dropout(dropout)]
    return nn.Sequential(*layers)


class ResidualBlock(nn.Module):
    """A residual branch added to its input."""

    def __init__(self, branch: nn.Sequential) -> None:
        super().__init__()
        self.conv_block = branch

    def forward(self, features: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return the features plus what the branch makes of them."""
        change: Tensor = self.conv_block(features)
        return features + change


class DeblurGenerator(nn.Module):
    """The generator body, in the official range [-1, 1]: input plus residual, clipped to [-1, 1].

    Parameters
    ----------
    channels : int
        Of the picture; 3 for RGB. Sides are multiples of 4, at least 8 px.
    width : int
        Channels at full size; twice and four times as many at half and quarter size.
    n_blocks : int
        Residual blocks.
    block : callable
        `block(width)` builds the branch of one, `paper_block` or `released_block`.
    learn_residual : bool
        Whether the input is added; the authors' option.
    """

    def __init__(
        self,
        channels: int = 3,
        width: int = 64,
        n_blocks: int = 9,
        *,
        block: Callable[[int], nn.Sequential] = paper_block,
        learn_residual: bool = True,
    ) -> None:
        super().__init__()
        self.learn_residual = learn_residual
        layers = [*reflected_convolution(channels, width, 7), instance_norm(width), nn.ReLU(inplace=True)]
        for n_in in (width, 2 * width):
            halving = nn.Conv2d(n_in, 2 * n_in, 3, stride=2, padding=1)
            layers += [halving, instance_norm(2 * n_in), nn.ReLU(inplace=True)]
        layers += [ResidualBlock(block(4 * width)) for _ in range(n_blocks)]
        for n_out in (2 * width, width):
            doubling = nn.ConvTranspose2d(2 * n_out, n_out, 3, stride=2, padding=1, output_padding=1)
            layers += [doubling, instance_norm(n_out), nn.ReLU(inplace=True)]
        padding, last = reflected_convolution(width, channels, 7)
        if learn_residual:
            for parameter in last.parameters():
                nn.init.zeros_(parameter)
        self.model = nn.Sequential(*layers, padding, last, nn.Tanh())

    def forward(self, blurred: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return the sharp picture, in [-1, 1]."""
        residual: Tensor = self.model(blurred)
        return (blurred + residual).clamp(-1, 1) if self.learn_residual else residual

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the authors' weights under our names, which are theirs."""
        return dict(state)


class DeblurGAN(nn.Module):
    """The sharp picture from a blurred one, at any size, RGB in [0, 1].

    Parameters
    ----------
    generator : DeblurGenerator
    """

    def __init__(self, generator: DeblurGenerator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, blurred: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return the sharp picture, in [0, 1]."""
        height, width = blurred.shape[-2:]
        multiple = 4 if min(height, width) > 4 else 8  # noqa: PLR2004 - reflection needs two pixels at quarter size
        padded = pad_to_multiple(2 * blurred - 1, multiple)  # the official range [-1, 1]
        sharp: Tensor = self.generator(padded)
        return (sharp[..., :height, :width] + 1) / 2


class PatchCritic(nn.Module):
    """A map of scores of overlapping patches; 70x70 pixels for three layers.

    Parameters
    ----------
    channels : int
        Of the picture, values in [-1, 1], the official range.
    width : int
        Channels after the first convolution; doubled by each further one up to eight times as many.
    n_layers : int
        Halvings.
    norm : callable
        `norm(width)` builds a normalisation; convolutions before one without offsets have a bias.
    sigmoid : bool
        Whether scores become probabilities; not with a Wasserstein loss.
    """

    def __init__(
        self,
        channels: int = 3,
        width: int = 64,
        n_layers: int = 3,
        *,
        norm: Norm = instance_norm,
        sigmoid: bool = False,
    ) -> None:
        super().__init__()
        bias = not isinstance(norm(1), nn.BatchNorm2d)
        widths = [width * min(2**step, 8) for step in range(n_layers + 1)]
        layers: list[nn.Module] = [_patch_convolution(channels, width, stride=2), nn.LeakyReLU(0.2, inplace=True)]
        for step in range(1, n_layers + 1):
            stride = 2 if step < n_layers else 1
            convolution = _patch_convolution(widths[step - 1], widths[step], stride=stride, bias=bias)
            layers += [convolution, norm(widths[step]), nn.LeakyReLU(0.2, inplace=True)]
        layers.append(_patch_convolution(widths[-1], 1, stride=1))
        if sigmoid:
            layers.append(nn.Sigmoid())
        self.model = nn.Sequential(*layers)

    def forward(self, picture: Float[Tensor, "N C H W"]) -> Float[Tensor, "N 1 H2 W2"]:
        """Return the scores."""
        scores: Tensor = self.model(picture)
        return scores

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the authors' weights under our names, which are theirs."""
        return dict(state)


def _patch_convolution(n_in: int, n_out: int, *, stride: int, bias: bool = True) -> nn.Conv2d:
    return nn.Conv2d(n_in, n_out, 4, stride=stride, padding=2, bias=bias)


def deblurgan_full() -> DeblurGAN:
    """Build DeblurGAN as in the paper: 64 channels, nine residual blocks of two convolutions."""
    return DeblurGAN(DeblurGenerator())


def deblurgan_released() -> DeblurGenerator:
    """Build the generator that the authors' weights belong to: nine blocks of one convolution."""
    return DeblurGenerator(block=released_block)


def deblurgan_tiny() -> DeblurGAN:
    """Build a DeblurGAN for experiments: 16 channels, three residual blocks."""
    return DeblurGAN(DeblurGenerator(width=16, n_blocks=3))


def deblurgan_critic_full() -> PatchCritic:
    """Build the critic as in the paper."""
    return PatchCritic()


def deblurgan_critic_tiny() -> PatchCritic:
    """Build a critic for experiments: 8 channels after the first convolution."""
    return PatchCritic(width=8)
