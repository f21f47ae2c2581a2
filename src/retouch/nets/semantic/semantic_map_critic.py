"""Critics of maps of labels: one for whole crops, one for what is around the hole.

Source: L. Berlincioni, F. Becattini, L. Galteri, L. Seidenari, A. Del Bimbo: "Road Layout Understanding by Generative
Adversarial Inpainting", 2019; the layers are those of J. Yu et al.: "Generative Image Inpainting with Contextual
Attention", CVPR 2018, trained as WGAN with a gradient penalty of weight 10.

Departures: true maps are to be softened by `soften_labels`. A critic would else tell a softmax from a one-hot map by
its softness; the paper does not say how it deals with this. `window_corners` and `crop_windows` of
`retouch.nets.encoder_decoders.glcic` cut out what the local critic sees.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from retouch.nets.critics.crop_critic import CropCritic


def soften_labels(labels: Float[Tensor, "N C H W"], share: float = 0.1) -> Float[Tensor, "N C H W"]:
    """Return true labels of which a share is spread over all classes, for the critics.

    >>> import torch
    >>> [round(value, 3) for value in soften_labels(torch.tensor([[[[1.0]], [[0.0]]]])).flatten().tolist()]
    [0.95, 0.05]
    """
    return (1 - share) * labels + share / labels.shape[1]


def global_map_critic_full(n_static: int = 8) -> CropCritic:
    """Return the critic of whole training crops, 128 rows by 256 columns: 2,708,673 parameters for eight classes."""
    return CropCritic(n_static, (128, 256), (64, 128, 256, 256))


def local_map_critic_full(n_static: int = 8) -> CropCritic:
    """Return the critic of the 64 x 64 pixels around a hole: 4,322,753 parameters for eight classes."""
    return CropCritic(n_static, (64, 64), (64, 128, 256, 512))


def global_map_critic_tiny(n_static: int = 8) -> CropCritic:
    """Return a critic of 64 x 64 pixels at an eighth of the width."""
    return CropCritic(n_static, (64, 64), (8, 16, 32, 32))


def local_map_critic_tiny(n_static: int = 8) -> CropCritic:
    """Return a critic of 32 x 32 pixels at an eighth of the width."""
    return CropCritic(n_static, (32, 32), (8, 16, 32, 64))
