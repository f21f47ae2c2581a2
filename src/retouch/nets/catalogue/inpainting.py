"""Networks that fill holes."""

from __future__ import annotations

from retouch.nets.catalogue.entries import INPAINT, RESTORE, NetInfo, Preset

INPAINTING: tuple[NetInfo, ...] = (
    NetInfo(
        name="context_encoder",
        task=INPAINT,
        summary="Predicts whole pictures through a bottleneck of few numbers.",
        paper="Pathak et al., Context encoders: feature learning by inpainting, CVPR 2016",
        presets=(
            Preset(
                "full",
                "retouch.nets.encoder_decoders.context_encoder:context_encoder_full",
                71_196_259,
                "image 3xHxW, mask 1xHxW",
            ),
            Preset(
                "tiny",
                "retouch.nets.encoder_decoders.context_encoder:context_encoder_tiny",
                871_683,
                "image 3xHxW, mask 1xHxW",
            ),
        ),
        multiple=32,
        least_px=128,
    ),
    NetInfo(
        name="context_encoder_centre",
        task=INPAINT,
        summary="Predicts the middle of pictures of 128 px through a bottleneck.",
        paper="Pathak et al., Context encoders: feature learning by inpainting, CVPR 2016",
        presets=(
            Preset(
                "full",
                "retouch.nets.encoder_decoders.context_encoder:context_encoder_centre_full",
                71_130_531,
                "image 3x128x128, mask 1x128x128",
            ),
            Preset(
                "tiny",
                "retouch.nets.encoder_decoders.context_encoder:context_encoder_centre_tiny",
                864_211,
                "image 3x64x64, mask 1x64x64",
            ),
        ),
    ),
    NetInfo(
        name="self_tuned",
        task=INPAINT,
        summary="Fills square holes of any size and place in pictures of 128 px; places are mixed, channels are not.",
        paper="after Pathak et al., CVPR 2016, and Gao and Grauman, On-demand learning for deep image restoration, "
        "ICCV 2017",
        presets=(
            Preset(
                "full",
                "retouch.nets.encoder_decoders.self_tuned:self_tuned_full",
                14_312_323,
                "image 3x128x128, mask 1x128x128",
            ),
            Preset(
                "tiny",
                "retouch.nets.encoder_decoders.self_tuned:self_tuned_tiny",
                374_243,
                "image 3x64x64, mask 1x64x64",
            ),
        ),
    ),
    NetInfo(
        name="on_demand",
        task=INPAINT,
        summary="The net for 64 px that on-demand learning was shown with.",
        paper="Gao and Grauman, On-demand learning for deep image restoration, ICCV 2017",
        presets=(
            Preset(
                "full",
                "retouch.nets.encoder_decoders.self_tuned:on_demand_full",
                5_654_659,
                "image 3x64x64, mask 1x64x64",
            ),
            Preset(
                "tiny",
                "retouch.nets.encoder_decoders.self_tuned:on_demand_tiny",
                381_475,
                "image 3x64x64, mask 1x64x64",
            ),
        ),
    ),
    NetInfo(
        name="l2gan",
        task=INPAINT,
        summary="Predicts one corner block from what surrounds it.",
        paper="after Pathak et al., Context encoders: feature learning by inpainting, CVPR 2016",
        presets=(
            Preset(
                "full", "retouch.nets.encoder_decoders.l2gan:l2gan_full", 10_245_507, "image 3x256x256, mask 1x256x256"
            ),
            Preset("tiny", "retouch.nets.encoder_decoders.l2gan:l2gan_tiny", 390_739, "image 3x64x64, mask 1x64x64"),
        ),
        no_export="it fills one fixed corner of a picture; call it from Python",
    ),
    NetInfo(
        name="glcic",
        task=INPAINT,
        summary="A dilated encoder-decoder that is judged as a whole and around the hole.",
        paper="Iizuka, Simo-Serra and Ishikawa, Globally and locally consistent image completion, SIGGRAPH 2017",
        presets=(
            Preset("full", "retouch.nets.encoder_decoders.glcic:glcic_full", 6_072_131, "image 3xHxW, mask 1xHxW"),
            Preset(
                "merged",
                "retouch.nets.encoder_decoders.glcic:glcic_full",
                6_066_179,
                "image 3xHxW, mask 1xHxW",
                (("norm", False),),
            ),
            Preset("tiny", "retouch.nets.encoder_decoders.glcic:glcic_tiny", 382_547, "image 3xHxW, mask 1xHxW"),
        ),
        multiple=4,
    ),
    NetInfo(
        name="partial_conv_unet",
        task=INPAINT,
        summary="A U-Net of partial convolutions for holes of any shape.",
        paper="Liu et al., Image inpainting for irregular holes using partial convolutions, ECCV 2018",
        presets=(
            Preset(
                "full",
                "retouch.nets.inpainting.partial_conv_unet:partial_conv_unet_full",
                25_779_796,
                "image 3xHxW, mask 1xHxW",
            ),
            Preset(
                "tiny",
                "retouch.nets.inpainting.partial_conv_unet:partial_conv_unet_tiny",
                729_300,
                "image 3xHxW, mask 1xHxW",
            ),
        ),
        multiple=128,
    ),
    NetInfo(
        name="deepfill_v1",
        task=INPAINT,
        summary="Coarse, then refined with contextual attention.",
        paper="Yu et al., Generative image inpainting with contextual attention, CVPR 2018",
        presets=(
            Preset(
                "full",
                "retouch.nets.inpainting.two_stage.deepfill_v1:deepfill_v1_full",
                3_601_542,
                "image 3xHxW, mask 1xHxW",
            ),
            Preset(
                "tiny",
                "retouch.nets.inpainting.two_stage.deepfill_v1:deepfill_v1_tiny",
                228_198,
                "image 3xHxW, mask 1xHxW",
            ),
        ),
        outputs="_, picture",
        multiple=8,
    ),
    NetInfo(
        name="deepfill_v2",
        task=INPAINT,
        summary="DeepFill in gated convolutions, for free-form holes.",
        paper="Yu et al., Free-form image inpainting with gated convolution, ICCV 2019",
        presets=(
            Preset(
                "full",
                "retouch.nets.inpainting.two_stage.deepfill_v2:deepfill_v2_full",
                4_052_478,
                "image 3xHxW, mask 1xHxW",
            ),
            Preset(
                "tiny",
                "retouch.nets.inpainting.two_stage.deepfill_v2:deepfill_v2_tiny",
                454_574,
                "image 3xHxW, mask 1xHxW",
            ),
        ),
        outputs="_, picture",
        multiple=8,
    ),
    NetInfo(
        name="attention_fusion",
        task=INPAINT,
        summary="DeepFill v2 whose skips and dilated residuals are blended by attention.",
        paper="doctoral thesis on multi-scale image inpainting, chapter 4, over Yu et al., Free-form image "
        "inpainting with gated convolution, ICCV 2019",
        presets=(
            Preset(
                "full",
                "retouch.nets.inpainting.two_stage.attention_fusion:attention_fusion_full",
                4_172_502,
                "image 3xHxW, mask 1xHxW",
            ),
            Preset(
                "tiny",
                "retouch.nets.inpainting.two_stage.attention_fusion:attention_fusion_tiny",
                468_470,
                "image 3xHxW, mask 1xHxW",
            ),
        ),
        outputs="_, picture",
        multiple=8,
    ),
    NetInfo(
        name="pyramid_generator",
        task=INPAINT,
        summary="Structure at a quarter of the side first, detail at half and at full size next.",
        paper="doctoral thesis on multi-scale image inpainting, chapter 3",
        presets=(
            Preset(
                "full",
                "retouch.nets.inpainting.two_stage.pyramid_generator:pyramid_generator_full",
                7_578_204,
                "image 3xHxW, mask 1xHxW",
            ),
            Preset(
                "tiny",
                "retouch.nets.inpainting.two_stage.pyramid_generator:pyramid_generator_tiny",
                853_372,
                "image 3xHxW, mask 1xHxW",
            ),
        ),
        outputs="_, _, _, picture",
        multiple=32,
    ),
    NetInfo(
        name="pennet",
        task=INPAINT,
        summary="A U-Net whose skips are filled from coarse to fine by attention.",
        paper="Zeng et al., Learning pyramid-context encoder network for high-quality image inpainting, CVPR 2019",
        presets=(
            Preset("full", "retouch.nets.inpainting.pennet:pennet_full", 10_231_538, "image 3xHxW, mask 1xHxW"),
            Preset("tiny", "retouch.nets.inpainting.pennet:pennet_tiny", 641_546, "image 3xHxW, mask 1xHxW"),
        ),
        multiple=64,
    ),
    NetInfo(
        name="edgeconnect",
        task=INPAINT,
        summary="Completes the edges, then paints along them.",
        paper="Nazeri et al., EdgeConnect: generative image inpainting with adversarial edge learning, ICCV "
        "Workshops 2019",
        presets=(
            Preset(
                "full",
                "retouch.nets.inpainting.edgeconnect:edgeconnect_full",
                21_535_684,
                "image 3xHxW, mask 1xHxW, edges 1xHxW",
            ),
            Preset(
                "tiny",
                "retouch.nets.inpainting.edgeconnect:edgeconnect_tiny",
                615_540,
                "image 3xHxW, mask 1xHxW, edges 1xHxW",
            ),
        ),
        multiple=4,
    ),
    NetInfo(
        name="gdn",
        task=INPAINT,
        summary="A residual generator whose errors were weighted by a detector of artefacts.",
        paper="Zhang et al., Pixel-wise dense detector for image inpainting, Computer Graphics Forum 2020",
        presets=(
            Preset("full", "retouch.nets.inpainting.gdn:gdn_full", 13_046_818, "image 3xHxW, mask 1xHxW"),
            Preset("tiny", "retouch.nets.inpainting.gdn:gdn_tiny", 452_618, "image 3xHxW, mask 1xHxW"),
        ),
        multiple=4,
    ),
    NetInfo(
        name="medfe",
        task=INPAINT,
        summary="Fills structure and texture on their own and gives both to every level of a U-Net.",
        paper="Liu et al., Rethinking image inpainting via a mutual encoder-decoder with feature equalizations, "
        "ECCV 2020",
        presets=(
            Preset("full", "retouch.nets.inpainting.medfe:medfe_full", 103_118_630, "image 3xHxW, mask 1xHxW"),
            Preset("tiny", "retouch.nets.inpainting.medfe:medfe_tiny", 404_600, "image 3xHxW, mask 1xHxW"),
        ),
        multiple=64,
        least_px=192,
    ),
    NetInfo(
        name="lama",
        task=INPAINT,
        summary="A residual net of fast Fourier convolutions for large holes.",
        paper="Suvorov et al., Resolution-robust large mask inpainting with Fourier convolutions, WACV 2022",
        presets=(
            Preset("full", "retouch.nets.inpainting.lama:lama_full", 27_048_835, "image 3xHxW, mask 1xHxW"),
            Preset("big", "retouch.nets.inpainting.lama:big_lama_full", 50_975_875, "image 3xHxW, mask 1xHxW"),
            Preset("tiny", "retouch.nets.inpainting.lama:lama_tiny", 867_747, "image 3xHxW, mask 1xHxW"),
        ),
        multiple=8,
        least_px=16,
    ),
    NetInfo(
        name="lama_regular",
        task=INPAINT,
        summary="LaMa's plain variant, without Fourier layers.",
        paper="Suvorov et al., Resolution-robust large mask inpainting with Fourier convolutions, WACV 2022",
        presets=(
            Preset("full", "retouch.nets.inpainting.lama:lama_regular_full", 45_617_731, "image 3xHxW, mask 1xHxW"),
            Preset("tiny", "retouch.nets.inpainting.lama:lama_regular_tiny", 791_443, "image 3xHxW, mask 1xHxW"),
        ),
        multiple=8,
        least_px=16,
    ),
    NetInfo(
        name="aotgan",
        task=INPAINT,
        summary="Residual blocks that look at four distances at once.",
        paper="Zeng et al., Aggregated contextual transformations for high-resolution image inpainting, TVCG 2022",
        presets=(
            Preset("full", "retouch.nets.inpainting.aotgan:aotgan_full", 15_200_835, "image 3xHxW, mask 1xHxW"),
            Preset("tiny", "retouch.nets.inpainting.aotgan:aotgan_tiny", 510_867, "image 3xHxW, mask 1xHxW"),
        ),
        multiple=4,
        least_px=36,
    ),
    NetInfo(
        name="migan",
        task=INPAINT,
        summary="A small net of separable convolutions for pictures of 512 px.",
        paper="Sargsyan et al., MI-GAN: a simple baseline for image inpainting on mobile devices, ICCV 2023",
        presets=(
            Preset("full", "retouch.nets.inpainting.migan:migan_full", 5_893_158, "image 3x512x512, mask 1x512x512"),
            Preset("tiny", "retouch.nets.inpainting.migan:migan_tiny", 249_111, "image 3x64x64, mask 1x64x64"),
        ),
    ),
    NetInfo(
        name="colour_net",
        task=RESTORE,
        summary="Colours a grey picture after it was trained on the known pixels of that picture.",
        paper="Wang et al., Image inpainting with external-internal learning and monochromic bottleneck, CVPR 2021",
        presets=(
            Preset("full", "retouch.nets.structure.monochromic:colour_net_full", 158_979, "grey 1xHxW"),
            Preset("tiny", "retouch.nets.structure.monochromic:colour_net_tiny", 21_635, "grey 1xHxW"),
        ),
    ),
    NetInfo(
        name="hifill",
        task=INPAINT,
        summary="Coarse at half size, refined by one map of attention that can also carry detail at any size.",
        paper="Yi et al., Contextual residual aggregation for ultra high-resolution image inpainting, CVPR 2020",
        presets=(
            Preset("full", "retouch.nets.inpainting.hifill:hifill_full", 2_768_253, "image 3xHxW, mask 1xHxW"),
            Preset("tiny", "retouch.nets.inpainting.hifill:hifill_tiny", 182_329, "image 3xHxW, mask 1xHxW"),
        ),
        outputs="_, picture, attention",
        multiple=16,
    ),
    NetInfo(
        name="skip_generator",
        task=INPAINT,
        summary="The generator of a challenge's people track: an encoder-decoder with skips.",
        paper="after the ChaLearn 2018 inpainting challenge, people track",
        presets=(
            Preset(
                "full",
                "retouch.nets.encoder_decoders.skip_generator:skip_generator_full",
                6_238_019,
                "image 3xHxW, mask 1xHxW",
            ),
            Preset(
                "tiny",
                "retouch.nets.encoder_decoders.skip_generator:skip_generator_tiny",
                392_915,
                "image 3xHxW, mask 1xHxW",
            ),
        ),
        multiple=4,
    ),
    NetInfo(
        name="structureflow",
        task=INPAINT,
        summary="Completes a smooth picture, then lets texture flow in along it.",
        paper="Ren et al., StructureFlow: image inpainting via structure-aware appearance flow, ICCV 2019",
        presets=(
            Preset(
                "full",
                "retouch.nets.structure.structureflow:structureflow_full",
                92_530_886,
                "image 3xHxW, structure 3xHxW, mask 1xHxW",
            ),
            Preset(
                "tiny",
                "retouch.nets.structure.structureflow:structureflow_tiny",
                993_630,
                "image 3xHxW, structure 3xHxW, mask 1xHxW",
            ),
        ),
        outputs="_, picture, _",
        multiple=16,
    ),
    NetInfo(
        name="residual_unet",
        task=INPAINT,
        summary="Corrects a fill that a classical method has made, coarse to fine.",
        paper="this project",
        presets=(
            Preset(
                "full", "retouch.nets.inpainting.residual_unet:residual_unet_full", 2_522_004, "guess 3xHxW, mask 1xHxW"
            ),
            Preset(
                "thin", "retouch.nets.inpainting.residual_unet:residual_unet_thin", 540_908, "guess 3xHxW, mask 1xHxW"
            ),
            Preset(
                "tiny", "retouch.nets.inpainting.residual_unet:residual_unet_tiny", 111_872, "guess 3xHxW, mask 1xHxW"
            ),
        ),
        multiple=16,
    ),
)
