"""The thesis on multi-scale inpainting: the pyramid generator (chapter 3) and attention feature fusion (chapter 4)."""

from __future__ import annotations

from benchmarks.evidence.questions.gdn import CENTRE, FACES, OF_FACES, STROKES
from benchmarks.evidence.study import Arm, Claim, Column, Published, Study

_PYRAMID = "pyramid_generator-toy_faces-small"
_FUSED = "attention_fusion-toy_faces-small"
_GATED = "deepfill_v2_l1-toy_faces-small"
_ALL = Column("all", "all")

PYRAMID = Study(
    name="pyramid",
    title="Pyramid generator: structure first, detail next",
    question="Do the structure layer, the place of the fusion and dilation by layer help, and does the pyramid lose "
    "less than a single gated net as holes grow?",
    paper="Doctoral thesis on multi-scale image inpainting, chapter 3: Tables 3.4 (layers), 3.5 (fusion), 3.6 "
    "(dilation), Fig. 3.7 (size of the hole).",
    published=Published(
        ("DIV2K, 512 px", "SSIM", "PSNR", "l1"),
        (
            ("S + 256", "0.809", "24.07", "0.042"),
            ("256 + 512", "0.827", "26.03", "0.035"),
            ("128 + 256 + 512", "0.827", "26.47", "0.035"),
            ("S + 256 + 512, image fusion in both paths, adaptive dilation", "0.842", "27.20", "0.032"),
            ("feature fusion, coarse stage", "0.786", "23.16", "0.044"),
            ("feature fusion, refining stage", "no convergence", "", ""),
            ("image fusion, attention path", "0.825", "25.94", "0.036"),
            ("image fusion, other path", "0.833", "25.96", "0.036"),
            ("standard dilation", "0.829", "26.38", "0.035"),
        ),
        "Whole pictures; trained on Places2 with games for four days on two GPUs. Fig. 3.7 has no numbers.",
    ),
    claims=(
        Claim("structure", "three-pictures", "all", "Table 3.4: 27.20 above 26.47 dB"),
        Claim("three-pictures", "no-structure-loss", "all", "Table 3.4: 26.47 above 26.03 dB"),
        Claim("structure", "attention-path", "all", "Table 3.5: 27.20 above 25.94 dB"),
        Claim("structure", "other-path", "all", "Table 3.5: 27.20 above 25.96 dB"),
        Claim("structure", "features-coarse", "all", "Table 3.5: 27.20 above 23.16 dB"),
        Claim("structure", "features-refining", "all", "Table 3.5: the latter does not converge"),
        Claim("structure", "standard-dilation", "all", "Table 3.6: 27.20 above 26.38 dB"),
        Claim("structure", "single-net", "lost, 15 to 55 %", "Fig. 3.7: loses less as holes grow", is_lower=True),
    ),
    bars=(
        Claim("structure", "harmonic", "centre", "1 dB above harmonic filling", margin=1.0),
        Claim("structure", "three-pictures", "all", "at most 0.1 dB below", margin=-0.1),
        Claim("structure", "no-structure-loss", "all", "at most 0.1 dB below", margin=-0.1),
        Claim("structure", "single-net", "lost, 15 to 55 %", "loses at most 0.3 dB more", margin=-0.3, is_lower=True),
    ),
    arms=(
        Arm("structure", _PYRAMID, note="S + 32 + 64 px, image fusion in both paths, adaptive dilation"),
        Arm(
            "three-pictures",
            _PYRAMID,
            ("loss.structure_target=picture", "loss.feeds_structure=false"),
            "16 + 32 + 64 px: the smallest layer is an ordinary one",
        ),
        Arm(
            "no-structure-loss",
            _PYRAMID,
            ("loss.structure_weight=0.0", "loss.feeds_structure=false"),
            "32 + 64 px: the smallest layer has no loss of its own (its weights are still there)",
        ),
        Arm(
            "attention-path",
            _PYRAMID,
            ('networks.generator.arguments={fusion="image_attention"}',),
            "the middle picture enters the attention path only",
        ),
        Arm(
            "other-path",
            _PYRAMID,
            ('networks.generator.arguments={fusion="image_other"}',),
            "the middle picture enters the other path only",
        ),
        Arm(
            "features-coarse",
            _PYRAMID,
            ('networks.generator.arguments={fusion="feature_coarse"}',),
            "features of the middle layer's encoder enter the coarse stage",
        ),
        Arm(
            "features-refining",
            _PYRAMID,
            ('networks.generator.arguments={fusion="feature_refine"}',),
            "the same in the refining stage",
        ),
        Arm(
            "standard-dilation",
            _PYRAMID,
            ("networks.generator.arguments={rates=[[2, 4, 8, 16], [2, 4, 8, 16], [2, 4, 8, 16]]}",),
            "the same rates in all layers",
        ),
        Arm("games", "pyramid_generator_game-toy_faces-small", note="a critic for each of the two larger layers"),
        Arm(
            "single-net",
            _GATED,
            ("networks.generator.arguments={channels=11}",),
            "DeepFill v2 without a critic, 855,876 parameters; the pyramid has 853,372",
        ),
    ),
    reference="structure",
    columns=(
        _ALL,
        CENTRE,
        STROKES,
        Column("square 15 %", "square 15 %"),
        Column("square 35 %", "square 35 %"),
        Column("square 55 %", "square 55 %"),
        Column("lost, 15 to 55 %", "growth", "loss"),
    ),
    curve=CENTRE,
    steps=1500,
    settings=FACES,
    probe="benchmarks.evidence.probes:hole_sizes",
    samples="benchmarks.evidence.probes:growing_squares",
    notes=(
        OF_FACES,
        (
            "All arms but games learn by absolute errors alone, so that PSNR tells them apart. Squares of 15 to 55 % "
            "are painted after the training; training saw squares of 25 % and strokes."
        ),
    ),
)

