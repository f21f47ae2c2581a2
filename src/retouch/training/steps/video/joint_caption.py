"""Training of the net that finds captions and draws what is behind them.

Source: V. Patel, A. Pandey, "Joint Caption Detection and Inpainting Using Generative Network", Springer 2019, Sec. 2.2:
the mean absolute error of the picture, 1e-6 of the squared error of the mask, and a critic of weight 1e-2.
In phases that do not train the critic (the first eight epochs of the paper) it has no say.

Departures: the game is the non-saturating one, as the printed one takes a logarithm too many. The feature term (VGG-16
in the paper) is off unless a weight and a backbone are given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from retouch.errors import UsageError
from retouch.nets.captions.joint_caption import JointCaptionNet, caption_truth
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.games import play
from retouch.training.steps.restoring.features import FeatureTerm
from retouch.training.steps.restoring.scores import psnr, region_psnr
from retouch.training.steps.video.clips import pictures_to_learn, single_pictures


@dataclass(frozen=True)
class JointCaptionLoss:
    """Frames taken of each clip; weights of the mask's error (alpha), the critic (beta), features; their backbone."""

    frames_per_clip: int = 2
    mask_weight: float = 1e-6
    adversarial_weight: float = 1e-2
    feature_weight: float = 0.0
    backbone: str = ""


class JointCaptionTraining:
    """The net, and a critic on wish.

    Parameters
    ----------
    networks : mapping
        "generator": a `JointCaptionNet`; "critic": of pictures in [-1, 1].
    loss : JointCaptionLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: JointCaptionLoss) -> None:
        self.networks = networks
        self.loss = loss
        net = networks["generator"]
        if not isinstance(net, JointCaptionNet):
            raise UsageError(f"this kind trains joint_caption, got a {type(net).__name__}; take the kind 'pairs'")
        self.net = net
        self.features = FeatureTerm(loss.feature_weight, loss.backbone)

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move net and critic once."""
        captioned, clean = pictures_to_learn(batch, self.loss.frames_per_clip, context.rng)
        restored, mask, _ = context.run(self.net.paint_and_find, captioned)
        pixels = (restored - clean).abs().mean()
        found = (mask - caption_truth(captioned, clean)).square().mean()
        alike = self.features.of(restored, clean, context)
        losses = {"generator": pixels + self.loss.mask_weight * found + alike}
        if "critic" in self.networks and context.trains("critic"):
            verdict = play("vanilla", context, self.networks["critic"], 2 * clean - 1, 2 * restored - 1)
            losses["critic"] = verdict.critic
            losses["generator"] = losses["generator"] + self.loss.adversarial_weight * verdict.generator
        context.update(losses)
        shown = {"pixels": pixels, "mask": found, **losses}
        return {name: loss.detach() for name, loss in shown.items()}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the pictures without captions."""
        painted: Tensor = context.run(self.net, single_pictures(batch)[0])
        return painted.clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return the PSNR, how much was gained, and the PSNR under the captions."""
        captioned, clean = single_pictures(batch)
        painted = self.paint(batch, context)
        after = psnr(painted, clean)
        under = region_psnr(painted, clean, caption_truth(captioned, clean))
        return {"psnr": after, "gain": after - psnr(captioned, clean), "hole_psnr": under}
