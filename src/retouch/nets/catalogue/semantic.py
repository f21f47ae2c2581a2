"""Networks of labelled pictures: maps of what is where."""

from __future__ import annotations

from retouch.nets.catalogue.entries import SEMANTIC, NetInfo, Preset

SEMANTIC_NETS: tuple[NetInfo, ...] = (
    NetInfo(
        name="spg_net",
        task=SEMANTIC,
        summary="Completes a map of labels, then paints along it.",
        paper="Song et al., SPG-Net: segmentation prediction and guidance network for image inpainting, BMVC 2018",
        presets=(
            Preset(
                "full",
                "retouch.nets.semantic.spg_net:spg_net_full",
                16_607_627,
                "image 3xHxW, mask 1xHxW, labels 8xHxW",
            ),
            Preset(
                "tiny", "retouch.nets.semantic.spg_net:spg_net_tiny", 176_923, "image 3xHxW, mask 1xHxW, labels 8xHxW"
            ),
        ),
        outputs="logits, _, picture",
        multiple=4,
    ),
    NetInfo(
        name="sg_net",
        task=SEMANTIC,
        summary="Predicts labels and picture at three sizes, each guiding the next.",
        paper="Liao et al., Guidance and evaluation: semantic-aware image inpainting for mixed scenes, ECCV 2020",
        presets=(
            Preset("full", "retouch.nets.semantic.sg_net:sg_net_full", 25_616_801, "image 3xHxW, mask 1xHxW"),
            Preset("tiny", "retouch.nets.semantic.sg_net:sg_net_tiny", 261_585, "image 3xHxW, mask 1xHxW"),
        ),
        outputs="_, _, picture, _, _, logits",
        multiple=8,
    ),
    NetInfo(
        name="sge_net",
        task=SEMANTIC,
        summary="SG-Net whose labels count by their confidence.",
        paper="Liao et al., Guidance and evaluation: semantic-aware image inpainting for mixed scenes, ECCV 2020",
        presets=(
            Preset("full", "retouch.nets.semantic.sg_net:sge_net_full", 25_616_801, "image 3xHxW, mask 1xHxW"),
            Preset("tiny", "retouch.nets.semantic.sg_net:sge_net_tiny", 261_585, "image 3xHxW, mask 1xHxW"),
        ),
        outputs="_, _, picture, _, _, logits",
        multiple=8,
    ),
    NetInfo(
        name="semantic_map_gan",
        task=SEMANTIC,
        summary="Fills maps of labels where cars and people stood.",
        paper="Berlincioni et al., Road layout understanding by generative adversarial inpainting, 2019",
        presets=(
            Preset(
                "full",
                "retouch.nets.semantic.semantic_map_gan:semantic_map_gan_full",
                2_912_304,
                "labels 12xHxW, mask 1xHxW",
            ),
            Preset(
                "tiny",
                "retouch.nets.semantic.semantic_map_gan:semantic_map_gan_tiny",
                187_224,
                "labels 12xHxW, mask 1xHxW",
            ),
        ),
        outputs="_, logits",
        multiple=8,
    ),
)
