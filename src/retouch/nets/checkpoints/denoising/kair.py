"""Denoisers of cszn/KAIR: DnCNN, FDnCNN, IRCNN, FFDNet, DRUNet."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from retouch.errors import UsageError
from retouch.nets.checkpoints.fixture import Config, Fixture, Inputs
from retouch.nets.denoising.dncnn import IRCNN, DnCNN, FDnCNN
from retouch.nets.denoising.drunet import DRUNet
from retouch.nets.denoising.ffdnet import FFDNet


def build_dncnn(config: Config) -> DnCNN:
    """Build a DnCNN; mode "BR" has batch norm, "R" has it merged."""
    ctor = _known_modes(config, act_mode=("BR", "R"))
    batch_norm = ctor.get("act_mode", "BR") == "BR"
    return DnCNN(_same_channels(ctor), ctor.get("nc", 64), ctor.get("nb", 17), batch_norm=batch_norm)


def build_fdncnn(config: Config) -> FDnCNN:
    """Build an FDnCNN; the authors count the noise map as an input channel."""
    ctor = _known_modes(config, act_mode=("R",))
    return FDnCNN(ctor.get("out_nc", 1), ctor.get("nc", 64), ctor.get("nb", 20))


def build_ircnn(config: Config) -> IRCNN:
    """Build one IRCNN denoiser."""
    ctor = config["ctor"]
    return IRCNN(_same_channels(ctor), ctor.get("nc", 64))


def build_ffdnet(config: Config) -> FFDNet:
    """Build an FFDNet."""
    ctor = _known_modes(config, act_mode=("R",))
    return FFDNet(_same_channels(ctor), ctor.get("nc", 64), ctor.get("nb", 15))


def build_drunet(config: Config) -> DRUNet:
    """Build a DRUNet; the authors count the noise map as an input channel."""
    ctor = _known_modes(config, act_mode=("R",), downsample_mode=("strideconv",), upsample_mode=("convtranspose",))
    widths, n_blocks = ctor.get("nc", [64, 128, 256, 512]), ctor.get("nb", 4)
    return DRUNet(ctor.get("out_nc", 1), widths, n_blocks, bias=ctor.get("bias", True))


def run_with_noise_map(net: nn.Module, inputs: Inputs, config: Config) -> Tensor:
    """Call a net whose fixture holds picture and noise map in one tensor, the map last."""
    both = inputs["x"]
    clean: Tensor = net(both[:, :-1], both[:, -1:])
    return clean


def _known_modes(config: Config, **modes: tuple[str, ...]) -> dict[str, Any]:
    ctor: dict[str, Any] = config["ctor"]
    for name, known in modes.items():
        if ctor.get(name, known[0]) not in known:
            raise UsageError(f"{name} must be one of {', '.join(known)}, got {ctor[name]!r}; build the net by hand")
    return ctor


def _same_channels(ctor: dict[str, Any]) -> int:
    channels: int = ctor.get("out_nc", 1)
    if ctor.get("in_nc", 1) != channels:
        raise UsageError(f"in_nc and out_nc must be equal, got {ctor.get('in_nc', 1)} and {channels}")
    return channels


FIXTURES = {
    "kair-dncnn": Fixture(build_dncnn),
    "kair-dncnn-merged": Fixture(build_dncnn),
    "kair-fdncnn": Fixture(build_fdncnn, run_with_noise_map),
    "kair-ircnn": Fixture(build_ircnn),
    "kair-ffdnet-gray": Fixture(build_ffdnet),
    "kair-ffdnet-color": Fixture(build_ffdnet),
    "kair-drunet-gray": Fixture(build_drunet, run_with_noise_map),
    "kair-drunet-color": Fixture(build_drunet, run_with_noise_map),
}
