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
        adapter="retouch.nets.export.adapters:FilledCaptions",
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
    NetInfo(
        name="frame_autoencoder",
        task=VIDEO,
        summary="Takes captions off single frames: a challenge's first baseline.",
        paper="ChaLearn 2018 inpainting challenge, video decaptioning track, baseline 1",
        presets=(
            Preset(
                "full", "retouch.nets.captions.frame_autoencoder:frame_autoencoder_full", 8_084_803, "picture 3xHxW"
            ),
            Preset("tiny", "retouch.nets.captions.frame_autoencoder:frame_autoencoder_tiny", 127_595, "picture 3xHxW"),
        ),
        outputs="frame",
        multiple=4,
    ),
    NetInfo(
        name="refining_autoencoder",
        task=VIDEO,
        summary="The second stage of the iterated autoencoders.",
        paper="Quan and Kim, Iterative application of autoencoders for video inpainting and fingerprint denoising, "
        "2019",
        presets=(
            Preset(
                "full", "retouch.nets.captions.frame_autoencoder:refining_autoencoder_full", 3_364_163, "picture 3xHxW"
            ),
            Preset(
                "tiny", "retouch.nets.captions.frame_autoencoder:refining_autoencoder_tiny", 53_611, "picture 3xHxW"
            ),
        ),
        outputs="frame",
        multiple=4,
    ),
    NetInfo(
        name="iterative_autoencoder",
        task=VIDEO,
        summary="Both stages of the iterated autoencoders.",
        paper="Quan and Kim, Iterative application of autoencoders for video inpainting and fingerprint denoising, "
        "2019",
        presets=(
            Preset(
                "full",
                "retouch.nets.captions.frame_autoencoder:iterative_autoencoder_full",
                11_448_966,
                "picture 3xHxW",
            ),
            Preset(
                "tiny", "retouch.nets.captions.frame_autoencoder:iterative_autoencoder_tiny", 181_206, "picture 3xHxW"
            ),
        ),
        outputs="frame",
        multiple=4,
    ),
    NetInfo(
        name="patch_autoencoder",
        task=VIDEO,
        summary="Draws patches of 32 px anew where they show text and copies the others.",
        paper="ChaLearn 2018 inpainting challenge, video decaptioning track, baseline 2",
        presets=(
            Preset("full", "retouch.nets.captions.patch_autoencoder:patch_autoencoder_full", 279_236, "picture 3xHxW"),
            Preset("tiny", "retouch.nets.captions.patch_autoencoder:patch_autoencoder_tiny", 17_972, "picture 3xHxW"),
        ),
        outputs="frame",
        multiple=32,
    ),
    NetInfo(
        name="dilated_unet",
        task=VIDEO,
        summary="Takes captions off single frames with stacked dilated convolutions.",
        paper="Ardino et al. and others, ChaLearn 2018 inpainting challenge: video decaptioning using U-Net with "
        "stacked dilated convolutional layers, 2019",
        presets=(
            Preset("full", "retouch.nets.captions.dilated_unet:dilated_unet_full", 16_510_371, "picture 3xHxW"),
            Preset("tiny", "retouch.nets.captions.dilated_unet:dilated_unet_tiny", 259_479, "picture 3xHxW"),
        ),
        outputs="frame",
        multiple=32,
    ),
    NetInfo(
        name="joint_caption",
        task=VIDEO,
        summary="Finds captions and draws what is behind them at once.",
        paper="Joint caption detection and inpainting using generative network, ChaLearn 2018 inpainting challenge, "
        "2019",
        presets=(
            Preset("full", "retouch.nets.captions.joint_caption:joint_caption_full", 7_772_964, "picture 3xHxW"),
            Preset("tiny", "retouch.nets.captions.joint_caption:joint_caption_tiny", 489_324, "picture 3xHxW"),
        ),
        outputs="frame",
        multiple=4,
    ),
    NetInfo(
        name="vinet",
        task=VIDEO,
        summary="Fills a frame from four others and from the one filled before.",
        paper="Kim et al., Deep video inpainting, CVPR 2019",
        presets=(
            Preset("full", "retouch.nets.captions.vinet:vinet_full", 14_115_364, "frames 5x3xHxW, masks 5x1xHxW"),
            Preset("tiny", "retouch.nets.captions.vinet:vinet_tiny", 232_782, "frames 5x3xHxW, masks 5x1xHxW"),
        ),
        outputs="frame",
        multiple=8,
        least_px=16,
    ),
)
