"""Critics: networks that judge others while they are trained."""

from __future__ import annotations

from retouch.nets.catalogue.entries import JUDGE, NetInfo, Preset

CRITICS: tuple[NetInfo, ...] = (
    NetInfo(
        name="sn_patchgan",
        task=JUDGE,
        summary="Scores every feature of every patch, under spectral normalisation.",
        paper="Yu et al., Free-form image inpainting with gated convolution, ICCV 2019",
        presets=(
            Preset("full", "retouch.nets.critics.sn_patchgan:sn_patchgan_full", 5_946_816, "picture 4xHxW"),
            Preset("tiny", "retouch.nets.critics.sn_patchgan:sn_patchgan_tiny", 93_752, "picture 4xHxW"),
        ),
        outputs="scores",
        no_export="a critic judges pictures in training only",
    ),
    NetInfo(
        name="lama_critic",
        task=JUDGE,
        summary="Judges patches at one sixteenth of the side, with batch normalisation.",
        paper="Suvorov et al., Resolution-robust large mask inpainting with Fourier convolutions, WACV 2022",
        presets=(
            Preset("full", "retouch.nets.critics.patchgan:lama_critic_full", 6_962_369, "picture 3xHxW"),
            Preset("tiny", "retouch.nets.critics.patchgan:lama_critic_tiny", 44_761, "picture 3xHxW"),
        ),
        outputs="scores",
        no_export="a critic judges pictures in training only",
    ),
    NetInfo(
        name="aotgan_critic",
        task=JUDGE,
        summary="Judges patches and says how much of each was missing.",
        paper="Zeng et al., Aggregated contextual transformations for high-resolution image inpainting, TVCG 2022",
        presets=(
            Preset("full", "retouch.nets.critics.patchgan:aotgan_critic_full", 2_763_777, "picture 3xHxW"),
            Preset("tiny", "retouch.nets.critics.patchgan:aotgan_critic_tiny", 44_417, "picture 3xHxW"),
        ),
        outputs="scores",
        no_export="a critic judges pictures in training only",
    ),
    NetInfo(
        name="edgeconnect_critic",
        task=JUDGE,
        summary="Judges patches of 70 px, of pictures or of edges.",
        paper="Nazeri et al., EdgeConnect: generative image inpainting with adversarial edge learning, ICCV "
        "Workshops 2019",
        presets=(
            Preset(
                "full", "retouch.nets.critics.spectral_patchgan:edgeconnect_critic_full", 2_763_776, "picture 3xHxW"
            ),
            Preset(
                "edges",
                "retouch.nets.critics.spectral_patchgan:edgeconnect_critic_full",
                2_762_752,
                "picture 2xHxW",
                (("in_channels", 2),),
            ),
            Preset("tiny", "retouch.nets.critics.spectral_patchgan:edgeconnect_critic_tiny", 44_416, "picture 3xHxW"),
        ),
        outputs="scores",
        no_export="a critic judges pictures in training only",
    ),
    NetInfo(
        name="pennet_critic",
        task=JUDGE,
        summary="Judges patches through kernels of 5 px.",
        paper="Zeng et al., Learning pyramid-context encoder network for high-quality image inpainting, CVPR 2019",
        presets=(
            Preset("full", "retouch.nets.critics.spectral_patchgan:pennet_critic_full", 4_318_401, "picture 3xHxW"),
            Preset("tiny", "retouch.nets.critics.spectral_patchgan:pennet_critic_tiny", 69_401, "picture 3xHxW"),
        ),
        outputs="scores",
        no_export="a critic judges pictures in training only",
    ),
    NetInfo(
        name="global_picture_critic",
        task=JUDGE,
        summary="Judges whole pictures of 256 px.",
        paper="Yu et al., Generative image inpainting with contextual attention, CVPR 2018",
        presets=(
            Preset(
                "full", "retouch.nets.critics.crop_critic:global_picture_critic_full", 2_733_441, "picture 3x256x256"
            ),
            Preset("tiny", "retouch.nets.critics.crop_critic:global_picture_critic_tiny", 168_801, "picture 3x64x64"),
        ),
        outputs="scores",
        no_export="a critic judges pictures in training only",
    ),
    NetInfo(
        name="local_picture_critic",
        task=JUDGE,
        summary="Judges the 128 px around a hole.",
        paper="Yu et al., Generative image inpainting with contextual attention, CVPR 2018",
        presets=(
            Preset(
                "full", "retouch.nets.critics.crop_critic:local_picture_critic_full", 4_339_329, "picture 3x128x128"
            ),
            Preset("tiny", "retouch.nets.critics.crop_critic:local_picture_critic_tiny", 168_033, "picture 3x32x32"),
        ),
        outputs="scores",
        no_export="a critic judges pictures in training only",
    ),
    NetInfo(
        name="context_encoder_critic",
        task=JUDGE,
        summary="Judges the predicted block of a context encoder.",
        paper="Pathak et al., Context encoders: feature learning by inpainting, CVPR 2016",
        presets=(
            Preset(
                "full",
                "retouch.nets.encoder_decoders.context_encoder:context_encoder_critic_full",
                2_766_529,
                "block 3x64x64",
            ),
            Preset(
                "tiny",
                "retouch.nets.encoder_decoders.context_encoder:context_encoder_critic_tiny",
                43_057,
                "block 3x32x32",
            ),
        ),
        outputs="scores",
        no_export="a critic judges pictures in training only",
    ),
    NetInfo(
        name="l2gan_critic",
        task=JUDGE,
        summary="Judges the predicted corner of L2-GAN.",
        paper="after Pathak et al., Context encoders: feature learning by inpainting, CVPR 2016",
        presets=(
            Preset("full", "retouch.nets.encoder_decoders.l2gan:l2gan_critic_full", 2_832_257, "block 3x128x128"),
            Preset("tiny", "retouch.nets.encoder_decoders.l2gan:l2gan_critic_tiny", 43_057, "block 3x32x32"),
        ),
        outputs="scores",
        no_export="a critic judges pictures in training only",
    ),
    NetInfo(
        name="glcic_critic",
        task=JUDGE,
        summary="Judges the whole picture and a window around the hole.",
        paper="Iizuka, Simo-Serra and Ishikawa, Globally and locally consistent image completion, SIGGRAPH 2017",
        presets=(
            Preset(
                "full",
                "retouch.nets.encoder_decoders.glcic:glcic_critic_full",
                45_063_681,
                "image 3x256x256, corners 2",
            ),
            Preset(
                "tiny", "retouch.nets.encoder_decoders.glcic:glcic_critic_tiny", 364_993, "image 3x64x64, corners 2"
            ),
        ),
        outputs="scores",
        no_export="a critic judges pictures in training only",
    ),
    NetInfo(
        name="dcgan_critic",
        task=JUDGE,
        summary="Judges pictures of 64 px.",
        paper="Radford, Metz and Chintala, Unsupervised representation learning with deep convolutional generative "
        "adversarial networks, ICLR 2016",
        presets=(
            Preset("full", "retouch.nets.latent.dcgan:dcgan_critic_full", 4_316_545, "picture 3x64x64"),
            Preset("tiny", "retouch.nets.latent.dcgan:dcgan_critic_tiny", 169_121, "picture 3x64x64"),
        ),
        outputs="scores",
        no_export="a critic judges pictures in training only",
    ),
    NetInfo(
        name="deblurgan_critic",
        task=JUDGE,
        summary="Judges patches of sharpened pictures.",
        paper="Kupyn et al., DeblurGAN: blind motion deblurring using conditional adversarial networks, CVPR 2018",
        presets=(
            Preset("full", "retouch.nets.restoration.deblurgan:deblurgan_critic_full", 2_764_737, "picture 3xHxW"),
            Preset("tiny", "retouch.nets.restoration.deblurgan:deblurgan_critic_tiny", 44_537, "picture 3xHxW"),
        ),
        outputs="scores",
        no_export="a critic judges pictures in training only",
    ),
    NetInfo(
        name="singan_critic",
        task=JUDGE,
        summary="Judges patches of 11 px at one scale.",
        paper="Rott Shaham, Dekel and Michaeli, SinGAN: learning a generative model from a single natural image, "
        "ICCV 2019",
        presets=(
            Preset("full", "retouch.nets.inpainting.singan:singan_critic_full", 29_185, "picture 3xHxW"),
            Preset("tiny", "retouch.nets.inpainting.singan:singan_critic_tiny", 7_681, "picture 3xHxW"),
        ),
        outputs="scores",
        no_export="a critic judges pictures in training only",
    ),
    NetInfo(
        name="structureflow_critic",
        task=JUDGE,
        summary="Judges patches at two sizes.",
        paper="Ren et al., StructureFlow: image inpainting via structure-aware appearance flow, ICCV 2019",
        presets=(
            Preset(
                "full",
                "retouch.nets.structure.structureflow_critic:structureflow_critic_full",
                1_196_544,
                "picture 3xHxW",
            ),
            Preset(
                "tiny", "retouch.nets.structure.structureflow_critic:structureflow_critic_tiny", 76_416, "picture 3xHxW"
            ),
        ),
        outputs="scores",
        no_export="a critic judges pictures in training only",
    ),
    NetInfo(
        name="global_map_critic",
        task=JUDGE,
        summary="Judges whole maps of labels.",
        paper="Berlincioni et al., Road layout understanding by generative adversarial inpainting, 2019",
        presets=(
            Preset(
                "full",
                "retouch.nets.semantic.semantic_map_critic:global_map_critic_full",
                2_708_673,
                "labels 8x128x256",
            ),
            Preset(
                "tiny", "retouch.nets.semantic.semantic_map_critic:global_map_critic_tiny", 43_801, "labels 8x64x64"
            ),
        ),
        outputs="scores",
        no_export="a critic judges pictures in training only",
    ),
    NetInfo(
        name="local_map_critic",
        task=JUDGE,
        summary="Judges maps of labels around the hole.",
        paper="Berlincioni et al., Road layout understanding by generative adversarial inpainting, 2019",
        presets=(
            Preset(
                "full", "retouch.nets.semantic.semantic_map_critic:local_map_critic_full", 4_322_753, "labels 8x64x64"
            ),
            Preset("tiny", "retouch.nets.semantic.semantic_map_critic:local_map_critic_tiny", 69_177, "labels 8x32x32"),
        ),
        outputs="scores",
        no_export="a critic judges pictures in training only",
    ),
)
