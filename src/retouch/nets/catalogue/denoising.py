"""Networks that take noise away."""

from __future__ import annotations

from retouch.nets.catalogue.entries import DENOISE, NetInfo, Preset

DENOISING: tuple[NetInfo, ...] = (
    NetInfo(
        name="dncnn",
        task=DENOISE,
        summary="A chain of 17 convolutions that estimates the noise of one level.",
        paper="Zhang et al., Beyond a Gaussian denoiser, IEEE Trans. Image Processing 26(7), 2017",
        presets=(
            Preset("full", "retouch.nets.denoising.dncnn:dncnn_full", 557_057, "noisy 1xHxW"),
            Preset("released", "retouch.nets.denoising.dncnn:DnCNN", 555_137, "noisy 1xHxW", (("batch_norm", False),)),
            Preset("tiny", "retouch.nets.denoising.dncnn:dncnn_tiny", 48_323, "noisy 3xHxW"),
        ),
    ),
    NetInfo(
        name="dncnn_blind",
        task=DENOISE,
        summary="DnCNN of 20 convolutions for unknown noise up to 55 of 255.",
        paper="Zhang et al., Beyond a Gaussian denoiser, IEEE Trans. Image Processing 26(7), 2017",
        presets=(
            Preset("full", "retouch.nets.denoising.dncnn:dncnn_blind_full", 668_225, "noisy 1xHxW"),
            Preset(
                "released",
                "retouch.nets.denoising.dncnn:DnCNN",
                665_921,
                "noisy 1xHxW",
                (("depth", 20), ("batch_norm", False)),
            ),
            Preset(
                "released-colour",
                "retouch.nets.denoising.dncnn:DnCNN",
                668_227,
                "noisy 3xHxW",
                (("channels", 3), ("depth", 20), ("batch_norm", False)),
            ),
            Preset("tiny", "retouch.nets.denoising.dncnn:dncnn_tiny", 48_323, "noisy 3xHxW"),
        ),
    ),
    NetInfo(
        name="fdncnn",
        task=DENOISE,
        summary="DnCNN with a map of the noise at its input, for every level.",
        paper="Zhang et al., FFDNet, IEEE Trans. Image Processing 27(9), 2018",
        presets=(
            Preset("full", "retouch.nets.denoising.dncnn:fdncnn_full", 666_497, "noisy 1xHxW, sigma 1x1x1"),
            Preset(
                "colour",
                "retouch.nets.denoising.dncnn:fdncnn_full",
                668_803,
                "noisy 3xHxW, sigma 1x1x1",
                (("channels", 3),),
            ),
            Preset("tiny", "retouch.nets.denoising.dncnn:fdncnn_tiny", 48_291, "noisy 3xHxW, sigma 1x1x1"),
        ),
    ),
    NetInfo(
        name="ircnn",
        task=DENOISE,
        summary="Seven dilated convolutions for a narrow range of noise levels.",
        paper="Zhang et al., Learning deep CNN denoiser prior for image restoration, CVPR 2017",
        presets=(
            Preset("full", "retouch.nets.denoising.dncnn:ircnn_full", 185_857, "noisy 1xHxW"),
            Preset("colour", "retouch.nets.denoising.dncnn:ircnn_full", 188_163, "noisy 3xHxW", (("channels", 3),)),
            Preset("tiny", "retouch.nets.denoising.dncnn:ircnn_tiny", 48_003, "noisy 3xHxW"),
        ),
    ),
    NetInfo(
        name="ffdnet",
        task=DENOISE,
        summary="A chain on four sub-images, steered by the noise level: fast.",
        paper="Zhang et al., FFDNet, IEEE Trans. Image Processing 27(9), 2018",
        presets=(
            Preset("full", "retouch.nets.denoising.ffdnet:ffdnet_full", 485_316, "noisy 1xHxW, sigma 1x1x1"),
            Preset("colour", "retouch.nets.denoising.ffdnet:ffdnet_color_full", 852_108, "noisy 3xHxW, sigma 1x1x1"),
            Preset("tiny", "retouch.nets.denoising.ffdnet:ffdnet_tiny", 53_484, "noisy 3xHxW, sigma 1x1x1"),
        ),
        multiple=2,
    ),
    NetInfo(
        name="drunet",
        task=DENOISE,
        summary="A U-Net of residual blocks without biases, for every level.",
        paper="Zhang et al., Plug-and-play image restoration with deep denoiser prior, PAMI 44(10), 2022",
        presets=(
            Preset("full", "retouch.nets.denoising.drunet:drunet_full", 32_640_960, "noisy 3xHxW, sigma 1x1x1"),
            Preset(
                "grey",
                "retouch.nets.denoising.drunet:drunet_full",
                32_638_656,
                "noisy 1xHxW, sigma 1x1x1",
                (("channels", 1),),
            ),
            Preset("tiny", "retouch.nets.denoising.drunet:drunet_tiny", 266_232, "noisy 3xHxW, sigma 1x1x1"),
        ),
        multiple=8,
    ),
    NetInfo(
        name="cbdnet",
        task=DENOISE,
        summary="Estimates the noise of a photograph pixel by pixel and removes it.",
        paper="Guo et al., Toward convolutional blind denoising of real photographs, CVPR 2019",
        presets=(
            Preset("full", "retouch.nets.denoising.cbdnet:cbdnet_full", 4_365_382, "noisy 3xHxW"),
            Preset("tiny", "retouch.nets.denoising.cbdnet:cbdnet_tiny", 69_118, "noisy 3xHxW"),
        ),
        outputs="_, picture",
        multiple=4,
    ),
    NetInfo(
        name="mlp",
        task=DENOISE,
        summary="A perceptron from noisy patches to smaller clean ones.",
        paper="Burger, Schuler and Harmeling, Image denoising: can plain neural networks compete with BM3D?, CVPR 2012",
        presets=(
            Preset("full", "retouch.nets.denoising.mlp:mlp_full", 27_811_839, "noisy 1xHxW"),
            Preset("tiny", "retouch.nets.denoising.mlp:mlp_tiny", 715_345, "noisy 1xHxW"),
        ),
        multiple=3,
    ),
    NetInfo(
        name="csf",
        task=DENOISE,
        summary="A cascade of filters, learned shrinkage and divisions in the Fourier domain.",
        paper="Schmidt and Roth, Shrinkage fields for effective image restoration, CVPR 2014",
        presets=(
            Preset("full", "retouch.nets.denoising.csf:csf_full", 24_245, "noisy 1xHxW"),
            Preset("tiny", "retouch.nets.denoising.csf:csf_tiny", 5_547, "noisy 1xHxW"),
        ),
    ),
    NetInfo(
        name="tnrd",
        task=DENOISE,
        summary="A few steps of a learned reaction-diffusion.",
        paper="Chen and Pock, Trainable nonlinear reaction diffusion, PAMI 39(6), 2017",
        presets=(
            Preset("full", "retouch.nets.denoising.tnrd:tnrd_full", 26_645, "noisy 1xHxW"),
            Preset("small-filters", "retouch.nets.denoising.tnrd:tnrd_small_filters_full", 10_445, "noisy 1xHxW"),
            Preset("tiny", "retouch.nets.denoising.tnrd:tnrd_tiny", 6_267, "noisy 1xHxW"),
        ),
    ),
    NetInfo(
        name="red",
        task=DENOISE,
        summary="Convolutions and as many transposed ones with skips between them.",
        paper="Mao, Shen and Yang, Image restoration using very deep convolutional encoder-decoder networks, NIPS 2016",
        presets=(
            Preset("full", "retouch.nets.denoising.red:red_full", 1_035_201, "noisy 1xHxW"),
            Preset("tiny", "retouch.nets.denoising.red:red_tiny", 75_747, "noisy 3xHxW"),
        ),
    ),
    NetInfo(
        name="memnet",
        task=DENOISE,
        summary="Recursive blocks whose gates choose from all that was computed before.",
        paper="Tai et al., MemNet: a persistent memory network for image restoration, ICCV 2017",
        presets=(
            Preset("full", "retouch.nets.denoising.memnet:memnet_full", 685_960, "noisy 1xHxW"),
            Preset("tiny", "retouch.nets.denoising.memnet:memnet_tiny", 99_978, "noisy 3xHxW"),
        ),
    ),
    NetInfo(
        name="fdnet",
        task=DENOISE,
        summary="Eleven convolutions on sixteen sub-images with learned activations: fast.",
        paper="Gu et al., Fast image restoration with multi-bin trainable linear units, ICCV 2019",
        presets=(
            Preset("full", "retouch.nets.denoising.fdnet:fdnet_full", 398_096, "noisy 1xHxW"),
            Preset("tiny", "retouch.nets.denoising.fdnet:fdnet_tiny", 87_088, "noisy 3xHxW"),
        ),
        multiple=4,
    ),
)
