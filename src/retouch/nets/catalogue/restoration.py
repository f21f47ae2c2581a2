"""Networks that undo blur, rain, and damage of fingerprints."""

from __future__ import annotations

from retouch.nets.catalogue.entries import RESTORE, NetInfo, Preset

RESTORATION: tuple[NetInfo, ...] = (
    NetInfo(
        name="deblurgan",
        task=RESTORE,
        summary="Takes motion blur off.",
        paper="Kupyn et al., DeblurGAN: blind motion deblurring using conditional adversarial networks, CVPR 2018",
        presets=(
            Preset("full", "retouch.nets.restoration.deblurgan:deblurgan_full", 11_378_179, "blurred 3xHxW"),
            Preset("tiny", "retouch.nets.restoration.deblurgan:deblurgan_tiny", 272_515, "blurred 3xHxW"),
        ),
        multiple=4,
        least_px=8,
    ),
    NetInfo(
        name="didmdn",
        task=RESTORE,
        summary="Takes rain of a known density off.",
        paper="Zhang and Patel, Density-aware single image de-raining using a multi-stream dense network, CVPR 2018",
        presets=(
            Preset("full", "retouch.nets.restoration.didmdn:didmdn_full", 365_236, "rainy 3xHxW, density"),
            Preset("tiny", "retouch.nets.restoration.didmdn:didmdn_tiny", 58_426, "rainy 3xHxW, density"),
        ),
        multiple=32,
    ),
    NetInfo(
        name="rain_density",
        task=RESTORE,
        summary="Says how heavy the rain of a picture is, for DID-MDN.",
        paper="Zhang and Patel, Density-aware single image de-raining using a multi-stream dense network, CVPR 2018",
        presets=(
            Preset("full", "retouch.nets.restoration.rain_density:rain_density_full", 65_501_084, "without_rain 3xHxW"),
            Preset("tiny", "retouch.nets.restoration.rain_density:rain_density_tiny", 132_971, "without_rain 3xHxW"),
        ),
        outputs="scores",
        least_px=73,
    ),
    NetInfo(
        name="prenet",
        task=RESTORE,
        summary="Takes rain off by one small recurrent net, applied six times.",
        paper="Ren et al., Progressive image deraining networks: a better and simpler baseline, CVPR 2019",
        presets=(
            Preset("full", "retouch.nets.restoration.prenet:prenet_full", 168_963, "rainy 3xHxW"),
            Preset("tiny", "retouch.nets.restoration.prenet:prenet_tiny", 43_011, "rainy 3xHxW"),
        ),
    ),
    NetInfo(
        name="fingerprint_unet",
        task=RESTORE,
        summary="Restores fingerprints with a plain U-Net.",
        paper="Mansar, Deep end-to-end fingerprint denoising and inpainting, arXiv:1807.11888, 2018",
        presets=(
            Preset(
                "full", "retouch.nets.restoration.fingerprint_unet:fingerprint_unet_full", 7_760_097, "picture 3xHxW"
            ),
            Preset("tiny", "retouch.nets.restoration.fingerprint_unet:fingerprint_unet_tiny", 485_817, "picture 3xHxW"),
        ),
        outputs="print",
        multiple=16,
    ),
    NetInfo(
        name="fpd_m_net",
        task=RESTORE,
        summary="Restores fingerprints with pictures and answers at every level of a U-Net.",
        paper="Adiga and Sivaswamy, FPD-M-net: fingerprint image denoising and inpainting using M-Net based CNNs, 2019",
        presets=(
            Preset("full", "retouch.nets.restoration.fpd_m_net:fpd_m_net_full", 891_217, "picture 3xHxW"),
            Preset("tiny", "retouch.nets.restoration.fpd_m_net:fpd_m_net_tiny", 58_645, "picture 3xHxW"),
        ),
        outputs="print",
        multiple=8,
    ),
    NetInfo(
        name="u_finger",
        task=RESTORE,
        summary="Restores fingerprints with dilated convolutions that predict what to add.",
        paper="Prabhu et al., U-Finger: multi-scale dilated convolutional network for fingerprint image denoising "
        "and inpainting, 2019",
        presets=(
            Preset("full", "retouch.nets.restoration.u_finger:u_finger_full", 1_029_729, "picture 1xHxW"),
            Preset("tiny", "retouch.nets.restoration.u_finger:u_finger_tiny", 16_941, "picture 1xHxW"),
        ),
        outputs="print",
        least_px=33,
    ),
    NetInfo(
        name="fingerprint_baseline",
        task=RESTORE,
        summary="Restores fingerprints: a challenge's baseline.",
        paper="ChaLearn 2018 inpainting challenge, fingerprint track, baseline",
        presets=(
            Preset(
                "full",
                "retouch.nets.restoration.fingerprint_baseline:fingerprint_baseline_full",
                1_673_729,
                "picture 3xHxW",
            ),
            Preset(
                "tiny",
                "retouch.nets.restoration.fingerprint_baseline:fingerprint_baseline_tiny",
                107_393,
                "picture 3xHxW",
            ),
        ),
        outputs="print",
    ),
    NetInfo(
        name="iterative_fingerprints",
        task=RESTORE,
        summary="Eight stages, each restoring what the one before left.",
        paper="Quan and Kim, Iterative application of autoencoders for video inpainting and fingerprint denoising, "
        "2019",
        presets=(
            Preset(
                "full",
                "retouch.nets.restoration.fingerprint_baseline:iterative_fingerprints_full",
                9_677_512,
                "picture 3xHxW",
            ),
            Preset(
                "tiny",
                "retouch.nets.restoration.fingerprint_baseline:iterative_fingerprints_tiny",
                133_539,
                "picture 3xHxW",
            ),
        ),
        outputs="print",
    ),
)
