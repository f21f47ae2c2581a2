"""Losses of LaMa: weighted pixel errors, feature matching, and the masked non-saturating game with a gradient penalty.

Source: R. Suvorov et al., "Resolution-robust large mask inpainting with Fourier convolutions", WACV 2022, sections
2.2-2.3, Eqs. 2-3; penalty: L. Mescheder et al., "Which training methods for GANs do actually converge?", ICML 2018,
Eq. 9.
Departures: as in the authors' code, the penalty has no factor of one half.

Published weights: 10 for the l1 of known pixels, 10 adversarial, 100 feature matching, 0.001 gradient penalty, and 30
for a perceptual loss that needs the features of a segmentation net and is not here.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def masked_l1(
    prediction: Float[Tensor, "N C H W"],
    target: Float[Tensor, "N C H W"],
    mask: Float[Tensor, "N 1 H W"],
    weight_known: float = 10.0,
    weight_missing: float = 0.0,
) -> Float[Tensor, ""]:
    """Return the mean over all pixels of the absolute error times the weight of its side of the mask.

    >>> mask = torch.tensor([[[[0.0, 1.0]]]])
    >>> masked_l1(torch.ones(1, 1, 1, 2), torch.zeros(1, 1, 1, 2), mask, weight_known=6.0, weight_missing=1.0).item()
    3.5
    """
    return (_pixel_weights(mask, weight_known, weight_missing) * (prediction - target).abs()).mean()


def masked_l2(
    prediction: Float[Tensor, "N C H W"],
    target: Float[Tensor, "N C H W"],
    mask: Float[Tensor, "N 1 H W"],
    weight_known: float = 10.0,
    weight_missing: float = 0.0,
) -> Float[Tensor, ""]:
    """Return the mean over all pixels of the squared error times the weight of its side of the mask."""
    return (_pixel_weights(mask, weight_known, weight_missing) * (prediction - target).square()).mean()


def _pixel_weights(mask: Tensor, known: float, missing: float) -> Tensor:
    return mask * missing + (1 - mask) * known


def feature_matching(
    fake: Sequence[Float[Tensor, "N _ _ _"]],
    real: Sequence[Float[Tensor, "N _ _ _"]],
    mask: Float[Tensor, "N 1 H W"] | None = None,
) -> Float[Tensor, ""]:
    """Return the squared difference of the critic's features, its mean over each stage, and the mean of those.

    Parameters
    ----------
    fake, real : sequences of (N, C_i, H_i, W_i)
        What the stages of the critic gave.
    mask : (N, 1, H, W), optional
        Scaled to each stage; differences are weighed with 1 - mask. A missing place counts in the mean as 0.
    """
    errors = []
    for ours, theirs in zip(fake, real, strict=True):
        squared = (ours - theirs).square()
        if mask is not None:
            squared = squared * (1 - functional.interpolate(mask, size=ours.shape[2:], mode="bilinear"))
        errors.append(squared.mean())
    return torch.stack(errors).mean()


def generator_loss(fake_logits: Float[Tensor, "N C h w"]) -> Float[Tensor, ""]:
    """Return the non-saturating loss of the generator, the mean over all patches, those of known pixels included.

    >>> round(generator_loss(torch.zeros(1, 1, 2, 2)).item(), 6)  # log(2)
    0.693147
    """
    return functional.softplus(-fake_logits).mean()  # Eq. 3


def discriminator_loss(
    real_logits: Float[Tensor, "N C h w"],
    fake_logits: Float[Tensor, "N C h w"],
    mask: Float[Tensor, "N 1 H W"] | None = None,
) -> Float[Tensor, ""]:
    """Return the loss of the critic; the gradient penalty of the real pictures is added by the caller.

    Parameters
    ----------
    real_logits, fake_logits : (N, C, h, w), usually with C = 1
    mask : (N, 1, H, W), optional
        Scaled to the patches: those of a fake outside the hole are to be called real. Without it all are fake.

    >>> round(discriminator_loss(torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 2, 2)).item(), 6)  # 2 log(2)
    1.386294
    """
    on_fake = functional.softplus(fake_logits)
    if mask is not None:
        hole = functional.interpolate(mask, size=fake_logits.shape[2:], mode="nearest")
        on_fake = hole * on_fake + (1 - hole) * functional.softplus(-fake_logits)
    return (functional.softplus(-real_logits) + on_fake).mean()  # Eq. 2


def gradient_penalty(real_logits: Float[Tensor, "N ..."], real: Float[Tensor, "N C H W"]) -> Float[Tensor, ""]:
    """Return the squared length of the gradient of the summed logits, the mean over pictures.

    Parameters
    ----------
    real_logits : (N, ...)
        Computed from `real`, whose `requires_grad` is on. The result can be differentiated again.
    real : (N, C, H, W)
    """
    (gradient,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
    return gradient.square().sum(dim=(1, 2, 3)).mean()
