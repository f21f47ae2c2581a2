"""Generator and critic of one scale of SinGAN, as in tamarott/SinGAN."""

from __future__ import annotations

from retouch.errors import UsageError
from retouch.nets.checkpoints.fixture import Config, Fixture
from retouch.nets.inpainting.singan import ScaleLayers, SinGANCritic, SinGANGenerator


def build_generator(config: Config) -> SinGANGenerator:
    """Build the generator of one scale."""
    return SinGANGenerator(config["ctor"]["nc_im"], _layers(config))


def build_critic(config: Config) -> SinGANCritic:
    """Build the critic of one scale."""
    return SinGANCritic(config["ctor"]["nc_im"], _layers(config))


def _layers(config: Config) -> ScaleLayers:
    ctor = config["ctor"]
    if ctor["stride"] != 1:
        raise UsageError(f"stride must be 1 as in the paper, got {ctor['stride']}")
    return ScaleLayers(ctor["nfc"], ctor["min_nfc"], ctor["ker_size"], ctor["padd_size"], ctor["num_layer"])


FIXTURES = {
    "singan-generator-nopad": Fixture(build_generator),
    "singan-generator-pad": Fixture(build_generator),
    "singan-disc": Fixture(build_critic),
}
