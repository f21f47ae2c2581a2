"""Generator and critic of one scale of SinGAN, as in tamarott/SinGAN."""

from __future__ import annotations

from retouch.errors import UsageError
from retouch.nets.checkpoints.fixture import Config, Fixture
from retouch.nets.inpainting.singan import ScaleLayers, SinGANCritic, SinGANGenerator


def build_generator(config: Config) -> SinGANGenerator:
    """Build the generator of one scale."""
    return SinGANGenerator(config["ctor"].get("nc_im", 3), _layers(config))


def build_critic(config: Config) -> SinGANCritic:
    """Build the critic of one scale."""
    return SinGANCritic(config["ctor"].get("nc_im", 3), _layers(config))


def _layers(config: Config) -> ScaleLayers:
    ctor = config["ctor"]
    if ctor.get("stride", 1) != 1:
        raise UsageError(f"stride must be 1 as in the paper, got {ctor['stride']}")
    names = {"nfc": 32, "min_nfc": 32, "ker_size": 3, "padd_size": 0, "num_layer": 5}  # the authors' defaults
    return ScaleLayers(*(ctor.get(name, published) for name, published in names.items()))


FIXTURES = {
    "singan-generator-nopad": Fixture(build_generator),
    "singan-generator-pad": Fixture(build_generator),
    "singan-disc": Fixture(build_critic),
}
