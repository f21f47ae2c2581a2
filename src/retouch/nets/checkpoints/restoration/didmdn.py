"""The de-rainer and the rain estimator of DID-MDN, as in hezhangsprinter/DID-MDN."""

from __future__ import annotations

from typing import Any

from torch import nn

from retouch.nets.checkpoints.fixture import Config, Fixture, Inputs
from retouch.nets.restoration.didmdn import DerainBody
from retouch.nets.restoration.didmdn_residual import RainEstimator


def build_derainer(config: Config) -> DerainBody:
    """Build the three streams; the authors' class has no arguments."""
    return DerainBody()


def build_estimator(config: Config) -> RainEstimator:
    """Build the rain estimator; the authors' class has no arguments."""
    return RainEstimator()


def run_with_density(net: nn.Module, inputs: Inputs, config: Config) -> Any:
    """Call the net; the authors' code takes one label for the whole batch."""
    rainy = inputs["x"]
    density = inputs["label"].flatten().to(rainy.dtype)  # (1,) or (N,)
    return net(rainy, density.expand(len(rainy)))


FIXTURES = {
    "didmdn-dense": Fixture(build_derainer, run_with_density),
    "didmdn-residual": Fixture(build_estimator, run_with_density),
}
