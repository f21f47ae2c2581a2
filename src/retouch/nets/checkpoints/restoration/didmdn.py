"""The de-rainer and the rain estimator of DID-MDN, as in hezhangsprinter/DID-MDN."""

from __future__ import annotations

from retouch.nets.checkpoints.fixture import Config, Fixture
from retouch.nets.restoration.didmdn import DerainBody
from retouch.nets.restoration.didmdn_residual import RainEstimator


def build_derainer(config: Config) -> DerainBody:
    """Build the three streams; the authors' class has no arguments."""
    return DerainBody()


def build_estimator(config: Config) -> RainEstimator:
    """Build the rain estimator; the authors' class has no arguments."""
    return RainEstimator()


FIXTURES = {"didmdn-dense": Fixture(build_derainer), "didmdn-residual": Fixture(build_estimator)}
