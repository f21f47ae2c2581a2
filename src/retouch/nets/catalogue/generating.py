"""Networks that make pictures."""

from __future__ import annotations

from retouch.nets.catalogue.entries import GENERATE, NetInfo, Preset

GENERATING: tuple[NetInfo, ...] = (
    NetInfo(
        name="dcgan",
        task=GENERATE,
        summary="Pictures of 64 px from 100 numbers.",
        paper="Radford, Metz and Chintala, Unsupervised representation learning with deep convolutional generative "
        "adversarial networks, ICLR 2016",
        presets=(
            Preset("full", "retouch.nets.latent.dcgan:dcgan_full", 5_135_363, "code 100"),
            Preset("tiny", "retouch.nets.latent.dcgan:dcgan_tiny", 271_491, "code 100"),
        ),
    ),
    NetInfo(
        name="singan",
        task=GENERATE,
        summary="One scale of a generator that learned from a single picture.",
        paper="Rott Shaham, Dekel and Michaeli, SinGAN: learning a generative model from a single natural image, "
        "ICCV 2019",
        presets=(
            Preset("full", "retouch.nets.inpainting.singan:singan_generator_full", 29_763, "noisy 3xHxW, coarse 3xHxW"),
            Preset("tiny", "retouch.nets.inpainting.singan:singan_generator_tiny", 7_971, "noisy 3xHxW, coarse 3xHxW"),
        ),
    ),
)
