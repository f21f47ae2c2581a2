"""Losses of AOT-GAN: the soft-mask game, in which the critic paints where the hole was; and the plain game.

Source: Y. Zeng, J. Fu, H. Chao, B. Guo, "Aggregated contextual transformations for high-resolution image inpainting",
IEEE TVCG 2022, part "SM-PatchGAN"; the plain game: I. Goodfellow et al., "Generative adversarial nets", NIPS 2014,
section 3, in its non-saturating form. Departures: the critic paints 1 where a hole was and 0 on real pixels, as in the
authors' code; the paper has it the other way round. The authors' generator is trained towards 1 all over the map, in
this polarity the sign of a hole: `released_generator_loss` computes that, `soft_mask_generator_loss` what the paper
means.

Published weights: 1 for l1, 250 style, 0.1 perceptual (both need the features of VGG-19), 0.01 adversarial.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def soft_mask_discriminator_loss(
    real_logits: Float[Tensor, "N 1 h w"],
    fake_logits: Float[Tensor, "N 1 h w"],
    mask: Float[Tensor, "N 1 H W"],
    size_px: int = 71,
    sigma_px: float = 10.0,
) -> Float[Tensor, ""]:
    """Return the loss of a critic that is to paint the blurred mask of a fake, and nothing on a real picture.

    Parameters
    ----------
    real_logits, fake_logits : (N, 1, h, w)
        Enlarged to the mask with the corners kept in place.
    mask : (N, 1, H, W)
        1 where the fake was filled.
    size_px, sigma_px : int, float
        Side and standard deviation of the blur (see `blur_mask`).
    """
    on_fake = functional.mse_loss(_at_size_of(mask, fake_logits), blur_mask(mask, size_px, sigma_px))
    on_real = _at_size_of(mask, real_logits).square().mean()
    return on_fake + on_real


def soft_mask_generator_loss(
    fake_logits: Float[Tensor, "N 1 h w"], mask: Float[Tensor, "N 1 H W"]
) -> Float[Tensor, ""]:
    """Return the squared distance, in the hole, of the critic's painting from that of a real picture.

    >>> soft_mask_generator_loss(torch.full((1, 1, 2, 2), 3.0), torch.ones(1, 1, 4, 4)).item()  # (3 - 0)^2
    9.0
    """
    return (_at_size_of(mask, fake_logits).square() * mask).mean()


def released_generator_loss(fake_logits: Float[Tensor, "N 1 h w"], mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, ""]:
    """Return the squared distance of the critic's painting from 1, the mean over all places: the authors' code.

    There a mean is taken before the mask is applied and divided by its own mean, so that only its size matters.

    >>> released_generator_loss(torch.full((1, 1, 2, 2), 3.0), torch.ones(1, 1, 4, 4)).item()  # (3 - 1)^2
    4.0
    """
    return (_at_size_of(mask, fake_logits) - 1).square().mean()


def blur_mask(mask: Float[Tensor, "N 1 H W"], size_px: int = 71, sigma_px: float = 10.0) -> Float[Tensor, "N 1 H W"]:
    """Return the mask under a Gaussian window; beyond the border there is no hole.

    Parameters
    ----------
    mask : (N, 1, H, W)
    size_px : int
        Side of the window, odd.
    sigma_px : float
        Its standard deviation.
    """
    reach = size_px // 2
    distance = torch.arange(-reach, reach + 1, dtype=mask.dtype, device=mask.device)
    bell = torch.exp(-(distance**2) / (2 * sigma_px**2))
    bell = bell / bell.sum()
    columns = functional.conv2d(mask, bell[None, None, :, None], padding=(reach, 0))
    return functional.conv2d(columns, bell[None, None, None], padding=(0, reach))


def discriminator_loss(real_logits: Float[Tensor, "N ..."], fake_logits: Float[Tensor, "N ..."]) -> Float[Tensor, ""]:
    """Return the cross-entropy of a critic that tells real from fake, the mean of each kind added.

    >>> round(discriminator_loss(torch.zeros(3), torch.zeros(3)).item(), 6)  # 2 log(2)
    1.386294
    """
    return functional.softplus(-real_logits).mean() + functional.softplus(fake_logits).mean()


def generator_loss(fake_logits: Float[Tensor, "N ..."]) -> Float[Tensor, ""]:
    """Return the cross-entropy of fakes that are to be called real."""
    return functional.softplus(-fake_logits).mean()


def _at_size_of(mask: Tensor, logits: Tensor) -> Tensor:
    return functional.interpolate(logits, size=mask.shape[2:], mode="bilinear", align_corners=True)
