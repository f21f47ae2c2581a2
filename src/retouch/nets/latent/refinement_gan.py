"""Refinement GAN: a second search in the same latent space that sees every pixel of the first result.

Source: D. Malesevic, C. Mayer, S. Gu, R. Timofte: "Photo-Realistic and Robust Inpainting of Faces Using Refinement
GANs". Stage 1 is semantic inpainting (`retouch.nets.latent.latent_search`) under ratio weights; generator and critic
are DCGAN's (`retouch.nets.latent.dcgan`), trained on clean pictures without masks.

Departures
----------
- The second search begins where the first one ended; the paper does not say where.

1  z_1 = argmin  sum of w |G(z) - y| + lambda log(1 - D(G(z)))       on known pixels around the hole
2  x_b = G(z_1) blended into y
3  z_2 = argmin  |G(z) - x_b| on known pixels + mu |G(z) - x_b| in the hole + lambda log(1 - D(G(z)))
4  result = G(z_2) blended into y
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor, nn

from retouch.arrays.types import Progress, ignore_progress
from retouch.losses.latent import prior_loss, ratio_weights, refinement_loss
from retouch.nets.latent.blending import blend_by_kernel
from retouch.nets.latent.latent_search import Found, InpaintSettings, SearchSettings, search_codes, search_hole

CONFIDENCES = {"square": 0.66, "big-square": 0.33, "stripes": 0.2, "left": 0.33, "centre": 0.66, "pixels": 0.2}
"""The paper's mu for its six patterns of holes: 25, 50, about 56, 50, 25 and 70 % missing."""


@dataclass(frozen=True)
class RefinementSettings:
    """What both searches do.

    Attributes
    ----------
    inpaint : InpaintSettings
        Of the first search.
    search : SearchSettings
        Of the second search.
    confidence : float
        mu in [0, 1], trust in the first result: smaller for larger holes, see `CONFIDENCES`.
    centre : float
        Of the blending's kernel, -9 or -8.
    """

    inpaint: InpaintSettings = field(default_factory=lambda: InpaintSettings(weigh=ratio_weights))
    search: SearchSettings = field(default_factory=SearchSettings)
    confidence: float = 0.33
    centre: float = -9.0


class Refined(NamedTuple):
    """Results of both stages.

    Attributes
    ----------
    first, result : (N, 3, H, W) in [0, 1]
        The blended pictures of the first and of the second search.
    first_search, second_search : Found
    """

    first: Tensor
    result: Tensor
    first_search: Found
    second_search: Found


def refine_hole(
    generator: nn.Module,
    critic: nn.Module,
    image: Float[Tensor, "N 3 H W"],
    mask: Float[Tensor, "N 1 H W"],
    start: Float[Tensor, "R N Z"],
    settings: RefinementSettings | None = None,
    *,
    progress: Progress = ignore_progress,
) -> Refined:
    """Fill the hole by two searches, each followed by blending.

    Parameters
    ----------
    generator, critic : nn.Module
        Of one GAN, both in evaluation mode.
    image : (N, 3, H, W) float32, range [0, 1]
        RGB of the generator's size; values under the mask are not read.
    mask : (N, 1, H, W) float32
        1 where a pixel is missing, else 0.
    start : (R, N, Z) float32
        Codes of R restarts of the first search.
    settings : RefinementSettings, optional
    progress : callable, optional
        Called as progress(done, steps of both searches).

    Returns
    -------
    Refined
        `result` is `image` bit for bit outside the hole.

    Raises
    ------
    InputError
        If a net is in training mode, or the pictures are not of the generator's size.
    """
    settings = settings or RefinementSettings()
    n_first, n_second = settings.inpaint.search.n_steps, settings.search.n_steps

    def blend(found: Found) -> Tensor:
        return blend_by_kernel((found.picture + 1) / 2, image, mask, centre=settings.centre)

    first_search = search_hole(
        generator,
        critic,
        image,
        mask,
        start,
        settings.inpaint,
        progress=lambda done, _: progress(done, n_first + n_second),
    )
    first = blend(first_search)
    target = 2 * first - 1

    def loss(picture: Tensor) -> Tensor:
        consensus = refinement_loss(picture, target, mask, confidence=settings.confidence)
        return consensus + settings.inpaint.prior_weight * prior_loss(critic(picture))

    second_search = search_codes(
        generator,
        loss,
        first_search.code,
        settings.search,
        progress=lambda done, _: progress(n_first + done, n_first + n_second),
    )
    return Refined(first, blend(second_search), first_search, second_search)
