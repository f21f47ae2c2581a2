"""The official DeepFill networks (TensorFlow): contextual attention, generator, critic, hinge loss.

Tensors of these fixtures are NHWC; they are turned into NCHW and back here.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import UsageError
from retouch.losses.hinge import hinge_critic_loss, hinge_generator_loss
from retouch.nets.checkpoints.fixture import Config, Fixture, Inputs, build_nothing
from retouch.nets.checkpoints.widths import reduced_width
from retouch.nets.critics.sn_patchgan import WIDTHS, SNPatchGAN
from retouch.nets.inpainting.two_stage.deepfill_v2 import DeepFillV2, deepfill_v2
from retouch.nets.layers.attention.contextual_attention import AttentionSettings, contextual_attention, most_copied
from retouch.nets.layers.attention.flow_colours import flow_colours
from retouch.nets.layers.gated import Padding

_PADDINGS: dict[str, Padding] = {"SAME": "same", "REFLECT": "reflect"}


def _to_nchw(x: Tensor) -> Tensor:
    return x.permute(0, 3, 1, 2).contiguous()


def _to_nhwc(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1)


def _attention_settings(config: Config) -> AttentionSettings:
    ctor = config["ctor"]
    if ctor["stride"] != 1:
        raise UsageError(f"the official attention works at stride 1 only, got {ctor['stride']}")
    return AttentionSettings(
        patch_px=ctor["ksize"],
        rate=ctor["rate"],
        fuse_px=ctor["fuse_k"] if ctor["fuse"] else 1,
        sharpness=float(ctor["softmax_scale"]),
    )


def _run_attention(net: nn.Module, inputs: Inputs, config: Config) -> list[Tensor]:
    settings = _attention_settings(config)
    given = {name: _to_nchw(tensor) for name, tensor in inputs.items()}
    mask = given["mask"][:1] if "mask" in given else None  # the first one serves the whole batch
    features, weights = contextual_attention(given["f"], given["b"], mask, settings=settings)
    colours = flow_colours(most_copied(weights, given["b"].shape[3] // settings.rate))
    if settings.rate != 1:
        colours = functional.interpolate(colours, scale_factor=settings.rate, mode="bilinear", align_corners=True)
    return [_to_nhwc(features), _to_nhwc(colours)]


def _build_generator(config: Config) -> DeepFillV2:
    padding = config["ctor"].get("padding", "SAME")
    if padding not in _PADDINGS:
        raise UsageError(f"padding must be one of {', '.join(_PADDINGS)}, got {padding!r}")
    return deepfill_v2(reduced_width(config, 48) // 2, padding=_PADDINGS[padding])


def _run_generator(net: nn.Module, inputs: Inputs, config: Config) -> list[Tensor]:
    return [_to_nhwc(stage) for stage in net(_to_nchw(inputs["x"]), _to_nchw(inputs["mask"]))]


def _build_critic(config: Config) -> SNPatchGAN:
    first = reduced_width(config, WIDTHS[0])
    in_channels = config["inputs"]["x"][-1] if "inputs" in config else 4
    return SNPatchGAN(in_channels, [first * width // WIDTHS[0] for width in WIDTHS])


def _run_critic(net: nn.Module, inputs: Inputs, config: Config) -> Tensor:
    return _to_nhwc(net(_to_nchw(inputs["x"]))).flatten(1)


def _run_hinge(net: nn.Module, inputs: Inputs, config: Config) -> list[Any]:
    real, fake = inputs["pos"], inputs["neg"]
    return [hinge_generator_loss(fake), hinge_critic_loss(real, fake)]


FIXTURES = {
    **{
        f"deepfill-official-ca-{variant}": Fixture(build_nothing, _run_attention)
        for variant in ("0", "0m", "1", "1m", "2", "2m")
    },
    "deepfillv2-official-generator": Fixture(_build_generator, _run_generator),
    "deepfillv2-official-sn-patchgan": Fixture(_build_critic, _run_critic),
    "deepfillv2-official-hinge": Fixture(build_nothing, _run_hinge),
}
