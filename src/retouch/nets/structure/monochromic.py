"""Monochromic bottleneck: grey is completed by any net, its colours by a small net that learns from the picture itself.

Source: T. Wang, H. Ouyang, Q. Chen: "Image Inpainting with External-Internal Learning and Monochromic Bottleneck",
CVPR 2021, Sec. 3.2 (internal learning); widths, steps and rates as in the authors' code.

Departures
----------
- Grey is made smaller bicubically; pictures by the mean of what is known, since what a hole shows is not known. A pixel
  of a smaller size is known where all it covers is; the code takes windows of 3 x 3.
- Colours between sizes are not rounded to 8 bits.

size 2^-k ... 2^0 of the picture; a mask of a smaller size is 1 where any of its pixels is
ColourNet 0   grey                              -> RGB, at the smallest size
ColourNet k   grey and enlarged RGB of net k-1  -> RGB
Each is trained on the known pixels of its size: mean of known * (RGB - picture)^2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.arrays.types import Progress, ignore_progress
from retouch.errors import InputError

STEP_SIZES = {
    1: (0.01,),
    2: (0.01, 0.003),
    3: (0.01, 0.005, 0.003),
    4: (0.02, 0.01, 0.005, 0.002),
    5: (0.04, 0.02, 0.01, 0.005, 0.002),
}
"""Adam's steps from the smallest size to the largest, by the number of sizes."""
_LOBES = 3
_SMALLEST = 2  # a border of one pixel is mirrored from the second one


class ColourBlock(nn.Module):
    """Two 3 x 3 convolutions with batch normalisation, added to their input.

    Parameters
    ----------
    width : int
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            _conv(width, width, bias=False),
            nn.BatchNorm2d(width),
            nn.LeakyReLU(0.2),
            _conv(width, width, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return the changed map."""
        change: Tensor = self.change(x)
        return x + change


