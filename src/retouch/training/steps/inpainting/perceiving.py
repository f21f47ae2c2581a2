"""Terms that compare the features of a pretrained network: perceptual and style losses, only with a file of weights.

Source: as in `retouch.losses.partial_conv` (G. Liu et al., ECCV 2018, Eqs. 3-5) and `retouch.losses.style`; the squared
form is that of R. Suvorov et al., WACV 2022, Eq. 1.

Departures: all terms take the layers that are usual for the backbone, which its file tells; papers choose others here
and there (EdgeConnect has four of its own for the style).
"""

from __future__ import annotations

import torch
from torch import Tensor

from retouch.errors import InputError
from retouch.losses.features.backbone import PerceptualBackbone, load_backbone
from retouch.losses.features.distance import feature_distance
from retouch.losses.style import style_loss
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.scoring import paste


class Perceiver:
    """Weighted perceptual and style terms of painted pictures.

    Parameters
    ----------
    backbone : str
        File of weights; "" where no term needs features.
    perceptual_weight, style_weight : float
    squared : bool
        Squared instead of absolute differences of features.
    with_composite : bool
        Count the composite beside the painted picture, as partial convolutions do.

    Raises
    ------
    InputError
        If a weight is above 0 and there is no backbone: random features under the name of a perceptual loss would tell
        nobody the truth.
    """

    def __init__(
        self,
        backbone: str,
        *,
        perceptual_weight: float = 0.0,
        style_weight: float = 0.0,
        squared: bool = False,
        with_composite: bool = False,
    ) -> None:
        self._path = backbone
        self._perceptual_weight, self._style_weight = perceptual_weight, style_weight
        self._squared, self._with_composite = squared, with_composite
        self._nets: dict[str, PerceptualBackbone] = {}
        for name, weight in (("perceptual_weight", perceptual_weight), ("style_weight", style_weight)):
            self.require(name, weight)

    def require(self, name: str, weight: float, layer: str = "") -> None:
        """Refuse a weight above 0 where there is no backbone; read the backbone where there is.

        Raises
        ------
        InputError, WeightsError
            If there is no file, or it cannot be used, or has no such layer.
        """
        if weight and not self._path:
            raise InputError(
                f"{name} = {weight} compares features of a pretrained network, and no file of its weights is given; "
                f"set loss.backbone, or {name} = 0"
            )
        if weight and layer not in self._nets:
            self._nets[layer] = load_backbone(self._path, layers=(layer,) if layer else None)

    @property
    def name(self) -> str:
        """Return which network and weights these are, for results; "" where no term needs features."""
        return next((net.name for net in self._nets.values()), "")

    def __call__(self, painted: Tensor, batch: Batch, context: Context) -> Tensor:
        """Return the weighted sum of the terms, 0 where none counts; pictures in [0, 1]."""
        if not (self._perceptual_weight or self._style_weight):
            return painted.new_zeros(())
        with torch.no_grad():
            truth = self.features(batch.image, context)
        made = [self.features(painted, context)]
        if self._with_composite:
            made.append(self.features(paste(painted, batch.image, batch.mask), context))
        total = painted.new_zeros(())
        if self._perceptual_weight:
            distances = [feature_distance(ours, truth, squared=self._squared) for ours in made]
            total = total + self._perceptual_weight * torch.stack(distances).sum()
        if self._style_weight:
            styles = [style_loss(list(ours.values()), list(truth.values())) for ours in made]
            total = total + self._style_weight * torch.stack(styles).sum()
        return total

    def features(self, picture: Tensor, context: Context, layer: str = "") -> dict[str, Tensor]:
        """Return features of pictures in [0, 1] by layer: the usual ones of this backbone, or a single one."""
        found: dict[str, Tensor] = context.run(self._nets[layer].to(picture.device), picture)
        return found
