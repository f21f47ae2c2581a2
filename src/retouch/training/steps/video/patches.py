"""Training of the patch auto-encoder: patches drawn anew, and a classifier that says which need it.

Source: S. Escalera et al., "ChaLearn Looking at People: Inpainting and Denoising Challenges", Springer 2019, track 2,
baseline 2, and its released code: half of the patches of a batch show text. Departures: both losses weigh 1; nothing is
published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import UsageError
from retouch.nets.captions.patch_autoencoder import PATCH_SIDE, PatchDecaptioner, label_text_patches, split_patches
from retouch.nets.layers.mirroring import pad_to_multiple
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.restoring.scores import psnr
from retouch.training.steps.video.clips import pictures_to_learn, single_pictures


@dataclass(frozen=True)
class PatchAutoencoderLoss:
    """What counts.

    Attributes
    ----------
    frames_per_clip : int
        Frames that patches are taken from.
    patches : int
        Most patches of a step; half of them show text where there are enough.
    class_weight : float
        Of the classifier's cross-entropy.
    """

    frames_per_clip: int = 2
    patches: int = 128
    class_weight: float = 1.0


class PatchAutoencoderTraining:
    """The second baseline.

    Parameters
    ----------
    networks : mapping
        "generator": a `PatchDecaptioner`.
    loss : PatchAutoencoderLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: PatchAutoencoderLoss) -> None:
        self.networks = networks
        self.loss = loss
        net = networks["generator"]
        if not isinstance(net, PatchDecaptioner):
            raise UsageError(f"this kind trains patch_autoencoder, got a {type(net).__name__}; take the kind 'pairs'")
        self.net = net

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move decoder and classifier once."""
        pictures = pictures_to_learn(batch, self.loss.frames_per_clip, context.rng)
        captioned, clean = (_patches(picture) for picture in pictures)
        chosen = balanced_choice(label_text_patches(captioned, clean), self.loss.patches, context.rng)
        captioned, clean = captioned[chosen], clean[chosen]
        decoded, scores = context.run(self.net.net, captioned)
        labels = label_text_patches(captioned, clean)
        pixels = (decoded - clean).square().mean()
        kind = functional.binary_cross_entropy_with_logits(scores, labels)
        context.update({"generator": pixels + self.loss.class_weight * kind})
        right = ((scores > 0).float() == labels).float().mean()
        return {"pixels": pixels.detach(), "class": kind.detach(), "accuracy": right, "text": labels.mean()}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the pictures, whose patches with text are drawn anew."""
        painted: Tensor = context.run(self.net, single_pictures(batch)[0])
        return painted.clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return the PSNR, how much was gained, and the share of patches that are told right."""
        captioned, clean = single_pictures(batch)
        after = psnr(self.paint(batch, context), clean)
        scores = context.run(self.net.net.classify, _patches(captioned))
        right = ((scores > 0).float() == label_text_patches(_patches(captioned), _patches(clean))).float()
        return {
            "psnr": after,
            "gain": after - psnr(captioned, clean),
            "accuracy": right.reshape(len(clean), -1).mean(dim=1),
        }


def balanced_choice(labels: Float[Tensor, " M"], count: int, rng: torch.Generator) -> Int[Tensor, " K"]:
    """Return places of at most `count` patches, half of them of label 1 if there are enough of both.

    >>> chosen = balanced_choice(torch.tensor([1.0, 0, 0, 0, 1, 0]), 4, torch.Generator().manual_seed(0))
    >>> len(chosen), sorted(chosen.tolist())[0]
    (4, 0)
    """
    order = torch.rand(len(labels), generator=rng, device=labels.device).argsort()
    with_text, without = order[labels[order] > 0], order[labels[order] == 0]
    n_text = min(len(with_text), max(count // 2, count - len(without)))
    return torch.cat([with_text[:n_text], without[: count - n_text]])


def _patches(pictures: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "M 3 h w"]:
    return split_patches(pad_to_multiple(pictures, PATCH_SIDE), (PATCH_SIDE, PATCH_SIDE))
