"""DID-MDN: three dense streams of growing reach take rain off a picture whose rain density is known.

Source: H. Zhang, V. M. Patel, "Density-aware single image de-raining using a multi-stream dense network", CVPR 2018,
sections 3.2-3.3 and Figs. 2-3; layers and keys as in the authors' public code. Departures: the released form is built,
with its quirk that all five side maps of a stream come from its first stage (the paper draws one per stage). Layers of
the released weights that no result depends on are left out, and dropped by `convert_official`.

Stage   batch norm, ReLU, 1x1, batch norm, ReLU, kxk, joined to its input; then batch norm, ReLU, 1x1, and halving,
        doubling or neither
Stream  six stages; the fourth is joined to the second and the fifth to the first; then the picture and side maps
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.layers.shuffle import pad_to_multiple

Resampling: TypeAlias = Literal["halve", "double", "keep"]

_DENSITY_MAPS = 8
_SIDE_MAPS = 5
_ALL_MAPS = 3 * 12 + 3 + _DENSITY_MAPS  # three streams, the picture, the density
_POOLS = (32, 16, 8, 4)


class DenseBlock(nn.Module):
    """A bottleneck whose result is joined to its input: (N, C, H, W) to (N, C + growth, H, W)."""

    def __init__(self, channels: int, growth: int, kernel: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, 4 * growth, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(4 * growth)
        self.conv2 = nn.Conv2d(4 * growth, growth, kernel, padding=kernel // 2, bias=False)

    def forward(self, features: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C2 H W"]:
        """Return input and new features."""
        inner = self.conv1(torch.relu(self.bn1(features)))
        inner = self.conv2(torch.relu(self.bn2(inner)))
        return torch.cat([features, inner], dim=1)


class Transition(nn.Module):
    """A 1x1 convolution to fewer channels, then half the size, twice the size or the same."""

    def __init__(self, n_in: int, n_out: int, resampling: Resampling) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(n_in)
        self.conv1 = nn.ConvTranspose2d(n_in, n_out, 1, bias=False)
        self.resampling = resampling

    def forward(self, features: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C2 H2 W2"]:
        """Return the features at their new size."""
        narrow: Tensor = self.conv1(torch.relu(self.bn1(features)))
        if self.resampling == "halve":
            return functional.avg_pool2d(narrow, 2)
        if self.resampling == "double":
            return functional.interpolate(narrow, scale_factor=2, mode="nearest")
        return narrow


@dataclass(frozen=True)
class StreamLayers:
    """The six stages of a stream.

    Attributes
    ----------
    kernel : int
        Side of the larger kernels, px.
    stages : 6 of (input channels, growth, output channels, resampling)
        The fifth stage's input is the fourth's output and the second's, the sixth's the fifth's and the first's.
    """

    kernel: int
    stages: tuple[tuple[int, int, int, Resampling], ...]


NEAR = StreamLayers(
    3,
    (
        (3, 5, 4, "halve"),
        (4, 8, 12, "keep"),
        (12, 4, 12, "keep"),
        (12, 4, 12, "keep"),
        (24, 8, 4, "keep"),
        (8, 8, 4, "double"),
    ),
)


def wide_layers(kernel: int, resampling: tuple[Resampling, ...]) -> StreamLayers:
    """Return the stages that the two streams of larger kernels share."""
    widths = ((3, 13, 8), (8, 16, 16), (16, 16, 16), (16, 16, 16), (32, 8, 8), (16, 8, 4))
    return StreamLayers(kernel, tuple((*three, how) for three, how in zip(widths, resampling, strict=True)))


MIDDLE = wide_layers(5, ("halve", "halve", "keep", "keep", "double", "double"))
FAR = wide_layers(7, ("halve", "halve", "halve", "double", "double", "double"))


class Stages(nn.Module):
    """The six stages of a stream.

    Parameters
    ----------
    layers : StreamLayers
    added : bool
        Whether earlier features are added to later ones instead of joined to them.
    """

    def __init__(self, layers: StreamLayers, *, added: bool = False) -> None:
        super().__init__()
        self.added = added
        for index, (n_in, growth, n_out, resampling) in enumerate(layers.stages, start=1):
            self.add_module(f"dense_block{index}", DenseBlock(n_in, growth, layers.kernel))
            self.add_module(f"trans_block{index}", Transition(n_in + growth, n_out, resampling))

    def first_and_last(self, picture: Float[Tensor, "N 3 H W"]) -> tuple[Tensor, Tensor]:
        """Return the features after the first and after the last stage."""
        first = self._stage(1, picture)
        second = self._stage(2, first)
        fourth = self._stage(4, self._stage(3, second))
        fifth = self._stage(5, self._with(fourth, second))
        return first, self._stage(6, self._with(fifth, first))

    def forward(self, picture: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N C H W"]:
        """Return the features after the last stage, of the size of the picture."""
        return self.first_and_last(picture)[1]

    def _with(self, later: Tensor, earlier: Tensor) -> Tensor:
        return later + earlier if self.added else torch.cat([later, earlier], dim=1)

    def _stage(self, index: int, features: Tensor) -> Tensor:
        dense, transition = (self.get_submodule(f"{part}_block{index}") for part in ("dense", "trans"))
        result: Tensor = transition(dense(features))
        return result


class Stream(Stages):
    """One stream of the de-rainer, from the picture to 12 maps of the same size."""

    def __init__(self, layers: StreamLayers) -> None:
        super().__init__(layers)
        self.conv11 = nn.Conv2d(layers.stages[0][2], 1, 3, padding=1)

    def forward(self, picture: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 12 H W"]:
        """Return features (4 channels), five equal side maps and the picture."""
        first, last = self.first_and_last(picture)
        side = functional.leaky_relu(self.conv11(first), 0.2)
        side = functional.interpolate(side, size=last.shape[-2:], mode="nearest")
        return torch.cat([last, side.expand(-1, _SIDE_MAPS, -1, -1), picture], dim=1)


class PyramidRefinement(nn.Module):
    """A convolution, joined by coarse averages of its own result, and a last one to three channels.

    Parameters
    ----------
    n_in, n_out : int
        Channels before and after the first convolution.
    n_maps : int
        Channels of each of the four averages.
    """

    def __init__(self, n_in: int, n_out: int, n_maps: int) -> None:
        super().__init__()
        self.conv_refin = nn.Conv2d(n_in, n_out, 3, padding=1)
        self.conv1010 = nn.Conv2d(n_out, n_maps, 1)
        self.conv1020 = nn.Conv2d(n_out, n_maps, 1)
        self.conv1030 = nn.Conv2d(n_out, n_maps, 1)
        self.conv1040 = nn.Conv2d(n_out, n_maps, 1)
        self.refine3 = nn.Conv2d(n_out + 4 * n_maps, 3, 3, padding=1)

    def forward(self, features: Float[Tensor, "N C H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return three maps in (-1, 1); both sides are multiples of 32."""
        features = functional.leaky_relu(self.conv_refin(features), 0.2)
        coarse = []
        for side, convolution in zip(_POOLS, (self.conv1010, self.conv1020, self.conv1030, self.conv1040), strict=True):
            average = functional.leaky_relu(convolution(functional.avg_pool2d(features, side)), 0.2)
            coarse.append(functional.interpolate(average, size=features.shape[-2:], mode="nearest"))
        return torch.tanh(self.refine3(torch.cat([*coarse, features], dim=1)))


