"""CBDNet: a small net estimates the noise of a photograph pixel by pixel, a U-Net removes it.

Source: S. Guo, Z. Yan, K. Zhang, W. Zuo, L. Zhang, "Toward convolutional blind denoising of real photographs", CVPR
2019, section 3.2 and Fig. 2; layers as in the public PyTorch port. Departures: none. Where a side is no multiple of 4,
the rising path is padded with zeros to the size of what it is added to, as in the port.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


def rectified_convolutions(*widths: int) -> nn.Sequential:
    """Build 3x3 convolutions, each followed by a ReLU, through the given numbers of channels."""
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(widths):
        layers += [nn.Conv2d(n_in, n_out, 3, padding=1), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


class NoiseEstimator(nn.Sequential):
    """Five convolutions from a noisy picture to the standard deviation of its noise, (N, C, H, W), at least 0."""

    def __init__(self, channels: int = 3, width: int = 32) -> None:
        super().__init__(*rectified_convolutions(channels, width, width, width, width, channels))


class DenoisingUNet(nn.Module):
    """A U-Net of three sizes with added skips, from picture and noise map to what has to be added to the picture.

    Parameters
    ----------
    channels : int
        Of the picture; the noise map has as many.
    widths : sequence of 3 int
        Channels at full, half and quarter size.
    """

    def __init__(self, channels: int = 3, widths: Sequence[int] = (64, 128, 256)) -> None:
        super().__init__()
        full, half, quarter = widths
        self.at_full = rectified_convolutions(2 * channels, full, full)
        self.at_half = rectified_convolutions(full, half, half, half)
        self.at_quarter = rectified_convolutions(half, *[quarter] * 6)
        self.up_to_half = nn.ConvTranspose2d(quarter, half, 2, 2)
        self.rising_half = rectified_convolutions(half, half, half, half)
        self.up_to_full = nn.ConvTranspose2d(half, full, 2, 2)
        self.rising_full = rectified_convolutions(full, full, full)
        self.tail = nn.Conv2d(full, channels, 1)

    def forward(self, both: Float[Tensor, "N C2 H W"]) -> Float[Tensor, "N C H W"]:
        """Return the correction of the picture; sides are at least 4 px."""
        full = self.at_full(both)  # (N, 64, H, W)
        half = self.at_half(functional.avg_pool2d(full, 2))  # (N, 128, H/2, W/2)
        quarter = self.at_quarter(functional.avg_pool2d(half, 2))  # (N, 256, H/4, W/4)
        rising = self.rising_half(_add_padded(self.up_to_half(quarter), half))  # (N, 128, H/2, W/2)
        rising = self.rising_full(_add_padded(self.up_to_full(rising), full))  # (N, 64, H, W)
        correction: Tensor = self.tail(rising)
        return correction


class CBDNet(nn.Module):
    """The noise map and the clean picture of a photograph.

    Parameters
    ----------
    estimator : nn.Module
        From (N, 3, H, W) RGB in [0, 1] to its noise map of the same shape.
    denoiser : nn.Module
        From picture and noise map, (N, 6, H, W), to the correction (N, 3, H, W).
    """

    def __init__(self, estimator: NoiseEstimator, denoiser: DenoisingUNet) -> None:
        super().__init__()
        self.estimator = estimator
        self.denoiser = denoiser

    def forward(
        self, noisy: Float[Tensor, "N C H W"], strength: float = 1.0
    ) -> tuple[Float[Tensor, "N C H W"], Float[Tensor, "N C H W"]]:
        """Return the estimated noise map and the clean picture, not clipped.

        `strength` multiplies the map before it is used: below 1 keeps more detail and noise, above 1 smooths more.
        """
        noise_map = self.estimator(noisy)
        correction = self.denoiser(torch.cat([noisy, strength * noise_map], dim=1))
        return noise_map, noisy + correction

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the port's weights under our names."""
        return {_our_name(name): value for name, value in state.items()}


_OUR_PARTS = {
    "fcn.fcn": "estimator",
    "unet.inc": "denoiser.at_full",
    "unet.conv1": "denoiser.at_half",
    "unet.conv2": "denoiser.at_quarter",
    "unet.up1.up": "denoiser.up_to_half",
    "unet.conv3": "denoiser.rising_half",
    "unet.up2.up": "denoiser.up_to_full",
    "unet.conv4": "denoiser.rising_full",
    "unet.outc.conv": "denoiser.tail",
}


def _our_name(official: str) -> str:
    """Turn "unet.conv1.2.conv.0.weight" (third convolution) into "denoiser.at_half.4.weight" (a ReLU follows each).

    >>> _our_name("unet.conv1.2.conv.0.weight")
    'denoiser.at_half.4.weight'
    """
    part = next(part for part in _OUR_PARTS if official.startswith(part + "."))
    rest = official.removeprefix(part + ".")
    if ".conv.0." in rest:
        index, kind = rest.split(".conv.0.")
        rest = f"{2 * int(index)}.{kind}"
    return f"{_OUR_PARTS[part]}.{rest}"


def _add_padded(rising: Tensor, skip: Tensor) -> Tensor:
    missing_rows, missing_columns = (skip.shape[axis] - rising.shape[axis] for axis in (-2, -1))
    left, top = missing_columns // 2, missing_rows // 2
    return skip + functional.pad(rising, (left, missing_columns - left, top, missing_rows - top))


def cbdnet_of_width(divisor: int) -> CBDNet:
    """Build CBDNet with all published widths divided by one number."""
    widths = [width // divisor for width in (64, 128, 256)]
    return CBDNet(NoiseEstimator(width=32 // divisor), DenoisingUNet(widths=widths))


def cbdnet_full() -> CBDNet:
    """Build CBDNet as published."""
    return cbdnet_of_width(1)


def cbdnet_tiny() -> CBDNet:
    """Build a CBDNet for experiments: an eighth of the channels."""
    return cbdnet_of_width(8)
