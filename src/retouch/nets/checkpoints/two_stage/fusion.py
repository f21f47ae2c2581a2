"""Attentional feature fusion as its authors published it (open-aff)."""

from __future__ import annotations

from retouch.nets.checkpoints.fixture import Config, Fixture
from retouch.nets.layers.attention.fusion import AttentionFusion, IterativeFusion, MultiScaleAttention


def _build_fusion(config: Config) -> AttentionFusion:
    ctor = config["ctor"]
    return AttentionFusion(ctor["channels"], ctor["r"], gain=2.0)


def _build_iterative(config: Config) -> IterativeFusion:
    ctor = config["ctor"]
    return IterativeFusion(ctor["channels"], ctor["r"], shared_global=True)


def _build_attention(config: Config) -> MultiScaleAttention:
    ctor = config["ctor"]
    return MultiScaleAttention(ctor["channels"], ctor["r"])


FIXTURES = {
    "aff-aff": Fixture(_build_fusion),
    "aff-iaff": Fixture(_build_iterative),
    "aff-mscam": Fixture(_build_attention),
}