class DerainBody(nn.Module):
    """The three streams and their refinement, in the official range [-1, 1]; both sides are multiples of 32.

    Parameters
    ----------
    near, middle, far : StreamLayers
        Of the three streams; each begins with 3 channels and ends with 4.
    """

    def __init__(self, near: StreamLayers = NEAR, middle: StreamLayers = MIDDLE, far: StreamLayers = FAR) -> None:
        super().__init__()
        self.dense0, self.dense1, self.dense2 = Stream(near), Stream(middle), Stream(far)
        self.refinement = PyramidRefinement(_ALL_MAPS, _ALL_MAPS, 2)
        self.refineclean1 = nn.Conv2d(3, 8, 7, padding=3)
        self.refineclean2 = nn.Conv2d(8, 3, 3, padding=1)

    def forward(
        self, rainy: Float[Tensor, "N 3 H W"], density: Float[Tensor, " N"]
    ) -> tuple[Float[Tensor, "N 3 H W"], Float[Tensor, "N 3 H W"]]:
        """Return the rain and the clean picture, both in (-1, 1); `density` is 1 (heavy), 2 or 3 (light)."""
        level = density[:, None, None, None].expand(-1, _DENSITY_MAPS, *rainy.shape[-2:])
        streams = [self.dense0(rainy), rainy, self.dense1(rainy), self.dense2(rainy), level]
        rain = self.refinement(torch.cat(streams, dim=1))  # (N, 47, H, W) -> (N, 3, H, W)
        clean = functional.leaky_relu(self.refineclean1(rainy - rain), 0.2)
        return rain, torch.tanh(self.refineclean2(clean))

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the authors' weights under our names, without the layers that nothing depends on.

        >>> names = ["conv1010.bias", "dense1.conv11.bias", "dense1.conv21.bias", "batchnorm1.bias"]
        >>> list(DerainBody.convert_official(dict.fromkeys(names, torch.zeros(1))))
        ['refinement.conv1010.bias', 'dense1.conv11.bias']
        """
        used = {name: value for name, value in state.items() if not _is_unused(name)}
        return {
            f"refinement.{name}" if name.startswith(_REFINEMENT_LAYERS) else name: value for name, value in used.items()
        }


class DIDMDN(nn.Module):
    """The clean picture from a rainy one at any size, RGB in [0, 1].

    Parameters
    ----------
    body : DerainBody
    """

    def __init__(self, body: DerainBody) -> None:
        super().__init__()
        self.body = body

    def forward(self, rainy: Float[Tensor, "N 3 H W"], density: Float[Tensor, " N"]) -> Float[Tensor, "N 3 H W"]:
        """Return the clean picture; `density` is 1 for heavy, 2 for medium and 3 for light rain."""
        height, width = rainy.shape[-2:]
        clean: Tensor
        _, clean = self.body(pad_to_multiple(2 * rainy - 1, _POOLS[0]), density)  # the official range [-1, 1]
        return (clean[..., :height, :width] + 1) / 2


_REFINEMENT_LAYERS = ("conv_refin.", "conv1010.", "conv1020.", "conv1030.", "conv1040.", "refine3.")
_UNUSED_LAYERS = {"batchnorm1", "batchnorm20"}
_UNUSED_IN_STREAMS = {"conv21", "conv31", "conv41", "conv51", "conv61", "conv_refin", "refine3"} | _UNUSED_LAYERS


def _is_unused(official: str) -> bool:
    part, _, rest = official.partition(".")
    if part in {"dense0", "dense1", "dense2"}:
        return rest.partition(".")[0] in _UNUSED_IN_STREAMS
    return part in _UNUSED_LAYERS


def didmdn_full() -> DIDMDN:
    """Build DID-MDN as released."""
    return DIDMDN(DerainBody())


def didmdn_tiny() -> DIDMDN:
    """Build a DID-MDN for experiments: stages of 4 channels that grow by 4, at the same sizes."""
    return DIDMDN(DerainBody(*(_narrowed(layers) for layers in (NEAR, MIDDLE, FAR))))


def _narrowed(layers: StreamLayers) -> StreamLayers:
    n_in = (3, 4, 4, 4, 8, 8)  # the last two are joined to an earlier stage
    stages = tuple((n, 4, 4, how) for n, (*_, how) in zip(n_in, layers.stages, strict=True))
    return StreamLayers(layers.kernel, stages)
