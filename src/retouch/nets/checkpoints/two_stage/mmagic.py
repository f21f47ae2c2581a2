"""DeepFill networks as ported by mmagic: attention, both generators, the critic.

The widths are those of the port's configuration (a factor for each part), divided as the fixture says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import UsageError
from retouch.nets.checkpoints.fixture import Config, Fixture, Inputs, build_nothing
from retouch.nets.checkpoints.widths import width_divisor
from retouch.nets.critics.sn_patchgan import SNPatchGAN
from retouch.nets.inpainting.two_stage.deepfill_v1 import DeepFillV1
from retouch.nets.inpainting.two_stage.deepfill_v2 import DeepFillV2
from retouch.nets.inpainting.two_stage.networks import (
    AttentionPath,
    CoarseNetwork,
    RefineNetwork,
    attention_encoder,
    coarse_encoder,
    refine_encoder,
)
from retouch.nets.inpainting.two_stage.parts import Decoder, LayerStyle, dilate
from retouch.nets.layers.attention.contextual_attention import (
    NORMALISED,
    AttentionSettings,
    ContextualAttention,
    contextual_attention,
)
from retouch.nets.layers.gated import Activation, GatedConv, PaddedConv, Padding, keep

_PADDINGS: dict[str, Padding] = {"zeros": "zeros", "reflect": "reflect"}
_FIRST_CHANNELS = 32


def _run_attention(net: nn.Module, inputs: Inputs, config: Config) -> list[Tensor]:
    x, context, mask = inputs.values()
    features, weights = contextual_attention(x, context, mask, settings=NORMALISED)
    height, width = (side // NORMALISED.rate for side in context.shape[2:])
    return [features, weights.reshape(len(weights), height, width, *weights.shape[2:])]


def _build_generator(config: Config) -> DeepFillV1 | DeepFillV2:
    first, second = config["ctor"]["stage1"], config["ctor"]["stage2"]
    c = _channels(config, first["encoder"])
    c_coarse = _channels(config, first["decoder"])
    coarse = CoarseNetwork(
        coarse_encoder(5, c, _style(first["encoder"])),
        dilate(4 * c, _neck_style(first["dilation_neck"])),
        Decoder(4 * c, c_coarse, _style(first["decoder"])),
    )
    c = _channels(config, second["encoder_conv"])
    c_attention = _channels(config, second["encoder_attention"])
    neck = second["contextual_attention"]
    path = AttentionPath(
        attention_encoder(5, c_attention, _style(second["encoder_attention"])),
        ContextualAttention(_attention_settings(neck)),
        dilate(4 * c_attention, _style(neck), (1, 1)),
    )
    refine = RefineNetwork(
        refine_encoder(5, c, _style(second["encoder_conv"])),
        dilate(4 * c, _neck_style(second["dilation_neck"])),
        path,
        Decoder(4 * (c + c_attention), _channels(config, second["decoder"]), _style(second["decoder"])),
    )
    gated = _is_gated(first["encoder"])
    return (DeepFillV2 if gated else DeepFillV1)(coarse, refine, refine_sees_mask=True)


def _is_gated(part: Mapping[str, Any]) -> bool:
    return bool(part.get("conv_type", "conv") == "gated_conv")


def _style(part: Mapping[str, Any]) -> LayerStyle:
    layer = GatedConv if _is_gated(part) else PaddedConv
    return LayerStyle(
        layer,
        last_layer=layer,
        padding=_PADDINGS[part.get("padding_mode", "zeros")],
        output=_activation(part.get("out_act_cfg", {"type": "clip"})),
        before_attention=functional.elu,
    )


def _neck_style(part: Mapping[str, Any]) -> LayerStyle:
    """Return the style of the dilated layers, the only ones whose activation is the configuration's to choose."""
    style = _style(part)
    if _is_gated(part):
        return style
    return replace(style, layer=partial(PaddedConv, activation=_activation(part.get("act_cfg", {"type": "ReLU"}))))


def _attention_settings(part: Mapping[str, Any]) -> AttentionSettings:
    arguments = part.get("contextual_attention_args", {})
    return replace(NORMALISED, sharpness=float(arguments.get("softmax_scale", NORMALISED.sharpness)))


def _channels(config: Config, part: Mapping[str, Any]) -> int:
    return int(_FIRST_CHANNELS * part.get("channel_factor", 1.0)) // width_divisor(config)


def _activation(config: Mapping[str, Any] | None) -> Activation:
    """Return an activation from the port's configuration."""
    if config is None:
        return keep
    known: dict[str, Activation] = {
        "ELU": functional.elu,
        "ReLU": functional.relu,
        "Tanh": torch.tanh,
        "LeakyReLU": partial(functional.leaky_relu, negative_slope=config.get("negative_slope", 0.01)),
        "clip": partial(torch.clamp, min=config.get("min", -1.0), max=config.get("max", 1.0)),
    }
    if config["type"] not in known:
        raise UsageError(f"activation must be one of {', '.join(known)}, got {config['type']!r}")
    return known[config["type"]]


def _run_generator(net: nn.Module, inputs: Inputs, config: Config) -> list[Tensor]:
    x = inputs["x"]  # picture, ones, mask
    return list(net(x[:, :3], x[:, 4:]))


def _build_critic(config: Config) -> SNPatchGAN:
    ctor = config["ctor"]
    if ctor.get("norm_cfg") or ctor.get("fc_in_channels"):
        raise UsageError("SN-PatchGAN has neither norm layers nor a fully connected one")
    n_layers, divisor = ctor["num_convs"], width_divisor(config)
    widths = [min(64 * 2**i, ctor["max_channels"]) // divisor for i in range(n_layers)]
    return SNPatchGAN(
        ctor["in_channels"],
        widths,
        padding="zeros",
        activation=_activation(ctor["act_cfg"]),
        last_activation=_activation(ctor["out_act_cfg"]),
        spectral=ctor["with_spectral_norm"],
    )


FIXTURES = {
    "mmagic-ca": Fixture(build_nothing, _run_attention),
    "mmagic-deepfillv1": Fixture(_build_generator, _run_generator),
    "mmagic-deepfillv2": Fixture(_build_generator, _run_generator),
    "mmagic-deepfillv2-disc": Fixture(_build_critic),
}
