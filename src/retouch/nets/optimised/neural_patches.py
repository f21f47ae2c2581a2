"""Multi-scale neural patch synthesis: the hole is optimised until its features are made of known patches of features.

Source: C. Yang, X. Lu, Z. Lin, E. Shechtman, O. Wang, H. Li: "High-Resolution Image Inpainting using Multi-Scale Neural
Patch Synthesis", CVPR 2017, Sec. 3. The content is any net's (theirs a context encoder), and so are the
features (theirs VGG19's relu3_1 and relu4_1); `gabor_bank` beside this file needs nothing downloaded.

Departures
----------
- Energies are means over pixels of the hole, over patches and over the picture, where the paper has sums: weights then
  hold at every size. The default weights are ours, for the Gabor bank.
- The nearest patches and their features are those at the start of each scale, as in the authors' code.
- The best picture met at a scale is kept, not the last one.

R              the hole; x the picture, of which only R is free
E_c            mean over R of |x - x_i|^2, x_i the enlarged picture of the scale before
E_t            mean over patches P_i of phi(x) that touch R of |P_i - P_nn(i)|^2, nn(i) a patch that does not
variation      mean squared difference of neighbours
x_(i+1) = arg min  w_c E_c + w_t E_t + w_v variation
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from retouch.arrays.types import Progress, ignore_progress
from retouch.errors import InputError
from retouch.losses.cbdnet import total_variation
from retouch.nets.optimised.gabor_bank import GaborBank
from retouch.nets.optimised.patch_matching import Matches, feature_patches, match_patches

Features: TypeAlias = Callable[[Tensor], Sequence[Tensor]]
"""(N, 3, H, W) in [0, 1] to maps (N, C, h, w) of one or more layers."""


@dataclass(frozen=True)
class SynthesisSettings:
    """What is optimised, and how.

    Attributes
    ----------
    n_scales : int
        Each of half the next one's sides; three in the paper, 128, 256 and 512 px.
    n_steps : int
        Of the optimiser at each scale.
    content_weight, texture_weight, variation_weight : float
        w_c, w_t and w_v. Little texture is blurred, much of it loses the structure.
    patch_px, stride : int
        Side of the patches, odd, and from one to the next, in places of the maps.
    optimiser : {"lbfgs", "adam"}
        The energy never rises with the former.
    step_size : float
        Of Adam.
    """

    n_scales: int = 3
    n_steps: int = 100
    content_weight: float = 1.0
    texture_weight: float = 0.1
    variation_weight: float = 1e-3
    patch_px: int = 3
    stride: int = 2
    optimiser: Literal["lbfgs", "adam"] = "lbfgs"
    step_size: float = 0.01


class Synthesis(NamedTuple):
    """What came out.

    Attributes
    ----------
    picture : (1, 3, H, W) in [0, 1]
        Known pixels are bit-equal.
    energies : list of list of float
        For each scale the energy at its start and after each step.
    """

    picture: Tensor
    energies: list[list[float]]


def synthesise_patches(
    content: Float[Tensor, "1 3 _ _"],
    image: Float[Tensor, "1 3 H W"],
    mask: Float[Tensor, "1 1 H W"],
    phi: Features | Literal["gabor"] = "gabor",
    settings: SynthesisSettings | None = None,
    *,
    progress: Progress = ignore_progress,
) -> Synthesis:
    """Give a content net's picture the texture of the known pixels, from small to large.

    Parameters
    ----------
    content : (1, 3, h, w) float32, range [0, 1]
        What stands in the hole, of any size; resized to the smallest scale.
    image : (1, 3, H, W) float32, range [0, 1]
        RGB; values under the mask are not read.
    mask : (1, 1, H, W) float32
        1 where a pixel is missing, else 0.
    phi : callable or "gabor"
        RGB in [0, 1] to a sequence of maps of features, differentiable; "gabor" is `GaborBank()`.
    settings : SynthesisSettings, optional
    progress : callable, optional
        Called as progress(done, total steps).

    Returns
    -------
    Synthesis

    Raises
    ------
    InputError
        If the smallest scale has no pixel, or no patch of features is known at one of the scales.

    Notes
    -----
    With VGG19 on a GPU a picture of 512 px took the authors 30 seconds. Wrong structure of the content stays wrong.
    """
    settings = settings or SynthesisSettings()
    features = GaborBank().to(image.device) if phi == "gabor" else phi
    total = settings.n_scales * settings.n_steps
    picture, energies = content.detach(), list[list[float]]()
    for scale in range(settings.n_scales):
        known, holes = _at_scale(image, mask, settings.n_scales - 1 - scale)
        energy = Energy(_resized(picture, known).where(holes == 1, known), holes, features, settings)
        seen: list[float] = []
        for step, (x, value) in enumerate(_descend(energy, settings)):
            if not seen or value < min(seen):
                picture = x.detach().clone()
            seen.append(value)
            if step > 0:
                progress(scale * settings.n_steps + step, total)
        picture = picture.clamp(0, 1)
        energies.append(seen)
    return Synthesis(image.where(mask == 0, picture), energies)


class Energy:
    """What is minimised at one scale.

    Parameters
    ----------
    start : (1, 3, H, W) in [0, 1]
        The known pixels, and in the hole what the scale before came to.
    mask : (1, 1, H, W)
    features : callable
    settings : SynthesisSettings

    Attributes
    ----------
    matches : list of Matches
        One for each map of features.
    """

    def __init__(self, start: Tensor, mask: Tensor, features: Features, settings: SynthesisSettings) -> None:
        self.start, self.mask, self.features, self.settings = start, mask, features, settings
        self.matches: list[Matches] = []
        if settings.texture_weight > 0:
            with torch.no_grad():
                maps = features(start)
            self.matches = [match_patches(one, mask, settings.patch_px, settings.stride) for one in maps]

    def __call__(self, x: Float[Tensor, "1 3 H W"]) -> Float[Tensor, ""]:
        """Return the energy of a picture; only its hole is read."""
        weights = self.settings
        whole = x.where(self.mask == 1, self.start)
        content = (whole - self.start).square().sum() / self.mask.sum().clamp(min=1)  # E_c
        energy = weights.content_weight * content + weights.variation_weight * total_variation(whole)
        return energy + weights.texture_weight * self._texture(whole) if self.matches else energy

    def _texture(self, picture: Tensor) -> Tensor:
        energy = picture.new_zeros(())
        for one, matches in zip(self.features(picture), self.matches, strict=True):
            patches = feature_patches(one, self.settings.patch_px, self.settings.stride)[matches.missing]
            energy = energy + (patches - matches.wanted).square().sum() / max(len(patches), 1)  # E_t
        return energy


def _descend(energy: Energy, settings: SynthesisSettings) -> Iterator[tuple[Tensor, float]]:
    """Yield the picture, changed in place, and its energy: at the start and after each step."""
    x = energy.start.clone().requires_grad_()
    optimiser = _optimiser(x, settings)
    yield x, _value(energy, x)
    for _ in range(settings.n_steps):
        optimiser.step(partial(_differentiate, energy, x))
        yield x, _value(energy, x)


def _optimiser(x: Tensor, settings: SynthesisSettings) -> torch.optim.Optimizer:
    if settings.optimiser == "adam":
        return torch.optim.Adam([x], lr=settings.step_size)
    return torch.optim.LBFGS([x], max_iter=1, line_search_fn="strong_wolfe")


def _differentiate(energy: Energy, x: Tensor) -> float:
    value = energy(x)
    (x.grad,) = torch.autograd.grad(value, x)
    return float(value.detach())


@torch.no_grad()
def _value(energy: Energy, x: Tensor) -> float:
    return float(energy(x))


def _at_scale(image: Tensor, mask: Tensor, n_halvings: int) -> tuple[Tensor, Tensor]:
    """Return the picture and the mask so many times smaller; a pixel is missing where any of its own is."""
    size = (mask.shape[2] >> n_halvings, mask.shape[3] >> n_halvings)
    if min(size) < 1:
        raise InputError(f"the smallest scale must have a pixel a side, got {size[0]} x {size[1]}; take fewer scales")
    known = functional.adaptive_avg_pool2d(image.where(mask == 0, 0), size)
    return known, functional.adaptive_max_pool2d(mask, size)


def _resized(picture: Tensor, like: Tensor) -> Tensor:
    if picture.shape == like.shape:
        return picture
    return functional.interpolate(picture, like.shape[2:], mode="bilinear", align_corners=False, antialias=True)
