"""Networks of clips: captions found and taken off."""

from __future__ import annotations

from retouch.nets.catalogue.entries import VIDEO, NetInfo, Preset

VIDEO_NETS: tuple[NetInfo, ...] = (
    NetInfo(
        name="icnet",
        task=VIDEO,
        summary="Takes captions off the middle of nine frames without a mask.",
        paper="Kim et al., Deep blind video decaptioning by temporal aggregation and recurrence, CVPR 2019",
        presets=(
            Preset("full", "retouch.nets.captions.icnet:icnet_full", 10_485_187, "frames 3x9xHxW"),
            Preset("tiny", "retouch.nets.captions.icnet:icnet_tiny", 165_563, "frames 3x9xHxW"),
        ),
        outputs="frame",
        multiple=8,
        least_px=8,
    ),
    NetInfo(
        name="two_stage_icnet",
        task=VIDEO,
        summary="ICNet with a second stage.",
        paper="Kim et al., Deep blind video decaptioning by temporal aggregation and recurrence, CVPR 2019",
        presets=(
            Preset("full", "retouch.nets.captions.icnet:two_stage_icnet_full", 18_607_622, "frames 3x9xHxW"),
            Preset("tiny", "retouch.nets.captions.icnet:two_stage_icnet_tiny", 293_830, "frames 3x9xHxW"),
        ),
        outputs="_, frame",
        multiple=8,
        least_px=8,
    ),
    NetInfo(
        name="caption_generator",
        task=VIDEO,
        summary="Fills the captions of a clip's middle frame from its other frames.",
        paper="after Zeng, Fu and Chao, Learning joint spatial-temporal transformations for video inpainting, ECCV "
        "2020",
        presets=(
            Preset(
                "full",
                "retouch.nets.captions.caption_generator:caption_generator_full",
                28_177_219,
                "frames 5x3xHxW, masks 5x1xHxW",
            ),
            Preset(
                "tiny",
                "retouch.nets.captions.caption_generator:caption_generator_tiny",
                441_707,
                "frames 5x3xHxW, masks 5x1xHxW",
            ),
        ),
        outputs="frame",
        multiple=64,
        least_px=64,
    ),
    NetInfo(
        name="mask_unet",
        task=VIDEO,
        summary="Says where a frame carries burnt-in text.",
        paper="Ronneberger, Fischer and Brox, U-Net: convolutional networks for biomedical image segmentation, "
        "MICCAI 2015",
        presets=(
            Preset("full", "retouch.nets.captions.mask_unet:mask_unet_full", 17_267_393, "frames 3x3xHxW"),
            Preset("tiny", "retouch.nets.captions.mask_unet:mask_unet_tiny", 271_449, "frames 3x3xHxW"),
        ),
        outputs="masks",
        multiple=16,
    ),
)
