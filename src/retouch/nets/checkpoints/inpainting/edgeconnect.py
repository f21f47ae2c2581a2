"""EdgeConnect under the authors' weights; with it the adversarial losses, Gram matrices and GLS-GAN's values."""

from __future__ import annotations

import re
from collections.abc import Sequence

from torch import Tensor, nn

from retouch.losses.adversarial import (
    glsgan_critic_loss,
    glsgan_generator_loss,
    l1_distance,
    least_squares_loss,
    nonsaturating_loss,
)
from retouch.losses.hinge import hinge_critic_loss, hinge_generator_loss
from retouch.losses.style import gram_matrix, style_loss
from retouch.nets.checkpoints.fixture import Config, Fixture, Inputs
from retouch.nets.checkpoints.widths import width_divisor
from retouch.nets.critics.spectral_patchgan import SpectralPatchGAN, edgeconnect_patchgan
from retouch.nets.inpainting.edgeconnect import EdgeGenerator, ImageGenerator

_WIDTH = 64
"""Published channels after the first convolution of every net here."""


def _build_edge_generator(config: Config) -> EdgeGenerator:
    ctor = config["ctor"]
    return EdgeGenerator(
        width=_WIDTH // width_divisor(config),
        n_blocks=ctor.get("residual_blocks", 8),
        spectral=ctor.get("use_spectral_norm", True),
    )


def _build_image_generator(config: Config) -> ImageGenerator:
    return ImageGenerator(width=_WIDTH // width_divisor(config), n_blocks=config["ctor"].get("residual_blocks", 8))


def _build_critic(config: Config) -> SpectralPatchGAN:
    ctor = config["ctor"]
    return edgeconnect_patchgan(
        ctor.get("in_channels", 3), width=_WIDTH // width_divisor(config), spectral=ctor.get("use_spectral_norm", True)
    )


def _run_critic(net: nn.Module, inputs: Inputs, config: Config) -> Sequence[Tensor | list[Tensor]]:
    scores, features = net(inputs["x"])
    return [scores.sigmoid() if config["ctor"].get("use_sigmoid", True) else scores, features]


def _run_adversarial(net: nn.Module, inputs: Inputs, config: Config) -> Sequence[Tensor]:
    real, fake = inputs["d_real"], inputs["d_fake"]
    values = []
    for loss in (nonsaturating_loss, least_squares_loss):
        values += [loss(real, as_real=True), loss(fake, as_real=False), loss(fake, as_real=True)]
    # The two halves of the critic's hinge, on their own: the negative of a score stands in for the other half.
    return [*values, hinge_critic_loss(real, -real), hinge_critic_loss(-fake, fake), hinge_generator_loss(fake)]


def _run_gram(net: nn.Module, inputs: Inputs, config: Config) -> Sequence[Tensor]:
    x, y = inputs["x"], inputs["y"]
    return [gram_matrix(x), style_loss([x], [y])]


def _run_glsgan(net: nn.Module, inputs: Inputs, config: Config) -> Sequence[Tensor]:
    real_loss, fake_loss = inputs["d_real"], inputs["d_fake"]
    distance = l1_distance(inputs["real"], inputs["fake"])
    others = {"g": glsgan_generator_loss(fake_loss), "pdist_l1": distance}
    values = []
    for label in config["outputs"]:
        found = re.fullmatch(r"d_lambda(.+)_slope(.+)", label)
        if found:
            margin_weight, slope = float(found[1]), float(found[2])
            values.append(glsgan_critic_loss(real_loss, fake_loss, distance, margin_weight=margin_weight, slope=slope))
        else:
            values.append(others[label])
    return values


FIXTURES = {
    "edgeconnect-edge": Fixture(_build_edge_generator),
    "edgeconnect-inpaint": Fixture(_build_image_generator),
    "edgeconnect-disc-edge": Fixture(_build_critic, _run_critic),
    "edgeconnect-disc-inpaint": Fixture(_build_critic, _run_critic),
    "edgeconnect-adversarial-loss": Fixture(run=_run_adversarial),
    "edgeconnect-gram": Fixture(run=_run_gram),
    "glsgan-values": Fixture(run=_run_glsgan),
}
