"""Critics of whole crops, a global and a local one: DeepFill's, for training as a WGAN with a gradient penalty.

Source: J. Yu, Z. Lin, J. Yang, X. Shen, X. Lu, T. Huang: "Generative Image Inpainting with Contextual Attention", CVPR
2018, Sec. 3.2 and Fig. 2; widths as in the authors' code.

Departures: none. `window_corners` and `crop_windows` of `retouch.nets.encoder_decoders.glcic` cut out what the local
critic sees.
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


class CropCritic(nn.Module):
    """Convolutions 5 / 2 and one number for a whole crop of a fixed size.

    Parameters
    ----------
    in_channels : int
        Of a picture, or one for each class of a map of labels.
    size : pair of int
        Height and width of the crops.
    widths : sequence of int
        Channels of the convolutions.
    """

    def __init__(self, in_channels: int, size: tuple[int, int], widths: Sequence[int]) -> None:
        super().__init__()
        leaky = partial(functional.leaky_relu, negative_slope=0.2)
        self.size = size
        self.stages = nn.Sequential(
            *(PaddedConv(a, b, 5, stride=2, activation=leaky) for a, b in pairwise([in_channels, *widths]))
        )
        rows, columns = (-(-side // 2 ** len(widths)) for side in size)
        self.judge = nn.Linear(widths[-1] * rows * columns, 1)

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, " N"]:
        """Return one score for each crop, high for true ones.

        Raises
        ------
        InputError
            If the crops have another size than the critic was built for.
        """
        if tuple(x.shape[2:]) != self.size:
            raise InputError(
                f"this critic judges crops of {self.size[0]}x{self.size[1]}, got {x.shape[2]}x{x.shape[3]}; "
                "crop them or build it for their size"
            )
        scores: Tensor = self.judge(self.stages(x).flatten(1))
        return scores.flatten()


def global_picture_critic_full() -> CropCritic:
    """Return DeepFill's critic of whole pictures of 256 px: 2,733,441 parameters."""
    return CropCritic(3, (256, 256), (64, 128, 256, 256))


def local_picture_critic_full() -> CropCritic:
    """Return DeepFill's critic of the 128 x 128 pixels around a hole: 4,339,329 parameters."""
    return CropCritic(3, (128, 128), (64, 128, 256, 512))


def global_picture_critic_tiny() -> CropCritic:
    """Return a critic of whole pictures of 64 px."""
    return CropCritic(3, (64, 64), (16, 32, 64, 64))


def local_picture_critic_tiny() -> CropCritic:
    """Return a critic of the 32 x 32 pixels around a hole."""
    return CropCritic(3, (32, 32), (16, 32, 64, 64))
