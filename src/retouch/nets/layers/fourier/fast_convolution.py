"""Fast Fourier convolution: a convolution that sees the whole picture in one layer.

Source: L. Chi, B. Jiang, Y. Mu, "Fast Fourier convolution", NeurIPS 2020 (Eqs. 1-2, Fig. 2), in the form of R. Suvorov
et al., "Resolution-robust large mask inpainting with Fourier convolutions", WACV 2022, section 2.1. Departures:
the quadrants of the local Fourier unit may be rectangles; transforms run in float32 where the rest runs in half.

Attributes are named after the paper, which is also how the authors' weights are keyed:

l, g            the local and the global share of the channels; None stands for a share without any
convl2g, ...    the path from the local to the global share, and so on
fu, lfu         Fourier unit over the picture, and over its four quadrants
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.errors import InputError
from retouch.nets.layers.fourier.matrices import transform, transform_back


@dataclass(frozen=True)
class Window:
    """Geometry of a spatial convolution; `padding_mode` as in `torch.nn.Conv2d`."""

    kernel_size: int = 3
    stride: int = 1
    padding: int = 1
    dilation: int = 1
    padding_mode: Literal["zeros", "reflect", "replicate", "circular"] = "reflect"


@dataclass(frozen=True)
class Split:
    """Which share of the channels is global, in [0, 1], before and after a layer; and whether it has quadrants."""

    ratio_gin: float = 0.0
    ratio_gout: float = 0.0
    enable_lfu: bool = False


class FourierUnit(nn.Module):
    """Convolution 1x1, normalisation and ReLU on the real and imaginary parts of the spectrum.

    It sees the whole picture but does not shift with it: the parts are mixed as if they were any two channels.

    Parameters
    ----------
    in_channels, out_channels : int
        Of the real maps.
    spectral_pos_encoding : bool
        Whether two maps with the place in the spectrum, each from 0 to 1, precede the parts.
    """

    def __init__(self, in_channels: int, out_channels: int, *, spectral_pos_encoding: bool = False) -> None:
        super().__init__()
        self.spectral_pos_encoding = spectral_pos_encoding
        self.conv_layer = nn.Conv2d(2 * in_channels + 2 * spectral_pos_encoding, 2 * out_channels, 1, bias=False)
        self.bn = nn.BatchNorm2d(2 * out_channels)

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D H W"]:
        """Return maps of the same size; any range."""
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        parts = torch.stack(_spectrum(wide), dim=2).flatten(1, 2)  # (N, 2C, H, W//2+1): re, im, re, ...
        if self.spectral_pos_encoding:
            parts = torch.cat([_places_like(parts), parts], dim=1)
        parts = torch.relu(self.bn(self.conv_layer(parts.to(x.dtype)))).to(wide.dtype)  # (N, 2D, H, W//2+1)
        real, imaginary = parts.reshape(len(x), -1, 2, *parts.shape[2:]).unbind(dim=2)  # (N, D, H, W//2+1) each
        return _picture(real, imaginary, x.shape[2:]).to(x.dtype)


def _spectrum(x: Float[Tensor, "N C H W"]) -> tuple[Float[Tensor, "N C H F"], Float[Tensor, "N C H F"]]:
    """Return the real and the imaginary part of a real transform."""
    if torch.compiler.is_exporting():
        return transform(x)
    spectrum = torch.fft.rfft2(x, norm="ortho")
    return spectrum.real, spectrum.imag


def _picture(real: Tensor, imaginary: Tensor, size: torch.Size) -> Float[Tensor, "N C H W"]:
    if torch.compiler.is_exporting():
        return transform_back(real, imaginary, size[1])
    picture: Tensor = torch.fft.irfft2(torch.complex(real, imaginary), s=size, norm="ortho")
    return picture


def _places_like(x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N 2 H W"]:
    """Return the row and the column of every place, each scaled to [0, 1]."""
    axes = [torch.linspace(0, 1, n, device=x.device, dtype=x.dtype) for n in x.shape[2:]]
    return torch.stack(torch.meshgrid(*axes, indexing="ij")).expand(len(x), -1, -1, -1)


class SpectralTransform(nn.Module):
    """The global-to-global path: reduce channels by half, Fourier unit with a shortcut, expand.

    Parameters
    ----------
    in_channels, out_channels : int
    stride : int
        1, or 2 to halve the picture first by means of 2x2.
    enable_lfu : bool
        Whether a second unit treats the four quadrants of a quarter of the channels as one small picture. Sides
        must then be even.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1, *, enable_lfu: bool = True) -> None:
        super().__init__()
        half = out_channels // 2
        self.downsample = nn.AvgPool2d(2) if stride == 2 else nn.Identity()  # noqa: PLR2004
        self.conv1 = nn.Sequential(nn.Conv2d(in_channels, half, 1, bias=False), nn.BatchNorm2d(half), nn.ReLU())
        self.fu = FourierUnit(half, half)
        self.lfu = FourierUnit(half, half) if enable_lfu else None
        self.conv2 = nn.Conv2d(half, out_channels, 1, bias=False)

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D h w"]:
        """Return maps of the size divided by the stride; any range."""
        x = self.conv1(self.downsample(x))
        y = x + self.fu(x)
        if self.lfu is not None:
            quadrants = _stack_quadrants(x[:, : x.shape[1] // 4])  # (N, D/2, h/2, w/2)
            y = y + self.lfu(quadrants).repeat(1, 1, 2, 2)
        out: Tensor = self.conv2(y)
        return out


def _stack_quadrants(x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C*4 H/2 W/2"]:
    """Stack the upper left, lower left, upper right and lower right quarter along the channels."""
    height, width = x.shape[2:]
    if height % 2 or width % 2:
        raise InputError(f"a local Fourier unit needs maps with even sides, got {height}x{width}; pad the picture")
    halves = torch.cat(torch.chunk(x, 2, dim=2), dim=1)
    return torch.cat(torch.chunk(halves, 2, dim=3), dim=1)


class FFC(nn.Module):
    """Fast Fourier convolution over a local and a global share of the channels.

    Parameters
    ----------
    in_channels, out_channels : int
        Of both shares together; `int(channels * ratio)` of them are global.
    split : Split
    window : Window
        Of the three spatial convolutions; they have no biases.
    """

    def __init__(self, in_channels: int, out_channels: int, split: Split, window: Window) -> None:
        super().__init__()
        global_in, global_out = int(in_channels * split.ratio_gin), int(out_channels * split.ratio_gout)
        local_in, local_out = in_channels - global_in, out_channels - global_out
        self.local_out, self.global_out = local_out, global_out
        self.convl2l = _spatial(local_in, local_out, window)
        self.convl2g = _spatial(local_in, global_out, window)
        self.convg2l = _spatial(global_in, local_out, window)
        self.convg2g = None
        if global_in and global_out:
            self.convg2g = SpectralTransform(global_in, global_out, window.stride, enable_lfu=split.enable_lfu)

    def forward(
        self, x_l: Float[Tensor, "N L H W"] | None, x_g: Float[Tensor, "N G H W"] | None = None
    ) -> tuple[Float[Tensor, "N K h w"] | None, Float[Tensor, "N J h w"] | None]:
        """Return both shares of the result; any range."""
        y_l = _add(_apply(self.convl2l, x_l), _apply(self.convg2l, x_g))  # Eq. 1
        y_g = _add(_apply(self.convl2g, x_l), _apply(self.convg2g, x_g))  # Eq. 2
        return y_l, y_g


def _spatial(in_channels: int, out_channels: int, window: Window) -> nn.Conv2d | None:
    """Return a convolution, or None where one side has no channels."""
    if not (in_channels and out_channels):
        return None
    return nn.Conv2d(
        in_channels,
        out_channels,
        window.kernel_size,
        stride=window.stride,
        padding=window.padding,
        dilation=window.dilation,
        bias=False,
        padding_mode=window.padding_mode,
    )


def _apply(path: nn.Module | None, x: Tensor | None) -> Tensor | None:
    return None if path is None or x is None else path(x)


def _add(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    if a is None or b is None:
        return b if a is None else a
    return a + b


class FFCNormAct(nn.Module):
    """Fast Fourier convolution, then a normalisation of each share, then an activation.

    Parameters
    ----------
    ffc : FFC
    activation : callable
        Of both shares.
    """

    def __init__(self, ffc: FFC, activation: Callable[[Tensor], Tensor] = torch.relu) -> None:
        super().__init__()
        self.ffc = ffc
        self.bn_l = nn.BatchNorm2d(ffc.local_out) if ffc.local_out else None
        self.bn_g = nn.BatchNorm2d(ffc.global_out) if ffc.global_out else None
        self.activation = activation

    def forward(
        self, x_l: Float[Tensor, "N L H W"] | None, x_g: Float[Tensor, "N G H W"] | None = None
    ) -> tuple[Float[Tensor, "N K h w"] | None, Float[Tensor, "N J h w"] | None]:
        """Return both shares of the result; any range."""
        y_l, y_g = self.ffc(x_l, x_g)
        z_l, z_g = _apply(self.bn_l, y_l), _apply(self.bn_g, y_g)
        return None if z_l is None else self.activation(z_l), None if z_g is None else self.activation(z_g)


class FFCResidualBlock(nn.Module):
    """Two blocks in a row and a shortcut around them.

    Parameters
    ----------
    conv1, conv2 : FFCNormAct
        With equal shares going in and coming out.
    """

    def __init__(self, conv1: FFCNormAct, conv2: FFCNormAct) -> None:
        super().__init__()
        self.conv1 = conv1
        self.conv2 = conv2

    def forward(
        self, x_l: Float[Tensor, "N L H W"] | None, x_g: Float[Tensor, "N G H W"] | None = None
    ) -> tuple[Float[Tensor, "N L H W"] | None, Float[Tensor, "N G H W"] | None]:
        """Return both shares of the result; any range."""
        y_l, y_g = self.conv2(*self.conv1(x_l, x_g))
        return _add(x_l, y_l), _add(x_g, y_g)


def ffc_residual_block(
    channels: int, split: Split, window: Window, activation: Callable[[Tensor], Tensor] = torch.relu
) -> FFCResidualBlock:
    """Return a residual block of two fast Fourier convolutions with batch normalisation and an activation."""
    return FFCResidualBlock(*(FFCNormAct(FFC(channels, channels, split, window), activation) for _ in range(2)))
