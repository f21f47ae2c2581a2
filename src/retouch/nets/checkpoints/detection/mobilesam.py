"""MobileSAM under its authors' weights, asked with points, a box, and points with a rough mask.

Source: fixture made with ChaoningZhang/MobileSAM (Apache-2.0; run only).
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from retouch.errors import UsageError
from retouch.nets.checkpoints.fixture import Config, Fixture, Inputs
from retouch.nets.detection.mobilesam import MobileSAM, Prompts, mobile_sam
from retouch.nets.detection.tiny_vit import TinyViTSizes

_CORNER = 8  # px of the prepared picture that the fixture holds


def _build(config: Config) -> nn.Module:
    given = config["ctor"]
    published = TinyViTSizes()
    sizes = TinyViTSizes(
        side=given.get("img_size", published.side),
        widths=tuple(given.get("embed_dims", published.widths)),
        depths=tuple(given.get("depths", published.depths)),
        heads=tuple(given.get("num_heads", published.heads)),
        windows=tuple(given.get("window_sizes", published.windows)),
        out=given.get("prompt_embed_dim", published.out),
    )
    return mobile_sam(
        sizes,
        heads=given.get("decoder_heads", 8),
        hidden=given.get("mlp_dim", 2048),
        quality_hidden=given.get("iou_head_hidden_dim", 256),
    )


def _run(net: nn.Module, inputs: Inputs, config: Config) -> Any:
    if not isinstance(net, MobileSAM):
        raise UsageError(f"this fixture is of MobileSAM, got {type(net).__name__}")
    picture = net.preprocess(inputs["image"])
    features = net.image_encoder(picture)
    clicks = Prompts(points=inputs["point_coords"], labels=inputs["point_labels"])
    box = Prompts(boxes=inputs["box"])
    painted = Prompts(points=clicks.points, labels=clicks.labels, masks=inputs["mask_input"])
    positions = net.prompt_encoder.pe_layer.grid(net.prompt_encoder.cells)[None]
    answers = [_answers(net, features, prompts) for prompts in (clicks, box, painted)]
    return [picture[..., :_CORNER, :_CORNER], features, positions, answers]


def _answers(net: MobileSAM, features: Tensor, prompts: Prompts) -> list[Tensor]:
    masks, quality = net.decode(features, prompts)
    return [masks[:, 1:], quality[:, 1:], masks[:, :1], quality[:, :1], net.embed_sparse(prompts)]


FIXTURES = {"mobilesam-small": Fixture(_build, _run)}
