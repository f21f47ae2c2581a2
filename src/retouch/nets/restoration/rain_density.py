"""The rain-density classifier of DID-MDN: it tells whether the rain of a picture is heavy, medium or light.

Source: H. Zhang, V. M. Patel, "Density-aware single image de-raining using a multi-stream dense network", CVPR 2018,
section 3.1 (residual-aware classifier); layers as in the authors' public code.

Departures
----------
- Pictures of any size from as many pixels as there are cells; the code takes 512 px, whose cells have 7 px.
- The released net has four classes, of which the fourth is never used; `density_of` looks at three.

picture less its estimated rain, RGB, official range
conv 3, 64, batch norm, ReLU     (the first stage of VGG19)
conv 3, 24, ReLU                 means of 73 x 73 cells
linear 512, ReLU                 linear 4
"""

from __future__ import annotations

from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import InputError
from retouch.nets.layers.shuffle import pad_to_multiple

N_DENSITIES = 3
_ESTIMATOR_STRIDE = 32


class RainDensityClassifier(nn.Module):
    """Scores of the densities: 0 heavy, 1 medium, 2 light.

    Parameters
    ----------
    width, n_maps : int
        Channels of the two convolutions.
    n_cells : int
        Rows and columns of the means that the linear layers see.
    n_hidden, n_classes : int
    """

    def __init__(
        self, *, width: int = 64, n_maps: int = 24, n_cells: int = 73, n_hidden: int = 512, n_classes: int = 4
    ) -> None:
        super().__init__()
        self.n_cells = n_cells
        self.features = nn.Sequential(nn.Conv2d(3, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU())
        self.narrow = nn.Conv2d(width, n_maps, 3, padding=1)
        self.hidden = nn.Linear(n_maps * n_cells**2, n_hidden)
        self.judge = nn.Linear(n_hidden, n_classes)

    def forward(self, without_rain: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N K"]:
        """Return logits of a picture less its estimated rain, both in the official range [-1, 1].

        Raises
        ------
        InputError
            If a side has fewer pixels than there are cells.
        """
        height, width = without_rain.shape[-2:]
        if min(height, width) < self.n_cells:
            raise InputError(f"rain is classified from {self.n_cells} pixels a side, got {height} x {width}")
        maps = functional.relu(self.narrow(self.features(without_rain)))
        rows, columns = height // self.n_cells, width // self.n_cells  # of whole pixels in each cell
        whole = maps[..., : rows * self.n_cells, : columns * self.n_cells]
        parts = whole.reshape(*whole.shape[:2], self.n_cells, rows, self.n_cells, columns)
        cells = parts.mean(dim=(3, 5))  # (N, C, n_cells, n_cells)
        logits: Tensor = self.judge(functional.relu(self.hidden(cells.flatten(1))))
        return logits

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the authors' weights under our names.

        >>> import torch
        >>> list(RainDensityClassifier.convert_official({"dense_classifier1.bias": torch.zeros(4)}))
        ['judge.bias']
        """
        names = {"feature": "features", "conv16": "narrow", "dense_classifier": "hidden", "dense_classifier1": "judge"}
        split = ((key.partition("."), value) for key, value in state.items())
        return {f"{names[first]}.{rest}": value for (first, _, rest), value in split}


def density_of(logits: Float[Tensor, "N K"]) -> Float[Tensor, " N"]:
    """Return what the de-rainer takes: 1 for heavy, 2 for medium and 3 for light rain.

    >>> import torch
    >>> density_of(torch.tensor([[0.0, 1.0, 0.5, 9.0], [2.0, 1.0, 0.5, 0.0]])).tolist()
    [2.0, 1.0]
    """
    return (logits[:, :N_DENSITIES].argmax(dim=1) + 1).to(logits.dtype)


def estimate_density(
    estimator: nn.Module, classifier: RainDensityClassifier, rainy: Float[Tensor, "N 3 H W"]
) -> Float[Tensor, " N"]:
    """Return the density of the rain in each picture, as `density_of` does.

    Parameters
    ----------
    estimator : nn.Module
        `retouch.nets.restoration.didmdn_residual.RainEstimator`; it is told the density 0, as in the authors' script.
    classifier : RainDensityClassifier
    rainy : (N, 3, H, W) float32, range [0, 1]
        RGB of any size that the classifier takes.
    """
    height, width = rainy.shape[-2:]
    signed = 2 * rainy - 1
    rain = estimator(pad_to_multiple(signed, _ESTIMATOR_STRIDE), rainy.new_zeros(len(rainy)))
    return density_of(classifier(signed - rain[..., :height, :width]))


def rain_density_full() -> RainDensityClassifier:
    """Return the published net: 65,501,084 parameters."""
    return RainDensityClassifier()


def rain_density_tiny() -> RainDensityClassifier:
    """Return a net for experiments, of three classes, for pictures from 16 px."""
    return RainDensityClassifier(width=16, n_maps=8, n_cells=16, n_hidden=64, n_classes=N_DENSITIES)
