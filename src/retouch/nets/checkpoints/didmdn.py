"""The de-rainer of DID-MDN, as in hezhangsprinter/DID-MDN."""

from __future__ import annotations

from retouch.nets.checkpoints.fixture import Config, Fixture
from retouch.nets.restoration.didmdn import DerainBody


def build_derainer(config: Config) -> DerainBody:
    """Build the three streams; the authors' class has no arguments."""
    return DerainBody()


FIXTURES = {"didmdn-dense": Fixture(build_derainer)}
