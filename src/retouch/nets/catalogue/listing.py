"""All networks in one table, found by name and built by preset."""

from __future__ import annotations

import importlib
from typing import Any

from retouch.errors import UsageError, unknown_name
from retouch.nets.catalogue.critics import CRITICS
from retouch.nets.catalogue.denoising import DENOISING
from retouch.nets.catalogue.detection import DETECTION
from retouch.nets.catalogue.entries import NetInfo, Preset
from retouch.nets.catalogue.generating import GENERATING
from retouch.nets.catalogue.inpainting import INPAINTING
from retouch.nets.catalogue.restoration import RESTORATION
from retouch.nets.catalogue.semantic import SEMANTIC_NETS
from retouch.nets.catalogue.video import VIDEO_NETS

NETS: tuple[NetInfo, ...] = (
    *INPAINTING,
    *DENOISING,
    *RESTORATION,
    *SEMANTIC_NETS,
    *VIDEO_NETS,
    *DETECTION,
    *GENERATING,
    *CRITICS,
)


def net_names() -> tuple[str, ...]:
    """Return the names of all networks in the order of the catalogue.

    >>> "lama" in net_names()
    True
    """
    return tuple(info.name for info in NETS)


def find_net(name: str) -> NetInfo:
    """Return the catalogue's line of that name.

    Raises
    ------
    UsageError
        If there is no such network; the nearest name is suggested.

    >>> find_net("dncnn").task
    'denoise'
    """
    for info in NETS:
        if info.name == name:
            return info
    raise UsageError(unknown_name("network", name, net_names()))


def find_preset(info: NetInfo, name: str) -> Preset:
    """Return a size of a network.

    Raises
    ------
    UsageError
        If it has no such preset; those that it has are named.

    >>> find_preset(find_net("lama"), "big").n_parameters
    50975875
    """
    for preset in info.presets:
        if preset.name == name:
            return preset
    raise UsageError(unknown_name(f"preset of '{info.name}'", name, [preset.name for preset in info.presets]))


def build_preset(preset: Preset) -> Any:
    """Build a network with its initial weights; the only function here that needs torch.

    Returns
    -------
    torch.nn.Module
        In evaluation mode.
    """
    module, function = preset.build.split(":")
    net = getattr(importlib.import_module(module), function)(**dict(preset.arguments))
    return net.eval()
