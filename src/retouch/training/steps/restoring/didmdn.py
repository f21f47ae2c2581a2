"""DID-MDN's training: the rain and the clean picture, told how dense the rain is; and the classifier that tells it.

Source: H. Zhang, V. M. Patel, "Density-aware single image de-raining using a multi-stream dense network", CVPR 2018,
Eqs. 1-4: squared errors of rain and picture for the de-rainer, cross-entropy for the classifier.

Departures: the feature term of the de-rainer (VGG-16, weight 1) is off unless a weight and a backbone are given. The
classifier sees a picture less its estimated rain; where no estimator is given it sees the picture itself, as if no rain
had been estimated. The estimator is trained along with it, on the rain alone.

Densities are 1 for heavy, 2 for medium and 3 for light rain, (N,), as the de-rainer takes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import UsageError
from retouch.nets.layers.shuffle import pad_to_multiple
from retouch.nets.restoration.didmdn import DIDMDN
from retouch.nets.restoration.rain_density import N_DENSITIES, density_of
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.restoring.features import FeatureTerm
from retouch.training.steps.restoring.scores import psnr

_STRIDE = 32


@dataclass(frozen=True)
class DIDMDNLoss:
    """Weights of the squared errors of rain and picture, both in [-1, 1], and of features; their backbone."""

    rain_weight: float = 1.0
    picture_weight: float = 1.0
    feature_weight: float = 0.0
    backbone: str = ""
    layers: tuple[str, ...] = ()


class DIDMDNTraining:
    """The de-rainer.

    Parameters
    ----------
    networks : mapping
        "generator": a `DIDMDN`.
    loss : DIDMDNLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: DIDMDNLoss) -> None:
        self.networks = networks
        self.loss = loss
        net = networks["generator"]
        if not isinstance(net, DIDMDN):
            raise UsageError(f"this kind trains didmdn, got a {type(net).__name__}; take the kind 'pairs'")
        self.net = net
        self.features = FeatureTerm(loss.feature_weight, loss.backbone, loss.layers)

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move the de-rainer once."""
        rainy, image = 2 * batch.tensors["damaged"] - 1, 2 * batch.image - 1  # the official range [-1, 1]
        height, width = rainy.shape[2:]
        rain, clean = context.run(self.net.body, pad_to_multiple(rainy, _STRIDE), true_density(batch))
        rain_error = (rain[..., :height, :width] - (rainy - image)).square().mean()
        clean = clean[..., :height, :width]
        error = (clean - image).square().mean()
        alike = self.features.of((clean + 1) / 2, batch.image, context)
        loss = self.loss.rain_weight * rain_error + self.loss.picture_weight * error + alike
        context.update({"generator": loss})
        return {"loss": loss.detach(), "rain": rain_error.detach(), "picture": error.detach()}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the clean pictures, the true densities given."""
        clean: Tensor = context.run(self.net, batch.tensors["damaged"], true_density(batch))
        return clean.clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return the PSNR of the pictures, and how much they gained."""
        after = psnr(self.paint(batch, context), batch.image)
        return {"psnr": after, "gain": after - psnr(batch.tensors["damaged"], batch.image)}


@dataclass(frozen=True)
class RainDensityLoss:
    """Weight of the estimator's squared error, in [-1, 1]."""

    rain_weight: float = 1.0


class RainDensityTraining:
    """The classifier, and its estimator on wish.

    Parameters
    ----------
    networks : mapping
        "generator": the classifier; "estimator", optional: from a picture in [-1, 1] and a density to its rain.
    loss : RainDensityLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: RainDensityLoss) -> None:
        self.networks = networks
        self.loss = loss

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move classifier and estimator once."""
        rainy = 2 * batch.tensors["damaged"] - 1  # the official range [-1, 1]
        rain = self._estimate(rainy, context)
        logits = context.run(self.networks["generator"], rainy - rain.detach())
        losses = {"generator": functional.cross_entropy(logits, true_density(batch).long() - 1)}
        if "estimator" in self.networks and context.trains("estimator"):
            error = (rain - (rainy - (2 * batch.image - 1))).square().mean()
            losses["estimator"] = self.loss.rain_weight * error
        context.update(losses)
        return {name: loss.detach() for name, loss in losses.items()}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return what the classifier looks at: the pictures less their estimated rain."""
        rainy = 2 * batch.tensors["damaged"] - 1
        return ((rainy - self._estimate(rainy, context) + 1) / 2).clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return 1 for each picture whose density is told right, else 0."""
        rainy = 2 * batch.tensors["damaged"] - 1
        logits = context.run(self.networks["generator"], rainy - self._estimate(rainy, context))
        return {"accuracy": (density_of(logits) == true_density(batch)).float()}

    def _estimate(self, rainy: Float[Tensor, "N 3 H W"], context: Context) -> Float[Tensor, "N 3 H W"]:
        if "estimator" not in self.networks:
            return rainy.new_zeros(rainy.shape)
        height, width = rainy.shape[2:]
        unknown = rainy.new_zeros(len(rainy))  # the density 0, as in the authors' script
        rain: Tensor = context.run(self.networks["estimator"], pad_to_multiple(rainy, _STRIDE), unknown)
        return rain[..., :height, :width]


def true_density(batch: Batch) -> Float[Tensor, " N"]:
    """Return "density" of a batch, (N,).

    Raises
    ------
    UsageError
        If the data does not say it.
    """
    if "density" not in batch.tensors:
        raise UsageError(
            f"this kind needs the density of the rain, 1 to {N_DENSITIES}, for each picture; "
            "take data that says it, such as synthetic:toy_rain"
        )
    return batch.tensors["density"].float()
