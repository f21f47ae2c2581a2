"""Networks that find things, and what was filled in."""

from __future__ import annotations

from retouch.nets.catalogue.entries import DETECT, NetInfo, Preset

DETECTION: tuple[NetInfo, ...] = (
    NetInfo(
        name="ssd",
        task=DETECT,
        summary="Reads boxes and classes off several feature maps of one VGG16.",
        paper="Liu et al., SSD: single shot multibox detector, ECCV 2016",
        presets=(
            Preset("full", "retouch.nets.detection.ssd:ssd_full", 26_285_486, "picture 3x300x300"),
            Preset("tiny", "retouch.nets.detection.ssd:ssd_tiny", 460_056, "picture 3x96x96"),
        ),
        outputs="offsets, scores",
    ),
    NetInfo(
        name="fssd",
        task=DETECT,
        summary="SSD whose feature maps come from one fused map.",
        paper="Li and Zhou, FSSD: feature fusion single shot multibox detector, arXiv:1712.00960, 2017",
        presets=(
            Preset("full", "retouch.nets.detection.fssd:fssd_full", 34_132_960, "picture 3x300x300"),
            Preset("tiny", "retouch.nets.detection.fssd:fssd_tiny", 175_164, "picture 3x300x300"),
        ),
        outputs="offsets, scores",
    ),
    NetInfo(
        name="mobile_sam",
        task=DETECT,
        summary="A mask for whatever is clicked on.",
        paper="Zhang et al., Faster segment anything, arXiv:2306.14289, 2023",
        presets=(
            Preset(
                "full",
                "retouch.nets.detection.mobilesam:mobile_sam_full",
                9_808_452,
                "picture 3x1024x1024, points Px2, labels P",
            ),
            Preset(
                "tiny",
                "retouch.nets.detection.mobilesam:mobile_sam_tiny",
                104_698,
                "picture 3x64x64, points Px2, labels P",
            ),
        ),
        outputs="masks, quality",
        adapter="retouch.nets.export.adapters:ClickedMasks",
    ),
    NetInfo(
        name="prompted_unet",
        task=DETECT,
        summary="What a click or a box means, by a small U-Net over the answer of a classical search.",
        paper="this project, after Xu et al., Deep interactive object selection, CVPR 2016",
        presets=(
            Preset(
                "full",
                "retouch.nets.detection.prompted_unet:prompted_unet_full",
                1_137_764,
                "picture 3xHxW, prompt 4xHxW",
            ),
            Preset(
                "tiny",
                "retouch.nets.detection.prompted_unet:prompted_unet_tiny",
                40_076,
                "picture 3xHxW, prompt 4xHxW",
            ),
        ),
        outputs="logits",
        multiple=16,
    ),
    NetInfo(
        name="point_head",
        task=DETECT,
        summary="Decides undecided points of a coarse map again.",
        paper="Kirillov et al., PointRend: image segmentation as rendering, CVPR 2020",
        presets=(
            Preset("full", "retouch.nets.detection.pointrend:point_head_full", 285_776, "fine 256xP, coarse 80xP"),
            Preset("tiny", "retouch.nets.detection.pointrend:point_head_tiny", 2_210, "fine 32xP, coarse 1xP"),
        ),
        outputs="scores",
    ),
    NetInfo(
        name="coarse_head",
        task=DETECT,
        summary="A coarse mask of what a region shows.",
        paper="Kirillov et al., PointRend: image segmentation as rendering, CVPR 2020",
        presets=(
            Preset("full", "retouch.nets.detection.pointrend:coarse_head_full", 18_241_872, "region 256x14x14"),
            Preset("tiny", "retouch.nets.detection.pointrend:coarse_head_tiny", 59_153, "region 32x14x14"),
        ),
        outputs="scores",
    ),
    NetInfo(
        name="gdn_detector",
        task=DETECT,
        summary="Says pixel by pixel what looks filled in.",
        paper="Zhang et al., Pixel-wise dense detector for image inpainting, Computer Graphics Forum 2020",
        presets=(
            Preset("full", "retouch.nets.inpainting.gdn:gdn_detector_full", 2_267_490, "picture 3xHxW"),
            Preset("context", "retouch.nets.inpainting.gdn:gdn_detector_context", 253_722, "picture 3xHxW"),
            Preset("tiny", "retouch.nets.inpainting.gdn:gdn_detector_tiny", 142_938, "picture 3xHxW"),
        ),
        outputs="logits",
        multiple=4,
    ),
    NetInfo(
        name="mpssd",
        task=DETECT,
        summary="SSD with several fused paths whose maps are weighed together.",
        paper="doctoral thesis on multi-scale image inpainting, chapter 5",
        presets=(
            Preset("full", "retouch.nets.detection.mpssd:mpssd_full", 45_052_078, "picture 3x300x300"),
            Preset("512", "retouch.nets.detection.mpssd:mpssd512", 47_295_172, "picture 3x512x512"),
            Preset("tiny", "retouch.nets.detection.mpssd:mpssd_tiny", 838_696, "picture 3x96x96"),
        ),
        outputs="offsets, scores",
    ),
)