ATTENTION_FUSION = Study(
    name="attention-fusion",
    title="Attention feature fusion: skips and dilated residuals that are weighed",
    question="Are skips (SCAF) and dilated layers (DCR) blended by attention better than plain ones?",
    paper="Doctoral thesis on multi-scale image inpainting, chapter 4, Table 4.2.",
    published=Published(
        ("Places2 subset, 256 px, random masks", "SSIM", "PSNR", "l1"),
        (
            ("skip connection without AFF", "0.9531", "27.35", "0.0151"),
            ("SCAF", "0.9562", "27.65", "0.0149"),
            ("DCR", "0.9575", "27.78", "0.0145"),
            ("SCAF + DCR", "0.9596", "28.12", "0.0140"),
        ),
        "Whole pictures, trained with a critic. The table does not say which skips the line DCR has; here they are "
        "plain ones.",
    ),
    claims=(
        Claim("scaf", "skip", "all", "Table 4.2: 27.65 above 27.35 dB"),
        Claim("dcr", "scaf", "all", "Table 4.2: 27.78 above 27.65 dB"),
        Claim("both", "dcr", "all", "Table 4.2: 28.12 above 27.78 dB"),
        Claim("both", "skip", "all", "Table 4.2: 28.12 above 27.35 dB"),
    ),
    bars=(
        *(
            Claim(arm, "harmonic", "centre", "1 dB above harmonic filling", 1.0)
            for arm in ("skip", "scaf", "dcr", "both")
        ),
        Claim("both", "skip", "all", "at most 0.3 dB below", margin=-0.3),
    ),
    arms=(
        Arm(
            "none",
            _FUSED,
            ('networks.generator.arguments={skip="none", dilated_residual=false}',),
            "DeepFill v2: no skips",
        ),
        Arm(
            "skip",
            _FUSED,
            ('networks.generator.arguments={skip="concatenated", dilated_residual=false}',),
            "plain skips",
        ),
        Arm(
            "scaf",
            _FUSED,
            ('networks.generator.arguments={skip="fused", dilated_residual=false}',),
            "skips blended by attention",
        ),
        Arm(
            "dcr",
            _FUSED,
            ('networks.generator.arguments={skip="concatenated", dilated_residual=true}',),
            "plain skips, dilated layers as a blended residual",
        ),
        Arm("both", _FUSED, note="SCAF and DCR"),
    ),
    reference="skip",
    columns=(_ALL, CENTRE, STROKES, Column("l1", "all", "l1", "", 4)),
    curve=_ALL,
    steps=1500,
    settings=FACES,
    notes=(OF_FACES, "All arms learn by absolute errors alone, without a critic."),
)
