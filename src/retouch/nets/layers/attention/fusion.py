"""Attentional feature fusion: two feature maps are blended by weights that they give themselves.

Source: Y. Dai, F. Gieseke, S. Oehmcke, Y. Wu, K. Barnard, "Attentional feature fusion", WACV 2021, Eqs. 2-5.
Departures: none by default. `gain=2` and `shared_global` are the public code's ways, which double the output of the
single fusion and use the first stage's global branch in both stages of the iterative one.

X, Y     (N, C, H, W) the maps to be fused; r the reduction of the bottlenecks
L, g     (N, C, H, W), (N, C, 1, 1) local and global context
M        (N, C, H, W) = sigmoid(L + g), in (0, 1)

Batch norm of the global context sees one value for each picture and channel, which batches of one cannot train: give
`norm=group_norm` there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from jaxtyping import Float
from torch import Tensor, nn

from retouch.errors import InputError

NormMaker: TypeAlias = Callable[[int], nn.Module]


def group_norm(channels: int) -> nn.GroupNorm:
    """Return a norm over all channels of one picture: it needs no batch."""
    return nn.GroupNorm(1, channels)


class ContextWeights(nn.Module):
    """Weights of a map in (0, 1), from its local and its global context.

    Parameters
    ----------
    channels : int
    reduction : int
        The bottlenecks have `channels // reduction` channels.
    norm : callable
        `norm(channels) -> nn.Module`.
    """

    def __init__(self, channels: int, reduction: int = 4, *, norm: NormMaker = nn.BatchNorm2d) -> None:
        super().__init__()
        self.local = _bottleneck(channels, channels // reduction, norm)
        self.globe = nn.Sequential(nn.AdaptiveAvgPool2d(1), *_bottleneck(channels, channels // reduction, norm))

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return M.

        Raises
        ------
        InputError
            If batch norm is to train on a batch of one.
        """
        if self.training and len(x) == 1 and any(isinstance(layer, nn.BatchNorm2d) for layer in self.globe):
            raise InputError(
                "batch norm over the global context needs more than one picture to train on, got a batch of 1; "
                "take batches of 4 or more, or build the network with norm=group_norm"
            )
        weights: Tensor = self.local(x) + self.globe(x)
        return weights.sigmoid()  # Eq. 3 without its product


class MultiScaleAttention(nn.Module):
    """MS-CAM: a map times its own weights.

    Parameters
    ----------
    channels, reduction : int
    norm : callable
        As in `ContextWeights`.
    """

    def __init__(self, channels: int, reduction: int = 4, *, norm: NormMaker = nn.BatchNorm2d) -> None:
        super().__init__()
        self.weights = ContextWeights(channels, reduction, norm=norm)

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return the weighted map."""
        weighted: Tensor = x * self.weights(x)  # Eq. 3
        return weighted

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return weights of the public code under our names."""
        return _rename(state)


class AttentionFusion(nn.Module):
    """AFF: the blend of two maps by the weights of their sum.

    Parameters
    ----------
    channels, reduction : int
    norm : callable
        As in `ContextWeights`.
    gain : float
        Factor of the result; 1 is the paper, which lies between X and Y, 2 the public code.
    """

    def __init__(
        self, channels: int, reduction: int = 4, *, norm: NormMaker = nn.BatchNorm2d, gain: float = 1.0
    ) -> None:
        super().__init__()
        self.weights = ContextWeights(channels, reduction, norm=norm)
        self.gain = gain

    def forward(self, x: Float[Tensor, "N C H W"], y: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return gain (M X + (1 - M) Y)."""
        return self.gain * y.lerp(x, self.weights(x + y))  # Eq. 4

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return weights of the public code under our names."""
        return _rename(state)


class IterativeFusion(nn.Module):
    """iAFF: a first fusion gives the map from which the weights of the second are taken.

    Parameters
    ----------
    channels, reduction : int
    norm : callable
        As in `ContextWeights`.
    shared_global : bool
        Whether the second stage takes its global context from the first one's branch, as the public code does; its own
        branch is then there and never used.
    """

    def __init__(
        self, channels: int, reduction: int = 4, *, norm: NormMaker = nn.BatchNorm2d, shared_global: bool = False
    ) -> None:
        super().__init__()
        self.first = ContextWeights(channels, reduction, norm=norm)
        self.second = ContextWeights(channels, reduction, norm=norm)
        self.shared_global = shared_global

    def forward(self, x: Float[Tensor, "N C H W"], y: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return the fused map."""
        fused = y.lerp(x, self.first(x + y))  # Eq. 5
        globe = self.first.globe if self.shared_global else self.second.globe
        return y.lerp(x, (self.second.local(fused) + globe(fused)).sigmoid())  # Eq. 4 with the weights of `fused`

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return weights of the public code under our names."""
        return {
            key.replace("local_att2.", "second.local.")
            .replace("global_att2.", "second.globe.")
            .replace("local_att.", "first.local.")
            .replace("global_att.", "first.globe."): value
            for key, value in state.items()
        }


def _bottleneck(channels: int, inner: int, norm: NormMaker) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, inner, 1), norm(inner), nn.ReLU(), nn.Conv2d(inner, channels, 1), norm(channels)
    )


def _rename(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        key.replace("local_att.", "weights.local.").replace("global_att.", "weights.globe."): value
        for key, value in state.items()
    }
