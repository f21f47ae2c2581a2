"""LaMa's generators, layers, critic and losses, from the authors' constructor arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import WeightsError
from retouch.losses.lama import (
    discriminator_loss,
    feature_matching,
    generator_loss,
    gradient_penalty,
    masked_l1,
    masked_l2,
)
from retouch.nets.checkpoints.fixture import Config, Fixture, Inputs
from retouch.nets.critics.patchgan import lama_discriminator
from retouch.nets.inpainting.lama import Shape, fourier_generator, regular_generator
from retouch.nets.layers.attention.channel_attention import SqueezeExcitation
from retouch.nets.layers.fourier.fast_convolution import (
    FFC,
    FFCNormAct,
    FourierUnit,
    SpectralTransform,
    Split,
    Window,
    ffc_residual_block,
)

_ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = {
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "True": nn.Tanh,
    "False": nn.Identity,
    "ReLU": nn.ReLU,
    "Identity": nn.Identity,
}
_NO_QUADRANTS = {"enable_lfu": False}
_WINDOW_NAMES = {name: name for name in ("kernel_size", "stride", "padding", "dilation")}
_SHAPE_NAMES = {
    "input_nc": "in_channels",
    "output_nc": "out_channels",
    "ngf": "width",
    "n_downsampling": "n_downsampling",
    "n_blocks": "n_blocks",
}


def _taken(ctor: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Remove these arguments and return them under our names."""
    return {ours: ctor.pop(theirs) for theirs, ours in names.items() if theirs in ctor}


def _split(ctor: dict[str, Any]) -> Split:
    """Remove the shares of the channels and return them; the authors' quadrants are on unless refused."""
    ratio_gin, ratio_gout = (float(ctor.pop(name, 0)) for name in ("ratio_gin", "ratio_gout"))
    return Split(ratio_gin, ratio_gout, enable_lfu=ctor.pop("enable_lfu", True))


def _refuse_rest(ctor: Mapping[str, Any]) -> None:
    if ctor:
        raise WeightsError(f"constructor arguments without a counterpart here: {', '.join(sorted(ctor))}")


def _refuse_other_norms(ctor: dict[str, Any]) -> None:
    norm = ctor.pop("norm_layer", "BatchNorm2d")
    if norm != "BatchNorm2d":
        raise WeightsError(f"norm_layer must be BatchNorm2d, got {norm}")


def _activation(ctor: dict[str, Any], name: str, default: str) -> nn.Module:
    wanted = str(ctor.pop(name, default))
    if wanted not in _ACTIVATIONS:
        raise WeightsError(f"{name} must be one of {', '.join(_ACTIVATIONS)}, got {wanted}")
    return _ACTIVATIONS[wanted]()


def _build_ffc(config: Config) -> nn.Module:
    """Return one block; the authors' padding is none unless they say so."""
    ctor = dict(config["ctor"])
    split, activation = _split(ctor), _activation(ctor, "activation_layer", "Identity")
    _refuse_other_norms(ctor)
    padding_mode = ctor.pop("padding_type", "reflect")
    window = Window(**{"padding": 0, "padding_mode": padding_mode} | _taken(ctor, _WINDOW_NAMES))
    ffc = FFC(ctor.pop("in_channels"), ctor.pop("out_channels"), split, window)
    _refuse_rest(ctor)
    return FFCNormAct(ffc, activation)


def _build_residual_block(config: Config) -> nn.Module:
    ctor = dict(config["ctor"])
    _refuse_other_norms(ctor)
    dilation = ctor.pop("dilation", 1)
    window = Window(padding=dilation, dilation=dilation, padding_mode=ctor.pop("padding_type"))
    split, activation = _split(ctor), _activation(ctor, "activation_layer", "ReLU")
    block = ffc_residual_block(ctor.pop("dim"), split, window, activation)
    _refuse_rest(ctor)
    return block


