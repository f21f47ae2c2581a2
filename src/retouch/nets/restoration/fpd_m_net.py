"""FPD-M-net: fingerprints freed of noise, scratches and background by a U-Net with pictures and answers at every level.

Source: S. Adiga V, J. Sivaswamy, "FPD-M-net: Fingerprint Image Denoising and Inpainting Using M-Net Based Convolutional
Neural Networks", in Inpainting and Denoising Challenges, Springer 2019, section 3 (form B: batch norm before ReLU).
Departures: none. The order in which features are joined was read off the published weights: only it reproduces the
running means stored in them.

A block joins its input with a first convolution's answer before the second one. On the way down each level also
sees the picture, shrunk; on the way up the answers of all levels, enlarged, are joined for the last 1x1 convolution.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

_MULTIPLE = 8
_BORDER = 44  # px of repeated edge on each side
_EPS = 1e-3  # of Keras, which the weights come from
_DROPPED = 0.2
_PARTS = {"kernel": "weight", "bias": "bias"}
_NORM_PARTS = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


class FPDMNet(nn.Module):
    """Restore fingerprints.

    Parameters
    ----------
    width : int
        Channels at full size; 16 as published.
    """

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        wide = [width, 2 * width, 4 * width, 8 * width]
        entering = [3, *(channels + 3 for channels in wide[:3])]
        self.down = nn.ModuleList(MBlock(before, after) for before, after in zip(entering, wide, strict=True))
        self.bottom = nn.Sequential(nn.Dropout(_DROPPED), *_convolution(wide[3], wide[3]))
        joined = [wide[3] + wide[2], wide[2] + wide[1], wide[1] + wide[0]]
        self.up = nn.ModuleList(MBlock(before, after) for before, after in zip(joined, wide[2::-1], strict=True))
        self.leave = nn.Conv2d(sum(wide), 1, 1)

    def forward(self, picture: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 1 H W"]:
        """Return the clean print, ridges dark on white.

        Parameters
        ----------
        picture : (N, 3, H, W)
            RGB in [0, 1]; ridges of about 9 px, as in prints of 500 dpi.

        Returns
        -------
        (N, 1, H, W)
            Grey in [0, 1].
        """
        height, width = picture.shape[2:]
        shrunk = _with_border(picture)
        features, skips = self.down[0](shrunk), []
        for block in self.down[1:]:
            skips.append(features)
            shrunk = functional.max_pool2d(shrunk, 2)
            features = block(torch.cat([shrunk, functional.max_pool2d(features, 2)], dim=1))
        answers = [self.bottom(features)]
        for block, skip in zip(self.up, reversed(skips), strict=True):
            answers.append(block(torch.cat([skip, _enlarged(answers[-1], 2)], dim=1)))
        legs = [_enlarged(answer, 2 ** (len(self.up) - level)) for level, answer in enumerate(answers)]
        clean: Tensor = self.leave(torch.cat(legs, dim=1)).sigmoid()
        return clean[..., _BORDER : _BORDER + height, _BORDER : _BORDER + width]

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Bring Keras weights, named by their path in the HDF5 file, to our names and layout.

        Kernels come as (rows, columns, in, out), and turned by half a turn: they were written by Theano, whose
        convolution flips them.
        """
        places = _places()
        converted: dict[str, Tensor] = {}
        for key, value in state.items():
            layer, part = key.removesuffix(":0").split("/")[-2:]  # "conv2d_1/conv2d_1/kernel"
            kind, _, number = layer.rpartition("_")
            place = places[int(number)]
            if kind == "conv2d":
                turned = value.permute(3, 2, 0, 1).flip(2, 3).contiguous() if part == "kernel" else value
                converted[f"{place[0]}.{_PARTS[part]}"] = turned
            else:
                converted[f"{place[1]}.{_NORM_PARTS[part]}"] = value
                converted[f"{place[1]}.num_batches_tracked"] = torch.zeros((), dtype=torch.long, device=value.device)
        return converted


class MBlock(nn.Module):
    """Two convolutions with batch norm; the second one sees the block's input too.

    Parameters
    ----------
    in_channels, out_channels : int
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.first = nn.Sequential(*_convolution(in_channels, out_channels), nn.Dropout(_DROPPED))
        self.second = nn.Sequential(*_convolution(in_channels + out_channels, out_channels))

    def forward(self, features: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D H W"]:
        """Return the features of one level."""
        out: Tensor = self.second(torch.cat([features, self.first(features)], dim=1))
        return out


def fpd_m_net_full() -> FPDMNet:
    """Return the published width: 891,217 trained numbers."""
    return FPDMNet()


def fpd_m_net_tiny() -> FPDMNet:
    """Return a quarter of the published width."""
    return FPDMNet(width=4)


def _convolution(in_channels: int, out_channels: int) -> list[nn.Module]:
    return [nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.BatchNorm2d(out_channels, eps=_EPS), nn.ReLU()]


def _enlarged(features: Tensor, factor: int) -> Tensor:
    return functional.interpolate(features, scale_factor=float(factor), mode="nearest") if factor > 1 else features


def _with_border(picture: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C h w"]:
    """Add zeros below and right up to the next multiple of 8 (1-8 px), then 44 px of edge all around, as published."""
    height, width = picture.shape[2:]
    filled = functional.pad(picture, (0, _MULTIPLE - width % _MULTIPLE, 0, _MULTIPLE - height % _MULTIPLE))
    return functional.pad(filled, (_BORDER,) * 4, mode="replicate")


def _places() -> dict[int, tuple[str, str]]:
    """Return our convolution and batch norm for each number in the Keras file."""
    down = [f"down.{level}.{part}" for level in range(4) for part in ("first", "second")]
    up = [f"up.{level}.{part}" for level in range(3) for part in ("first", "second")]
    layers = [(f"{name}.0", f"{name}.1") for name in down]
    layers += [("bottom.1", "bottom.2"), *((f"{name}.0", f"{name}.1") for name in up), ("leave", "")]
    return dict(enumerate(layers, start=1))
