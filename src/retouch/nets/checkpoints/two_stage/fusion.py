"""Attentional feature fusion as its authors published it (open-aff)."""

from __future__ import annotations

from retouch.nets.checkpoints.fixture import Config, Fixture
from retouch.nets.layers.attention.fusion import AttentionFusion, IterativeFusion, MultiScaleAttention


def _build_fusion(config: Config) -> AttentionFusion:
    return AttentionFusion(*_sizes(config), gain=2.0)


def _build_iterative(config: Config) -> IterativeFusion:
    return IterativeFusion(*_sizes(config), shared_global=True)


def _build_attention(config: Config) -> MultiScaleAttention:
    return MultiScaleAttention(*_sizes(config))


def _sizes(config: Config) -> tuple[int, int]:
    """Return channels and their reduction; the defaults are the authors'."""
    return config["ctor"].get("channels", 64), config["ctor"].get("r", 4)


FIXTURES = {
    "aff-aff": Fixture(_build_fusion),
    "aff-iaff": Fixture(_build_iterative),
    "aff-mscam": Fixture(_build_attention),
}