def _build_fourier_generator(config: Config) -> nn.Module:
    ctor = dict(config["ctor"])
    splits = {
        ours: _split(dict(ctor.pop(f"{theirs}_conv_kwargs", {"ratio_gin": share, "ratio_gout": share} | _NO_QUADRANTS)))
        for ours, theirs, share in (("stem", "init", 0), ("down", "downsample", 0), ("block", "resnet", 0.75))
    }
    shape, activation = Shape(**_taken(ctor, _SHAPE_NAMES)), _activation(ctor, "add_out_act", "True")
    _refuse_rest(ctor)
    return fourier_generator(shape, **splits, activation=activation)


def _build_regular_generator(config: Config) -> nn.Module:
    ctor = dict(config["ctor"])
    shape, activation = Shape(**_taken(ctor, _SHAPE_NAMES)), _activation(ctor, "add_out_act", "True")
    _refuse_rest(ctor)
    return regular_generator(shape, activation=activation)


def _build_discriminator(config: Config) -> nn.Module:
    ctor = dict(config["ctor"])
    renamed = _taken(ctor, {"input_nc": "in_channels", "ndf": "width", "n_layers": "n_layers"})
    _refuse_rest(ctor)
    return lama_discriminator(**{"n_layers": 3} | renamed)  # the authors' default; their recipe says 4


def _build_squeeze(config: Config) -> nn.Module:
    ctor = dict(config["ctor"])
    renamed = _taken(ctor, {"channel": "channels", "reduction": "reduction"})
    _refuse_rest(ctor)
    return SqueezeExcitation(**renamed)


def _run_shares(net: nn.Module, inputs: Inputs, config: Config) -> list[Tensor]:
    """Leave out the share that has no channels."""
    return [share for share in net(inputs.get("x_l"), inputs.get("x_g")) if share is not None]


def _run_losses(net: nn.Module, inputs: Inputs, config: Config) -> list[Tensor]:
    """Compute all losses with the stand-in critics that the fixture describes."""
    fake, target, mask, w = (inputs[name] for name in ("pred", "target", "mask", "w"))
    ctor = config["ctor"]
    if ctor["mask_scale_mode"] != "nearest":
        raise WeightsError(f"mask_scale_mode must be nearest, got {ctor['mask_scale_mode']}")
    ours, theirs = ([functional.conv2d(x, w, padding=1, stride=s) for s in (1, 2)] for x in (fake, target))
    with torch.enable_grad():
        real = target.clone().requires_grad_()
        real_logits = torch.tanh(functional.conv2d(real, w, stride=2, padding=1)) ** 2
        penalty = ctor["gp_coef"] * gradient_penalty(real_logits, real).detach()
    real_logits, fake_logits = real_logits.detach(), functional.conv2d(fake, w, stride=2, padding=1)
    return [
        masked_l1(fake, target, mask, 10.0, 0.0),
        masked_l1(fake, target, mask, 1.0, 6.0),
        masked_l2(fake, target, mask, 2.0, 5.0),
        feature_matching(ours, theirs),
        feature_matching(ours, theirs, mask),
        discriminator_loss(real_logits, fake_logits, mask if ctor["mask_as_fake_target"] else None) + penalty,
        real_logits.mean(),
        fake_logits.mean(),
        penalty,
        ctor["weight"] * generator_loss(fake_logits),
    ]


FIXTURES: dict[str, Fixture] = {
    "lama-generator": Fixture(_build_fourier_generator),
    "lama-generator-regular": Fixture(_build_regular_generator),
    "lama-disc": Fixture(_build_discriminator),
    "lama-ffc-resblock": Fixture(_build_residual_block, _run_shares),
    "lama-fourier-unit": Fixture(lambda config: FourierUnit(**config["ctor"])),
    "lama-spectral-transform": Fixture(lambda config: SpectralTransform(**config["ctor"])),
    "lama-se-layer": Fixture(_build_squeeze),
    "lama-losses": Fixture(run=_run_losses),
} | {f"lama-ffc-{number}": Fixture(_build_ffc, _run_shares) for number in range(5)}
