"""The rain estimator of DID-MDN, whose estimate its density classifier looks at.

Source: H. Zhang, V. M. Patel, "Density-aware single image de-raining using a multi-stream dense network", CVPR 2018,
section 3.1; layers and keys as in the authors' public code. Departures: the released form is built: three streams of
3x3 kernels that halve the size never, once and twice, and whose earlier features are added to the later ones. Layers of
the released weights that no result depends on (a fourth stream among them) are dropped by `convert_official`.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.nets.restoration.didmdn import PyramidRefinement, Resampling, Stages, StreamLayers

_DENSITY_MAPS = 4
_STREAM_MAPS = 2
_WIDTHS_NEAR = ((3, 5, 4), (4, 8, 12), (12, 4, 12), (12, 4, 12), (12, 8, 4), (4, 8, 2))
_WIDTHS = ((3, 13, 8), (8, 16, 16), (16, 16, 16), (16, 16, 16), (16, 8, 8), (8, 8, 2))


def small_stages(widths: tuple[tuple[int, int, int], ...], *resampling: Resampling) -> Stages:
    """Build a stream of 3x3 kernels from the widths and the resampling of its six stages."""
    stages = tuple((*three, how) for three, how in zip(widths, resampling, strict=True))
    return Stages(StreamLayers(3, stages), added=True)


class RainEstimator(nn.Module):
    """The rain of a picture in the official range: picture in [-1, 1], rain in (-1, 1), sides multiples of 32."""

    def __init__(self) -> None:
        super().__init__()
        self.dense0 = small_stages(_WIDTHS_NEAR, "keep", "keep", "keep", "keep", "keep", "keep")
        self.dense1 = small_stages(_WIDTHS, "halve", "keep", "keep", "keep", "keep", "double")
        self.dense2 = small_stages(_WIDTHS, "halve", "halve", "keep", "keep", "double", "double")
        self.refinement = PyramidRefinement(3 * _STREAM_MAPS + 3 + _DENSITY_MAPS, 20, 1)

    def forward(self, rainy: Float[Tensor, "N 3 H W"], density: Float[Tensor, " N"]) -> Float[Tensor, "N 3 H W"]:
        """Return the rain; `density` is 1 (heavy), 2 or 3 (light)."""
        level = density[:, None, None, None].expand(-1, _DENSITY_MAPS, *rainy.shape[-2:])
        maps = torch.cat([self.dense0(rainy), rainy, self.dense1(rainy), self.dense2(rainy), level], dim=1)
        rain: Tensor = self.refinement(maps)  # (N, 13, H, W) -> (N, 3, H, W)
        return rain

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the authors' weights under our names, without the layers that nothing depends on.

        >>> names = ["conv1010.bias", "dense1.conv1010.bias", "dense_block1.bn1.bias", "dense1.dense_block1.bn1.bias"]
        >>> list(RainEstimator.convert_official(dict.fromkeys(names, torch.zeros(1))))
        ['refinement.conv1010.bias', 'dense1.dense_block1.bn1.bias']
        """
        converted = {}
        for name, value in state.items():
            part, _, rest = name.partition(".")
            if part in _REFINEMENT_LAYERS:
                converted[f"refinement.{name}"] = value
            elif not (part in _UNUSED or (part in _STREAMS and rest.partition(".")[0] in _UNUSED_IN_STREAMS)):
                converted[name] = value
        return converted


_STREAMS = {"dense0", "dense1", "dense2"}
_REFINEMENT_LAYERS = {"conv_refin", "conv1010", "conv1020", "conv1030", "conv1040", "refine3"}
_UNUSED = {f"{kind}_block{index}" for kind in ("dense", "trans") for index in range(1, 7)} | {
    "batchnorm1",
    "batchnorm20",
}
_UNUSED_IN_STREAMS = _REFINEMENT_LAYERS | {"batchnorm1", "batchnorm20"}
