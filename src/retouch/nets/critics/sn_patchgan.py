"""SN-PatchGAN: a fully convolutional critic with spectral normalisation that scores every feature of every patch.

Source: J. Yu, Z. Lin, J. Yang, X. Shen, X. Lu, T. Huang, "Free-form image inpainting with gated convolution", ICCV
2019, Sec. 3.2.
Departures: the power iteration runs in training only; the authors' code takes one step in every call, also in
evaluation. `convert_official` takes that step once, so that evaluation gives what theirs gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from retouch.errors import WeightsError
from retouch.nets.layers.gated import Activation, PaddedConv, Padding
from retouch.nets.layers.spectral import rename_spectral_keys

WIDTHS = (64, 128, 256, 256, 256, 256)
"""The published channels."""
_LEAKY: Activation = partial(functional.leaky_relu, negative_slope=0.2)


class SNPatchGAN(nn.Module):
    """Critic of pictures with their masks; all scores count alike in the hinge loss.

    Parameters
    ----------
    in_channels : int
        3 for RGB in [-1, 1], 1 for the mask (1 = missing), more for a sketch.
    widths : sequence of int
        Channels of the layers; each layer halves the side.
    padding : {"same", "zeros", "reflect"}
        "same" is the official code, "zeros" the mmagic port.
    activation, last_activation : callable
        Leaky ReLU of 0.2 unless others are given, also after the last layer.
    spectral : bool
        Whether weights are divided by their largest singular value.
    """

    def __init__(
        self,
        in_channels: int = 4,
        widths: Sequence[int] = WIDTHS,
        *,
        padding: Padding = "same",
        activation: Activation = _LEAKY,
        last_activation: Activation = _LEAKY,
        spectral: bool = True,
    ) -> None:
        super().__init__()
        last = len(widths) - 1
        self.layers = nn.ModuleList()
        for i, (before, after) in enumerate(pairwise([in_channels, *widths])):
            chosen = last_activation if i == last else activation
            layer = PaddedConv(before, after, 5, stride=2, padding=padding, activation=chosen)
            if spectral:
                parametrizations.spectral_norm(layer.conv)
            self.layers.append(layer)

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D h w"]:
        """Return the scores: for 256 x 256 pixels a map of 4 x 4 places with 256 scores each."""
        for layer in self.layers:
            x = layer(x)
        return x

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return weights of the official TensorFlow code (scope `sn_patch_gan`) or of the mmagic port."""
        if any(key.startswith("sn_patch_gan/") for key in state):
            return _convert_tensorflow(state)
        renamed = {}
        for key, value in rename_spectral_keys(state).items():
            number, _, rest = key.removeprefix("conv").partition(".")
            renamed[f"layers.{_place(number, key)}.{rest}"] = value
        return renamed


def sn_patchgan_full() -> SNPatchGAN:
    """Return the published critic: 5,946,816 parameters."""
    return SNPatchGAN()


def sn_patchgan_tiny() -> SNPatchGAN:
    """Return a critic of an eighth of the published width, for pictures of 64 pixels."""
    return SNPatchGAN(widths=[width // 8 for width in WIDTHS])


def _convert_tensorflow(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    renamed = {}
    for key, value in state.items():
        number, _, rest = key.removeprefix("sn_patch_gan/conv").partition("/")
        conv = f"layers.{_place(number, key)}.conv"
        if rest == "bias":
            renamed[f"{conv}.bias"] = value
        elif rest == "kernel":
            weight = value.permute(3, 2, 0, 1).contiguous()
            stored = state[f"{key}_sn/u"].flatten()
            right = functional.normalize(stored @ weight.flatten(1), dim=0, eps=1e-12)
            renamed[f"{conv}.parametrizations.weight.original"] = weight
            renamed[f"{conv}.parametrizations.weight.0._v"] = right
            renamed[f"{conv}.parametrizations.weight.0._u"] = functional.normalize(
                weight.flatten(1) @ right, dim=0, eps=1e-12
            )
        elif rest != "kernel_sn/u":
            raise WeightsError(f"SN-PatchGAN has no variable {key!r}; are these weights of another network?")
    return renamed


def _place(number: str, key: str) -> int:
    if not number.isdecimal():
        raise WeightsError(f"SN-PatchGAN's layers are called conv1, conv2, ..., got {key!r}")
    return int(number) - 1