class ColourNet(nn.Module):
    """Colours of one picture at one size.

    Parameters
    ----------
    in_channels : int
        1 for grey, 4 for grey and a first guess of the colours.
    width, n_blocks : int
        32 and 8 in the paper.
    """

    def __init__(self, in_channels: int = 1, *, width: int = 32, n_blocks: int = 8) -> None:
        super().__init__()
        self.entry = nn.Sequential(_conv(in_channels, width), nn.LeakyReLU(0.2))
        self.blocks = nn.Sequential(*(ColourBlock(width) for _ in range(n_blocks)))
        self.exit = nn.Sequential(_conv(width, width), nn.BatchNorm2d(width))
        self.head = nn.Sequential(_conv(width, 3), nn.Sigmoid())

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return RGB in [0, 1] of grey, and perhaps RGB, in [0, 1]; at least 2 x 2 pixels."""
        colours: Tensor = self.head(self.exit(self.blocks(self.entry(x))))
        return colours


@dataclass(frozen=True)
class ColourTraining:
    """How the nets of one picture are trained.

    Attributes
    ----------
    n_steps : int
        Of Adam at each size.
    step_sizes : sequence of float
        One for each size, from the smallest to the picture's; see `published_training`.
    """

    n_steps: int = 401
    step_sizes: Sequence[float] = STEP_SIZES[3]


def published_training(n_sizes: int = 3) -> ColourTraining:
    """Return what the authors' code does at a number of sizes, one to five.

    >>> published_training(1)
    ColourTraining(n_steps=1001, step_sizes=(0.01,))

    Raises
    ------
    InputError
        If it has no such number of sizes.
    """
    if n_sizes not in STEP_SIZES:
        raise InputError(f"the number of sizes must be one of {', '.join(map(str, STEP_SIZES))}, got {n_sizes}")
    return ColourTraining(1001 if n_sizes == 1 else 401, STEP_SIZES[n_sizes])


def colour_grey(
    grey: Float[Tensor, "1 1 H W"],
    image: Float[Tensor, "1 3 H W"],
    mask: Float[Tensor, "1 1 H W"],
    training: ColourTraining | None = None,
    *,
    progress: Progress = ignore_progress,
) -> Float[Tensor, "1 3 H W"]:
    """Colour a completed grey picture as the known pixels are coloured; the nets are trained here, from torch's seed.

    Takes minutes for a photograph on a CPU. Fails where one grey has different colours in different places.

    Parameters
    ----------
    grey : (1, 1, H, W) float32, range [0, 1]
        Complete grey picture.
    image : (1, 3, H, W) float32, range [0, 1]
        RGB; values under the mask are not read.
    mask : (1, 1, H, W) float32
        1 where a pixel is missing, else 0.
    training : ColourTraining, optional
        By default that of three sizes.
    progress : callable, optional
        Called as progress(done, total steps).

    Returns
    -------
    (1, 3, H, W) float32, range [0, 1]
        The whole picture as coloured, also where its colours are known.

    Raises
    ------
    InputError
        If the smallest size would be below two pixels, or nothing is known there.
    """
    training = training or published_training()
    n_sizes = len(training.step_sizes)
    sizes = [_size_of(mask, n_sizes - 1 - i) for i in range(n_sizes)]
    _check_smallest(mask, sizes[0])
    known_image, colours = image.where(mask == 0, 0), grey.expand_as(image)
    for i, (size, step_size) in enumerate(zip(sizes, training.step_sizes, strict=True)):
        x = _resized(grey, size)
        if i > 0:
            x = torch.cat([x, enlarge(colours, size)], dim=1)  # (1, 4, h, w)
        target = functional.adaptive_avg_pool2d(known_image, size)
        known = 1 - functional.adaptive_max_pool2d(mask, size)  # of the same windows: known means wholly known
        done = i * training.n_steps
        net = ColourNet(x.shape[1])
        for step in _train(net, x, target, known, step_size, training.n_steps):
            progress(done + step, n_sizes * training.n_steps)
        with torch.no_grad():
            colours = net(x)
    return colours


def enlarge(x: Float[Tensor, "N C H W"], size: tuple[int, int]) -> Float[Tensor, "N C h w"]:
    """Return a picture at a larger size, by Lanczos's kernel of three lobes, clipped to [0, 1].

    >>> enlarge(torch.full((1, 1, 2, 3), 0.5), (4, 7)).mean().item()
    0.5
    """
    rows, columns = (_lanczos_weights(n, m, x) for n, m in zip(x.shape[2:], size, strict=True))
    return (rows @ x @ columns.mT).clamp(0, 1)


def known_error(
    colours: Float[Tensor, "N 3 H W"], image: Float[Tensor, "N 3 H W"], known: Float[Tensor, "N 1 H W"]
) -> Float[Tensor, ""]:
    """Return the mean over all pixels of the squared error in the known ones.

    >>> known_error(torch.ones(1, 3, 1, 2), torch.zeros(1, 3, 1, 2), torch.tensor([[[[1.0, 0.0]]]])).item()
    0.5
    """
    return (known * (colours - image)).square().mean()


def colour_net_full(in_channels: int = 1) -> ColourNet:
    """Return the published net: 158,979 parameters for grey, 159,843 for grey and a guess of the colours."""
    return ColourNet(in_channels)


def colour_net_tiny(in_channels: int = 1) -> ColourNet:
    """Return half of the width and of the blocks."""
    return ColourNet(in_channels, width=16, n_blocks=4)


def _train(net: ColourNet, x: Tensor, target: Tensor, known: Tensor, step_size: float, n_steps: int) -> Iterator[int]:
    """Train the net, which stays in training mode: its norms take the statistics of this one picture."""
    optimiser = torch.optim.Adam(net.parameters(), lr=step_size)
    for step in range(1, n_steps + 1):
        with torch.enable_grad():
            optimiser.zero_grad()
            torch.autograd.backward(known_error(net(x), target, known))
            optimiser.step()
        yield step


def _check_smallest(mask: Tensor, size: tuple[int, int]) -> None:
    if min(size) < _SMALLEST:
        raise InputError(f"the smallest size must have two pixels a side, got {size[0]} x {size[1]}; take fewer sizes")
    if bool((functional.adaptive_max_pool2d(mask, size) == 1).all()):
        raise InputError(f"no pixel is wholly known at the smallest size, {size[0]} x {size[1]}; take fewer sizes")


def _size_of(mask: Tensor, level: int) -> tuple[int, int]:
    return mask.shape[2] >> level, mask.shape[3] >> level


def _resized(x: Tensor, size: tuple[int, int]) -> Tensor:
    if tuple(x.shape[2:]) == size:
        return x
    return functional.interpolate(x, size=size, mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)


def _lanczos_weights(n_places: int, n_results: int, like: Tensor) -> Float[Tensor, "M N"]:
    """Return the share of each place in each result, at least as many; beyond the ends there is nothing."""
    centres = (torch.arange(n_results, dtype=like.dtype, device=like.device) + 0.5) * n_places / n_results
    away = torch.arange(n_places, dtype=like.dtype, device=like.device) + 0.5 - centres[:, None]  # (M, N), in places
    weights = torch.where(away.abs() < _LOBES, torch.sinc(away) * torch.sinc(away / _LOBES), 0)
    return weights / weights.sum(dim=1, keepdim=True)


def _conv(in_channels: int, out_channels: int, *, bias: bool = True) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, padding=1, padding_mode="reflect", bias=bias)
