"""A perceptron's training on patches, each for itself, before any averaging where they overlap.

Source: H. C. Burger, C. J. Schuler, S. Harmeling, "Image denoising: can plain neural networks compete with BM3D?", CVPR
2012, section 3. Departures: Adam or whatever the recipe says for plain stochastic descent; a batch holds several
patches of each picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.errors import InputError, UsageError
from retouch.nets.denoising.mlp import PatchMLP
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.denoising.plain import judge_denoised

_MEAN, _SPREAD = 0.5, 0.2


@dataclass(frozen=True)
class PatchLoss:
    """How many patches are cut from each picture of a batch."""

    patches_per_picture: int = 64


class PatchDenoising:
    """A `PatchMLP`.

    Parameters
    ----------
    networks : mapping
        "generator": a `PatchMLP`.
    loss : PatchLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: PatchLoss) -> None:
        self.networks = networks
        self.loss = loss
        net = networks["generator"]
        if not isinstance(net, PatchMLP):
            raise UsageError(f"this kind trains mlp, got a {type(net).__name__}; take the kind 'denoise'")
        self.net = net

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move the perceptron once."""
        noisy, image = draw_patches(
            [batch.tensors["noisy"], batch.image], self.net.noisy_side, self.loss.patches_per_picture, context.rng
        )
        margin = (self.net.noisy_side - self.net.clean_side) // 2
        target = image[:, margin : margin + self.net.clean_side, margin : margin + self.net.clean_side]
        clean = context.run(self.net.model, _normal(noisy))
        loss = (clean - _normal(target)).square().mean()
        context.update({"generator": loss})
        return {"loss": loss.detach(), "patch_psnr": -10 * (loss.detach() * _SPREAD**2).clamp(min=1e-12).log10()}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the clean pictures, averaged from overlapping patches."""
        clean: Tensor = context.run(self.net, batch.tensors["noisy"])
        return clean.clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return the PSNR of the clean pictures, and how much they gained."""
        return judge_denoised(self.paint(batch, context), batch)


def draw_patches(
    pictures: list[Float[Tensor, "N 1 H W"]], side: int, count: int, rng: torch.Generator
) -> list[Float[Tensor, "M side side"]]:
    """Cut the same random squares from several pictures of one size, `count` from each sample.

    Raises
    ------
    InputError
        If the pictures are smaller than a square.
    """
    n_samples, _, height, width = pictures[0].shape
    if min(height, width) < side:
        raise InputError(f"pictures must have sides of {side} px or more, got {height}x{width}; raise data.size_px")
    device = pictures[0].device
    rows, columns = (
        torch.randint(length - side + 1, (n_samples * count,), generator=rng, device=device)
        for length in (height, width)
    )
    sample = torch.arange(n_samples, device=device).repeat_interleave(count)
    reach = torch.arange(side, device=device)
    places = sample[:, None, None], (rows[:, None] + reach)[:, :, None], (columns[:, None] + reach)[:, None]
    return [picture[:, 0][places] for picture in pictures]


def _normal(patches: Float[Tensor, "M a a"]) -> Float[Tensor, "M D"]:
    """Return patches as the perceptron's layers see them."""
    return (patches.flatten(1) - _MEAN) / _SPREAD
