"""What a trained network must give to be a backbone: its features, layer by layer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from jaxtyping import Float
from torch import Tensor, nn


class TappedNet(nn.Module, ABC):
    """A network whose layers can be looked at in turn.

    Attributes
    ----------
    name : str
        Of the network, for results.
    layers : tuple of str
        All that it has, in their order.
    default_layers : tuple of str
        Those that are taken where nobody chooses.
    """

    name: str
    layers: tuple[str, ...]
    default_layers: tuple[str, ...]

    @abstractmethod
    def taps(self, picture: Float[Tensor, "N 3 H W"]) -> Iterator[tuple[str, Tensor]]:
        """Give name and features of each layer in turn, for RGB pictures in [0, 1].

        What lies behind the last one that is asked for is not computed.
        """
