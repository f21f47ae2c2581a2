"""Critics of maps of labels: one for whole crops, one for what is around the hole.

Source: L. Berlincioni, F. Becattini, L. Galteri, L. Seidenari, A. Del Bimbo: "Road Layout Understanding by Generative
Adversarial Inpainting", 2019; the layers are those of J. Yu et al.: "Generative Image Inpainting with Contextual
Attention", CVPR 2018, trained as WGAN with a gradient penalty of weight 10.

Departures: true maps are to be softened by `soften_labels`. A critic would else tell a softmax from a one-hot map by
its softness; the paper does not say how it deals with this. `window_corners` and `crop_windows` of
`retouch.nets.encoder_decoders.glcic` cut out what the local critic sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import InputError
from retouch.nets.layers.gated import PaddedConv


class MapCritic(nn.Module):
    """Convolutions 5 / 2 and one number for a whole map of a fixed size: the global or the local critic of WGAN-GP.

    Parameters
    ----------
    n_static : int
        S.
    size : pair of int
        Height and width of the maps.
    widths : sequence of int
        Channels of the convolutions.
    """

    def __init__(self, n_static: int, size: tuple[int, int], widths: Sequence[int]) -> None:
        super().__init__()
        leaky = partial(functional.leaky_relu, negative_slope=0.2)
        self.size = size
        self.stages = nn.Sequential(
            *(PaddedConv(a, b, 5, stride=2, activation=leaky) for a, b in pairwise([n_static, *widths]))
        )
        rows, columns = (-(-side // 2 ** len(widths)) for side in size)
        self.judge = nn.Linear(widths[-1] * rows * columns, 1)

    def forward(self, x: Float[Tensor, "N S H W"]) -> Float[Tensor, " N"]:
        """Return one score for each map, high for true ones; `x` are probabilities of the static classes.

        Raises
        ------
        InputError
            If the maps have another size than the critic was built for.
        """
        if tuple(x.shape[2:]) != self.size:
            raise InputError(
                f"this critic judges maps of {self.size[0]}x{self.size[1]}, got {x.shape[2]}x{x.shape[3]}; "
                "crop the maps or build it for their size"
            )
        scores: Tensor = self.judge(self.stages(x).flatten(1))
        return scores.flatten()


def soften_labels(labels: Float[Tensor, "N C H W"], share: float = 0.1) -> Float[Tensor, "N C H W"]:
    """Return true labels of which a share is spread over all classes, for the critics.

    >>> import torch
    >>> [round(value, 3) for value in soften_labels(torch.tensor([[[[1.0]], [[0.0]]]])).flatten().tolist()]
    [0.95, 0.05]
    """
    return (1 - share) * labels + share / labels.shape[1]


def global_map_critic_full(n_static: int = 8) -> MapCritic:
    """Return the critic of whole training crops, 128 rows by 256 columns: 2,708,673 parameters for eight classes."""
    return MapCritic(n_static, (128, 256), (64, 128, 256, 256))


def local_map_critic_full(n_static: int = 8) -> MapCritic:
    """Return the critic of the 64 x 64 pixels around a hole: 4,322,753 parameters for eight classes."""
    return MapCritic(n_static, (64, 64), (64, 128, 256, 512))


def global_map_critic_tiny(n_static: int = 8) -> MapCritic:
    """Return a critic of 64 x 64 pixels at an eighth of the width."""
    return MapCritic(n_static, (64, 64), (8, 16, 32, 32))


def local_map_critic_tiny(n_static: int = 8) -> MapCritic:
    """Return a critic of 32 x 32 pixels at an eighth of the width."""
    return MapCritic(n_static, (32, 32), (8, 16, 32, 64))
