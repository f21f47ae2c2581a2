"""The self-tuned encoder-decoder and on-demand learning: squared errors; what is still bad gets more samples.

Source: the self-tuned net of the survey's seed paper, Sec. IV and Fig. 4, after D. Pathak et al., CVPR 2016; R. Gao,
K. Grauman: "On-Demand Learning for Deep Image Restoration", ICCV 2017, Sec. 3.

Departures
----------
- How many samples each level gets is the stream's matter (curriculum "level_squares"): it listens to the scores "psnr"
  and "mse" that `validate` gives for each sample.
- The paper does not say over which pixels its mean is taken; by default all count, in the loss and in the scores.
  Errors are of pictures in [-1, 1].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from retouch.losses.pixels.regions import region_mean
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.filling import Filling
from retouch.training.steps.scoring import hole_scores, journal, picture_scores

Region = Literal["picture", "hole"]


@dataclass(frozen=True)
class SelfTunedLoss:
    """Over which pixels the squared error of the loss and the scores of validation are taken."""

    region: Region = "picture"
    scored_region: Region = "picture"


class SelfTunedTraining(Filling[SelfTunedLoss]):
    """One step moves the encoder-decoder."""

    def painted(self, batch: Batch, context: Context) -> Tensor:
        """Return the whole pictures as the net predicts them, known pixels too."""
        picture: Tensor = context.run(self.generator.paint, batch.image, batch.mask)
        return picture

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Take one step."""
        squared = 4 * (self.painted(batch, context) - batch.image).square()  # in [-1, 1] errors are twice as large
        error = squared.mean() if self.loss.region == "picture" else region_mean(squared, batch.mask)
        context.update({"generator": error})
        return journal({"generator": error})

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return psnr, mse and l1 of the composites, over the region of the settings."""
        filled = self.paint(batch, context)
        if self.loss.scored_region == "picture":
            return picture_scores(filled, batch.image)
        return hole_scores(filled, batch.image, batch.mask)
