"""What stands between the named tensors of a graph and the forward of a network."""

from __future__ import annotations

import importlib
from typing import Any

from torch import Tensor, nn

from retouch.errors import UsageError
from retouch.nets.captions.caption_generator import CaptionGenerator, fill_captions
from retouch.nets.catalogue.entries import NetInfo, kept_outputs
from retouch.nets.checkpoints.fixture import flat_tensors
from retouch.nets.detection.mobilesam import MobileSAM, Prompts


class NamedOutputs(nn.Module):
    """A network that gives a flat tuple of the outputs that are kept.

    Parameters
    ----------
    net : nn.Module
        Takes tensors in order.
    places : sequence of int
        Of the outputs, counted through nested tuples.
    """

    def __init__(self, net: nn.Module, places: list[int]) -> None:
        super().__init__()
        self.net = net
        self.places = places

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs that are kept."""
        outputs = list(flat_tensors(self.net(*tensors)))
        return tuple(outputs[place] for place in self.places)


class ClickedMasks(nn.Module):
    """MobileSAM as tensors go in and out: a picture of `preprocess`, points and their labels.

    Parameters
    ----------
    net : MobileSAM
    """

    def __init__(self, net: MobileSAM) -> None:
        super().__init__()
        self.net = net

    def forward(self, picture: Tensor, points: Tensor, labels: Tensor) -> Any:
        """Return logits of four masks and their quality."""
        return self.net(picture, Prompts(points=points, labels=labels))


class FilledCaptions(nn.Module):
    """The caption generator at its public boundary: clips of any size in [0, 1].

    Parameters
    ----------
    net : CaptionGenerator
    """

    def __init__(self, net: CaptionGenerator) -> None:
        super().__init__()
        self.net = net

    def forward(self, frames: Tensor, masks: Tensor) -> Tensor:
        """Return the middle frame."""
        return fill_captions(self.net, frames, masks)


def adapt(net: nn.Module, info: NetInfo) -> nn.Module:
    """Return a module that takes and gives what the catalogue's line says.

    Raises
    ------
    UsageError
        If the network has no ONNX form; says why.
    """
    if info.no_export:
        raise UsageError(f"'{info.name}' is not exported: {info.no_export}")
    if info.adapter:
        module, name = info.adapter.split(":")
        net = getattr(importlib.import_module(module), name)(net)
    return NamedOutputs(net, list(kept_outputs(info.outputs))).eval()
